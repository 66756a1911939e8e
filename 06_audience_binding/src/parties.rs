//! The parties of this lesson: two MCP servers, the API behind the first one, and the IdP that all
//! of them trust; and the options of the command line about them.

use std::sync::Arc;

use authorization_code::further::recipients::Recipients;
use authorization_code::user_agent::SignInOptions;
use clap::Args;
use dynamic_client_registration::further::administration;
use dynamic_client_registration::further::options::{Plan, Register, RegistrationOptions};
use keycloak::{Idp, Lifetime, SERVERS};
use protected_resource_discovery::server::ProtectedResource;
use protected_resource_discovery::setup::{Scopes, ServerOptions, Setup, scopes};
use shared::cli::OptionGroup;
use shared::http::Http;
use shared::listen::{self, Serving};
use shared::reach::Reach;
use shared::{Failure, Reporter, Side};
use token_use::further::key_rotation::Limits;
use token_use::options::CheckOptions;
use token_use::server::Server;
use tokio::sync::OnceCell;

use crate::downstream::{self, Downstream};
use crate::further::lab::LabOptions;
use crate::further::server_client::ServerClient;
use crate::server;
use crate::token_exchange::TokenExchange;
use crate::tools::{self, Calendar, Office, Reports, TokenSent};

/// Options of the servers.
#[derive(Args, Clone, Debug)]
pub struct AudienceOptions {
    /// Port of the second MCP server, the calendar; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 8001, global = true)]
    pub second_port: u16,
    /// Scopes that the second MCP server knows, separated by spaces
    #[arg(long, value_name = "SCOPES", default_value = "calendar:read calendar:write", value_parser = scopes, global = true)]
    pub second_scopes: Scopes,
    /// Port of the API behind the MCP server; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 8002, global = true)]
    pub downstream_port: u16,
    /// The aud of tokens for the downstream API
    #[arg(long, value_name = "NAME", default_value = "downstream-api", global = true)]
    pub downstream_audience: String,
    /// The scope that the downstream API requires
    #[arg(long, value_name = "SCOPE", default_value = "downstream:read", global = true)]
    pub downstream_scope: String,
}

impl AudienceOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Server);
}

/// The other names of an MCP server, which the client's options have too.
pub const OTHER_NAMES: OptionGroup = OptionGroup::of::<OtherNames>(Side::Server);

/// Only the name counts here: Recipients holds the values.
#[derive(Args)]
struct OtherNames {
    #[arg(long)]
    audience: Vec<String>,
}

/// What the command line says about the servers and the client.
#[derive(Args)]
pub struct LessonOptions {
    /// The MCP server of lesson 01.
    #[command(flatten)]
    pub server: ServerOptions,
    /// How servers check tokens.
    #[command(flatten)]
    pub checks: CheckOptions,
    /// The servers of this lesson.
    #[command(flatten)]
    pub audience: AudienceOptions,
    /// How the client registers.
    #[command(flatten)]
    pub registration: RegistrationOptions,
    /// Who signs in.
    #[command(flatten)]
    pub sign_in: SignInOptions,
    /// For whom tokens are: client and server go by the same names.
    #[command(flatten)]
    pub recipients: Recipients,
    /// The audience lab.
    #[command(flatten)]
    pub lab: LabOptions,
}

impl LessonOptions {
    /// How this lesson's client registers: as in lesson 03, and for the scopes that the later
    /// stages ask for.
    pub fn plan(&self, issuer: Option<&str>, idp_stays: bool) -> Result<Plan, Failure> {
        let plan = self.registration.plan(issuer, idp_stays)?;
        self.sign_in.check_login(&plan)?;
        Ok(Plan { more_scopes: [self.sign_in.more_scopes(), self.audience.second_scopes.0.clone()].concat(), ..plan })
    }

    /// How the MCP server itself registers: only where it runs alone, since in the whole story
    /// `--register` is the client's.
    fn server_registration(&self, lifetime: Lifetime) -> Option<Register> {
        self.registration.register.filter(|_| lifetime == Lifetime::Server)
    }

    /// The scopes of each server: of a server of this lesson, the one for reading is enough.
    pub fn scopes(&self) -> [&[String]; 2] {
        [self.server.scopes(), &self.audience.second_scopes.0].map(|scopes| scopes.get(..1).unwrap_or_default())
    }
}

/// How the first MCP server treats tokens.
#[derive(Clone, Copy, Debug)]
pub struct Conduct {
    /// Whether it looks at `aud`; lesson 05's server does not.
    pub checks_audience: bool,
    /// Which token it sends to the API behind it.
    pub sends: TokenSent,
    /// Whether it has clients ask for the second server's scopes instead of its own.
    pub wants_others_scopes: bool,
}

impl Default for Conduct {
    fn default() -> Self {
        Self { checks_audience: true, sends: TokenSent::Exchanged, wants_others_scopes: false }
    }
}

