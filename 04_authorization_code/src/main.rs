//! `cargo run -p authorization_code`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use authorization_code::client;
use authorization_code::further::client_credentials as without_a_user;
use authorization_code::further::refresh;
use authorization_code::further::stored_tokens;
use authorization_code::sabotage::{Sabotage, Switch};
use authorization_code::user_agent::SignInOptions;
use clap::{Parser, Subcommand};
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use keycloak::{IdpOptions, Lifetime};
use protected_resource_discovery::setup::{IDP_OPTIONS, McpServer, ServerOptions, Setup};
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, OptionGroup, Parsed};
use shared::{Failure, Side};

/// Lesson 04: the user signs in, and a code becomes a token (OAuth 2.1, RFC 7636, RFC 8707, RFC
/// 9207)
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
    /// Sign in at the IdP of an MCP server, and store the tokens for the commands of lesson 05
    Authorize(McpServer),
    /// Going further: sign in, refresh the tokens, and try the old refresh token once more
    Refresh,
    /// Going further: a token for the client itself, without a user
    ClientCredentials {
        /// Sign with a key instead of sending a secret (private_key_jwt, RFC 7523); the client
        /// registers with it for this run
        #[arg(long, conflicts_with = "client_id")]
        key: bool,
    },
}

const STORY: &[OptionGroup] =
    &[NetworkOptions::GROUP, IDP_OPTIONS, ServerOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP];
const CLIENT: &[OptionGroup] = &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP];
const ALL_PARTIES: &[Side] = &[Side::Server, Side::Client, Side::Idp];

impl Lesson for Cli {
    type Switch = Switch;

    const COMMANDS: &'static [CommandUse] = &[
        CommandUse { name: "", parties: ALL_PARTIES, options: STORY },
        CommandUse {
            name: "server",
            parties: &[Side::Server, Side::Idp],
            options: &[IDP_OPTIONS, ServerOptions::GROUP],
        },
        CommandUse { name: "client", parties: &[Side::Client], options: CLIENT },
        CommandUse { name: "authorize", parties: &[Side::Client], options: CLIENT },
        CommandUse { name: "refresh", parties: ALL_PARTIES, options: STORY },
        CommandUse { name: "client-credentials", parties: ALL_PARTIES, options: STORY },
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
    let sabotage = Sabotage(switch);
    let setup = Setup { run: &run, idp: &cli.idp, defect: switch.and_then(Switch::defect), server: &cli.server };
    match &cli.role {
        None => run.tell(whole_story(&setup, &cli, sabotage, false)),
        Some(Role::Refresh) => run.tell(whole_story(&setup, &cli, sabotage, true)),
        Some(Role::ClientCredentials { key }) => run.tell(client_credentials(&setup, &cli, *key)),
        Some(Role::Server) => run.serve(setup.serve_until_ended()),
        Some(Role::Client(at)) => run.tell(client_alone(&setup, &cli, at, sabotage, false)),
        Some(Role::Authorize(at)) => run.tell(client_alone(&setup, &cli, at, sabotage, true)),
    }
}

/// How this lesson's client registers: as in lesson 03, and for the scopes that signing in may ask
/// for besides.
fn plan(cli: &Cli, issuer: Option<&str>, idp_stays: bool) -> Result<Plan, Failure> {
    let plan = cli.registration.plan(issuer, idp_stays)?;
    cli.sign_in.check_login(&plan)?;
    Ok(Plan { more_scopes: cli.sign_in.more_scopes(), ..plan })
}

async fn whole_story(setup: &Setup<'_>, cli: &Cli, sabotage: Sabotage, refreshes: bool) -> Result<(), Failure> {
    let running = setup.start(Lifetime::Story).await?;
    let plan = plan(cli, Some(running.idp.issuer()), running.idp.stays())?;
    let http = setup.run.http(&running.server_url, &[running.idp.issuer()]).await?;
    let signed_in = client::run(&http, &running.server_url, &plan, &cli.sign_in, sabotage).await?;
    if refreshes {
        let (endpoint, parameter) = (&signed_in.endpoint, &cli.sign_in.resource_parameter);
        refresh::refresh_and_replay(&http, endpoint, &signed_in.tokens, &signed_in.resource, parameter).await?;
    }
    Ok(())
}

async fn client_credentials(setup: &Setup<'_>, cli: &Cli, signs: bool) -> Result<(), Failure> {
    if let Some(breakage) = setup.run.breakage {
        return Err(Failure::new(
            "configuration.break",
            format!("--break {} breaks the user's sign-in, but client-credentials has none.", breakage.name),
            "Leave client-credentials out.",
        ));
    }
    let running = setup.start(Lifetime::Story).await?;
    let plan = plan(cli, Some(running.idp.issuer()), running.idp.stays())?;
    without_a_user::check_options(&cli.sign_in, &plan)?;
    let http = setup.run.http(&running.server_url, &[running.idp.issuer()]).await?;
    let (client, parameter) = (plan.static_client.as_ref(), &cli.sign_in.resource_parameter);
    without_a_user::run(&http, &running.server_url, client, signs, parameter).await
}

async fn client_alone(
    setup: &Setup<'_>,
    cli: &Cli,
    at: &McpServer,
    sabotage: Sabotage,
    keeps: bool,
) -> Result<(), Failure> {
    let (plan, server_url) = (plan(cli, None, true)?.for_server(at), at.server_url.as_str());
    setup.run.announce_client(server_url);
    let http = setup.run.http(server_url, &[]).await?;
    let signed_in = client::run(&http, server_url, &plan, &cli.sign_in, sabotage).await?;
    // What a broken run brought is for nothing but that run.
    if keeps && setup.run.breakage.is_none() {
        stored_tokens::store(&setup.run.reporter, server_url, signed_in).await?;
    }
    Ok(())
}
