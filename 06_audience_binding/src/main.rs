//! `cargo run -p audience_binding`: arguments and wiring; the lesson is in the library.

use std::process::ExitCode;

use audience_binding::client::{ClientTask, Story, complete};
use audience_binding::further::confused_deputy;
use audience_binding::further::grant_options::{GrantOptions, issuer};
use audience_binding::further::lab::{self, Lab, Mode};
use audience_binding::further::matrix::Matrix;
use audience_binding::options::AudienceOptions;
use audience_binding::parties::{Conduct, Parties};
use audience_binding::sabotage::attacks::Attack;
use audience_binding::sabotage::{Sabotage, Switch};
use authorization_code::client::Ready;
use authorization_code::user_agent::SignInOptions;
use clap::{Args, Parser, Subcommand};
use dynamic_client_registration::further::administration::is_tutorial;
use dynamic_client_registration::options::{Plan, RegistrationOptions};
use keycloak::{Defect, Idp, IdpChoice, IdpOptions, IdpRequest, Lifetime, SERVERS};
use protected_resource_discovery::setup::{IDP_OPTIONS, McpServer, ServerOptions, Setup};
use shared::cli::{self, CommandUse, CommonOptions, Lesson, NetworkOptions, OptionGroup, Parsed};
use shared::http::Http;
use shared::{Failure, Reporter, Side};
use token_use::authorized_client::Authorized;
use token_use::further::commands::{self, KeptCommand};
use token_use::further::dpop::proving;
use token_use::options::{CheckOptions, UseOptions};

/// Lesson 06: a token for one server is no token for another (RFC 8707, RFC 8693), and the complete
/// client
///
/// Without a command: two MCP servers, an API behind the first one, and a client in one process,
/// the whole story.
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
    audience: AudienceOptions,
    #[command(flatten)]
    registration: RegistrationOptions,
    #[command(flatten)]
    sign_in: SignInOptions,
    #[command(flatten)]
    lab: LabOptions,
}

/// Options of the audience lab.
#[derive(Args)]
struct LabOptions {
    /// Another IdP for the audience lab, one that heeds resource (RFC 8707): its issuer URL
    #[arg(long, value_name = "ISSUER_URL", value_parser = issuer, global = true)]
    indicators: Option<String>,
}

impl LabOptions {
    /// These options, for the commands that use them.
    const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);
}

#[derive(Subcommand)]
enum Role {
    /// Only the servers: two MCP servers, and the API behind the first one; they stay up for any
    /// client
    Server,
    /// The complete client of all six lessons, against any MCP server
    Client(ClientArguments),
    /// The audience lab: what decides about aud at an IdP, as a diff of claims (all three modes, or
    /// one)
    Lab {
        /// What is to bring the audience
        #[arg(value_enum)]
        mode: Option<Mode>,
        /// The server that the tokens are asked for
        #[arg(long, value_name = "URL", value_parser = resource, default_value = SERVERS[0])]
        resource: String,
        /// The server that the other scopes belong to
        #[arg(long, value_name = "URL", value_parser = resource, default_value = SERVERS[1])]
        second_resource: String,
    },
    /// Every kind of token at every server: who takes what
    Matrix,
    /// An OAuth proxy with one client id, without and with its own consent page
    ConfusedDeputy,
    /// Over kept tokens.
    #[command(flatten)]
    Kept(KeptCommand),
}

