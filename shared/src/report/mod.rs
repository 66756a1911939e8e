//! A run as a report: one HTML page, or Markdown for a ticket.
//!
//! A report is made from the JSON Lines of a run and from nothing else, so it is the same whether
//! it is written at the end of the run or later, from lines that `--json` printed.

mod holdings;
mod line;
mod markdown;
mod page;
mod parties;
mod run;

use std::fmt::Display;
use std::path::PathBuf;

use serde_json::Value;

use crate::person::printable;
use crate::story::Failure;
use run::Run;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Html,
    Markdown,
}

/// The file that a report is written to; its extension says in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    pub path: PathBuf,
    pub form: Form,
}

impl ReportFile {
    /// The failure of a run whose report could not be written.
    pub fn cannot_write(&self, error: &dyn Display) -> Failure {
        let message = format!("The report cannot be written to {}: {error}.", self.path.display());
        Failure::new("report.file", message, "Name a file in a folder that you can write to.")
    }
}

impl std::str::FromStr for ReportFile {
    type Err = &'static str;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(path);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let form = match extension.to_ascii_lowercase().as_str() {
            "html" => Form::Html,
            "md" => Form::Markdown,
            _ => return Err("name a file that ends in .html or in .md"),
        };
        Ok(Self { path, form })
    }
}

/// The report of the run that printed these JSON Lines. The error is a sentence for a person.
pub fn render(lines: &str, form: Form) -> Result<String, String> {
    let mut run = Vec::new();
    for (n, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let event = serde_json::from_str(line).and_then(|mut event| {
            make_visible(&mut event);
            serde_json::from_value(event)
        });
        run.push(event.map_err(|error| format!("Line {} is not an event of a run: {error}.", n + 1))?);
    }
    if run.is_empty() {
        return Err("There are no events: a run prints them with --json.".to_owned());
    }
    let run = Run::of(run);
    Ok(match form {
        Form::Html => page::html(&run),
        Form::Markdown => markdown::markdown(&run),
    })
}

/// Shows what an untrusted server hid in its texts: characters that nobody sees, or that turn the
/// reading direction.
fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) => {
            let lines: Vec<_> = text.split('\n').map(printable).collect();
            *text = lines.join("\n");
        }
        Value::Array(items) => items.iter_mut().for_each(make_visible),
        Value::Object(members) => {
            let shown = std::mem::take(members).into_iter().map(|(name, mut value)| {
                make_visible(&mut value);
                (printable(&name), value)
            });
            *members = shown.collect();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