/// The running servers; they end when this is dropped.
#[must_use = "the servers end when this is dropped"]
pub struct Parties {
    /// The first MCP server, as clients are to use it.
    pub first: String,
    /// The second one, the calendar.
    pub second: String,
    /// The API behind the first one: its document.
    pub downstream_url: String,
    pub downstream: Arc<Downstream>,
    /// The first server's way to it.
    pub reports: Arc<Reports>,
    pub idp: Idp,
    _serving: [Serving; 3],
}

impl Parties {
    /// Starts them all. Ports come first: an IdP inside this process issues tokens for these very
    /// servers.
    pub async fn start(
        setup: &Setup<'_>,
        options: &LessonOptions,
        lifetime: Lifetime,
        conduct: Conduct,
    ) -> Result<Self, Failure> {
        let LessonOptions { checks, audience, recipients, .. } = options;
        if checks.require_dpop && lifetime == Lifetime::Story {
            let message = "The whole lesson uses bearer tokens, but --require-dpop makes the servers refuse them.";
            let fix = "Use server and client --dpop, or run lesson 05.";
            return Err(Failure::new("configuration.dpop", message, fix));
        }
        let listener = listen::bind(setup.server.port, "the MCP server", "--port").await?;
        let second_listener = listen::bind(audience.second_port, "the second MCP server", "--second-port").await?;
        let api_listener = listen::bind(audience.downstream_port, "the downstream API", "--downstream-port").await?;
        let url = |listener, path| format!("http://localhost:{}/{path}", listen::port(listener));
        let (first, second) = (url(&listener, "mcp"), url(&second_listener, "mcp"));
        let downstream_url = url(&api_listener, "reports");

        let idp = setup.find_idp(lifetime, &[&first, &second]).await?;
        let reporter = setup.run.reporter.on(Side::Server);
        reporter.note(format!("MCP server: {first}"));
        reporter
            .note(format!("Second MCP server, a calendar: {second}. The API behind the first one: {downstream_url}"));
        report_other_ports(&reporter, &idp, recipients, [&first, &second]);

        let downstream = Arc::new(Downstream::new(idp.issuer(), audience, checks, reporter.clone())?);
        let client = ServerClient::find(&reporter, &idp, &first, options.server_registration(lifetime)).await?;
        let health = client.health();
        let reports = Arc::new(reports(&reporter, &idp, audience, client, &downstream_url, conduct.sends)?);

        let scopes = audience.second_scopes.0.clone();
        let mut protected = setup.server.protected_resource(&first, &idp);
        if conduct.wants_others_scopes {
            protected.scopes.clone_from(&scopes);
        }
        let accepted = [vec![first.clone()], recipients.audience.clone()].concat();
        let mut office = if conduct.checks_audience {
            server::create(protected.clone(), &accepted, checks, Limits::default(), reporter.clone())?
        } else {
            // Lesson 05's server has no such check.
            Server::new(protected.clone(), checks, Limits::default(), reporter.clone())?
        };
        office.health = health;
        let protected = ProtectedResource { resource: second.clone(), scopes, ..protected };
        let calendar = server::create(protected, std::slice::from_ref(&second), checks, Limits::default(), reporter)?;
        let _serving = [
            listen::serve(listener, office.app(tools::OFFICE, Office::create(reports.clone())?)?),
            listen::serve(second_listener, calendar.app(tools::CALENDAR, Calendar)?),
            listen::serve(api_listener, downstream::app(downstream.clone())),
        ];
        Ok(Self { first, second, downstream_url, downstream, reports, idp, _serving })
    }
}

/// An IdP that stays knows the servers of its realm file, and tokens for these say so.
fn report_other_ports(reporter: &Reporter, idp: &Idp, recipients: &Recipients, servers: [&str; 2]) {
    let variable = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let is_known = variable("MCP_RESOURCE_URL") || !recipients.audience.is_empty();
    if idp.stays() && administration::is_tutorial(idp.issuer()) && servers != SERVERS && !is_known {
        reporter.note(format!(
            "The tutorial's realm issues tokens for {} and {}, but these servers are {} and {}: they will refuse the tokens. Leave the ports out, or \
             set MCP_RESOURCE_URL and MCP_SECOND_RESOURCE_URL for the IdP and for this program.",
            SERVERS[0], SERVERS[1], servers[0], servers[1]
        ));
    }
}

/// The first server's way to the API behind it.
fn reports(
    reporter: &Reporter,
    idp: &Idp,
    options: &AudienceOptions,
    client: ServerClient,
    downstream_url: &str,
    sends: TokenSent,
) -> Result<Reports, Failure> {
    // IdP and API are the operator's own choice.
    let reach = Reach::of_operator(idp.issuer());
    let http = Http::new(reporter.clone(), reach)?;
    let exchange = client.information.map(|client| TokenExchange {
        http: http.clone(),
        issuer: idp.issuer().to_owned(),
        client,
        audience: options.downstream_audience.clone(),
        scope: options.downstream_scope.clone(),
        metadata: OnceCell::new(),
    });
    Ok(Reports::new(http, downstream_url.to_owned(), exchange, sends))
}