#[derive(Args)]
struct ClientArguments {
    #[command(flatten)]
    server: McpServer,
    /// Call this tool
    #[arg(long, value_name = "NAME")]
    call: Option<String>,
    /// Its arguments, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}", requires = "call")]
    args: String,
    /// Find out whether the server looks at aud: send it a token that does not name it
    #[arg(long, conflicts_with = "grant")]
    probe_audience: bool,
    #[command(flatten)]
    uses: UseOptions,
    #[command(flatten)]
    grant: GrantOptions,
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
            AudienceOptions::GROUP,
            RegistrationOptions::GROUP,
            SignInOptions::GROUP,
            LabOptions::GROUP,
        ],
    },
    CommandUse {
        name: "server",
        parties: &[Side::Server, Side::Idp],
        options: &[IDP_OPTIONS, ServerOptions::GROUP, CheckOptions::GROUP, AudienceOptions::GROUP],
    },
    CommandUse {
        name: "client",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "lab",
        parties: &[Side::Client, Side::Idp],
        options: &[
            NetworkOptions::GROUP,
            IDP_OPTIONS,
            ServerOptions::GROUP,
            AudienceOptions::GROUP,
            LabOptions::GROUP,
            RegistrationOptions::GROUP,
            SignInOptions::GROUP,
        ],
    },
    CommandUse {
        name: "matrix",
        parties: &[Side::Server, Side::Client, Side::Idp],
        options: &[
            NetworkOptions::GROUP,
            IDP_OPTIONS,
            ServerOptions::GROUP,
            CheckOptions::GROUP,
            AudienceOptions::GROUP,
            RegistrationOptions::GROUP,
            SignInOptions::GROUP,
        ],
    },
    CommandUse {
        name: "confused-deputy",
        parties: &[Side::Client, Side::Idp],
        options: &[NetworkOptions::GROUP, IDP_OPTIONS, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "authorize",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "list-tools",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "call-tool",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "refresh",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
    CommandUse {
        name: "logout",
        parties: &[Side::Client],
        options: &[NetworkOptions::GROUP, RegistrationOptions::GROUP, SignInOptions::GROUP],
    },
];

impl Lesson for Cli {
    type Switch = Switch;

    const COMMANDS: &'static [CommandUse] = COMMANDS;

    fn common(&self) -> &CommonOptions {
        &self.common
    }

    fn network(&self) -> &NetworkOptions {
        &self.network
    }
}

/// "Its value MUST be an absolute URI … The URI MUST NOT include a fragment component." (RFC 8707
/// §2)
fn resource(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if url.fragment().is_none() => Ok(text.to_owned()),
        Ok(_) => Err("a URL without the part behind #".to_owned()),
        Err(_) => Err("a URL such as https://mcp.example.com/mcp".to_owned()),
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
        None => run.tell(whole_story(&setup, &cli, sabotage)),
        Some(Role::Server) => run.serve(serve(&setup, &cli, sabotage)),
        // Whether a server catches it is seen in the server's own terminal; here only its answer
        // is.
        Some(Role::Client(arguments)) => run.tell_client(client_alone(&setup, &cli, arguments, sabotage)),
        Some(Role::Lab { mode, resource, second_resource }) => {
            run.tell(the_lab(&setup, &cli, *mode, [resource, second_resource]))
        }
        Some(Role::Matrix) => run.tell(matrix(&setup, &cli)),
        Some(Role::ConfusedDeputy) => run.tell(deputy(&setup, &cli)),
        Some(Role::Kept(command)) => {
            run.tell(async { commands::run(&setup, command, plan(&cli, None, true)?, &cli.sign_in).await })
        }
    }
}

async fn start(setup: &Setup<'_>, cli: &Cli, lifetime: Lifetime, sabotage: Sabotage) -> Result<Parties, Failure> {
    if cli.checks.require_dpop && lifetime == Lifetime::Story {
        let message = "The story's tokens are bearer tokens, and --require-dpop has the servers refuse them.";
        return Err(Failure::new(
            "configuration.dpop",
            message,
            "Use server, and client --dpop; or lesson 05's story.",
        ));
    }
    let conduct = sabotage.conduct(Conduct::default());
    let parties = Parties::start(setup, &cli.audience, &cli.checks, lifetime, conduct).await?;
    setup.run.announce_breakage();
    Ok(parties)
}

async fn serve(setup: &Setup<'_>, cli: &Cli, sabotage: Sabotage) -> Result<(), Failure> {
    let parties = start(setup, cli, Lifetime::Server, sabotage).await?;
    setup.run.stay_up(&parties.first).await
}

