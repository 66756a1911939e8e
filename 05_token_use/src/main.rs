//! `cargo run -p token_use`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;
use std::sync::Arc;

use authorization_code::options::SignInOptions;
use clap::{Parser, Subcommand};
use dynamic_client_registration::options::{Plan, RegistrationOptions};
use keycloak::{Idp, Lifetime};
use protected_resource_discovery::setup::{McpServer, Running, ServerOptions, Setup};
use shared::breakage::Breakage;
use shared::cli::{self, CommonOptions, Lesson, Parsed};
use shared::http::Http;
use shared::story::Holds;
use shared::{Failure, Side, story};
use token_use::authorized::Authorized;
use token_use::client::Story;
use token_use::commands::KeptCommand;
use token_use::dpop::{Dpop, proving};
use token_use::jwks::Limits;
use token_use::options::{CheckOptions, UseOptions, resource_server};
use token_use::{attacks, breakages, client, commands, server};

/// Lesson 05: a token is used, checked, refreshed and revoked (RFC 6750, RFC 9068, RFC 7009, RFC
/// 7662)
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
    #[command(flatten)]
    checks: CheckOptions,
    #[command(flatten)]
    uses: UseOptions,
    #[command(flatten)]
    registration: RegistrationOptions,
    #[command(flatten)]
    sign_in: SignInOptions,
}

#[derive(Subcommand)]
enum Role {
    /// Only the MCP server; it stays up for curl, the MCP Inspector, any client
    Server,
    /// Only the client, against any MCP server
    Client(McpServer),
    /// Over kept tokens.
    #[command(flatten)]
    Kept(KeptCommand),
    /// Have the IdP sign with a new key from now on (an IdP that stays, and its administrator)
    RotateKeys,
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
            Some(Role::RotateKeys) => &[Side::Idp],
            Some(_) => &[Side::Client],
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
    let holds = breakage.map_or(Holds::WithoutFailure, Holds::WhenCaught);
    match &cli.role {
        None => story::run(&reporter, holds, whole_story(&setup, &cli)),
        Some(Role::Server) => story::run(&reporter, Holds::WhenInterrupted, serve(&setup, &cli)),
        Some(Role::Client(at)) => {
            // Whether the server catches it is seen in the server's own terminal; here only its
            // answer is.
            let is_seen_here = breakage.is_none_or(|breakage| breakage.caught_by != Side::Server);
            let holds = if is_seen_here { holds } else { Holds::WithoutFailure };
            story::run(&reporter, holds, client_alone(&setup, &cli, at))
        }
        Some(Role::RotateKeys) => story::run(&reporter, holds, rotate_keys(&setup)),
        Some(Role::Kept(command)) => story::run(&reporter, holds, async {
            cli.uses.no_dpop()?;
            commands::run(&setup, command, plan(&cli, None, true)?, &cli.sign_in).await
        }),
    }
}

async fn start(setup: &Setup<'_>, cli: &Cli, lifetime: Lifetime) -> Result<Running, Failure> {
    let app = |protected, reporter| server::app(protected, &cli.checks, Limits::default(), reporter);
    setup.start_with(lifetime, app).await
}

async fn serve(setup: &Setup<'_>, cli: &Cli) -> Result<(), Failure> {
    let running = start(setup, cli, Lifetime::Server).await?;
    setup.stay_up(&running.server_url).await
}

/// How this lesson's client registers: as in lesson 03, and for the scopes that the later stages
/// ask for.
fn plan(cli: &Cli, issuer: Option<&str>, idp_stays: bool) -> Result<Plan, Failure> {
    let plan = cli.registration.plan(issuer, idp_stays, None)?;
    Ok(Plan { more_scopes: [cli.sign_in.more_scopes(), client::more_scopes()].concat(), ..plan })
}

async fn whole_story(setup: &Setup<'_>, cli: &Cli) -> Result<(), Failure> {
    let running = start(setup, cli, Lifetime::Story).await?;
    let plan = plan(cli, Some(running.idp.issuer()), running.idp.stays())?;
    let http = setup.http_of_story(&running.server_url, &running.idp).await?;
    let resource_server = resource_server(&running.idp, &running.server_url);
    run_client(setup, cli, &http, &running.server_url, plan, resource_server).await
}

async fn client_alone(setup: &Setup<'_>, cli: &Cli, at: &McpServer) -> Result<(), Failure> {
    let http = setup.http_of_client(&at.server_url).await?;
    run_client(setup, cli, &http, &at.server_url, plan(cli, None, true)?, None).await
}

async fn run_client(
    setup: &Setup<'_>,
    cli: &Cli,
    http: &Http,
    server_url: &str,
    plan: Plan,
    resource_server: Option<dynamic_client_registration::ClientInformation>,
) -> Result<(), Failure> {
    let dpop = dpop(setup, cli)?;
    if let (Some(breakage), true) = (setup.breakage.filter(|breakage| !breakages::needs_dpop(breakage)), dpop.is_some())
    {
        let message =
            format!("--break {} is about bearer tokens, and here they are bound to a key (DPoP).", breakage.name);
        return Err(Failure::new("configuration.dpop", message, "Leave --dpop and --require-dpop out, or break DPoP."));
    }
    let http = &proving(http, dpop.as_ref());
    let sign_in = SignInOptions { dpop: dpop.is_some(), ..cli.sign_in.clone() };
    let authorized = Authorized::new(http.clone(), server_url, plan, sign_in, None, None, setup.breakage.is_some());
    match setup.breakage {
        None => {
            let is_own_server = cli.role.is_none();
            Story { http, server_url, authorized, is_own_server, resource_server, dpop }.tell().await
        }
        Some(breakage) => {
            authorized.sign_in_first(&breakages::scopes(breakage)).await?;
            attacks::run(http, &authorized, server_url, dpop.as_deref(), breakage, cli.role.is_some()).await
        }
    }
}

/// A key for this run, where tokens are to be bound to one: somebody asked for it, or the server
/// that is started here wants it.
fn dpop(setup: &Setup<'_>, cli: &Cli) -> Result<Option<Arc<Dpop>>, Failure> {
    let is_wanted = cli.uses.dpop || cli.checks.require_dpop || setup.breakage.is_some_and(breakages::needs_dpop);
    UseOptions { dpop: is_wanted }.key()
}

async fn rotate_keys(setup: &Setup<'_>) -> Result<(), Failure> {
    commands::no_break(setup)?;
    let idp = Idp::select_lasting(&setup.server.idp.idp).await?;
    setup.reporter.on(Side::Idp).note(idp.reason());
    let http = setup.http(idp.issuer()).await?;
    commands::rotate_keys(&http, idp.issuer()).await
}
