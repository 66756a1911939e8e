//! `cargo run -p protected_resource_discovery`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keycloak::{IdpOptions, Lifetime};
use protected_resource_discovery::further::select::Wanted;
use protected_resource_discovery::sabotage::{self, Switch};
use protected_resource_discovery::setup::{IDP_OPTIONS, McpServer, RunningServer, ServerOptions, Setup};
use protected_resource_discovery::{client, server};
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, Parsed};
use shared::http::Http;
use shared::{Failure, Side};

/// Lesson 01: how an MCP client finds the authorization server of an MCP server (RFC 9728)
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
}

#[derive(Subcommand)]
enum Role {
    /// Only the MCP server; it stays up for curl, the MCP Inspector, any client
    Server,
    /// Only the client, against any MCP server
    Client(McpServer),
}

impl Lesson for Cli {
    type Switch = Switch;

    const COMMANDS: &'static [CommandUse] = &[
        CommandUse {
            name: "",
            parties: &[Side::Server, Side::Client],
            options: &[NetworkOptions::GROUP, IDP_OPTIONS, ServerOptions::GROUP],
        },
        CommandUse { name: "server", parties: &[Side::Server], options: &[IDP_OPTIONS, ServerOptions::GROUP] },
        CommandUse { name: "client", parties: &[Side::Client], options: &[NetworkOptions::GROUP] },
    ];

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
    match &cli.role {
        None => run.tell(whole_story(&setup, switch)),
        Some(Role::Server) => run.serve(serve(&setup, switch)),
        Some(Role::Client(at)) => run.tell_client(client_alone(&setup, at, switch)),
    }
}

async fn whole_story(setup: &Setup<'_>, switch: Option<Switch>) -> Result<(), Failure> {
    let running = start(setup, switch, Lifetime::Story).await?;
    let http = setup.run.http(&running.server_url, &[running.idp.issuer()]).await?;
    run_client(&http, &running.server_url, &Wanted::Any, switch).await
}

async fn serve(setup: &Setup<'_>, switch: Option<Switch>) -> Result<(), Failure> {
    let running = start(setup, switch, Lifetime::Server).await?;
    setup.run.stay_up(&running.server_url).await
}

async fn start(setup: &Setup<'_>, switch: Option<Switch>, lifetime: Lifetime) -> Result<RunningServer, Failure> {
    let app = |protected, reporter| Ok(sabotage::spoil_server(server::app(protected, reporter), switch));
    setup.start_with(lifetime, app).await
}

async fn client_alone(setup: &Setup<'_>, at: &McpServer, switch: Option<Switch>) -> Result<(), Failure> {
    setup.run.announce_client(&at.server_url);
    run_client(&setup.run.http(&at.server_url, &[]).await?, &at.server_url, &at.wanted(), switch).await
}

async fn run_client(http: &Http, server_url: &str, wanted: &Wanted, switch: Option<Switch>) -> Result<(), Failure> {
    match switch {
        Some(Switch::EvilOrigin) => sabotage::call_as_foreign_page(http, server_url).await,
        _ => client::run(http, server_url, wanted).await,
    }
}