/// How this lesson's client registers: as in lesson 03, and for the scopes that the later stages
/// ask for.
fn plan(cli: &Cli, issuer: Option<&str>, idp_stays: bool) -> Result<Plan, Failure> {
    let plan = cli.registration.plan(issuer, idp_stays)?;
    Ok(Plan { more_scopes: [cli.sign_in.more_scopes(), cli.audience.second_scopes.0.clone()].concat(), ..plan })
}

/// The scopes of each server: of a server of this lesson, the one for reading is enough.
fn scopes<'a>(setup: &'a Setup<'_>, cli: &'a Cli) -> [&'a [String]; 2] {
    [setup.server.scopes(), &cli.audience.second_scopes.0].map(|scopes| scopes.get(..1).unwrap_or_default())
}

async fn whole_story(setup: &Setup<'_>, cli: &Cli, sabotage: Sabotage) -> Result<(), Failure> {
    let parties = start(setup, cli, Lifetime::Story, sabotage).await?;
    let plan = plan(cli, Some(parties.idp.issuer()), parties.idp.stays())?;
    let http = setup.run.http(&parties.first, &[parties.idp.issuer()]).await?;
    let authorized = authorized(setup, &cli.sign_in, &http, &parties.first, plan.clone());
    let [first_scope, second_scope] = scopes(setup, cli);
    if let Some(switch) = sabotage.0 {
        let attack = Attack {
            http: &http,
            authorized: &authorized,
            sign_in: &cli.sign_in,
            server_url: &parties.first,
            other: (&parties.second, second_scope),
            is_alone: false,
        };
        return attack.run(switch).await;
    }
    let indicators = indicators(cli, &parties.idp, [&parties.first, &parties.second]).await?;
    let story = Story {
        http: &http,
        authorized,
        plan: &plan,
        sign_in: &cli.sign_in,
        parties: &parties,
        scopes: [first_scope, second_scope],
        indicators: indicators.as_ref().map(Idp::issuer),
    };
    story.tell().await
}

/// The lab's second IdP: the one that was named, or, beside an embedded one inside this process,
/// another one there.
async fn indicators(cli: &Cli, idp: &Idp, servers: [&str; 2]) -> Result<Option<Idp>, Failure> {
    let named = cli.lab.indicators.clone().map(IdpChoice::Issuer);
    let request = match &named {
        Some(choice) => IdpRequest { choice, lifetime: Lifetime::Story, defect: None, servers: &[] },
        None if !idp.is_embedded() => return Ok(None),
        None => IdpRequest {
            choice: &IdpChoice::Embedded,
            lifetime: Lifetime::Beside,
            defect: Some(Defect::ResourceIndicators),
            servers: &servers,
        },
    };
    request.find().await.map(Some)
}

fn authorized(setup: &Setup<'_>, sign_in: &SignInOptions, http: &Http, server_url: &str, plan: Plan) -> Authorized {
    let needs_script = setup.run.breakage.is_some();
    Authorized::new(http.clone(), server_url, plan, sign_in.clone(), None, None, needs_script)
}

async fn client_alone(
    setup: &Setup<'_>,
    cli: &Cli,
    arguments: &ClientArguments,
    sabotage: Sabotage,
) -> Result<(), Failure> {
    let server_url = arguments.server.server_url.as_str();
    let call = match &arguments.call {
        Some(name) => Some((name.as_str(), commands::arguments(&arguments.args)?)),
        None => None,
    };
    if arguments.uses.dpop && setup.run.breakage.is_some() {
        let message = "--break sends bearer tokens here, and --dpop asks for tokens that are none.";
        return Err(Failure::new("configuration.dpop", message, "Leave one of the two out; lesson 05 breaks DPoP."));
    }
    let plan = plan(cli, None, true)?;
    let chosen = arguments.grant.choose(setup.run.breakage, &plan, &cli.sign_in)?;
    let dpop = arguments.uses.key()?;
    let company_idp = arguments.grant.company_idp.as_deref();
    setup.run.announce_client(server_url);
    let http = proving(&setup.run.http(server_url, company_idp.as_slice()).await?, dpop.as_ref());
    let sign_in = &SignInOptions { dpop: dpop.is_some(), ..cli.sign_in.clone() };
    let authorized = match chosen {
        Some(chosen) => {
            let grant = chosen.prepare(&http).await?;
            Authorized::by_grant(http.clone(), server_url, plan, sign_in.clone(), grant)
        }
        None => authorized(setup, sign_in, &http, server_url, plan),
    };
    if let Some(switch) = sabotage.0 {
        let other = (SERVERS[1], scopes(setup, cli)[1]);
        let attack = Attack { http: &http, authorized: &authorized, sign_in, server_url, other, is_alone: true };
        return attack.run(switch).await;
    }
    complete(
        &http,
        server_url,
        &authorized,
        ClientTask { call, probe: arguments.probe_audience, dpop: dpop.as_deref() },
    )
    .await
}

