//! The servers of this lesson: two MCP servers, the API behind the first one, and the IdP that all
//! of them trust.

use std::sync::Arc;

use dynamic_client_registration::further::administration;
use keycloak::{Idp, Lifetime, SERVERS};
use protected_resource_discovery::server::ProtectedResource;
use protected_resource_discovery::setup::Setup;
use shared::http::Http;
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach, host_of};
use shared::{Failure, Reporter, Side};
use token_use::jwks::Limits;
use token_use::options::{CheckOptions, resource_server};
use token_use::server::Server;
use tokio::sync::OnceCell;

use crate::downstream::{self, Downstream};
use crate::options::AudienceOptions;
use crate::reports::{Reports, With};
use crate::server;
use crate::token_exchange::TokenExchange;
use crate::tools::{self, Calendar, Office};

/// How the first MCP server treats tokens.
#[derive(Clone, Copy, Debug)]
pub struct Conduct {
    /// Whether it looks at `aud`; lesson 05's server does not.
    pub checks_audience: bool,
    /// Which token it sends to the API behind it.
    pub sends: With,
}

impl Default for Conduct {
    fn default() -> Self {
        Self { checks_audience: true, sends: With::Exchange }
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
    /// The API.
    pub downstream: Arc<Downstream>,
    /// The first server's way to it.
    pub reports: Arc<Reports>,
    /// The IdP.
    pub idp: Idp,
    _serving: [Serving; 3],
}

impl Parties {
    /// Starts them all. Ports come first: an IdP inside this process issues tokens for these very
    /// servers.
    pub async fn start(
        setup: &Setup<'_>,
        options: &AudienceOptions,
        checks: &CheckOptions,
        lifetime: Lifetime,
        conduct: Conduct,
    ) -> Result<Self, Failure> {
        let listener = listen::bind(setup.server.port, "the MCP server", "--port").await?;
        let second_listener = listen::bind(options.second_port, "the second MCP server", "--second-port").await?;
        let api_listener = listen::bind(options.downstream_port, "the downstream API", "--downstream-port").await?;
        let url = |listener, path| format!("http://localhost:{}/{path}", listen::port(listener));
        let (first, second) = (url(&listener, "mcp"), url(&second_listener, "mcp"));
        let downstream_url = url(&api_listener, "reports");

        let idp = setup.find_idp(lifetime, &[&first, &second]).await?;
        let reporter = setup.run.reporter.on(Side::Server);
        reporter.note(format!("MCP server: {first}"));
        reporter
            .note(format!("Second MCP server, a calendar: {second}. The API behind the first one: {downstream_url}"));
        tell_other_ports(&reporter, &idp, options, [&first, &second]);

        let downstream = Arc::new(Downstream::new(idp.issuer(), options, checks, reporter.clone())?);
        let reports = Arc::new(reports(&reporter, &idp, options, &first, &downstream_url, conduct.sends)?);

        let protected = setup.server.protected_resource(&first, &idp);
        let accepted = [vec![first.clone()], options.audience.clone()].concat();
        let office = (tools::OFFICE, Office::create(reports.clone())?);
        let app = if conduct.checks_audience {
            server::app(protected.clone(), &accepted, checks, Limits::default(), reporter.clone(), office)?
        } else {
            // Lesson 05's server has no such check.
            Server::new(protected.clone(), checks, Limits::default(), reporter.clone())?.app(office.0, office.1)?
        };
        let calendar =
            ProtectedResource { resource: second.clone(), scopes: options.second_scopes.0.clone(), ..protected };
        let calendar = {
            let (accepted, limits) = ([second.clone()], Limits::default());
            server::app(calendar, &accepted, checks, limits, reporter, (tools::CALENDAR, Calendar))?
        };
        let _serving = [
            listen::serve(listener, app),
            listen::serve(second_listener, calendar),
            listen::serve(api_listener, downstream::app(downstream.clone())),
        ];
        Ok(Self { first, second, downstream_url, downstream, reports, idp, _serving })
    }
}

/// An IdP that stays knows the servers of its realm file, and tokens for these say so.
fn tell_other_ports(reporter: &Reporter, idp: &Idp, options: &AudienceOptions, servers: [&str; 2]) {
    let variable = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let is_told = variable("MCP_RESOURCE_URL") || !options.audience.is_empty();
    if idp.stays() && administration::is_tutorial(idp.issuer()) && servers != SERVERS && !is_told {
        reporter.note(format!(
            "The tutorial's realm gives tokens for {} and {}, and these servers are {} and {}: they will refuse them. Leave the ports out, or start the \
             IdP with MCP_RESOURCE_URL and MCP_SECOND_RESOURCE_URL (and set them here).",
            SERVERS[0], SERVERS[1], servers[0], servers[1]
        ));
    }
}

/// The first server's way to the API behind it.
fn reports(
    reporter: &Reporter,
    idp: &Idp,
    options: &AudienceOptions,
    server_url: &str,
    downstream_url: &str,
    with: With,
) -> Result<Reports, Failure> {
    // IdP and API are the operator's own choice.
    let reach = Reach::public_only().limit(Privacy::Loopback).name(&host_of(idp.issuer()));
    let http = Http::new(reporter.clone(), reach)?;
    let exchange = resource_server(idp, server_url).map(|client| TokenExchange {
        http: http.clone(),
        issuer: idp.issuer().to_owned(),
        client,
        audience: options.downstream_audience.clone(),
        scope: options.downstream_scope.clone(),
        metadata: OnceCell::new(),
    });
    Ok(Reports::new(http, downstream_url.to_owned(), exchange, with))
}
