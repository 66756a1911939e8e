//! The client's part, top to bottom: lessons 01 and 02, then a name at the authorization server.

use as_metadata::AuthorizationServerMetadata;
use as_metadata::client::DiscoveredServer;
use protected_resource_discovery::Discovery;
use shared::http::Http;
use shared::{Failure, scope, spec};

use crate::client_information::ClientInformation;
use crate::client_metadata::{AuthMethod, ClientMetadata};
use crate::further::initial_access_token::InitialAccessTokens;
use crate::further::known_client::check_known;
use crate::further::metadata_document::{self, Published};
use crate::further::options::Plan;
use crate::further::stored_client::forget_first;
use crate::further::{manage, preregistered, tour};
use crate::get_or_register::{RegistrationRequest, get_or_register};
use crate::redirect::LoopbackRedirect;
use crate::store::Store;
use crate::way::{self, Way};

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
    let found = plan.discover(http, server_url, None).await?;
    register_at(http, server_url, found, plan).await
}

/// From an authorization server's metadata to a client that it knows.
pub async fn register_at(
    http: &Http,
    server_url: &str,
    found: DiscoveredServer,
    plan: &Plan,
) -> Result<Registered, Failure> {
    let DiscoveredServer { discovery, authorization_server } = found;
    plan.check_issuer(http.reporter(), &authorization_server.issuer)?;
    // Bound first: the redirect URI that is registered has to be the one that works.
    let redirect = LoopbackRedirect::bind(&plan.options.redirect_uri()).await?;
    let metadata = describe_client(plan, discovery.as_ref(), &authorization_server, &redirect.uri);
    let metadata = plan.sabotage.client_metadata(metadata);

    http.reporter().stage("choose how to register", &spec::MCP_REGISTER_PRIORITY).await;
    way::explain_choice(http.reporter(), &authorization_server, plan);

    let registering = Registering { http, plan, authorization_server: &authorization_server, server_url, metadata };
    let (client, document) = registering.register().await?;
    http.reporter().result(format!("client {}", client.client_id));
    Ok(Registered { discovery, authorization_server, client, redirect, document })
}

/// What this client says about itself: for all scopes that the MCP server lists, so that a later
/// step-up need not register anew.
fn describe_client(
    plan: &Plan,
    discovery: Option<&Discovery>,
    authorization_server: &AuthorizationServerMetadata,
    redirect_uri: &str,
) -> ClientMetadata {
    let listed = discovery.and_then(|discovery| discovery.metadata.scopes_supported.clone());
    let challenged = || {
        let scope = discovery?.challenge.as_ref()?.parameter("scope")?;
        Some(scope::split(scope).map(str::to_owned).collect())
    };
    let offered = authorization_server.scopes_supported.as_deref().unwrap_or_default();
    let more_scopes = plan.more_scopes.iter().filter(|scope| offered.contains(scope)).cloned();
    let mut scopes: Option<Vec<_>> = listed.or_else(challenged).or_else(|| plan.own_scopes.clone());
    if let Some(scopes) = &mut scopes {
        scopes.extend(more_scopes);
    }
    let mut metadata = ClientMetadata::native(redirect_uri, scopes);
    if plan.options.confidential {
        metadata.token_endpoint_auth_method = AuthMethod::with_secret(authorization_server);
    }
    metadata
}

/// A client, and the document that has to stay for it.
pub(crate) type Client = (ClientInformation, Option<Published>);

/// A client on its way to a name at one authorization server.
pub(crate) struct Registering<'a> {
    pub http: &'a Http,
    pub plan: &'a Plan,
    pub authorization_server: &'a AuthorizationServerMetadata,
    pub server_url: &'a str,
    pub metadata: ClientMetadata,
}

impl Registering<'_> {
    /// Takes the ways of the plan, all of them: a tour goes on after a failure, and says each. The
    /// last client is the one to go on with.
    async fn register(&self) -> Result<Client, Failure> {
        let (mut clients, mut failures) = (Vec::new(), Vec::new());
        for way in &self.plan.ways {
            match self.register_by(*way).await {
                Ok(client) => clients.extend(client),
                Err(failure) => {
                    tour::tell(self.http.reporter(), self.plan, &failure);
                    failures.push((*way, failure));
                }
            }
        }
        let no_way = || Failure::new("registration.way", "There is no way to register here.", "Give --client-id.");
        tour::result(failures, self.plan)?;
        clients.pop().ok_or_else(no_way)
    }

    /// `None` where this way needs something that is not at hand, and there are others.
    async fn register_by(&self, way: Way) -> Result<Option<Client>, Failure> {
        match way {
            Way::Preregistered => preregistered::use_client(self).await,
            Way::Cimd => metadata_document::use_document(self).await.map(Some),
            Way::Anonymous | Way::InitialAccessToken => {
                self.register_dynamically(way).await.map(|client| Some((client, None)))
            }
        }
    }

    async fn register_dynamically(&self, way: Way) -> Result<ClientInformation, Failure> {
        // A tour of all ways, and a client that breaks rules, leave the stored clients alone.
        let keeps = self.plan.idp_stays && self.plan.ways.len() == 1 && !self.plan.sabotage.is_on();
        let store = Store::for_idp(keeps, self.http.reporter())?;
        let (issuer, named) = (&self.authorization_server.issuer, self.plan.issuer.as_deref());
        let tokens = InitialAccessTokens::for_way(way, self.http, issuer, named, keeps)?;
        let client = get_or_register(self.http, &store, &self.request(way), || tokens.find()).await;
        tokens.count_use(&client).await?;
        let client = self.finish(&store, client, keeps).await;
        if !keeps && self.plan.idp_stays {
            // Nobody would find it again, whatever was wrong with it.
            let registered = store.open().await?.get(issuer).map(|registration| registration.information.clone());
            if let Some(registered) = registered {
                manage::remove(self.http, &registered).await;
            }
        }
        client
    }

    async fn finish(
        &self,
        store: &Store,
        client: Result<ClientInformation, Failure>,
        keeps: bool,
    ) -> Result<ClientInformation, Failure> {
        let client = self.plan.sabotage.registered_client(self, store, client?).await?;
        let client = client.choosing_method(self.authorization_server);
        let again = "run it again: a new client is registered.".to_owned();
        let fix = if keeps { forget_first(&self.authorization_server.issuer) } else { again };
        self.check_known(&client, &fix).await?;
        Ok(client)
    }

    /// What is asked of the authorization server, and of the store before that.
    pub fn request(&self, way: Way) -> RegistrationRequest<'_> {
        RegistrationRequest {
            authorization_server: self.authorization_server,
            stored_at: &self.authorization_server.issuer,
            mcp_server: self.server_url,
            metadata: self.metadata.clone(),
            way,
        }
    }

    /// A check that the authorization server knows the client, unless the plan leaves it out.
    pub async fn check_known(&self, client: &ClientInformation, fix: &str) -> Result<(), Failure> {
        if !self.plan.proves {
            return Ok(());
        }
        let reporter = self.http.reporter();
        reporter.stage("see that the authorization server knows the client", &spec::RFC6749_5_2_INVALID_CLIENT).await;
        check_known(self.http, self.authorization_server, client, self.metadata.redirect_uri(), fix).await?;
        Ok(())
    }
}
