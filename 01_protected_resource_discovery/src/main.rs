//! `cargo run -p protected_resource_discovery`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use keycloak::Lifetime;
use protected_resource_discovery::setup::{self, Broken, ServerOptions};
use protected_resource_discovery::{breakages, client};
use shared::breakage::Breakage;
use shared::cli::{self, CommonOptions};
use shared::http::Http;
use shared::reach::Reach;
use shared::story::Holds;
use shared::{Failure, Reporter, Side, story};

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
    Client {
        /// URL of the MCP server, exactly as it names itself
        #[arg(long, default_value = "http://localhost:8000/mcp")]
        server_url: String,
    },
}

fn main() -> ExitCode {
    let mut command = cli::with_breakages(Cli::command(), breakages::ALL);
    let matches = command.get_matches_mut();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Some(exit) = cli.common.list_breakages(breakages::ALL) {
        return exit;
    }
    let breakage = cli.common.chosen_breakage(breakages::ALL);
    let present: &[Side] = match cli.role {
        None => &[Side::Server, Side::Client],
        Some(Role::Server) => &[Side::Server],
        Some(Role::Client { .. }) => &[Side::Client],
    };
    cli::require_breaker(&mut command, breakage, present).unwrap_or_else(|error| error.exit());
    if matches!(cli.role, Some(Role::Client { .. })) && cli::is_given(&matches, "idp") {
        let message = "--idp is not for the client: it learns its authorization server by discovery";
        command.error(clap::error::ErrorKind::ArgumentConflict, message).exit();
    }

    let run = Run { reporter: cli.common.reporter(), breakage, cli };
    let holds = breakage.map_or(Holds::WithoutFailure, Holds::WhenCaught);
    match &run.cli.role {
        None => story::run(&run.reporter, holds, run.whole_story()),
        // Whether a breakage is caught is seen where the other side is.
        Some(Role::Server) => story::run(&run.reporter, Holds::WhenEnded, run.serve()),
        Some(Role::Client { server_url }) => story::run(&run.reporter, Holds::WithoutFailure, run.ask(server_url)),
    }
}

struct Run {
    cli: Cli,
    reporter: Reporter,
    breakage: Option<&'static Breakage>,
}

impl Run {
    async fn whole_story(&self) -> Result<(), Failure> {
        let running =
            setup::start(&self.cli.server, self.cli.common.port, Lifetime::Story, self.broken(), &self.reporter)
                .await?;
        self.client(&running.server_url).await
    }

    async fn serve(&self) -> Result<(), Failure> {
        setup::serve_until_ended(&self.cli.server, self.cli.common.port, self.broken(), &self.reporter).await
    }

    fn broken(&self) -> Broken {
        Broken { breakage: self.breakage, defect: None }
    }

    async fn ask(&self, server_url: &str) -> Result<(), Failure> {
        self.reporter.note(format!("MCP server: {server_url}. Its identity provider is found by discovery."));
        self.client(server_url).await
    }

    async fn client(&self, server_url: &str) -> Result<(), Failure> {
        let reach = Reach::of_server(server_url, &self.cli.common.allow_host).await;
        let http = Http::new(self.reporter.clone(), reach)?;
        match self.breakage {
            Some(breakage) if breakage.name == breakages::EVIL_ORIGIN.name => {
                client::run_as_foreign_page(&http, server_url).await
            }
            _ => client::run(&http, server_url).await.map(|_| ()),
        }
    }
}
