//! The options of the MCP server, and its start. Lessons 02 to 04 run the same server, and the
//! later ones their own.

use axum::Router;
use clap::Args;
use keycloak::{Defect, Idp, IdpOptions, Lifetime};
use shared::breakage::Breakage;
use shared::cli::CommonOptions;
use shared::http::Http;
use shared::listen::{self, Serving};
use shared::reach::{Reach, host_of};
use shared::{Failure, Reporter, Side};

use crate::server::{self, ProtectedResource};

/// Options of the MCP server.
#[derive(Args, Clone, Debug)]
pub struct ServerOptions {
    /// The choice of the IdP.
    #[command(flatten)]
    pub idp: IdpOptions,
    /// Scopes that the MCP server knows, separated by spaces
    #[arg(long, default_value = "mcp:read mcp:write", value_parser = scopes, global = true)]
    scopes: Scopes,
    /// Add the non-standard member client_registration_info to the metadata
    #[arg(long, global = true)]
    registration_hint: bool,
}

impl ServerOptions {
    /// The scopes that the MCP server knows.
    pub fn scopes(&self) -> &[String] {
        &self.scopes.0
    }
}

/// The MCP server of a client that runs alone.
#[derive(Args, Clone, Debug)]
pub struct McpServer {
    /// URL of the MCP server, exactly as it names itself
    #[arg(long, default_value = "http://localhost:8000/mcp")]
    pub server_url: String,
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
        None => Ok(Scopes(text.split_whitespace().map(str::to_owned).collect())),
    }
}

/// What it takes to start a lesson's parties.
pub struct Setup<'a> {
    /// Options of the MCP server.
    pub server: &'a ServerOptions,
    /// Options of every lesson.
    pub common: &'a CommonOptions,
    /// The rule to break.
    pub breakage: Option<&'static Breakage>,
    /// How the IdP misbehaves for it.
    pub defect: Option<Defect>,
    /// Where everybody reports.
    pub reporter: &'a Reporter,
}

/// An MCP server and its IdP; both end when this is dropped.
#[must_use = "the server ends when this is dropped"]
pub struct Running {
    /// The URL that clients are to use.
    pub server_url: String,
    /// The IdP.
    pub idp: Idp,
    _serving: Serving,
}

impl Setup<'_> {
    /// Finds the IdP, starts this lesson's MCP server, and says both.
    pub async fn start(&self, lifetime: Lifetime) -> Result<Running, Failure> {
        self.start_with(lifetime, |protected, reporter| Ok(server::app(protected, reporter))).await
    }

    /// The same with the MCP server of another lesson.
    pub async fn start_with(
        &self,
        lifetime: Lifetime,
        app: impl FnOnce(ProtectedResource, Reporter) -> Result<Router, Failure>,
    ) -> Result<Running, Failure> {
        let listener = listen::bind(self.common.port, "the MCP server", "--port").await?;
        let server_url = format!("http://localhost:{}/mcp", listen::port(&listener));
        let idp = self.find_idp(lifetime, &[&server_url]).await?;
        let reporter = self.reporter.on(Side::Server);
        reporter.note(format!("MCP server: {server_url}"));
        self.tell_breakage();
        let serving = listen::serve(listener, app(self.protected(&server_url, &idp), reporter)?);
        Ok(Running { server_url, idp, _serving: serving })
    }

    /// Finds the IdP and says which it is. One inside this process issues tokens for these very
    /// servers, whatever their ports.
    pub async fn find_idp(&self, lifetime: Lifetime, servers: &[&str]) -> Result<Idp, Failure> {
        let idp = Idp::select_with(&self.server.idp.idp, lifetime, self.defect, servers).await?;
        self.reporter.on(Side::Idp).note(idp.reason());
        Ok(idp)
    }

    /// What the MCP server at this URL says about itself.
    pub fn protected(&self, server_url: &str, idp: &Idp) -> ProtectedResource {
        ProtectedResource {
            resource: server_url.to_owned(),
            authorization_servers: vec![idp.issuer().to_owned()],
            scopes: self.server.scopes.0.clone(),
            registration_hint: self.server.registration_hint,
            more: serde_json::Value::Null,
            breakage: self.breakage,
        }
    }

    /// Says what is broken on purpose, and by whom.
    pub fn tell_breakage(&self) {
        if let Some(Breakage { name, broken_by, what, .. }) = self.breakage {
            self.reporter.on(*broken_by).note(format!("--break {name}: the {broken_by} {what}."));
        }
    }

    /// Starts the MCP server and keeps it up until a person ends the program.
    pub async fn serve_until_ended(&self) -> Result<(), Failure> {
        let running = self.start(Lifetime::Server).await?;
        self.stay_up(&running.server_url).await
    }

    /// Waits until a person ends the program.
    pub async fn stay_up(&self, server_url: &str) -> Result<(), Failure> {
        let hint = format!("Up until Ctrl-C. See its answer: curl -i {server_url}");
        self.reporter.on(Side::Server).note(hint);
        std::future::pending().await
    }

    /// The HTTP client of the whole story: the user named the IdP too.
    pub async fn http_of_story(&self, server_url: &str, idp: &Idp) -> Result<Http, Failure> {
        self.http_naming(server_url, idp.issuer()).await
    }

    async fn http_naming(&self, server_url: &str, other_url: &str) -> Result<Http, Failure> {
        let reach = Reach::of_server(server_url, &self.common.allow_host).await;
        Http::new(self.reporter.clone(), reach.name(&host_of(other_url)))
    }

    /// The HTTP client of a client of `server_url`, for a run in which the client is alone.
    pub async fn http_of_client(&self, server_url: &str) -> Result<Http, Failure> {
        self.http_of_client_and(server_url, None).await
    }

    /// The same where the user may have named another party too, by its URL.
    pub async fn http_of_client_and(&self, server_url: &str, other_url: Option<&str>) -> Result<Http, Failure> {
        self.reporter.note(format!("MCP server: {server_url}. Its identity provider is found by discovery."));
        match other_url {
            Some(url) => self.http_naming(server_url, url).await,
            None => self.http(server_url).await,
        }
    }

    /// The HTTP client, which may reach what the server at `url` may name.
    pub async fn http(&self, url: &str) -> Result<Http, Failure> {
        Http::new(self.reporter.clone(), Reach::of_server(url, &self.common.allow_host).await)
    }
}
