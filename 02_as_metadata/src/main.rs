//! `cargo run -p as_metadata`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use as_metadata::{breakages, client};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use keycloak::Lifetime;
use protected_resource_discovery::setup::{self, Broken, ServerOptions};
use shared::breakage::Breakage;
use shared::cli::{self, CommonOptions};
use shared::http::Http;
use shared::reach::Reach;
use shared::story::Holds;
use shared::{Failure, Reporter, Side, story};

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
    Client {
        /// URL of the MCP server, exactly as it names itself
        #[arg(long, default_value = "http://localhost:8000/mcp")]
        server_url: String,
    },
    /// What any authorization server says it can do; exit code 0 only if every MUST of MCP holds
    Inspect {
        /// Its issuer identifier, exactly as its metadata spells it
        #[arg(value_name = "ISSUER_URL")]
        issuer: String,
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
        None => &[Side::Server, Side::Client, Side::Idp],
        Some(Role::Server) => &[Side::Server, Side::Idp],
        Some(Role::Client { .. } | Role::Inspect { .. }) => &[Side::Client],
    };
    cli::require_breaker(&mut command, breakage, present).unwrap_or_else(|error| error.exit());
    if matches!(cli.role, Some(Role::Client { .. } | Role::Inspect { .. })) && cli::is_given(&matches, "idp") {
        let message = "--idp is for the whole story and the server: a client learns its authorization server by discovery, and inspect is given it";
        command.error(clap::error::ErrorKind::ArgumentConflict, message).exit();
    }

    let run = Run { reporter: cli.common.reporter(), breakage, cli };
    let holds = breakage.map_or(Holds::WithoutFailure, Holds::WhenCaught);
    match &run.cli.role {
        None => story::run(&run.reporter, holds, run.whole_story()),
        // Whether a breakage is caught is seen where the client is.
        Some(Role::Server) => story::run(&run.reporter, Holds::WhenEnded, run.serve()),
        Some(Role::Client { server_url }) => story::run(&run.reporter, Holds::WithoutFailure, run.ask(server_url)),
        Some(Role::Inspect { issuer }) => story::run(&run.reporter, Holds::WithoutFailure, run.inspect(issuer)),
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
        Broken { breakage: self.breakage, defect: self.breakage.and_then(breakages::defect) }
    }

    async fn ask(&self, server_url: &str) -> Result<(), Failure> {
        self.reporter.note(format!("MCP server: {server_url}. Its identity provider is found by discovery."));
        self.client(server_url).await
    }

    async fn inspect(&self, issuer: &str) -> Result<(), Failure> {
        self.reporter.note(format!("Authorization server: {issuer}"));
        client::inspect(&self.http(issuer).await?, issuer).await
    }

    async fn client(&self, server_url: &str) -> Result<(), Failure> {
        client::run(&self.http(server_url).await?, server_url).await.map(|_| ())
    }

    async fn http(&self, url: &str) -> Result<Http, Failure> {
        Http::new(self.reporter.clone(), Reach::of_server(url, &self.cli.common.allow_host).await)
    }
}
