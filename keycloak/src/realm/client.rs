//! The clients of the realm file, and the policies for clients that register.

use std::collections::BTreeMap;

use serde::Deserialize;

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
    /// Whether it may use the client credentials grant.
    #[serde(default)]
    pub service_accounts_enabled: bool,
    /// Whether the user is asked before it gets anything.
    #[serde(default)]
    pub consent_required: bool,
    /// Whether its tokens carry every role of the user's, and not only those of its scopes;
    /// Keycloak's default is yes.
    #[serde(default = "yes")]
    pub full_scope_allowed: bool,
    /// Origins whose pages may call the token endpoint.
    #[serde(default)]
    pub web_origins: Vec<String>,
    /// Keycloak's settings, all of them strings.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Scopes that it always has; `None` for Keycloak's own.
    pub default_client_scopes: Option<Vec<String>>,
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
