//! `cargo run -p audience_binding`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use audience_binding::client;
use audience_binding::complete_client::{self, ClientArguments};
use audience_binding::further::lab::{LabArguments, LabOptions};
use audience_binding::further::learn::{self, quiz};
use audience_binding::further::{confused_deputy, lab, matrix, server_client};
use audience_binding::parties::{self, AudienceOptions, LessonOptions};
use audience_binding::sabotage::{Sabotage, Switch, attacks};
use authorization_code::further::recipients::Recipients;
use authorization_code::user_agent::SignInOptions;
use clap::{Args, Parser, Subcommand};
use dynamic_client_registration::further::options::RegistrationOptions;
use keycloak::IdpOptions;
use protected_resource_discovery::setup::{IDP_OPTIONS, ServerOptions, Setup};
use shared::Side;
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, OptionGroup, Parsed};
use token_use::further::commands::{self, KeptCommand};
use token_use::options::CheckOptions;

/// Lesson 06: a token for one server is not valid at another (RFC 8707, RFC 8693), and the complete
/// client
///
/// Without a command: two MCP servers, an API behind the first one, and a client in one process,
/// the whole lesson.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    common: CommonOptions,
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    idp: IdpOptions,
    #[command(flatten)]
    options: LessonOptions,
}

#[derive(Subcommand)]
enum Role {
    /// Only the servers: two MCP servers, and the API behind the first one; they stay up for any
    /// client
    Server,
    /// The complete client of all six lessons, against any MCP server
    Client(ClientArguments),
    /// The audience lab: what decides about aud at an IdP, as a diff of claims (all three modes, or
    /// one)
    Lab(LabArguments),
    /// Send every kind of token to every server, and show which server accepts which
    Matrix,
    /// An OAuth proxy with one client id, without and with its own consent page
    ConfusedDeputy,
    /// What you have done in all six lessons on this machine, and what comes next
    Learn(LearnArguments),
    /// Over kept tokens.
    #[command(flatten)]
    Kept(KeptCommand),
}

#[derive(Args)]
struct LearnArguments {
    #[command(subcommand)]
    what: Option<Learn>,
}

#[derive(Subcommand)]
enum Learn {
    /// Five questions about a lesson, with explanations
    Quiz {
        /// The lesson's number
        #[arg(value_name = "NN")]
        lesson: u8,
    },
}

/// Options of a command in which every party takes part.
const STORY: &[OptionGroup] = &[
    NetworkOptions::GROUP,
    IDP_OPTIONS,
    ServerOptions::GROUP,
    CheckOptions::GROUP,
    AudienceOptions::GROUP,
    RegistrationOptions::GROUP,
    SignInOptions::GROUP,
    Recipients::GROUP,
];
const CLIENT: &[OptionGroup] =
    &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP, Recipients::GROUP];
const ALL_PARTIES: &[Side] = &[Side::Server, Side::Client, Side::Idp];
const WITHOUT_SERVER: &[Side] = &[Side::Client, Side::Idp];

/// A command of the client alone.
const fn of_client(name: &'static str) -> CommandUse {
    CommandUse { name, parties: &[Side::Client], options: CLIENT }
}

impl Lesson for Cli {
    type Switch = Switch;

    const COMMANDS: &'static [CommandUse] = &[
        CommandUse {
            name: "",
            parties: ALL_PARTIES,
            options: &[
                NetworkOptions::GROUP,
                IDP_OPTIONS,
                ServerOptions::GROUP,
                CheckOptions::GROUP,
                AudienceOptions::GROUP,
                RegistrationOptions::GROUP,
                SignInOptions::GROUP,
                Recipients::GROUP,
                LabOptions::GROUP,
            ],
        },
        CommandUse {
            name: "server",
            parties: &[Side::Server, Side::Idp],
            options: &[
                IDP_OPTIONS,
                ServerOptions::GROUP,
                CheckOptions::GROUP,
                AudienceOptions::GROUP,
                parties::OTHER_NAMES,
                server_client::REGISTER,
            ],
        },
        of_client("client"),
        CommandUse {
            name: "lab",
            parties: WITHOUT_SERVER,
            options: &[
                NetworkOptions::GROUP,
                IDP_OPTIONS,
                lab::SCOPE_OPTIONS,
                LabOptions::GROUP,
                RegistrationOptions::GROUP,
                SignInOptions::GROUP,
            ],
        },
        CommandUse { name: "matrix", parties: ALL_PARTIES, options: STORY },
        CommandUse {
            name: "confused-deputy",
            parties: WITHOUT_SERVER,
            options: &[NetworkOptions::GROUP, IDP_OPTIONS, RegistrationOptions::GROUP, SignInOptions::GROUP],
        },
        CommandUse { name: "learn", parties: &[], options: &[] },
        of_client("authorize"),
        of_client("list-tools"),
        of_client("call-tool"),
        of_client("refresh"),
        of_client("logout"),
    ];

    fn common(&self) -> &CommonOptions {
        &self.common
    }

    fn network(&self) -> &NetworkOptions {
        &self.network
    }
}

fn main() -> ExitCode {
    let Parsed { mut cli, switch, run } = match cli::parse::<Cli>() {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    cli.options.sign_in.recipients = cli.options.recipients.clone();
    let options = &cli.options;
    let defect = switch.and_then(Switch::defect);
    let setup = &Setup { run: &run, idp: &cli.idp, defect, server: &options.server };
    match &cli.role {
        None => run.tell(client::run(setup, options, Sabotage(switch))),
        Some(Role::Server) => run.serve(client::serve(setup, options, Sabotage(switch))),
        Some(Role::Client(arguments)) => match switch {
            None => run.tell(complete_client::run(setup, options, arguments)),
            // The server's own terminal shows whether it catches it; this one shows only its
            // response.
            Some(switch) => run.tell_client(attacks::run_client(setup, options, arguments, switch)),
        },
        Some(Role::Lab(arguments)) => run.tell(async {
            commands::no_break(setup)?;
            lab::run(setup, options, arguments).await
        }),
        Some(Role::Matrix) => run.tell(async {
            commands::no_break(setup)?;
            matrix::run(setup, options).await
        }),
        Some(Role::ConfusedDeputy) => run.tell(async {
            commands::no_break(setup)?;
            confused_deputy::run(setup, options).await
        }),
        Some(Role::Learn(LearnArguments { what: None })) => run.tell(async { learn::show_progress(&run.reporter) }),
        Some(Role::Learn(LearnArguments { what: Some(Learn::Quiz { lesson }) })) => {
            run.tell(quiz::ask(&run.reporter, *lesson))
        }
        Some(Role::Kept(command)) => run.tell(async {
            let plan = options.plan(None, true)?;
            commands::run(setup, command, plan, &options.sign_in).await
        }),
    }
}
