//! The options that all lessons have in common.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches};

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
    /// Let a server name this host although it is on a private network or speaks plain http (may be
    /// repeated)
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
}

/// The command line of a lesson.
pub trait Lesson: CommandFactory + FromArgMatches {
    /// What `--break` can break.
    const BREAKAGES: &'static [&'static Breakage];

    /// The options that all lessons have in common.
    fn common(&self) -> &CommonOptions;

    /// Who takes part in this run: only they can break a rule, and `--idp` is for runs with an IdP
    /// or a server.
    fn parties(&self) -> &'static [Side];

    /// Options of the MCP server for which this run has a use although it has no server.
    fn takes(&self) -> &'static [&'static str] {
        &[]
    }
}

/// A command line that makes sense.
pub struct Parsed<L> {
    /// The lesson's own options.
    pub cli: L,
    /// The switch that `--break` names.
    pub breakage: Option<&'static Breakage>,
    /// The reporter that the options ask for.
    pub reporter: Reporter,
}

/// Reads the command line. Wrong usage, `--help` and `--version` end the process here, with clap's
/// exit codes (wrong usage: 2); the error is the exit code after `--break list`.
pub fn parse<L: Lesson>() -> Result<Parsed<L>, ExitCode> {
    let names = L::BREAKAGES.iter().map(|breakage| breakage.name).chain(["list"]);
    let names = PossibleValuesParser::new(names.collect::<Vec<_>>());
    let mut command = L::command().mut_arg("breakage", |arg| arg.value_parser(names));
    let matches = command.get_matches_mut();
    let cli = L::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let common = cli.common();
    let reporter = common.reporter();
    let name = common.breakage.as_deref();
    if name == Some("list") {
        reporter.note(breakage::list(L::BREAKAGES));
        reporter.outcome(true);
        return Err(ExitCode::SUCCESS);
    }
    let breakage = L::BREAKAGES.iter().copied().find(|breakage| Some(breakage.name) == name);
    if let Some(conflict) = conflict(&matches, breakage, cli.parties(), cli.takes()) {
        command.error(ErrorKind::ArgumentConflict, conflict).exit();
    }
    Ok(Parsed { breakage, reporter, cli })
}

/// What does not go together.
fn conflict(matches: &ArgMatches, breakage: Option<&Breakage>, parties: &[Side], takes: &[&str]) -> Option<String> {
    let is_given = |name: &str| {
        let here = |matches: &ArgMatches| {
            let is_known = matches.try_contains_id(name).is_ok();
            is_known && matches.value_source(name) == Some(ValueSource::CommandLine)
        };
        here(matches) || matches.subcommand().is_some_and(|(_, matches)| here(matches))
    };
    let idp_is_given = is_given("idp");
    let of_client = OPTIONS_OF_CLIENT.iter().find(|name| is_given(name));
    let of_server = OPTIONS_OF_SERVER.iter().find(|name| is_given(name) && !takes.contains(name));
    match breakage {
        Some(Breakage { name, broken_by, .. }) if !parties.contains(broken_by) => {
            Some(format!("--break {name} is done by the {broken_by}, which takes no part in this run"))
        }
        _ if idp_is_given && !parties.contains(&Side::Server) && !parties.contains(&Side::Idp) => Some(
            "--idp is for the whole story and for the server: a client learns its authorization server by discovery"
                .to_owned(),
        ),
        _ if of_client.is_some() && !parties.contains(&Side::Client) => {
            of_client.map(|name| format!("--{name} is the client's, which takes no part in this run"))
        }
        _ => of_server
            .filter(|_| !parties.contains(&Side::Server))
            .map(|name| format!("--{} is the MCP server's, which takes no part in this run", name.replace('_', "-"))),
    }
}

/// What only a client has a use for.
const OPTIONS_OF_CLIENT: &[&str] = &["dpop"];

/// What only an MCP server has a use for: a client that took it would have to ignore it.
const OPTIONS_OF_SERVER: &[&str] = &[
    "port",
    "scopes",
    "registration_hint",
    "accept_typ",
    "remember_tokens",
    "require_dpop",
    "audience",
    "second_port",
    "second_scopes",
    "downstream_port",
    "downstream_audience",
    "downstream_scope",
];
