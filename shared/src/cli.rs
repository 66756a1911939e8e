//! The command line of a lesson: the options that all lessons have in common, and which command
//! uses which of the others.

use std::convert::Infallible;
use std::panic::Location;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches, Id};

use crate::breakage::{self, Breakage, Switch};
use crate::lesson::{LessonId, LessonRun};
use crate::report::ReportFile;
use crate::reporter::{Format, Options};
use crate::{Failure, Reporter, Side, http, reach, urls};

/// Options of every lesson's command line.
#[derive(Args, Clone, Debug)]
pub struct CommonOptions {
    /// Break one rule on purpose and see who catches it; `list` shows this lesson's rules
    #[arg(long = "break", value_name = "RULE", global = true)]
    pub breakage: Option<String>,
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
    /// Print everything: every stage, check, header and whole bodies
    #[arg(long, global = true, alias = "verbose")]
    pub full: bool,
    /// Show the stages of the lessons from this one on; those before it fold into one line each
    #[arg(long, value_name = "NN", value_parser = clap::value_parser!(u8).range(1..=99), global = true)]
    pub from: Option<u8>,
    /// Write a report of the run to this file: a page with a diagram (.html), or Markdown for a
    /// ticket (.md)
    #[arg(long, value_name = "FILE", global = true)]
    pub report: Option<ReportFile>,
}

impl CommonOptions {
    /// The reporter that these options ask for, on standard output; without the report. `lesson` is
    /// the program's, and `is_story` says whether this run is its whole story.
    fn reporter(&self, lesson: Option<LessonId>, is_story: bool) -> Reporter {
        let format = if self.json { Format::Json } else { Format::for_stdout(self.no_color) };
        let first_shown = self.from.or(lesson.map(LessonId::number)).unwrap_or_default();
        let lesson = lesson.filter(|_| is_story);
        let options = Options { format, full: self.full, curl: self.curl, pause: self.pause, first_shown, lesson };
        Reporter::new(options, std::io::stdout())
    }
}

/// Options of a run with a client: what it may talk to.
#[derive(Args, Clone, Debug, Default)]
pub struct NetworkOptions {
    /// Talk to this host although its name leads into a private network or it speaks plain http
    /// (may be repeated)
    #[arg(long, value_name = "HOST", value_parser = reach::host, global = true)]
    pub allow_host: Vec<String>,
    /// Trust the certificate authorities of this file (PEM) too, in every request over TLS
    #[arg(long, value_name = "FILE", global = true)]
    pub ca_file: Option<PathBuf>,
}

impl NetworkOptions {
    /// These options, for [`CommandUse`].
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);
}

/// The options of one struct, and whose they are. An option of a command that has no use for it
/// would be ignored silently; so each command says which groups it uses.
#[derive(Clone, Copy)]
pub struct OptionGroup {
    side: Side,
    ids: fn() -> Vec<Id>,
}

impl OptionGroup {
    /// The options of the struct `A`, which belong to `side`.
    pub const fn of<A: Args>(side: Side) -> Self {
        Self { side, ids: ids::<A> }
    }

    /// The same, for commands that make requests: they have `--ca-file` too.
    pub const fn of_requests<A: Args>(side: Side) -> Self {
        Self { side, ids: ids_of_requests::<A> }
    }
}

/// The option of every command that makes requests, on any side.
const CA_FILE: &str = "ca_file";

fn ids_of_requests<A: Args>() -> Vec<Id> {
    let mut ids = ids::<A>();
    if !ids.iter().any(|id| id == CA_FILE) {
        ids.push(Id::from(CA_FILE));
    }
    ids
}

fn ids<A: Args>() -> Vec<Id> {
    A::augment_args(Command::new("")).get_arguments().map(|arg| arg.get_id().clone()).collect()
}

/// A server's URL as it was typed, with scheme and host in lower case; what else is wrong with it
/// is said where it is requested.
pub fn typed_url(text: &str) -> Result<String, Infallible> {
    Ok(urls::lowered(text))
}

/// What a command of a lesson is: who takes part in it, and which options it uses.
pub struct CommandUse {
    /// The command's name; empty for the run without a command.
    pub name: &'static str,
    /// Who takes part: only they can break a rule.
    pub parties: &'static [Side],
    /// Options that the command uses, beside the common ones.
    pub options: &'static [OptionGroup],
}

/// The command line of a lesson.
pub trait Lesson: CommandFactory + FromArgMatches {
    /// What `--break` can break.
    type Switch: Switch;

    /// Every command, and the run without one.
    const COMMANDS: &'static [CommandUse];

    /// The options that all lessons have in common.
    fn common(&self) -> &CommonOptions;

    /// The options about the network.
    fn network(&self) -> &NetworkOptions;
}

/// A command line that makes sense.
pub struct Parsed<L: Lesson> {
    /// The lesson's own options.
    pub cli: L,
    /// The switch that `--break` names.
    pub switch: Option<L::Switch>,
    /// What is the same in every lesson.
    pub run: LessonRun,
}

