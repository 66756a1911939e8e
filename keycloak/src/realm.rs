//! The realm file: what `keycloak/realm-export.json` says, as far as the embedded IdP uses it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use shared::members::without_value;

mod client;
mod scope;
mod user;

pub use client::{Component, RealmClient};
pub use scope::{ClientScope, ScopeMapping};
pub use user::RealmUser;

/// The realm that these lessons run on.
pub const SHIPPED: &str = include_str!("../realm-export.json");

/// The URLs of the two MCP servers that the realm file knows.
pub const SERVERS: [&str; 2] = ["http://localhost:8000/mcp", "http://localhost:8001/mcp"];

/// The issuer identifier of the tutorial's realm on the Keycloak at this URL.
pub fn issuer_at(base: &str) -> String {
    format!("{}/realms/mcp-oauth", base.trim_end_matches('/'))
}

/// A realm, as Keycloak exports and imports it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Realm {
    /// Its name, which is part of its issuer.
    #[serde(rename = "realm")]
    pub name: String,
    /// Its name for people.
    #[serde(default)]
    pub display_name: String,
    /// Scopes that the realm defines beside those that Keycloak brings.
    #[serde(default)]
    pub client_scopes: Vec<ClientScope>,
    /// Scopes of the realm's own that every client may ask for.
    #[serde(default)]
    pub default_optional_client_scopes: Vec<String>,
    /// Clients that the realm has from the start.
    #[serde(default)]
    pub clients: Vec<RealmClient>,
    /// Which roles a user needs for a scope.
    #[serde(default)]
    pub scope_mappings: Vec<ScopeMapping>,
    /// Who can sign in.
    #[serde(default)]
    pub users: Vec<RealmUser>,
    /// Seconds that an access token is good for; Keycloak's default.
    #[serde(default = "five_minutes")]
    pub access_token_lifespan: u64,
    /// Seconds that a code is good for; Keycloak's default.
    #[serde(default = "one_minute")]
    pub access_code_lifespan: u64,
    /// Seconds after which a session that nobody uses ends; Keycloak's default.
    #[serde(default = "half_an_hour")]
    pub sso_session_idle_timeout: u64,
    /// Seconds after which every session ends; Keycloak's default.
    #[serde(default = "ten_hours")]
    pub sso_session_max_lifespan: u64,
    /// What clients have to do, as lists of executors.
    #[serde(default)]
    pub client_profiles: Value,
    /// For which clients the profiles are.
    #[serde(default)]
    pub client_policies: Value,
    #[serde(default)]
    components: BTreeMap<String, Vec<Component>>,
    /// Whether it is the tutorial's own, whose passwords are public.
    #[serde(skip)]
    is_shipped: bool,
}

fn five_minutes() -> u64 {
    300
}

fn one_minute() -> u64 {
    60
}

fn half_an_hour() -> u64 {
    1800
}

fn ten_hours() -> u64 {
    36_000
}

/// Scopes that Keycloak gives every realm, beside the realm's own (26.7.3): those that every client
/// has.
pub const DEFAULT_SCOPES: [&str; 6] = ["acr", "basic", "email", "profile", "roles", "web-origins"];
/// The same: those that a client may ask for.
pub const OPTIONAL_SCOPES: [&str; 5] = ["address", "microprofile-jwt", "offline_access", "organization", "phone"];
/// Clients that Keycloak gives every realm: account, account-console, admin-cli, broker,
/// realm-management, security-admin-console.
pub const BUILT_IN_CLIENTS: usize = 6;

impl Realm {
    /// The policies for registrations of this kind: `anonymous` or `authenticated`.
    pub fn registration_policies(&self, kind: &str) -> impl Iterator<Item = &Component> {
        let all = self.components.get("org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy");
        all.into_iter().flatten().filter(move |component| component.sub_type == kind)
    }

    /// The roles that a user needs one of for this scope; none are needed where it is empty.
    pub fn roles_for(&self, scope: &str) -> Vec<&str> {
        let of_realm = self.scope_mappings.iter().filter(|mapping| mapping.client_scope == scope);
        let of_keycloak = (scope == "offline_access").then_some("offline_access");
        of_realm.flat_map(|mapping| mapping.roles.iter().map(String::as_str)).chain(of_keycloak).collect()
    }

    /// The realm's own scope of this name.
    pub fn scope(&self, name: &str) -> Option<&ClientScope> {
        self.client_scopes.iter().find(|scope| scope.name == name)
    }

    /// The user of this name.
    pub fn user(&self, username: &str) -> Option<&RealmUser> {
        self.users.iter().find(|user| user.username == username)
    }

    /// The account of this client, where the realm file gives it one.
    pub fn service_account(&self, client_id: &str) -> Option<&RealmUser> {
        self.users.iter().find(|user| user.service_account_client_id.as_deref() == Some(client_id))
    }

    /// The tutorial's users who can sign in, and their passwords; none of any other realm.
    pub fn demo_users(&self) -> impl Iterator<Item = (&RealmUser, &str)> {
        let users = self.users.iter().filter(|_| self.is_shipped);
        users.filter_map(|user| Some((user, user.first_password()?)))
    }

    /// Every scope that a client may be given.
    pub fn optional_scopes(&self) -> impl Iterator<Item = &str> {
        OPTIONAL_SCOPES.into_iter().chain(self.default_optional_client_scopes.iter().map(String::as_str))
    }
}

/// Why a realm file cannot be read.
#[derive(Debug)]
pub struct RealmError(serde_json::Error);

impl std::fmt::Display for RealmError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "The realm file cannot be read: {}.", without_value(&self.0))
    }
}

impl std::error::Error for RealmError {}

impl Realm {
    /// The realm that these lessons run on, with placeholders filled from the environment.
    pub fn shipped() -> Result<Self, RealmError> {
        Self::of_tutorial(|name| std::env::var(name).ok())
    }

    /// The same, for MCP servers with these URLs, the first and the second, unless the environment
    /// names them.
    pub fn shipped_for(resources: &[&str]) -> Result<Self, RealmError> {
        Self::of_tutorial(|name| {
            let named = ["MCP_RESOURCE_URL", "MCP_SECOND_RESOURCE_URL"].iter().zip(resources);
            let named = named.filter(|(known, _)| **known == name).map(|(_, url)| (*url).to_owned()).next();
            std::env::var(name).ok().or(named)
        })
    }

    fn of_tutorial(variable: impl Fn(&str) -> Option<String>) -> Result<Self, RealmError> {
        Ok(Self { is_shipped: true, ..Self::from_json(SHIPPED, variable)? })
    }

    /// Reads a realm file. `variable` gives the values of placeholders.
    pub fn from_json(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, RealmError> {
        serde_json::from_str(&filled(text, variable)).map_err(RealmError)
    }
}

/// Fills `${NAME}` and `${NAME:default}` as Keycloak does at import: what has neither a value nor a
/// default stays as it is.
fn filled(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((placeholder, after)) = after.split_once('}') else { break };
        let (name, default) = match placeholder.split_once(':') {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (placeholder, None),
        };
        // The value goes into a JSON string, so it is written as one, without its quotes.
        let value = variable(name).map(|value| serde_json::Value::from(value).to_string().trim_matches('"').to_owned());
        whole += before;
        whole += &value.or(default).unwrap_or_else(|| format!("${{{placeholder}}}"));
        rest = after;
    }
    whole + rest
}

#[cfg(test)]
mod tests;
