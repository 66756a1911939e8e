//! Makes a report from the JSON Lines that a run printed: `cargo report FILE.html < run.jsonl`.

use std::io::Read;
use std::process::ExitCode;
use std::{fs, io};

use clap::Parser;
use shared::Failure;
use shared::report::{self, ReportFile};
use shared::reporter::{Format, Options, Reporter};

/// Makes a report from the events of a run, which --json printed: they are read from standard input
#[derive(Parser)]
#[command(name = "report", version)]
struct Cli {
    /// The report: a page with a diagram (.html), or Markdown for a ticket (.md)
    file: ReportFile,
}

/// Bytes of events, at most.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

fn main() -> ExitCode {
    let Cli { file } = Cli::parse();
    let reporter = Reporter::new(Options::in_form(Format::for_stdout(false)), io::stdout());
    let made = make(&file);
    match &made {
        Ok(()) => reporter.note(format!("The report: {}", file.path.display())),
        Err(Failure { id, message, fix, .. }) => reporter.error(id, message, fix),
    }
    if reporter.outcome(made.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn make(file: &ReportFile) -> Result<(), Failure> {
    let mut lines = String::new();
    io::stdin().take(MOST_BYTES).read_to_string(&mut lines).map_err(|error| {
        Failure::new(
            "report.events",
            format!("The events cannot be read: {error}."),
            "Pass the output of a run with --json.",
        )
    })?;
    let report = report::render(&lines, file.form)
        .map_err(|message| Failure::new("report.events", message, "Pass the output of a run with --json."))?;
    fs::write(&file.path, report).map_err(|error| file.cannot_write(&error))
}
