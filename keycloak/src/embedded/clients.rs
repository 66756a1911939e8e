//! The clients that the realm knows: those of the realm file, those that registered, and those
//! whose document was fetched.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use url::Url;

use crate::realm::{BUILT_IN_CLIENTS, DEFAULT_SCOPES, Realm, RealmClient};

/// One client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub client_id: String,
    /// `token_endpoint_auth_method`.
    pub auth_method: String,
    /// Its secret, where its method has one.
    pub secret: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// For people.
    pub client_uri: Option<String>,
    /// Where its keys are.
    pub jwks_uri: Option<String>,
    /// Its keys, where it brought them along.
    pub jwks: Option<Value>,
    /// Where the browser may bring a code.
    pub redirect_uris: Vec<String>,
    /// The grants that it may use.
    pub grant_types: Vec<String>,
    /// Scopes that it always has.
    pub default_scopes: Vec<String>,
    /// Scopes that it may ask for.
    pub optional_scopes: Vec<String>,
    /// Origins of its pages, which stand in its tokens.
    pub web_origins: Vec<String>,
    /// The URL that a resource server is known by (RFC 8707).
    pub resource_url: Option<String>,
    /// Whether it may use the authorization code grant.
    pub standard_flow: bool,
    /// Whether the user is asked before it gets anything.
    pub consent_required: bool,
    /// Whether its tokens carry every role of the user's, and not only those of its scopes.
    pub full_scope: bool,
    /// Whether it may trade tokens (RFC 8693).
    pub exchanges_tokens: bool,
    /// `dpop_bound_access_tokens`: whether it gets tokens only with a proof (RFC 9449 §5.2).
    pub dpop_bound_access_tokens: bool,
    /// The registration access token that opens its entry, by its identifier.
    pub registration_token: Option<RegistrationToken>,
    /// The document it came from is good until then, in seconds since 1970.
    pub document_expires: Option<u64>,
}

/// What is remembered of a registration access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationToken {
    /// Its `jti`.
    pub id: String,
    /// Whether the client registered without a token: then the anonymous policies stay its own.
    pub anonymous: bool,
}

impl Client {
    fn of_realm_file(realm: &Realm, client: &RealmClient) -> Self {
        let of_realm = || realm.optional_scopes().map(str::to_owned).collect();
        let mut grant_types = vec!["authorization_code".to_owned(), "refresh_token".to_owned()];
        let is_on = |attribute: &str| client.attributes.get(attribute).is_some_and(|on| on == "true");
        grant_types.extend(client.service_accounts_enabled.then(|| "client_credentials".to_owned()));
        Self {
            client_id: client.client_id.clone(),
            default_scopes: client.default_client_scopes.clone().unwrap_or_else(default_scopes),
            web_origins: client.web_origins.clone(),
            resource_url: client.attributes.get("resource_url").cloned(),
            consent_required: client.consent_required,
            full_scope: client.full_scope_allowed,
            exchanges_tokens: is_on("standard.token.exchange.enabled"),
            dpop_bound_access_tokens: is_on("dpop.bound.access.tokens"),
            // Keycloak lets a client of the realm file use either place for its secret.
            auth_method: if client.public_client { "none" } else { "client-secret" }.to_owned(),
            secret: client.secret.clone().filter(|_| !client.public_client),
            redirect_uris: client.redirect_uris.clone(),
            grant_types,
            optional_scopes: client.optional_client_scopes.clone().unwrap_or_else(of_realm),
            standard_flow: client.standard_flow_enabled,
            ..Self::default()
        }
    }

    /// Whether it has no credentials (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.secret.is_none() && !self.signs()
    }

    /// Whether it may ask for this scope at all.
    pub fn may_ask_for(&self, scope: &str) -> bool {
        scope == "openid"
            || self.optional_scopes.iter().any(|optional| optional == scope)
            || DEFAULT_SCOPES.contains(&scope)
    }

    /// Whether it authenticates with what it signs (RFC 7523), and never with a secret.
    pub fn signs(&self) -> bool {
        self.auth_method == "private_key_jwt"
    }

    /// Whether the browser may be sent there. A loopback URI that was registered without a port is
    /// good for any (RFC 8252 §7.3).
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|registered| registered == uri || without_port(uri).as_deref() == Some(registered))
    }
}

/// Scopes that a client has always where nothing else is said.
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

/// All clients.
pub struct Clients(Mutex<BTreeMap<String, Client>>);

impl Clients {
    /// Those of the realm file.
    pub fn of_realm_file(realm: &Realm) -> Self {
        let clients =
            realm.clients.iter().map(|client| (client.client_id.clone(), Client::of_realm_file(realm, client)));
        Self(Mutex::new(clients.collect()))
    }

    /// How many there are, Keycloak's own included.
    pub fn count(&self) -> usize {
        self.lock().len() + BUILT_IN_CLIENTS
    }

    /// The client of this name.
    pub fn get(&self, client_id: &str) -> Option<Client> {
        self.lock().get(client_id).cloned()
    }

    /// Adds a client, or replaces the one of the same name.
    pub fn put(&self, client: Client) {
        self.lock().insert(client.client_id.clone(), client);
    }

    /// The client that is known by this URL as a resource server.
    pub fn by_resource_url(&self, url: &str) -> Option<Client> {
        self.lock().values().find(|client| client.resource_url.as_deref() == Some(url)).cloned()
    }

    /// Removes a client.
    pub fn remove(&self, client_id: &str) {
        self.lock().remove(client_id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Client>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The strings of a JSON array.
pub fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The host of a URL, as it was written; `None` where there is none that can be read.
pub fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit('@').next()?;
    // As the URL type reads it, or not at all; but it would also change the case, which Keycloak
    // compares.
    let parsed = Url::parse(url).ok()?;
    let host = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => host_and_port,
    };
    (parsed.host_str()?.eq_ignore_ascii_case(host) && !host.contains('*')).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_redirect_may_have_any_port_where_none_was_registered() {
        let client = |uri: &str| Client { redirect_uris: vec![uri.to_owned()], ..Client::default() };
        let any = client("http://127.0.0.1/callback");
        for uri in ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback"] {
            assert!(any.may_redirect_to(uri), "{uri}");
        }
        for uri in [
            "http://localhost:1/callback",
            "http://127.0.0.1:1/callback/",
            "http://127.0.0.1:1/callback?x",
            "http://127.0.0.1:1/Callback",
            "http://a@127.0.0.1:1/callback",
            "http://127.0.0.1:1/a/../callback",
            "https://127.0.0.1:1/callback",
            "http://127.0.0.1:x/callback",
            "http://127.0.0.1:/callback",
            "",
        ] {
            assert!(!any.may_redirect_to(uri), "{uri}");
        }
        assert!(!client("http://127.0.0.1:8888/callback").may_redirect_to("http://127.0.0.1:1/callback"));
        assert!(!client("http://app.example/callback").may_redirect_to("http://app.example:1/callback"));
        assert!(client("http://[::1]/c").may_redirect_to("http://[::1]:5/c"));
    }

    #[test]
    fn a_host_is_read_as_it_was_written() {
        for (url, expected) in [
            ("http://LOCALHOST/x", Some("LOCALHOST")),
            ("http://user@h.example:1/x", Some("h.example")),
            ("http://localhost@evil.example/", Some("evil.example")),
            ("http://[::1]:8888/x", Some("[::1]")),
            ("http://localhost:*", None),
            ("http://*.localhost/cb", None),
            ("javascript:alert(1)", None),
            ("com.example.app:/cb", None),
            ("*", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }
}
