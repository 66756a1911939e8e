//! The events of a run, for its report.

use std::fs::{self, OpenOptions};

use super::{Reporter, json};
use crate::Failure;
use crate::redact;
use crate::report::{self, ReportFile};

/// Bytes that are remembered: a server that stays up for months does not fill the memory.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What was said so far, as JSON Lines.
pub(super) struct Recording {
    file: ReportFile,
    lines: String,
}

impl Recording {
    pub(super) fn record(&mut self, line: String) {
        if self.lines.len() + line.len() <= MOST_BYTES {
            self.lines += &line;
        }
    }
}

impl Reporter {
    /// The same reporter, which writes a report to this file at the end of the run. That it can be
    /// written is tried out now.
    pub fn with_report(self, file: ReportFile) -> Result<Self, Failure> {
        OpenOptions::new().create(true).append(true).open(&file.path).map_err(|error| file.cannot_write(&error))?;
        self.state().recording = Some(Recording { file, lines: String::new() });
        Ok(self)
    }

    /// Writes the report of a run that ends like this, if one was asked for. Whether that worked.
    pub(super) fn write_report(&self, ok: bool) -> bool {
        let outcome = redact::redacted(&self.outcome_event(ok));
        let mut state = self.state();
        let Some(Recording { file, mut lines }) = state.recording.take() else { return true };
        lines += &json::line(state.seq + 1, self.side, &outcome);
        drop(state);
        let written = report::render(&lines, file.form)
            .and_then(|report| fs::write(&file.path, report).map_err(|error| error.to_string()));
        match written {
            Ok(()) => self.announce(format!("The report of this run: {}", file.path.display())),
            Err(error) => {
                let Failure { id, message, fix, .. } = file.cannot_write(&error);
                self.error(id, message, fix);
                return false;
            }
        }
        true
    }
}
