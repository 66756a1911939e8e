//! The options of the MCP server, and its start together with its IdP. Lessons 02 to 04 run the
//! same server, and the later ones their own.

use axum::Router;
use clap::Args;
use keycloak::{Defect, Idp, IdpOptions, IdpRequest, Lifetime};
use serde_json::Value;
use shared::cli::{self, OptionGroup};
use shared::lesson::LessonRun;
use shared::listen::{self, Serving};
use shared::{Failure, Reporter, Side, scope};

use crate::further::registration_hint;
use crate::further::select::Wanted;
use crate::server::{self, ProtectedResource};

/// The option `--idp`, for the commands that use it.
pub const IDP_OPTIONS: OptionGroup = OptionGroup::of_requests::<IdpOptions>(Side::Idp);

/// Options of the MCP server.
#[derive(Args, Clone, Debug)]
pub struct ServerOptions {
    /// Port of the MCP server; 0 lets the system choose
    #[arg(long, default_value_t = 8000, global = true)]
    pub port: u16,
    /// Scopes that the MCP server knows, separated by spaces
    #[arg(long, default_value = "mcp:read mcp:write", value_parser = scopes, global = true)]
    scopes: Scopes,
    /// Add the non-standard member client_registration_info to the metadata
    #[arg(long, global = true)]
    registration_hint: bool,
}

impl ServerOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Server);

    /// The scopes that the MCP server knows.
    pub fn scopes(&self) -> &[String] {
        &self.scopes.0
    }

    /// What the MCP server at this URL says about itself.
    pub fn protected_resource(&self, server_url: &str, idp: &Idp) -> ProtectedResource {
        ProtectedResource {
            resource: server_url.to_owned(),
            authorization_servers: vec![idp.issuer().to_owned()],
            scopes: self.scopes.0.clone(),
            more: if self.registration_hint { registration_hint::members() } else { Value::Null },
        }
    }
}

/// The MCP server of a client that runs alone.
#[derive(Args, Clone, Debug)]
pub struct McpServer {
    /// URL of the MCP server, exactly as it names itself
    #[arg(long, value_name = "URL", default_value = "http://localhost:8000/mcp", value_parser = cli::typed_url)]
    pub server_url: String,
    /// Which authorization server to use, where the MCP server names several [default: ask on a
    /// terminal, else the first]
    #[arg(long, value_name = "ISSUER_URL")]
    pub issuer: Option<String>,
}

impl McpServer {
    /// The authorization server that the user chose by `--issuer`.
    pub fn wanted(&self) -> Wanted {
        self.issuer.clone().map_or(Wanted::Any, Wanted::Only)
    }
}

/// A list of scopes, as an option gives it.
#[derive(Clone, Debug)]
pub struct Scopes(pub Vec<String>);

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749 §3.3): so none can break out of the
/// challenge's quotes.
pub fn scopes(text: &str) -> Result<Scopes, String> {
    let is_allowed = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    match text.chars().find(|c| *c != ' ' && !is_allowed(*c)) {
        Some(c) => Err(format!("a scope cannot have the character {c:?} (RFC 6749 §3.3)")),
        None => Ok(Scopes(scope::split(text).map(str::to_owned).collect())),
    }
}

/// What it takes to start a lesson's parties.
pub struct Setup<'a> {
    /// The run.
    pub run: &'a LessonRun,
    /// Which IdP.
    pub idp: &'a IdpOptions,
    /// How the IdP has to misbehave.
    pub defect: Option<Defect>,
    /// Options of the MCP server.
    pub server: &'a ServerOptions,
}

/// An MCP server and its IdP; both end when this is dropped.
#[must_use = "the server ends when this is dropped"]
pub struct RunningServer {
    /// The URL that clients are to use.
    pub server_url: String,
    /// The IdP.
    pub idp: Idp,
    _serving: Serving,
}

impl Setup<'_> {
    /// Finds the IdP, starts this lesson's MCP server, and reports both.
    pub async fn start(&self, lifetime: Lifetime) -> Result<RunningServer, Failure> {
        self.start_with(lifetime, |protected, reporter| Ok(server::app(protected, reporter))).await
    }

    /// [`Setup::start`] with another MCP server.
    pub async fn start_with(
        &self,
        lifetime: Lifetime,
        app: impl FnOnce(ProtectedResource, Reporter) -> Result<Router, Failure>,
    ) -> Result<RunningServer, Failure> {
        let listener = listen::bind(self.server.port, "the MCP server", "--port").await?;
        let server_url = format!("http://localhost:{}/mcp", listen::port(&listener));
        let idp = self.find_idp(lifetime, &[&server_url]).await?;
        let reporter = self.run.reporter.on(Side::Server);
        reporter.note(format!("MCP server: {server_url}"));
        self.run.announce_run();
        let protected = self.server.protected_resource(&server_url, &idp);
        let serving = listen::serve(listener, app(protected, reporter)?);
        Ok(RunningServer { server_url, idp, _serving: serving })
    }

    /// Finds the IdP and reports which it is. One inside this process issues tokens for these very
    /// servers, whatever their ports.
    pub async fn find_idp(&self, lifetime: Lifetime, servers: &[&str]) -> Result<Idp, Failure> {
        let request = IdpRequest { choice: &self.idp.idp, lifetime, defect: self.defect, servers };
        let idp = request.find().await?;
        self.run.reporter.on(Side::Idp).note(idp.reason());
        Ok(idp)
    }

    /// Starts the MCP server and keeps it up until a person ends the program.
    pub async fn serve_until_ended(&self) -> Result<(), Failure> {
        let running = self.start(Lifetime::Server).await?;
        self.run.stay_up(&running.server_url).await
    }
}
