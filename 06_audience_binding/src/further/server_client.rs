//! Going further: the MCP server as a client of its authorization server. To exchange tokens (RFC
//! 8693) and to introspect them (RFC 7662) it needs credentials there. There are two ways, and a
//! server uses one of them:
//!
//! - somebody registers it and gives it `MCP_SERVER_CLIENT_ID` and `MCP_SERVER_CLIENT_SECRET`;
//! - `server --register` has it register itself (RFC 7591), and stores what it gets.

use std::env;

use as_metadata::requirements::Needs;
use as_metadata::{AuthorizationServerMetadata, find};
use clap::Args;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client_authentication::authenticated;
use dynamic_client_registration::client_metadata::{AuthMethod, ClientMetadata};
use dynamic_client_registration::error::RegistrationError;
use dynamic_client_registration::further::granted_credentials;
use dynamic_client_registration::further::initial_access_token::InitialAccessTokens;
use dynamic_client_registration::further::manage;
use dynamic_client_registration::further::options::Register;
use dynamic_client_registration::register::register;
use dynamic_client_registration::store::{Opened, Registration, Store};
use dynamic_client_registration::way::Way;
use keycloak::Idp;
use serde_json::{Value, json};
use shared::cli::OptionGroup;
use shared::http::Http;
use shared::reach::Reach;
use shared::{Failure, Reporter, Side, now, spec};
use token_use::options::resource_server;

use crate::token_exchange::GRANT_TYPE;

/// The option of the command `server`; its values are lesson 03's.
pub const REGISTER: OptionGroup = OptionGroup::of::<RegisterOption>(Side::Server);

/// Only the name counts here: lesson 03's options hold the value.
#[derive(Args)]
struct RegisterOption {
    #[arg(long)]
    register: Option<String>,
}

/// The file of the servers' own clients, beside that of the user's.
const FILE: &str = "server-clients.json";
const VARIABLES: [&str; 2] = ["MCP_SERVER_CLIENT_ID", "MCP_SERVER_CLIENT_SECRET"];

/// The MCP server's credentials at its authorization server, and where they are from.
pub struct ServerClient {
    /// The credentials; `None` where the server has none.
    pub information: Option<ClientInformation>,
    source: &'static str,
}

impl ServerClient {
    /// The credentials from the environment, from the tutorial's realm, or from a registration.
    pub async fn find(
        reporter: &Reporter,
        idp: &Idp,
        server_url: &str,
        registration: Option<Register>,
    ) -> Result<Self, Failure> {
        let given = VARIABLES.map(|name| env::var(name).is_ok_and(|value| !value.is_empty()));
        if let Some(way) = registration {
            return Self::registered(reporter, idp, server_url, way, given).await;
        }
        let information = resource_server(idp, server_url);
        let source = match (given, &information) {
            ([false, false], Some(_)) => "tutorial realm",
            (_, Some(_)) => "environment",
            ([false, false], None) => "none",
            ([has_id, _], None) => return Err(half(has_id)),
        };
        Ok(Self { information, source })
    }

    async fn registered(
        reporter: &Reporter,
        idp: &Idp,
        server_url: &str,
        register: Register,
        given: [bool; 2],
    ) -> Result<Self, Failure> {
        if given != [false, false] {
            let message =
                format!("--register and {} are two ways to credentials, and a server uses one.", VARIABLES[0]);
            let fix = format!("Unset {} and {}, or leave --register out.", VARIABLES[0], VARIABLES[1]);
            return Err(Failure::new("configuration.server-client", message, fix));
        }
        let way = match register {
            Register::Anonymous => Way::Anonymous,
            Register::InitialAccessToken => Way::InitialAccessToken,
            _ => {
                let message = "A server registers dynamically: with an Initial Access Token, or anonymously.";
                let fix = "Use server --register initial-access-token, or server --register anonymous.";
                return Err(Failure::new("configuration.server-client", message, fix));
            }
        };
        let http = Http::new(reporter.clone(), Reach::of_operator(idp.issuer()))?;
        let silent = http.clone().telling(Reporter::silent());
        let metadata = find::find(&silent, idp.issuer(), Needs::OtherGrant).await?;
        let store = Store::of_file(FILE, idp.stays(), reporter)?;
        let registering = Registering { http: &http, metadata: &metadata, server_url, way, stays: idp.stays() };
        let information = registering.get(&store).await?;
        reporter.note(format!(
            "This MCP server is the client {} of {}. It can authenticate there. Keycloak exchanges and introspects only tokens whose aud has this client_id: \
             add an audience mapper for it to a client scope that users' clients request, and make the scope of the API behind the server an optional \
             scope of this client.",
            information.client_id, metadata.issuer
        ));
        Ok(Self { information: Some(information), source: "registered" })
    }

    /// What `/health` says: where the credentials are from, and nothing of them.
    pub fn health(&self) -> Value {
        json!({"status": "ok", "server_client": self.source})
    }
}

