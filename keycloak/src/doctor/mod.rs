//! `cargo doctor`: whether this machine has what the lessons need, and what to do where it has not.
//!
//! | file | what it looks at |
//! |---|---|
//! | `tools.rs` | Rust, the C compiler, Docker and Keycloak's image |
//! | `ports.rs` | the ports of the lessons, and which program has each |
//! | `idps.rs` | Keycloak, its clock, and the embedded IdP |
//! | `environment.rs` | the browser, proxies, certificate authorities, the store |
//! | `command.rs` | runs another program within a time limit |
//!
//! Each has two kinds of functions: one that looks, and one that judges what was seen.

use std::io::Write;
use std::process::ExitCode;

use shared::redact::Mask;
use shared::reporter::{Format, Options};
use shared::story::Holds;
use shared::{Failure, Reporter, Side, story};

mod command;
mod environment;
mod idps;
mod ports;
mod tools;

/// Before the lines of a finding but the first.
const INDENT: &str = "  ";

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Good,
    /// The lessons need it.
    Bad,
    /// The lessons run without it.
    Optional,
}

impl Mark {
    fn symbol(self) -> &'static str {
        match self {
            Mark::Good => "✔",
            Mark::Bad => "✘",
            Mark::Optional => "⚠",
        }
    }
}

/// One line of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    mark: Mark,
    text: String,
    /// What to do; empty where all is well.
    fix: String,
}

impl Finding {
    fn good(text: impl Into<String>) -> Self {
        Self { mark: Mark::Good, text: text.into(), fix: String::new() }
    }

    fn bad(text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { mark: Mark::Bad, text: text.into(), fix: fix.into() }
    }

    fn optional(text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { mark: Mark::Optional, text: text.into(), fix: fix.into() }
    }
}

impl From<Failure> for Finding {
    fn from(Failure { message, fix, .. }: Failure) -> Self {
        Self::bad(message, fix)
    }
}

/// Looks at everything, and prints what was found to `out`; the exit code is 1 where something is
/// missing that the lessons need.
pub fn run(format: Format, out: impl Write) -> ExitCode {
    // A person sees the lines below, a program the events.
    let shown = if format == Format::Json { Format::Json } else { Format::Silent };
    let reporter = Reporter::new(Options::in_form(shown), std::io::stdout()).on(Side::Idp);
    story::run(&reporter, Holds::WithoutFailure, examine(&reporter, format, out))
}

async fn examine(reporter: &Reporter, format: Format, mut out: impl Write) -> Result<(), Failure> {
    let (tools, ports, idps, environment) =
        tokio::join!(tools::look(), ports::look(), idps::look(), environment::look());
    let findings: Vec<_> = [tools, ports, idps, environment].into_iter().flatten().collect();
    for Finding { mark, text, fix } in &findings {
        match mark {
            Mark::Bad => reporter.error("doctor.missing", text, fix),
            _ => reporter.note(format!("{} {text} {fix}", mark.symbol()).trim_end()),
        }
    }
    let verdict = verdict(&findings);
    if let Format::Person { width, .. } = format {
        // A reader that has gone away does not change what was found.
        let _ = out.write_all((lines(&findings, width) + "\n" + &verdict + "\n").as_bytes());
    }
    if findings.iter().any(|finding| finding.mark == Mark::Bad) {
        return Err(Failure::new("doctor.verdict", verdict, ""));
    }
    reporter.note(verdict);
    Ok(())
}

/// The findings as a person reads them.
fn lines(findings: &[Finding], width: usize) -> String {
    let line = |finding: &Finding| {
        let Finding { mark, text, fix } = finding;
        let mut lines = wrapped(&format!("{} {text}", mark.symbol()), INDENT, width);
        if !fix.is_empty() {
            lines += &wrapped(&format!("{INDENT}Fix: {fix}"), "    ", width);
        }
        lines
    };
    Mask::Fingerprint.text(&findings.iter().map(line).collect::<String>())
}

/// The text in lines of at most so many columns; a word that is longer stays whole, since it may be
/// pasted into a shell.
fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut line = text[..text.len() - text.trim_start().len()].to_owned();
    for word in text.split_whitespace() {
        let columns = line.chars().count() + word.chars().count();
        if !line.trim().is_empty() && columns >= width {
            lines += &(line + "\n");
            line = indent.to_owned();
        }
        line += if line.trim().is_empty() { "" } else { " " };
        line += word;
    }
    lines + &line + "\n"
}

/// The last line: whether the lessons can run here.
fn verdict(findings: &[Finding]) -> String {
    let number = |mark: Mark| findings.iter().filter(|finding| finding.mark == mark).count();
    let (good, bad, optional) = (number(Mark::Good), number(Mark::Bad), number(Mark::Optional));
    let optional = if optional == 0 { String::new() } else { format!(", {optional} ⚠ (optional)") };
    if bad == 0 {
        return format!("This machine is ready for the lessons: {good} ✔{optional}.");
    }
    format!(
        "Not ready: {good} ✔, {bad} ✘{optional}. Carry out the fixes of the lines with ✘, then run cargo doctor again."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        vec![Finding::good("Rust 1.95.0"), Finding::optional("Docker is missing.", "Install it.")]
    }

    #[test]
    fn only_what_the_lessons_need_counts() {
        assert_eq!(verdict(&findings()), "This machine is ready for the lessons: 1 ✔, 1 ⚠ (optional).");
        let mut findings = findings();
        findings.push(Finding::bad("Port 8000 is taken.", "End the program."));
        assert!(verdict(&findings).starts_with("Not ready: 1 ✔, 1 ✘, 1 ⚠ (optional). Carry out"));
    }

    #[test]
    fn each_line_has_a_mark_and_what_is_wrong_has_a_fix() {
        assert_eq!(lines(&findings(), 80), "✔ Rust 1.95.0\n⚠ Docker is missing.\n  Fix: Install it.\n");
        let long = Finding::bad("one two three four five six", "seven eight nine ten eleven");
        let narrow = lines(&[long], 20);
        assert_eq!(narrow, "✘ one two three four\n  five six\n  Fix: seven eight\n    nine ten eleven\n");
    }
}
