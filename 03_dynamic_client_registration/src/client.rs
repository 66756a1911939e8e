//! The client's part, top to bottom: lessons 01 and 02, then a name at the authorization server.

use as_metadata::AuthorizationServerMetadata;
use as_metadata::client::DiscoveredServer;
use as_metadata::requirements::Needs;
use keycloak::{IdpChoice, IdpRequest, Lifetime};
use protected_resource_discovery::Discovery;
use serde_json::json;
use shared::http::Http;
use shared::{Failure, Reporter, spec};

use crate::client_information::ClientInformation;
use crate::client_metadata::{AuthMethod, ClientMetadata};
use crate::further::administration;
use crate::further::initial_access_token;
use crate::further::manage;
use crate::further::metadata_document::{self, Presenting, Published};
use crate::further::preregistered::StaticClient;
use crate::get_or_register::{Wanted, get_or_register};
use crate::options::Plan;
use crate::redirect::LoopbackRedirect;
use crate::store::Store;
use crate::way::{self, Way};
use crate::{breakages, compare, known, rules};

/// The client that the tutorial's realm has from the start.
const DEMO_CLIENT: &str = "mcp-demo-client";

/// A client that its authorization server knows, and what lesson 04 needs to go on.
pub struct Registered {
    /// What lesson 01 found; `None` for a server that is its own authorization server.
    pub discovery: Option<Discovery>,
    /// What lesson 02 found.
    pub authorization_server: AuthorizationServerMetadata,
    /// The client.
    pub client: ClientInformation,
    /// Where the browser brings the code.
    pub redirect: LoopbackRedirect,
    /// The client's document, for as long as it has to be there.
    pub document: Option<Published>,
}

/// From an MCP server's URL to a client that its authorization server knows.
pub async fn run(http: &Http, server_url: &str, plan: &Plan) -> Result<Registered, Failure> {
    let found = as_metadata::client::run(http, server_url, Needs::AuthorizationCode).await?;
    register_at(http, server_url, found, plan).await
}

