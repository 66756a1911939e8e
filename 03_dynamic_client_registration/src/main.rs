//! `cargo run -p dynamic_client_registration`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use dynamic_client_registration::client;
use dynamic_client_registration::further::administration::Administration;
use dynamic_client_registration::further::clients;
use dynamic_client_registration::further::enable_cimd;
use dynamic_client_registration::further::initial_access_token;
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use dynamic_client_registration::further::reset;
use dynamic_client_registration::sabotage::{Sabotage, Switch};
use keycloak::{Idp, IdpOptions, Lifetime};
use protected_resource_discovery::setup::{IDP_OPTIONS, McpServer, ServerOptions, Setup};
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, Parsed};
use shared::kept::Home;
use shared::{Failure, Side, spec};

/// Lesson 03: how a client gets its name at an authorization server (RFC 7591, RFC 7592, Client ID
/// Metadata Documents)
///
/// Without a command: server and client in one process, the whole lesson.
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
    server: ServerOptions,
    #[command(flatten)]
    registration: RegistrationOptions,
}

#[derive(Subcommand)]
enum Role {
    /// Only the MCP server; it stays up for curl, the MCP Inspector, any client
    Server,
    /// Only the client, against any MCP server
    Client(McpServer),
    /// The clients that this machine has registered, at any authorization server
    Clients {
        #[command(subcommand)]
        command: clients::Command,
    },
    /// Make an Initial Access Token with Keycloak's admin API, and keep it for --register
    /// initial-access-token
    InitialAccessToken {
        /// How many clients it can register
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
        count: u64,
        /// How long it lives, for example 30m, 1h, 2d
        #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
        expires: Duration,
    },
    /// Let the tutorial's Keycloak realm take Client ID Metadata Documents from this machine (its
    /// admin API; for development only)
    EnableCimd,
    /// Delete everything that the lessons have stored on this machine: clients and tokens, at all
    /// authorization servers
    Reset {
        /// Delete without a question
        #[arg(long)]
        yes: bool,
    },
}

const COMMANDS: &[CommandUse] = &[
    CommandUse {
        name: "",
        parties: &[Side::Server, Side::Client, Side::Idp],
        options: &[NetworkOptions::GROUP, IDP_OPTIONS, ServerOptions::GROUP, RegistrationOptions::GROUP],
    },
    CommandUse { name: "server", parties: &[Side::Server, Side::Idp], options: &[IDP_OPTIONS, ServerOptions::GROUP] },
    CommandUse {
        name: "client",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, RegistrationOptions::GROUP],
    },
    CommandUse { name: "clients", parties: &[], options: &[NetworkOptions::GROUP] },
    CommandUse { name: "initial-access-token", parties: &[Side::Idp], options: &[NetworkOptions::GROUP, IDP_OPTIONS] },
    CommandUse { name: "enable-cimd", parties: &[Side::Idp], options: &[NetworkOptions::GROUP, IDP_OPTIONS] },
    CommandUse { name: "reset", parties: &[], options: &[] },
];

impl Lesson for Cli {
    type Switch = Switch;

    const COMMANDS: &'static [CommandUse] = COMMANDS;

    fn common(&self) -> &CommonOptions {
        &self.common
    }

    fn network(&self) -> &NetworkOptions {
        &self.network
    }
}

fn main() -> ExitCode {
    let Parsed { cli, switch, run } = match cli::parse::<Cli>() {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let setup = Setup { run: &run, idp: &cli.idp, defect: None, server: &cli.server };
    let sabotage = Sabotage(switch);
    match &cli.role {
        None => run.tell(whole_story(&setup, &cli.registration, sabotage)),
        Some(Role::Server) => run.serve(setup.serve_until_ended()),
        Some(Role::Client(at)) => run.tell(client_alone(&setup, &cli.registration, at, sabotage)),
        Some(Role::Clients { command }) => {
            let http = async |issuer: &str| setup.run.http(issuer, &[]).await;
            run.tell(clients::run(&run.reporter, command, http))
        }
        Some(Role::InitialAccessToken { count, expires }) => run.tell(initial_access_token(&setup, *count, *expires)),
        Some(Role::EnableCimd) => run.tell(enable_cimd(&setup)),
        Some(Role::Reset { yes: false }) if !reset::can_ask() => {
            let message = "there is no terminal for the question whether to delete what is stored: add --yes";
            Cli::command().error(ErrorKind::MissingRequiredArgument, message).exit()
        }
        Some(Role::Reset { yes }) => run.tell(reset::run(&run.reporter, *yes)),
    }
}

async fn whole_story(setup: &Setup<'_>, registration: &RegistrationOptions, sabotage: Sabotage) -> Result<(), Failure> {
    let running = setup.start(Lifetime::Story).await?;
    let plan = registration.plan(Some(running.idp.issuer()), running.idp.stays())?;
    let plan = Plan { sabotage, ..plan };
    let http = setup.run.http(&running.server_url, &[running.idp.issuer()]).await?;
    client::run(&http, &running.server_url, &plan).await.map(drop)
}

async fn client_alone(
    setup: &Setup<'_>,
    registration: &RegistrationOptions,
    at: &McpServer,
    sabotage: Sabotage,
) -> Result<(), Failure> {
    let plan = Plan { sabotage, ..registration.plan(None, true)?.for_server(at) };
    let server_url = at.server_url.as_str();
    setup.run.announce_client(server_url);
    let http = setup.run.http(server_url, &[]).await?;
    client::run(&http, server_url, &plan).await.map(drop)
}

/// The IdP that stays, for a command that changes something there.
async fn lasting(setup: &Setup<'_>) -> Result<Idp, Failure> {
    let idp = setup.find_idp(Lifetime::Lasting, &[]).await?;
    setup.run.reporter.on(Side::Idp).note(idp.reason());
    Ok(idp)
}

async fn initial_access_token(setup: &Setup<'_>, count: u64, expires: Duration) -> Result<(), Failure> {
    let idp = lasting(setup).await?;
    let http = setup.run.http(idp.issuer(), &[]).await?;
    setup.run.reporter.stage("make an Initial Access Token", &spec::RFC7591_3_TOKEN).await;
    let administration = Administration::sign_in_where_named(&http, idp.issuer()).await?;
    let made = administration.initial_access_token(count, expires.as_secs().max(1)).await?;
    let fingerprint = made.token.fingerprint();
    let home = Home::of_user(&setup.run.reporter)?;
    let place = initial_access_token::keep(&home, idp.issuer(), made.token, made.count, made.expiration).await?;
    setup.run.reporter.note(format!(
        "Made: {fingerprint}, for {count} registration(s) within {}. It is kept in {place} (only you can read that), where \
         --register initial-access-token finds it.",
        humantime::format_duration(expires)
    ));
    Ok(())
}

async fn enable_cimd(setup: &Setup<'_>) -> Result<(), Failure> {
    let idp = lasting(setup).await?;
    let http = setup.run.http(idp.issuer(), &[]).await?;
    enable_cimd::run(&http, idp.issuer()).await
}
