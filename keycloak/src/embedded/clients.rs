//! The clients that the realm knows: those of the realm file, those that registered, and those
//! whose document was fetched.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use url::Url;

use crate::realm::{BUILT_IN_CLIENTS, DEFAULT_SCOPES, Realm, RealmClient};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdpClient {
    pub client_id: String,
    /// `token_endpoint_auth_method`.
    pub auth_method: String,
    pub secret: Option<String>,
    pub name: Option<String>,
    pub jwks_uri: Option<String>,
    pub jwks: Option<Value>,
    pub redirect_uris: Vec<String>,
    pub grant_types: Vec<String>,
    /// Scopes that the client always has.
    pub default_scopes: Vec<String>,
    /// Scopes that the client may ask for.
    pub optional_scopes: Vec<String>,
    /// The URL that a resource server is known by (RFC 8707).
    pub resource_url: Option<String>,
    /// Whether the client may use the authorization code grant.
    pub standard_flow: bool,
    /// Whether the user is asked before the client gets a token.
    pub consent_required: bool,
    /// Whether the client's tokens carry all the user's roles, and not only those of its scopes.
    pub full_scope: bool,
    /// Whether the client may exchange tokens (RFC 8693).
    pub exchanges_tokens: bool,
    /// Whether the client gets tokens only with a DPoP proof (RFC 9449 §5.2).
    pub dpop_bound_access_tokens: bool,
    pub registration_token: Option<RegistrationToken>,
    /// Until when the client's metadata document is used again, in seconds since 1970.
    pub document_expires: Option<u64>,
}

/// What the server remembers of the token that opens a client's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationToken {
    pub jti: String,
    /// Whether the client registered without a token. Then the policies for anonymous clients stay
    /// its own.
    pub anonymous: bool,
}

impl IdpClient {
    fn of_realm_file(realm: &Realm, client: &RealmClient) -> Self {
        let of_realm = || realm.optional_scopes().map(str::to_owned).collect();
        let mut grant_types = vec!["authorization_code".to_owned(), "refresh_token".to_owned()];
        let is_on = |attribute: &str| client.attributes.get(attribute).is_some_and(|on| on == "true");
        grant_types.extend(client.service_accounts_enabled.then(|| "client_credentials".to_owned()));
        Self {
            client_id: client.client_id.clone(),
            default_scopes: client.default_client_scopes.clone().unwrap_or_else(default_scopes),
            resource_url: client.attributes.get("resource_url").cloned(),
            consent_required: client.consent_required,
            full_scope: client.full_scope_allowed,
            exchanges_tokens: is_on("standard.token.exchange.enabled"),
            dpop_bound_access_tokens: is_on("dpop.bound.access.tokens"),
            // A client of the realm file may use either place for its secret.
            auth_method: if client.public_client { "none" } else { "client-secret" }.to_owned(),
            secret: client.secret.clone().filter(|_| !client.public_client),
            redirect_uris: client.redirect_uris.clone(),
            grant_types,
            optional_scopes: client.optional_client_scopes.clone().unwrap_or_else(of_realm),
            standard_flow: client.standard_flow_enabled,
            ..Self::default()
        }
    }

    /// Whether the client has no credentials (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.secret.is_none() && !self.signs()
    }

    /// Whether the client may name this scope in an authorization request.
    pub fn may_ask_for(&self, scope: &str) -> bool {
        scope == "openid"
            || self.optional_scopes.iter().any(|optional| optional == scope)
            || DEFAULT_SCOPES.contains(&scope)
    }

    /// Whether one of the client's own scopes has this name. Grants without a user know no others.
    pub fn may_request_for_itself(&self, scope: &str) -> bool {
        scope == "openid" || self.optional_scopes.iter().any(|optional| optional == scope)
    }

    pub fn may_use(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|grant| grant == grant_type)
    }

    /// Whether the client authenticates with assertions that it signs (RFC 7523).
    pub fn signs(&self) -> bool {
        self.auth_method == "private_key_jwt"
    }

    /// Whether the browser may be sent there: to an absolute URI that was registered. A loopback
    /// URI that was registered without a port allows any port (RFC 8252 §7.3).
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        let is_registered = |registered: &String| registered == uri || without_port(uri).as_deref() == Some(registered);
        is_absolute(uri) && self.redirect_uris.iter().any(is_registered)
    }
}