/// The same, where lessons 01 and 02 are done.
pub async fn register_at(
    http: &Http,
    server_url: &str,
    found: DiscoveredServer,
    plan: &Plan,
) -> Result<Registered, Failure> {
    let DiscoveredServer { discovery, authorization_server } = found;
    let reporter = http.reporter();
    // Bound first: the redirect URI that is registered has to be the one that works.
    let redirect = LoopbackRedirect::bind(plan.options.callback_port).await?;
    let offered = authorization_server.scopes_supported.as_deref().unwrap_or_default();
    let more_scopes = plan.more_scopes.iter().filter(|scope| offered.contains(scope)).cloned().collect();
    let metadata = metadata(plan, discovery.as_ref(), &redirect.uri, more_scopes);

    reporter.stage("choose how to register", &spec::MCP_REGISTER_PRIORITY).await;
    choose(reporter, &authorization_server, plan);

    let registering = Registering { http, plan, authorization_server: &authorization_server, server_url, metadata };
    let mut last = None;
    let mut failed = None;
    for way in &plan.ways {
        match registering.by(*way).await {
            Ok(client) => last = client.or(last),
            // A tour goes on with the next way, and ends with the first failure.
            Err(failure) if plan.ways.len() > 1 => drop(failed.get_or_insert(failure)),
            Err(failure) => return Err(failure),
        }
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    let Some((client, document)) = last else {
        return Err(Failure::new("registration.way", "There is no way to register here.", "Give --client-id."));
    };
    Ok(Registered { discovery, authorization_server, client, redirect, document })
}

/// What this client says about itself: for all scopes that the MCP server lists, so that a later
/// step-up need not register anew.
fn metadata(
    plan: &Plan,
    discovery: Option<&Discovery>,
    redirect_uri: &str,
    more_scopes: Vec<String>,
) -> ClientMetadata {
    let listed = discovery.and_then(|discovery| discovery.metadata.scopes_supported.clone());
    let challenged = || {
        let scope = discovery?.challenge.as_ref()?.parameter("scope")?;
        Some(scope.split_whitespace().map(str::to_owned).collect())
    };
    let scopes: Option<Vec<_>> = listed.or_else(challenged).or_else(|| plan.own_scopes.clone());
    let scopes = scopes.map(|scopes| [scopes, more_scopes].concat());
    let mut metadata = ClientMetadata::native(redirect_uri, scopes);
    if plan.options.confidential {
        metadata.token_endpoint_auth_method = AuthMethod::ClientSecretBasic;
    }
    match plan.breakage.map_or("", |breakage| breakage.name) {
        name if name == breakages::REDIRECT_ELSEWHERE.name => {
            metadata.redirect_uris = vec!["https://attacker.example/callback".to_owned()];
        }
        name if name == breakages::UNKNOWN_SCOPE.name => {
            metadata.scopes.get_or_insert_default().push("admin:all".to_owned());
        }
        name if name == breakages::UNKNOWN_MEMBER.name => {
            metadata.additional.insert("mcp_tutorial".to_owned(), json!(true));
        }
        _ => {}
    }
    metadata
}

fn choose(reporter: &Reporter, authorization_server: &AuthorizationServerMetadata, plan: &Plan) {
    let demo =
        (plan.ways.len() > 1 && administration::is_tutorial(&authorization_server.issuer)).then_some(DEMO_CLIENT);
    let client_id = plan.static_client.as_ref().map(|client| client.client_id.as_str()).or(demo);
    reporter.note(way::table(authorization_server, client_id, &plan.ways));
    if !plan.ways.contains(&Way::InitialAccessToken) && std::env::var_os(initial_access_token::VARIABLE).is_some() {
        let name = initial_access_token::VARIABLE;
        reporter.note(format!("{name} is set, and this run has no use for it: --register initial-access-token has."));
    }
    let is_dynamic = |way: &Way| matches!(way, Way::Anonymous | Way::InitialAccessToken);
    if plan.ways.iter().any(is_dynamic) {
        let quote = spec::MCP_DCR_DEPRECATED.quote;
        reporter.note(format!(
            "DEPRECATED: “{quote}” It is taught here all the same: most identity providers and clients have it, few have documents \
             yet, and whoever runs either has to understand it."
        ));
    }
    if plan.ways == [Way::Anonymous] && authorization_server.client_id_metadata_document_supported == Some(true) {
        reporter.note(
            "A client with a document on the web would take the second way here (--register cimd shows it). This lesson takes the third.",
        );
    }
}

/// What registering takes.
struct Registering<'a> {
    http: &'a Http,
    plan: &'a Plan,
    authorization_server: &'a AuthorizationServerMetadata,
    server_url: &'a str,
    metadata: ClientMetadata,
}

/// A client, and the document that has to stay for it.
type Client = (ClientInformation, Option<Published>);

