//! The options that all lessons have in common.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, Command};

use crate::breakage::{self, Breakage};
use crate::reporter::{Format, Options};
use crate::{Reporter, Side};

/// Options of every lesson's command line.
#[derive(Args, Clone, Debug)]
pub struct CommonOptions {
    /// Break one rule on purpose and see who catches it; `list` shows this lesson's rules
    #[arg(long = "break", value_name = "RULE", global = true)]
    pub breakage: Option<String>,
    /// Port of the MCP server; 0 lets the system choose
    #[arg(long, default_value_t = 8000, global = true)]
    pub port: u16,
    /// Let a server name this host although it is on a private network or speaks plain http (may be repeated)
    #[arg(long, value_name = "HOST", global = true)]
    pub allow_host: Vec<String>,
    /// Wait for Enter between stages
    #[arg(long, global = true)]
    pub pause: bool,
    /// Print one JSON event a line instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Print without colour (as with the environment variable NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Print each request as a curl line too
    #[arg(long, global = true)]
    pub curl: bool,
    /// Print whole bodies
    #[arg(long, global = true)]
    pub verbose: bool,
}

impl CommonOptions {
    /// The reporter that these options ask for, on standard output.
    pub fn reporter(&self) -> Reporter {
        let format = if self.json { Format::Json } else { Format::for_stdout(self.no_color) };
        let options = Options { format, verbose: self.verbose, curl: self.curl, pause: self.pause };
        Reporter::new(options, std::io::stdout())
    }

    /// The lesson's switch that `--break` names.
    pub fn chosen_breakage(&self, breakages: &[&'static Breakage]) -> Option<&'static Breakage> {
        let name = self.breakage.as_deref()?;
        breakages.iter().copied().find(|breakage| breakage.name == name)
    }

    /// With `--break list`: prints the switches, and the exit code to end with.
    pub fn list_breakages(&self, breakages: &[&'static Breakage]) -> Option<ExitCode> {
        (self.breakage.as_deref() == Some("list")).then(|| {
            let reporter = self.reporter();
            reporter.note(breakage::list(breakages));
            reporter.outcome(true);
            ExitCode::SUCCESS
        })
    }
}

/// `command` with `--break` taking just the switches of this lesson.
pub fn with_breakages(command: Command, breakages: &[&'static Breakage]) -> Command {
    let names = breakages.iter().map(|breakage| breakage.name).chain(["list"]);
    let names: Vec<_> = names.collect();
    command.mut_arg("breakage", |arg| arg.value_parser(PossibleValuesParser::new(names)))
}

/// Ends with a usage error (exit code 2) where `--break` names a switch whose breaker takes no part in this run.
pub fn require_breaker(
    command: &mut Command,
    breakage: Option<&Breakage>,
    present: &[Side],
) -> Result<(), clap::Error> {
    match breakage {
        Some(breakage) if !present.contains(&breakage.broken_by) => Err(command.error(
            clap::error::ErrorKind::ArgumentConflict,
            format!("--break {} is done by the {}, which takes no part in this run", breakage.name, breakage.broken_by),
        )),
        _ => Ok(()),
    }
}

/// Whether the user gave this option, rather than leaving it to its default.
pub fn is_given(matches: &ArgMatches, id: &str) -> bool {
    let given = |matches: &ArgMatches| matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
    given(matches) || matches.subcommand().is_some_and(|(_, matches)| given(matches))
}
