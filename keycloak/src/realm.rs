//! The realm file: what `keycloak/realm-export.json` says, as far as the embedded IdP uses it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The realm that these lessons run on.
pub const SHIPPED: &str = include_str!("../realm-export.json");

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
    /// What clients have to do, as lists of executors.
    #[serde(default)]
    pub client_profiles: Value,
    /// For which clients the profiles are.
    #[serde(default)]
    pub client_policies: Value,
    #[serde(default)]
    components: BTreeMap<String, Vec<Component>>,
}

/// A client of the realm file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RealmClient {
    /// `client_id`.
    pub client_id: String,
    /// Without a secret.
    #[serde(default)]
    pub public_client: bool,
    /// Its secret.
    pub secret: Option<String>,
    /// Whether it may use the authorization code grant; Keycloak's default is yes.
    #[serde(default = "yes")]
    pub standard_flow_enabled: bool,
    /// Where the browser may bring a code.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Scopes that it may ask for; `None` for those of the realm.
    pub optional_client_scopes: Option<Vec<String>>,
}

fn yes() -> bool {
    true
}

/// A part of the realm that Keycloak has several kinds of: here, a registration policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// Its name, which stands in refusals.
    pub name: String,
    /// What it does.
    pub provider_id: String,
    /// For whom: `anonymous` or `authenticated`.
    #[serde(default)]
    pub sub_type: String,
    /// Its settings.
    #[serde(default)]
    pub config: BTreeMap<String, Vec<String>>,
}

impl Component {
    /// The values of a setting.
    pub fn values(&self, name: &str) -> &[String] {
        self.config.get(name).map_or(&[], Vec::as_slice)
    }

    /// A setting that is on or off.
    pub fn is_on(&self, name: &str) -> bool {
        self.values(name).iter().any(|value| value == "true")
    }
}

/// Scopes that Keycloak gives every realm, beside the realm's own (26.7.3): those that every client has.
pub const DEFAULT_SCOPES: [&str; 6] = ["acr", "basic", "email", "profile", "roles", "web-origins"];
/// The same: those that a client may ask for.
pub const OPTIONAL_SCOPES: [&str; 5] = ["address", "microprofile-jwt", "offline_access", "organization", "phone"];
/// Clients that Keycloak gives every realm: account, account-console, admin-cli, broker, realm-management, security-admin-console.
pub const BUILT_IN_CLIENTS: usize = 6;

impl Realm {
    /// The policies for registrations of this kind: `anonymous` or `authenticated`.
    pub fn registration_policies(&self, kind: &str) -> impl Iterator<Item = &Component> {
        let all = self.components.get("org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy");
        all.into_iter().flatten().filter(move |component| component.sub_type == kind)
    }

    /// Every scope that a client may be given.
    pub fn optional_scopes(&self) -> impl Iterator<Item = &str> {
        OPTIONAL_SCOPES.into_iter().chain(self.default_optional_client_scopes.iter().map(String::as_str))
    }
}

/// A scope that clients can be given.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientScope {
    /// The scope value.
    pub name: String,
    /// Keycloak's settings, all of them strings.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl ClientScope {
    /// Whether the realm's metadata lists this scope; Keycloak's default is yes.
    pub fn is_in_metadata(&self) -> bool {
        self.attributes.get("include.in.openid.provider.metadata").is_none_or(|value| value == "true")
    }
}

/// Why a realm file cannot be read.
#[derive(Debug)]
pub struct RealmError(serde_json::Error);

impl std::fmt::Display for RealmError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "The realm file cannot be read: {}.", self.0)
    }
}

impl std::error::Error for RealmError {}

impl Realm {
    /// The realm that these lessons run on, with placeholders filled from the environment.
    pub fn shipped() -> Result<Self, RealmError> {
        Self::from_json(SHIPPED, |name| std::env::var(name).ok())
    }

    /// Reads a realm file. `variable` gives the values of placeholders.
    pub fn from_json(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, RealmError> {
        serde_json::from_str(&filled(text, variable)).map_err(RealmError)
    }
}

/// Fills `${NAME}` and `${NAME:default}` as Keycloak does at import: what has neither a value nor a default stays as it is.
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
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_shipped_realm_can_be_read() {
        let realm = Realm::from_json(SHIPPED, none).unwrap();
        assert_eq!(realm.name, "mcp-oauth");
        let listed: Vec<_> =
            realm.client_scopes.iter().filter(|scope| scope.is_in_metadata()).map(|scope| &*scope.name).collect();
        assert_eq!(listed, ["mcp:read", "mcp:write", "calendar:read", "calendar:write"]);
    }

    #[test]
    fn placeholders_are_filled_as_keycloak_fills_them() {
        let value = |name: &str| (name == "SET").then(|| "a\"b".to_owned());
        assert_eq!(
            filled("${SET} ${SET:x} ${UNSET:http://h:1/p} ${UNSET} ${open", value),
            "a\\\"b a\\\"b http://h:1/p ${UNSET} ${open"
        );
    }

    #[test]
    fn a_file_that_is_no_realm_gets_a_sentence() {
        for text in ["", "[]", "{}", "{\"realm\": 1}", "{\"realm\": \"r\", \"clientScopes\": [{}]}"] {
            let error = Realm::from_json(text, none).unwrap_err().to_string();
            assert!(error.starts_with("The realm file cannot be read: "), "{error}");
        }
    }
}