/// One of the two variables is missing.
fn half(has_id: bool) -> Failure {
    let [id, secret] = VARIABLES;
    let (set, missing) = if has_id { (id, secret) } else { (secret, id) };
    let message = format!("{set} is set, but {missing} is not.");
    let fix = format!("Set both, or unset {set} and use server --register.");
    Failure::new("configuration.server-client", message, fix)
}

/// A server on its way to credentials.
struct Registering<'a> {
    http: &'a Http,
    metadata: &'a AuthorizationServerMetadata,
    server_url: &'a str,
    way: Way,
    stays: bool,
}

impl Registering<'_> {
    /// The stored client, if the authorization server still knows it and its secret lasts; else a
    /// new one. The store stays locked meanwhile, so that two servers at once register one client.
    async fn get(&self, store: &Store) -> Result<ClientInformation, Failure> {
        let reporter = self.http.reporter();
        let mut opened = store.open().await?;
        reporter.stage("the MCP server's own client", &spec::RFC7591_3).await;
        let stored = opened.get(&self.key()).map(|registration| registration.information.clone());
        let replaced = match stored {
            Some(client) if client.client_secret.is_none() => {
                reporter.note(format!("The stored client {} has no secret.", client.client_id));
                Some(client)
            }
            Some(client) if client.secret_has_expired(now()) => {
                reporter.note(format!("The secret of the stored client {} has expired.", client.client_id));
                Some(client)
            }
            Some(client) => match self.is_known(&client).await {
                Some(false) => {
                    reporter.note(format!("The IdP no longer knows the stored client {}.", client.client_id));
                    None
                }
                is_known => {
                    let why = if is_known.is_some() {
                        "the IdP knows it"
                    } else {
                        "the IdP does not say whether it knows it"
                    };
                    reporter.note(format!("The server uses the stored client {}: {why}.", client.client_id));
                    return Ok(client);
                }
            },
            None => None,
        };
        let information = self.register(&mut opened).await?;
        if let Some(old) = replaced {
            manage::remove(self.http, &old).await;
        }
        if information.client_secret.is_none() || information.auth_method() == Some(AuthMethod::None) {
            let message =
                format!("The IdP registered {} without a secret, so it cannot authenticate.", information.client_id);
            let fix = "Have the IdP's operator allow client_secret_basic for registered clients, or register the server by hand.";
            return Err(Failure::new("server-client.no-secret", message, fix));
        }
        granted_credentials::check_usable(reporter, self.metadata, &self.describe(), &information)
            .and_then(|()| granted_credentials::check_alive(self.http, &information))
            .map_err(|failed| Failure::from(RegistrationError::Unfit(failed)))?;
        granted_credentials::check_expiry_said(self.http, &information);
        Ok(information)
    }

    /// A client has another name at each authorization server, and each server is a client.
    fn key(&self) -> String {
        format!("{} {}", self.metadata.issuer, self.server_url)
    }

    /// Asks about a token that was never issued. The authorization server authenticates the client
    /// before it looks at the token (RFC 7662 §2.1); `None` where its response does not tell.
    async fn is_known(&self, client: &ClientInformation) -> Option<bool> {
        let url = self.metadata.introspection_endpoint.as_deref()?;
        let request = authenticated(url, &[("token", "this-token-was-never-issued")], client);
        let response = self.http.send(&request).await.ok()?;
        match (response.status, response.error_code().as_str()) {
            (200, _) => Some(true),
            (_, "invalid_client" | "unauthorized_client") | (401, _) => Some(false),
            _ => None,
        }
    }

    async fn register(&self, opened: &mut Opened<'_>) -> Result<ClientInformation, Failure> {
        let issuer = &self.metadata.issuer;
        let tokens = InitialAccessTokens::for_way(self.way, self.http, issuer, Some(issuer), self.stays)?;
        let wanted = self.describe();
        let token = tokens.find().await?;
        let registered = register(self.http, self.metadata, &wanted, token.as_ref()).await.map_err(Failure::from);
        tokens.count_use(&registered).await?;
        let information = registered?;
        let registration = Registration {
            way: self.way,
            registered_at: now(),
            mcp_servers: vec![self.server_url.to_owned()],
            requested: wanted.to_registration(),
            information: information.clone(),
        };
        opened.insert(self.key(), registration);
        opened.save()?;
        self.http.reporter().note(format!("Registered, and stored in {}.", opened.place()));
        Ok(information)
    }

    /// A confidential client without users: it signs nobody in.
    fn describe(&self) -> ClientMetadata {
        let additional = json!({
            "grant_types": ["client_credentials", GRANT_TYPE],
            "response_types": [],
            "application_type": "web",
            "client_uri": self.server_url,
        });
        ClientMetadata {
            client_name: format!("MCP server {}", self.server_url),
            redirect_uris: Vec::new(),
            token_endpoint_auth_method: AuthMethod::with_secret(self.metadata),
            scopes: None,
            additional: additional.as_object().cloned().unwrap_or_default(),
        }
    }
}