async fn matrix(setup: &Setup<'_>, cli: &Cli) -> Result<(), Failure> {
    commands::no_break(setup)?;
    let parties = start(setup, cli, Lifetime::Story, Sabotage::default()).await?;
    let plan = plan(cli, Some(parties.idp.issuer()), parties.idp.stays())?;
    let http = setup.run.http(&parties.first, &[parties.idp.issuer()]).await?;
    // Seven sign-ins: no person wants to make them, unless they ask for it (--browser).
    let needs_script = is_tutorial(parties.idp.issuer());
    let told = if needs_script && !cli.sign_in.browser { Reporter::silent() } else { http.reporter().clone() };
    let (silent, sign_in) = (http.clone().telling(told), cli.sign_in.clone());
    let authorized = Authorized::new(silent, &parties.first, plan, sign_in, None, None, needs_script);
    authorized.sign_in_first(&[]).await?;
    let (authorized, sign_in) = (&authorized, &cli.sign_in);
    Matrix { http: &http, authorized, sign_in, parties: &parties, scopes: scopes(setup, cli) }.tell().await
}

/// A client at an IdP, without any MCP server.
struct AtIdp {
    idp: Idp,
    http: Http,
    plan: Plan,
    ready: Ready,
}

async fn at_idp(setup: &Setup<'_>, cli: &Cli, servers: [&str; 2]) -> Result<AtIdp, Failure> {
    commands::no_break(setup)?;
    let idp = setup.find_idp(Lifetime::Story, &servers).await?;
    let http = setup.run.http(servers[0], &[idp.issuer()]).await?;
    let plan = plan(cli, Some(idp.issuer()), idp.stays())?;
    let plan = Plan { own_scopes: Some(setup.server.scopes().to_vec()), ..plan };
    let ready = lab::ready_at(&http, idp.issuer(), servers[0], None, &plan, &cli.sign_in).await?;
    Ok(AtIdp { idp, http, plan, ready })
}

async fn the_lab(setup: &Setup<'_>, cli: &Cli, mode: Option<Mode>, servers: [&String; 2]) -> Result<(), Failure> {
    let servers @ [first, second] = servers.map(String::as_str);
    let AtIdp { idp, http, plan, ready } = at_idp(setup, cli, servers).await?;
    let modes = mode.as_ref().map_or(Mode::ALL, std::slice::from_ref);
    let other_idp = match modes.contains(&Mode::ResourceIndicators) {
        true => indicators(cli, &idp, servers).await?,
        false => None,
    };
    let other = match &other_idp {
        Some(other) => {
            let plan = lab::plan_of_second(&plan);
            Some(lab::ready_at(&http, other.issuer(), first, None, &plan, &cli.sign_in).await?)
        }
        None => None,
    };
    let (first_scopes, second_scopes) = (setup.server.scopes(), cli.audience.second_scopes.0.as_slice());
    let lab = Lab { http: &http, sign_in: &cli.sign_in, first: (first, first_scopes), second: (second, second_scopes) };
    lab.tell(&ready, other.as_ref(), modes).await
}

async fn deputy(setup: &Setup<'_>, cli: &Cli) -> Result<(), Failure> {
    let AtIdp { idp: _idp, http, ready, .. } = at_idp(setup, cli, SERVERS).await?;
    confused_deputy::tell(&http, &ready, SERVERS[0], &scopes(setup, cli)[0].join(" ")).await
}