/// Scopes that a client always has, unless its entry names others.
pub fn default_scopes() -> Vec<String> {
    DEFAULT_SCOPES.iter().map(|scope| (*scope).to_owned()).collect()
}

/// The same URI without its port, where its host is this machine and the scheme is http.
fn without_port(uri: &str) -> Option<String> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (host, port) = authority.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    (["localhost", "127.0.0.1", "[::1]"].contains(&host) && is_port).then(|| format!("http://{host}{path}"))
}

/// Clients at most that the server knows by their documents.
const DOCUMENTS: usize = 100;
/// Clients at most, however they came: a realm without the policy `max-clients` has a bound, too.
const CLIENTS: usize = 1_000;

pub struct IdpClients(Mutex<BTreeMap<String, IdpClient>>);

impl IdpClients {
    pub fn of_realm_file(realm: &Realm) -> Self {
        let clients =
            realm.clients.iter().map(|client| (client.client_id.clone(), IdpClient::of_realm_file(realm, client)));
        Self(Mutex::new(clients.collect()))
    }

    /// How many clients there are, with those that Keycloak brings.
    pub fn count(&self) -> usize {
        self.lock().len() + BUILT_IN_CLIENTS
    }

    pub fn are_too_many(&self) -> bool {
        self.count() >= CLIENTS
    }

    pub fn get(&self, client_id: &str) -> Option<IdpClient> {
        self.lock().get(client_id).cloned()
    }

    /// Adds a client, or replaces the one of the same name.
    pub fn put(&self, client: IdpClient) {
        self.lock().insert(client.client_id.clone(), client);
    }

    /// Adds a client whose document was fetched. The oldest document makes room: anybody can have
    /// one more fetched.
    pub fn put_document(&self, client: IdpClient) {
        let mut clients = self.lock();
        clients.insert(client.client_id.clone(), client);
        let documents = || clients.values().filter_map(|client| Some((client.document_expires?, &client.client_id)));
        let oldest = documents().min().map(|(_, client_id)| client_id.clone());
        if let Some(oldest) = oldest.filter(|_| documents().count() > DOCUMENTS) {
            clients.remove(&oldest);
        }
    }

    /// The client that is known by this URL as a resource server.
    pub fn by_resource_url(&self, url: &str) -> Option<IdpClient> {
        self.lock().values().find(|client| client.resource_url.as_deref() == Some(url)).cloned()
    }

    pub fn remove(&self, client_id: &str) {
        self.lock().remove(client_id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, IdpClient>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The strings of a JSON array.
pub fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Whether a URI names its own place: a browser reads anything else relative to a page of this
/// server, or as another host (`//host`, `/\\host`, `http:host`).
///
/// "The redirection endpoint URI MUST be an absolute URI" (RFC 6749 §3.1.2)
pub fn is_absolute(uri: &str) -> bool {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    let needs_host = ["http:", "https:"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    !uri.contains(is_odd) && Url::parse(uri).is_ok() && (!needs_host || host(uri).is_some())
}

/// The host of a URL, as it was written; `None` where there is none that can be read.
pub fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit('@').next()?;
    // The URL type has to read the same host. Its own text has another case, which Keycloak
    // compares.
    let parsed = Url::parse(url).ok()?;
    let host = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => host_and_port,
    };
    (parsed.host_str()?.eq_ignore_ascii_case(host) && !host.contains('*')).then(|| host.to_owned())
}

#[cfg(test)]
mod tests;
