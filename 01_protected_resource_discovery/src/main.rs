//! `cargo run -p protected_resource_discovery`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keycloak::Lifetime;
use protected_resource_discovery::setup::{McpServer, ServerOptions, Setup};
use protected_resource_discovery::{breakages, client};
use shared::breakage::Breakage;
use shared::cli::{self, CommonOptions, Lesson, Parsed};
use shared::http::Http;
use shared::story::Holds;
use shared::{Failure, Side, story};

/// Lesson 01: how an MCP client finds the authorization server of an MCP server (RFC 9728)
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
}

impl Lesson for Cli {
    const BREAKAGES: &'static [&'static Breakage] = breakages::ALL;

    fn common(&self) -> &CommonOptions {
        &self.common
    }

    fn parties(&self) -> &'static [Side] {
        match self.role {
            None => &[Side::Server, Side::Client],
            Some(Role::Server) => &[Side::Server],
            Some(Role::Client(_)) => &[Side::Client],
        }
    }
}

fn main() -> ExitCode {
    let Parsed { cli, breakage, reporter } = match cli::parse::<Cli>() {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let setup = Setup { server: &cli.server, common: &cli.common, breakage, defect: None, reporter: &reporter };
    match &cli.role {
        None => {
            let holds = breakage.map_or(Holds::WithoutFailure, Holds::WhenCaught);
            story::run(&reporter, holds, whole_story(&setup))
        }
        // Whether a breakage is caught is seen where the other side is.
        Some(Role::Server) => story::run(&reporter, Holds::WhenInterrupted, setup.serve_until_ended()),
        Some(Role::Client(McpServer { server_url })) => {
            story::run(&reporter, Holds::WithoutFailure, client_alone(&setup, server_url))
        }
    }
}

async fn whole_story(setup: &Setup<'_>) -> Result<(), Failure> {
    let running = setup.start(Lifetime::Story).await?;
    run_client(setup, &setup.http_of_story(&running.server_url, &running.idp).await?, &running.server_url).await
}

async fn client_alone(setup: &Setup<'_>, server_url: &str) -> Result<(), Failure> {
    run_client(setup, &setup.http_of_client(server_url).await?, server_url).await
}

async fn run_client(setup: &Setup<'_>, http: &Http, server_url: &str) -> Result<(), Failure> {
    match setup.breakage {
        Some(breakage) if breakage.name == breakages::EVIL_ORIGIN.name => {
            client::run_as_foreign_page(http, server_url).await
        }
        _ => client::run(http, server_url).await.map(|_| ()),
    }
}
