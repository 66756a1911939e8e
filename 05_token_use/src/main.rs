//! `cargo run -p token_use`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use authorization_code::further::recipients::Recipients;
use authorization_code::user_agent::SignInOptions;
use clap::{Parser, Subcommand};
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use keycloak::{IdpOptions, Lifetime};
use protected_resource_discovery::setup::{IDP_OPTIONS, McpServer, RunningServer, ServerOptions, Setup};
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, OptionGroup, Parsed};
use shared::http::Http;
use shared::{Failure, Side};
use token_use::authorized_client::AuthorizedClient;
use token_use::client::Story;
use token_use::further::commands::{self, KeptCommand};
use token_use::further::dpop::proving;
use token_use::further::foreign_token;
use token_use::further::key_rotation::Limits;
use token_use::options::{CheckOptions, UseOptions, resource_server};
use token_use::sabotage::Switch;
use token_use::sabotage::attacks::Attacker;
use token_use::server;

/// Lesson 05: a token is used, checked, refreshed and revoked (RFC 6750, RFC 9068, RFC 7009, RFC
/// 7662)
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
    checks: CheckOptions,
    #[command(flatten)]
    uses: UseOptions,
    #[command(flatten)]
    registration: RegistrationOptions,
    #[command(flatten)]
    sign_in: SignInOptions,
    #[command(flatten)]
    recipients: Recipients,
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
    /// Have the IdP sign with a new key from now on (needs an IdP that stays up, and its
    /// administrator)
    RotateKeys,
}

const SERVER: &[OptionGroup] = &[IDP_OPTIONS, ServerOptions::GROUP, CheckOptions::GROUP];
const CLIENT: &[OptionGroup] =
    &[NetworkOptions::GROUP, UseOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP, Recipients::GROUP];
const STORY: &[OptionGroup] = &[
    NetworkOptions::GROUP,
    IDP_OPTIONS,
    ServerOptions::GROUP,
    CheckOptions::GROUP,
    UseOptions::GROUP,
    RegistrationOptions::GROUP,
    SignInOptions::GROUP,
    Recipients::GROUP,
];

const fn client_command(name: &'static str) -> CommandUse {
    CommandUse { name, parties: &[Side::Client], options: CLIENT }
}

impl Lesson for Cli {
    type Switch = Switch;

    const COMMANDS: &'static [CommandUse] = &[
        CommandUse { name: "", parties: &[Side::Server, Side::Client, Side::Idp], options: STORY },
        CommandUse { name: "server", parties: &[Side::Server, Side::Idp], options: SERVER },
        client_command("client"),
        client_command("authorize"),
        client_command("list-tools"),
        client_command("call-tool"),
        client_command("refresh"),
        client_command("logout"),
        CommandUse { name: "rotate-keys", parties: &[Side::Idp], options: &[NetworkOptions::GROUP, IDP_OPTIONS] },
    ];

    fn common(&self) -> &CommonOptions {
        &self.common
    }

    fn network(&self) -> &NetworkOptions {
        &self.network
    }
}

fn main() -> ExitCode {
    let Parsed { mut cli, switch, run } = match cli::parse::<Cli>() {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    cli.sign_in.recipients = cli.recipients.clone();
    let setup = Setup { run: &run, idp: &cli.idp, defect: switch.and_then(Switch::defect), server: &cli.server };
    match &cli.role {
        None => run.tell(whole_story(&setup, &cli, switch)),
        Some(Role::Server) => run.serve(serve(&setup, &cli)),
        Some(Role::Client(at)) => run.tell_client(client_alone(&setup, &cli, at, switch)),
        Some(Role::RotateKeys) => run.tell(commands::rotate_keys(&setup)),
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
    cli.sign_in.check_login(&plan)?;
    Ok(Plan { more_scopes: [cli.sign_in.more_scopes(), foreign_token::more_scopes()].concat(), ..plan })
}

async fn whole_story(setup: &Setup<'_>, cli: &Cli, switch: Option<Switch>) -> Result<(), Failure> {
    let running = start(setup, cli, Lifetime::Story).await?;
    let plan = plan(cli, Some(running.idp.issuer()), running.idp.stays())?;
    let http = setup.run.http(&running.server_url, &[running.idp.issuer()]).await?;
    let resource_server = resource_server(&running.idp, &running.server_url);
    run_client(cli, &http, &running.server_url, plan, resource_server, switch).await
}

async fn client_alone(setup: &Setup<'_>, cli: &Cli, at: &McpServer, switch: Option<Switch>) -> Result<(), Failure> {
    setup.run.announce_client(&at.server_url);
    let http = setup.run.http(&at.server_url, &[]).await?;
    run_client(cli, &http, &at.server_url, plan(cli, None, true)?.for_server(at), None, switch).await
}

async fn run_client(
    cli: &Cli,
    http: &Http,
    server_url: &str,
    plan: Plan,
    resource_server: Option<ClientInformation>,
    switch: Option<Switch>,
) -> Result<(), Failure> {
    // Tokens are bound to a key where somebody asked for it, or the server that is started here
    // requires it.
    let is_bound = cli.uses.dpop || cli.checks.require_dpop || switch.is_some_and(Switch::needs_dpop);
    let dpop = UseOptions { dpop: is_bound }.key()?;
    let http = &proving(http, dpop.as_ref());
    let sign_in = SignInOptions { dpop: is_bound, ..cli.sign_in.clone() };
    let authorized = AuthorizedClient::new(http.clone(), server_url, plan, sign_in, None, None, switch.is_some());
    let is_alone = cli.role.is_some();
    match switch {
        None => Story { http, server_url, authorized, is_own_server: !is_alone, resource_server, dpop }.tell().await,
        Some(switch) => {
            switch.check_tokens(is_bound)?;
            authorized.sign_in_first(&switch.scopes()).await?;
            let attacker = Attacker { http, authorized: &authorized, server_url, dpop: dpop.as_deref(), is_alone };
            attacker.attack(switch).await
        }
    }
}