impl Registering<'_> {
    /// `None` where this way needs something that is not at hand, and there are others.
    async fn by(&self, way: Way) -> Result<Option<Client>, Failure> {
        match way {
            Way::Preregistered => self.preregistered().await,
            Way::Cimd => self.document().await.map(Some),
            Way::Anonymous | Way::InitialAccessToken => self.dynamic(way).await.map(|client| Some((client, None))),
        }
    }

    async fn preregistered(&self) -> Result<Option<Client>, Failure> {
        let reporter = self.http.reporter();
        reporter.stage("use a client that was registered by hand", &spec::MCP_PREREGISTRATION).await;
        let issuer = &self.authorization_server.issuer;
        let demo = || StaticClient { client_id: DEMO_CLIENT.into(), client_secret: None, issuer: Some(issuer.clone()) };
        let client = match &self.plan.static_client {
            Some(client) => client.clone(),
            None if administration::is_tutorial(issuer) => demo(),
            None => {
                reporter.note("No --client-id was given, so this way is left out.");
                return Ok(None);
            }
        };
        reporter.note(format!("Client: {} (nothing is sent to register it).", client.client_id));
        let information = client.information(reporter, self.authorization_server)?;
        self.check_known(
            &information,
            "check --client-id and CLIENT_SECRET: the IdP has no such client, or another secret.",
        )
        .await?;
        Ok(Some((information, None)))
    }

    async fn document(&self) -> Result<Client, Failure> {
        // "MCP clients SHOULD check for this capability" (MCP 2026-07-28); one that is not
        // announced may be there all the same.
        if self.authorization_server.client_id_metadata_document_supported != Some(true) {
            self.http.reporter().note("The IdP does not say that it takes documents. It is asked all the same.");
        }
        // Nobody else can have set the policy of an IdP inside this process.
        if !self.plan.idp_stays {
            let issuer = &self.authorization_server.issuer;
            let title = "let the IdP inside this process take documents, as -- enable-cimd does";
            self.http.reporter().stage(title, &spec::MCP_CIMD_FETCH).await;
            administration::Administration::sign_in(self.http, issuer).await?.enable_cimd().await?;
        }
        let presenting = Presenting {
            authorization_server: self.authorization_server,
            mcp_server: self.server_url,
            metadata: &self.metadata,
        };
        if let Some(client_id) = &self.plan.hosted_document {
            if !self.plan.proves {
                let client = metadata_document::known(self.http.reporter(), client_id)?;
                return Ok((client, None));
            }
            let client = metadata_document::present_hosted(self.http, &presenting, client_id).await?;
            return Ok((client, None));
        }
        let (host, port) = (self.plan.options.document_host.as_deref(), self.plan.options.document_port);
        let (client, published) = metadata_document::publish_and_present(self.http, &presenting, host, port).await?;
        Ok((client, Some(published)))
    }

    async fn dynamic(&self, way: Way) -> Result<ClientInformation, Failure> {
        // A tour of all ways, and a client that breaks rules, leave the kept clients alone.
        let keeps = self.plan.idp_stays && self.plan.ways.len() == 1 && self.plan.breakage.is_none();
        let store = Store::for_idp(keeps);
        let is = |breakage: &shared::breakage::Breakage| {
            self.plan.breakage.is_some_and(|chosen| chosen.name == breakage.name)
        };
        let way = if is(&breakages::REUSED_IAT) { Way::InitialAccessToken } else { way };
        let wanted = self.wanted(way, self.authorization_server);
        let client = if is(&breakages::REUSED_IAT) {
            self.reuse_token(&store, &wanted).await?
        } else {
            self.registered(&store, &wanted, keeps.then(shared::kept::home)).await?
        };
        let client = if is(&breakages::STALE_REGISTRATION) {
            self.http
                .reporter()
                .note("--break stale-registration: the client is deleted at the IdP, and stays in the store.");
            manage::delete(self.http, &client).await?;
            get_or_register(self.http, &store, &wanted, || self.token(way, None)).await?
        } else {
            client
        };
        if is(&breakages::OTHER_ISSUER) {
            let other = self.at_another_issuer(&store, way).await;
            self.remove(&client).await;
            return other;
        }
        self.prove(&client).await?;
        if !keeps && self.plan.idp_stays {
            // Nobody would find it again.
            self.remove(&client).await;
        }
        Ok(client)
    }

    /// The stored client or a new one; a kept Initial Access Token is counted.
    async fn registered(
        &self,
        store: &Store,
        wanted: &Wanted<'_>,
        folder: Option<std::path::PathBuf>,
    ) -> Result<ClientInformation, Failure> {
        let taken = std::sync::OnceLock::new();
        let token = async || {
            let token = self.token(wanted.way, folder.clone()).await?;
            if let Some(token) = &token {
                let _ = taken.set(token.clone());
            }
            Ok(token)
        };
        let client = get_or_register(self.http, store, wanted, token).await;
        if let (Some(token), Some(folder)) = (taken.get(), &folder) {
            let refused = client.as_ref().is_err_and(|failure| failure.id == rules::IDP_TAKES_TOKEN.id);
            if refused || client.is_ok() {
                initial_access_token::used(folder, &self.authorization_server.issuer, token, refused).await?;
            }
        }
        client
    }

    fn wanted<'b>(&'b self, way: Way, authorization_server: &'b AuthorizationServerMetadata) -> Wanted<'b> {
        Wanted {
            authorization_server,
            mcp_server: self.server_url,
            metadata: self.metadata.clone(),
            way,
            careless: self.plan.breakage.is_some_and(|breakage| breakage.name == breakages::OTHER_ISSUER.name),
        }
    }

    async fn token(&self, way: Way, folder: Option<std::path::PathBuf>) -> Result<Option<shared::Secret>, Failure> {
        match way {
            Way::InitialAccessToken => {
                initial_access_token::find(self.http, &self.authorization_server.issuer, folder.as_deref()).await
            }
            _ => Ok(None),
        }
    }

    /// `--break reused-iat`: one token, two registrations.
    async fn reuse_token(&self, store: &Store, wanted: &Wanted<'_>) -> Result<ClientInformation, Failure> {
        let issuer = &self.authorization_server.issuer;
        let administration = administration::Administration::sign_in(self.http, issuer).await?;
        let made = administration.initial_access_token(1, 60).await?;
        let first = get_or_register(self.http, store, wanted, async || Ok(Some(made.token.clone()))).await?;
        self.remove(&first).await;
        self.http.reporter().note("--break reused-iat: the same token once more.");
        get_or_register(self.http, &Store::for_idp(false), wanted, async || Ok(Some(made.token.clone()))).await
    }

    /// `--break other-issuer`: the MCP server has moved to another authorization server. The second
    /// one runs inside this process.
    async fn at_another_issuer(&self, store: &Store, way: Way) -> Result<ClientInformation, Failure> {
        let reporter = self.http.reporter();
        let request =
            IdpRequest { choice: &IdpChoice::Embedded, lifetime: Lifetime::Beside, defect: None, servers: &[] };
        let another = request.find().await?;
        reporter.note(format!("--break other-issuer: the MCP server now names another IdP, {}.", another.issuer()));
        let authorization_server = as_metadata::find(self.http, another.issuer(), Needs::AuthorizationCode).await?;
        let wanted = self.wanted(way, &authorization_server);
        get_or_register(self.http, store, &wanted, async || Ok(None)).await
    }

    async fn prove(&self, client: &ClientInformation) -> Result<(), Failure> {
        self.check_known(client, "run it again: a client that is gone is registered anew.").await
    }

    async fn check_known(&self, client: &ClientInformation, fix: &str) -> Result<(), Failure> {
        if !self.plan.proves {
            return Ok(());
        }
        let reporter = self.http.reporter();
        reporter.stage("see that the authorization server knows the client", &spec::RFC6749_5_2_INVALID_CLIENT).await;
        let redirect_uri = self.metadata.redirect_uris.first().map_or("", String::as_str);
        known::check_known(self.http, self.authorization_server, client, redirect_uri, fix).await?;
        Ok(())
    }

    async fn remove(&self, client: &ClientInformation) {
        match manage::delete(self.http, client).await {
            Ok(()) => self.http.reporter().note("The client is not kept, so it was deleted at the IdP."),
            Err(error) => self.http.reporter().note(format!("The client stays at the IdP: {error}")),
        }
    }
}

/// What was asked for and what the authorization server has now, for `clients show`.
pub(crate) fn side_by_side(registration: &crate::store::Registration, now: &ClientInformation) -> String {
    compare::table(&[
        ("asked for", registration.requested.as_object()),
        ("granted", Some(&registration.information.granted)),
        ("now", Some(&now.granted)),
    ])
}
