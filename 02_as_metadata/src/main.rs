//! `cargo run -p as_metadata`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use as_metadata::client;
use as_metadata::requirements::Needs;
use as_metadata::sabotage::Switch;
use clap::{Parser, Subcommand};
use keycloak::{IdpOptions, Lifetime};
use protected_resource_discovery::further::select::Wanted;
use protected_resource_discovery::setup::{IDP_OPTIONS, McpServer, ServerOptions, Setup};
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, Parsed};
use shared::{Failure, Side};

/// Lesson 02: what an authorization server says it can do (RFC 8414, OpenID Connect Discovery)
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
    /// What any authorization server says it can do; exit code 0 only if every MUST of MCP holds
    Inspect {
        /// Its issuer identifier, exactly as its metadata spells it
        #[arg(value_name = "ISSUER_URL")]
        issuer: String,
    },
}

impl Lesson for Cli {
    type Switch = Switch;

    const COMMANDS: &'static [CommandUse] = &[
        CommandUse {
            name: "",
            parties: &[Side::Server, Side::Client, Side::Idp],
            options: &[NetworkOptions::GROUP, IDP_OPTIONS, ServerOptions::GROUP],
        },
        CommandUse {
            name: "server",
            parties: &[Side::Server, Side::Idp],
            options: &[IDP_OPTIONS, ServerOptions::GROUP],
        },
        CommandUse { name: "client", parties: &[Side::Client], options: &[NetworkOptions::GROUP] },
        CommandUse { name: "inspect", parties: &[Side::Client], options: &[NetworkOptions::GROUP] },
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
    let defect = switch.map(Switch::defect);
    let setup = Setup { run: &run, idp: &cli.idp, defect, server: &cli.server };
    match &cli.role {
        None => run.tell(whole_story(&setup)),
        Some(Role::Server) => run.serve(setup.serve_until_ended()),
        Some(Role::Client(at)) => run.tell_client(client_alone(&setup, at)),
        Some(Role::Inspect { issuer }) => run.tell_client(inspect(&setup, issuer)),
    }
}

async fn whole_story(setup: &Setup<'_>) -> Result<(), Failure> {
    let running = setup.start(Lifetime::Story).await?;
    let http = setup.run.http(&running.server_url, &[running.idp.issuer()]).await?;
    client::run(&http, &running.server_url, &Wanted::Any, Needs::default()).await.map(drop)
}

async fn client_alone(setup: &Setup<'_>, at: &McpServer) -> Result<(), Failure> {
    let McpServer { server_url, .. } = at;
    setup.run.announce_client(server_url);
    client::run(&setup.run.http(server_url, &[]).await?, server_url, &at.wanted(), Needs::default()).await.map(drop)
}

async fn inspect(setup: &Setup<'_>, issuer: &str) -> Result<(), Failure> {
    setup.run.reporter.note(format!("Authorization server: {issuer}"));
    client::inspect(&setup.run.http(issuer, &[]).await?, issuer).await
}