/// Reads the command line. Wrong usage, `--help` and `--version` end the process here, with clap's
/// exit codes (wrong usage: 2); the error is the exit code after `--break list`. The lesson is the
/// one whose source calls this.
#[track_caller]
pub fn parse<L: Lesson>() -> Result<Parsed<L>, ExitCode> {
    let names = L::Switch::ALL.iter().map(|switch| switch.breakage().name).chain(["list"]);
    let names = PossibleValuesParser::new(names.collect::<Vec<_>>());
    let mut command = L::command().mut_arg("breakage", |arg| arg.value_parser(names));
    command = show_used_options(command, L::COMMANDS);
    let matches = command.get_matches_mut();
    let cli = L::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let common = cli.common();
    let lesson = LessonId::of(Location::caller());
    let reporter = common.reporter(lesson, matches.subcommand_name().is_none());
    let name = common.breakage.as_deref();
    if name == Some("list") {
        reporter.note(breakage::list(&L::Switch::breakages()));
        reporter.outcome(true);
        return Err(ExitCode::SUCCESS);
    }
    let switch = L::Switch::ALL.iter().copied().find(|switch| Some(switch.breakage().name) == name);
    let breakage = switch.map(Switch::breakage);
    if let Some(conflict) = conflict(&matches, breakage, L::COMMANDS) {
        command.error(ErrorKind::ArgumentConflict, conflict).exit();
    }
    let trusted = cli.network().ca_file.as_deref().map_or(Ok(()), http::trust_file);
    let reports = trusted.and_then(|()| match cli.common().report.clone() {
        Some(file) => reporter.clone().with_report(file),
        None => Ok(reporter.clone()),
    });
    let reporter = match reports {
        Ok(reporter) => reporter,
        Err(Failure { id, message, fix, .. }) => {
            reporter.error(id, message, fix);
            reporter.outcome(false);
            return Err(ExitCode::FAILURE);
        }
    };
    let run = LessonRun { breakage, reporter, allow_host: cli.network().allow_host.clone() };
    Ok(Parsed { cli, switch, run })
}

/// `--help` of a command lists only the options that the command uses. All of them are accepted
/// everywhere, so that one that is out of place gets a sentence.
fn show_used_options(mut command: Command, commands: &[CommandUse]) -> Command {
    for id in commands.iter().flat_map(|known| known.options).flat_map(|group| (group.ids)()) {
        let Some(arg) = command.get_arguments().find(|arg| *arg.get_id() == id).cloned() else { continue };
        let hidden_in = |name: &str| !uses(find(commands, name), &id);
        let names: Vec<_> = command.get_subcommands().map(|known| known.get_name().to_owned()).collect();
        for name in names {
            let copy = arg.clone().hide(hidden_in(&name));
            command = command.mut_subcommand(name, |known| {
                let has_it = known.get_arguments().any(|own| own.get_id() == copy.get_id());
                if has_it { known } else { known.arg(copy) }
            });
        }
        let hidden = hidden_in("");
        command = command.mut_arg(id, |arg| arg.hide(hidden));
    }
    command
}

fn find<'a>(commands: &'a [CommandUse], name: &str) -> Option<&'a CommandUse> {
    commands.iter().find(|known| known.name == name)
}

fn uses(command: Option<&CommandUse>, id: &Id) -> bool {
    command.is_some_and(|command| command.options.iter().any(|group| (group.ids)().contains(id)))
}

/// What does not go together.
fn conflict(matches: &ArgMatches, breakage: Option<&Breakage>, commands: &[CommandUse]) -> Option<String> {
    let name = matches.subcommand_name().unwrap_or_default();
    let command = find(commands, name)?;
    if let Some(Breakage { name, broken_by, .. }) =
        breakage.filter(|breakage| !command.parties.contains(&breakage.broken_by))
    {
        return Some(format!("--break {name} is done by the {broken_by}, which takes no part in this run"));
    }
    let groups = commands.iter().flat_map(|known| known.options);
    let unused = groups.flat_map(|group| (group.ids)().into_iter().map(|id| (group.side, id)));
    let (side, id) = unused.into_iter().find(|(_, id)| is_given(matches, id.as_str()) && !uses(Some(command), id))?;
    let option = id.as_str().replace('_', "-");
    let message = match side {
        Side::Idp => format!(
            "--{option} is for the whole lesson and for the server: a client learns its authorization server by discovery"
        ),
        side if command.parties.contains(&side) => format!("--{option} would change nothing here"),
        Side::Server => format!("--{option} is the MCP server's, which takes no part in this run"),
        Side::Client => format!("--{option} is the client's, which takes no part in this run"),
    };
    Some(message)
}

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    let here = |matches: &ArgMatches| {
        let is_known = matches.try_contains_id(id).is_ok();
        is_known && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    here(matches) || matches.subcommand().is_some_and(|(_, matches)| here(matches))
}
