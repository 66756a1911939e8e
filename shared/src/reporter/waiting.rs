//! A line at the bottom of the terminal while a run waits for a person: what for, and how long it
//! still does.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::{Format, Reporter};

const TICK: Duration = Duration::from_millis(200);

/// The wait that is shown, until this is dropped.
#[must_use = "the line goes away when this is dropped"]
pub struct Waiting {
    reporter: Reporter,
}

impl Reporter {
    /// Shows `what` is waited for, and the time that is left of `limit`. Only a person at a
    /// terminal sees it: it is not an event.
    pub fn waiting(&self, what: &str, limit: Duration) -> Waiting {
        let is_watched = matches!(self.options.format, Format::Person { .. }) && std::io::stdout().is_terminal();
        if is_watched && let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {left}") {
            let left = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = out.write_str(&time_left(limit.saturating_sub(state.elapsed())));
            };
            let line =
                ProgressBar::new_spinner().with_style(style.with_key("left", left)).with_message(what.to_owned());
            line.enable_steady_tick(TICK);
            self.state().waiting = Some(line);
        }
        Waiting { reporter: self.clone() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(line) = self.reporter.state().waiting.take() {
            line.finish_and_clear();
        }
    }
}

/// The rest of a wait, for example `(4:05 left)`.
fn time_left(left: Duration) -> String {
    let seconds = left.as_secs();
    format!("({}:{:02} left)", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Captured;

    #[test]
    fn the_time_left_is_minutes_and_seconds() {
        for (seconds, text) in [(0, "(0:00 left)"), (59, "(0:59 left)"), (300, "(5:00 left)"), (3_605, "(60:05 left)")]
        {
            assert_eq!(time_left(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn what_is_no_terminal_sees_only_events() {
        for captured in [Captured::plain(), Captured::json()] {
            let reporter = captured.reporter();
            let waiting = reporter.waiting("Waiting for nobody", Duration::from_secs(60));
            reporter.note("a note");
            drop(waiting);
            assert!(captured.text().contains("a note") && !captured.text().contains("nobody"), "{}", captured.text());
        }
    }
}
