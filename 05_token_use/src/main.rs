//! `cargo run -p token_use`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;
use std::sync::Arc;

use authorization_code::user_agent::SignInOptions;
use clap::{Parser, Subcommand};
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use keycloak::{IdpOptions, Lifetime};
use protected_resource_discovery::setup::{IDP_OPTIONS, McpServer, RunningServer, ServerOptions, Setup};
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, Parsed};
use shared::http::Http;
use shared::{Failure, Side};
use token_use::authorized_client::Authorized;
use token_use::client::Story;
use token_use::further::commands;
use token_use::further::commands::KeptCommand;
use token_use::further::dpop::{Dpop, proving};
use token_use::jwks::Limits;
use token_use::options::{CheckOptions, UseOptions, resource_server};
use token_use::{attacks, breakages, client, server};

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
    network: NetworkOptions,
    #[command(flatten)]
    idp: IdpOptions,
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

const COMMANDS: &[CommandUse] = &[
    CommandUse {
        name: "",
        parties: &[Side::Server, Side::Client, Side::Idp],
        options: &[
            NetworkOptions::GROUP,
            IDP_OPTIONS,
            ServerOptions::GROUP,
            CheckOptions::GROUP,
            UseOptions::GROUP,
            RegistrationOptions::GROUP,
            SignInOptions::GROUP,
        ],
    },
    CommandUse {
        name: "server",
        parties: &[Side::Server, Side::Idp],
        options: &[IDP_OPTIONS, ServerOptions::GROUP, CheckOptions::GROUP],
    },
    CommandUse {
        name: "client",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, UseOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "authorize",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, UseOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "list-tools",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, UseOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "call-tool",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, UseOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "refresh",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, UseOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "logout",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, UseOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse { name: "rotate-keys", parties: &[Side::Idp], options: &[NetworkOptions::GROUP, IDP_OPTIONS] },
];

impl Lesson for Cli {
    type Switch = breakages::Switch;

    const COMMANDS: &'static [CommandUse] = COMMANDS;

    fn common(&self) -> &CommonOptions {
        &self.common
    }

    fn network(&self) -> &NetworkOptions {
        &self.network
    }
}

fn main() -> ExitCode {
    let Parsed { cli, run, .. } = match cli::parse::<Cli>() {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let setup =
        Setup { run: &run, idp: &cli.idp, defect: run.breakage.and_then(breakages::defect), server: &cli.server };
    match &cli.role {
        None => run.tell(whole_story(&setup, &cli)),
        Some(Role::Server) => run.serve(serve(&setup, &cli)),
        Some(Role::Client(at)) => run.tell_client(client_alone(&setup, &cli, at)),
        Some(Role::RotateKeys) => run.tell(rotate_keys(&setup)),
        Some(Role::Kept(command)) => run.tell(async {
            cli.uses.no_dpop()?;
            commands::run(&setup, command, plan(&cli, None, true)?, &cli.sign_in).await
        }),
    }
}

async fn start(setup: &Setup<'_>, cli: &Cli, lifetime: Lifetime) -> Result<RunningServer, Failure> {
    let app = |protected, reporter| server::app(protected, &cli.checks, Limits::default(), reporter);
    setup.start_with(lifetime, app).await
}

async fn serve(setup: &Setup<'_>, cli: &Cli) -> Result<(), Failure> {
    let running = start(setup, cli, Lifetime::Server).await?;
    setup.run.stay_up(&running.server_url).await
}

/// How this lesson's client registers: as in lesson 03, and for the scopes that the later stages
/// ask for.
fn plan(cli: &Cli, issuer: Option<&str>, idp_stays: bool) -> Result<Plan, Failure> {
    let plan = cli.registration.plan(issuer, idp_stays)?;
    Ok(Plan { more_scopes: [cli.sign_in.more_scopes(), client::more_scopes()].concat(), ..plan })
}

async fn whole_story(setup: &Setup<'_>, cli: &Cli) -> Result<(), Failure> {
    let running = start(setup, cli, Lifetime::Story).await?;
    let plan = plan(cli, Some(running.idp.issuer()), running.idp.stays())?;
    let http = setup.run.http(&running.server_url, &[running.idp.issuer()]).await?;
    let resource_server = resource_server(&running.idp, &running.server_url);
    run_client(setup, cli, &http, &running.server_url, plan, resource_server).await
}

async fn client_alone(setup: &Setup<'_>, cli: &Cli, at: &McpServer) -> Result<(), Failure> {
    setup.run.announce_client(&at.server_url);
    let http = setup.run.http(&at.server_url, &[]).await?;
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
    if let (Some(breakage), true) =
        (setup.run.breakage.filter(|breakage| !breakages::needs_dpop(breakage)), dpop.is_some())
    {
        let message =
            format!("--break {} is about bearer tokens, and here they are bound to a key (DPoP).", breakage.name);
        return Err(Failure::new("configuration.dpop", message, "Leave --dpop and --require-dpop out, or break DPoP."));
    }
    let http = &proving(http, dpop.as_ref());
    let sign_in = SignInOptions { dpop: dpop.is_some(), ..cli.sign_in.clone() };
    let authorized = Authorized::new(http.clone(), server_url, plan, sign_in, None, None, setup.run.breakage.is_some());
    match setup.run.breakage {
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
    let is_wanted = cli.uses.dpop || cli.checks.require_dpop || setup.run.breakage.is_some_and(breakages::needs_dpop);
    UseOptions { dpop: is_wanted }.key()
}

async fn rotate_keys(setup: &Setup<'_>) -> Result<(), Failure> {
    commands::no_break(setup)?;
    let idp = setup.find_idp(Lifetime::Lasting, &[]).await?;
    let http = setup.run.http(idp.issuer(), &[]).await?;
    commands::rotate_keys(&http, idp.issuer()).await
}
