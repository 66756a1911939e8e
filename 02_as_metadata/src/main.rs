//! `cargo run -p as_metadata`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use as_metadata::{breakages, client};
use clap::{Parser, Subcommand};
use keycloak::Lifetime;
use protected_resource_discovery::setup::{McpServer, ServerOptions, Setup};
use shared::breakage::Breakage;
use shared::cli::{self, CommonOptions, Lesson, Parsed};
use shared::story::Holds;
use shared::{Failure, Side, story};

/// Lesson 02: what an authorization server says it can do (RFC 8414, OpenID Connect Discovery)
///
/// Without a command: server and client in one process, the whole story.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    common: CommonOptions,
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
    const BREAKAGES: &'static [&'static Breakage] = breakages::ALL;

    fn common(&self) -> &CommonOptions {
        &self.common
    }

    fn parties(&self) -> &'static [Side] {
        match self.role {
            None => &[Side::Server, Side::Client, Side::Idp],
            Some(Role::Server) => &[Side::Server, Side::Idp],
            Some(Role::Client(_) | Role::Inspect { .. }) => &[Side::Client],
        }
    }
}

fn main() -> ExitCode {
    let Parsed { cli, breakage, reporter } = match cli::parse::<Cli>() {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let setup = Setup {
        server: &cli.server,
        common: &cli.common,
        breakage,
        defect: breakage.and_then(breakages::defect),
        reporter: &reporter,
    };
    match &cli.role {
        None => {
            let holds = breakage.map_or(Holds::WithoutFailure, Holds::WhenCaught);
            story::run(&reporter, holds, whole_story(&setup))
        }
        // Whether a breakage is caught is seen where the client is.
        Some(Role::Server) => story::run(&reporter, Holds::WhenInterrupted, setup.serve_until_ended()),
        Some(Role::Client(McpServer { server_url })) => {
            story::run(&reporter, Holds::WithoutFailure, client_alone(&setup, server_url))
        }
        Some(Role::Inspect { issuer }) => story::run(&reporter, Holds::WithoutFailure, inspect(&setup, issuer)),
    }
}

async fn whole_story(setup: &Setup<'_>) -> Result<(), Failure> {
    let running = setup.start(Lifetime::Story).await?;
    client::run(&setup.http_of_story(&running.server_url, &running.idp).await?, &running.server_url).await.map(|_| ())
}

async fn client_alone(setup: &Setup<'_>, server_url: &str) -> Result<(), Failure> {
    client::run(&setup.http_of_client(server_url).await?, server_url).await.map(|_| ())
}

async fn inspect(setup: &Setup<'_>, issuer: &str) -> Result<(), Failure> {
    setup.reporter.note(format!("Authorization server: {issuer}"));
    client::inspect(&setup.http(issuer).await?, issuer).await
}
