//! `cargo run -p protected_resource_discovery`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use keycloak::{Idp, IdpOptions, Lifetime};
use protected_resource_discovery::server::ProtectedResource;
use protected_resource_discovery::{breakages, client, server};
use shared::breakage::Breakage;
use shared::cli::{self, CommonOptions};
use shared::http::Http;
use shared::listen::{self, Serving};
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
    idp: IdpOptions,
    /// Scopes that the MCP server knows, separated by spaces
    #[arg(long, default_value = "mcp:read mcp:write", value_parser = scopes, global = true)]
    scopes: Scopes,
    /// Add the non-standard member client_registration_info to the metadata
    #[arg(long, global = true)]
    registration_hint: bool,
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

#[derive(Clone, Debug)]
struct Scopes(Vec<String>);

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749 §3.3): so none can break out of the challenge's quotes.
fn scopes(text: &str) -> Result<Scopes, String> {
    let is_allowed = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    match text.chars().find(|c| *c != ' ' && !is_allowed(*c)) {
        Some(c) => Err(format!("a scope cannot have the character {c:?} (RFC 6749 §3.3)")),
        None => Ok(Scopes(text.split_whitespace().map(str::to_owned).collect())),
    }
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
        Some(Role::Server) => story::run(&run.reporter, Holds::WhenEnded, run.serve_until_ended()),
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
        let (_idp, _serving, server_url) = self.start(Lifetime::Story).await?;
        self.client(&server_url).await
    }

    async fn serve_until_ended(&self) -> Result<(), Failure> {
        let (_idp, _serving, server_url) = self.start(Lifetime::Server).await?;
        let reporter = self.reporter.on(Side::Server);
        reporter.note(format!("Up until Ctrl-C. See its answer: curl -i {server_url}"));
        story::interrupted().await;
        Ok(())
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

    /// Finds the IdP and starts the MCP server.
    async fn start(&self, lifetime: Lifetime) -> Result<(Idp, Serving, String), Failure> {
        let idp = Idp::select(&self.cli.idp.idp, lifetime).await?;
        self.reporter.on(Side::Idp).note(idp.reason());
        let listener = listen::bind(self.cli.common.port, "the MCP server", "--port").await?;
        let server_url = format!("http://localhost:{}/mcp", listen::port(&listener));
        let protected = ProtectedResource {
            resource: server_url.clone(),
            authorization_servers: vec![idp.issuer().to_owned()],
            scopes: self.cli.scopes.0.clone(),
            registration_hint: self.cli.registration_hint,
            breakage: self.breakage,
        };
        let reporter = self.reporter.on(Side::Server);
        reporter.note(format!("MCP server: {server_url}"));
        if let Some(Breakage { name, broken_by, what, .. }) = self.breakage {
            self.reporter.on(*broken_by).note(format!("--break {name}: the {broken_by} {what}."));
        }
        let serving = listen::serve(listener, server::app(protected, reporter));
        Ok((idp, serving, server_url))
    }
}
