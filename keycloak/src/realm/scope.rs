//! The scopes of the realm file: who can be given them, and what they put into tokens.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which roles a user needs for a scope: one of them is enough.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeMapping {
    /// The scope.
    #[serde(default)]
    pub client_scope: String,
    /// The roles.
    #[serde(default)]
    pub roles: Vec<String>,
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
    /// What the scope puts into tokens.
    #[serde(default)]
    pub protocol_mappers: Vec<Mapper>,
}

/// What puts a claim into a token.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mapper {
    /// Its kind.
    pub protocol_mapper: String,
    /// Its settings.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

impl ClientScope {
    /// What the consent page says of this scope; `None` where it is not shown there.
    pub fn consent_text(&self) -> Option<&str> {
        let shown = self.attributes.get("display.on.consent.screen").is_none_or(|value| value == "true");
        let text = self.attributes.get("consent.screen.text").filter(|text| !text.is_empty());
        shown.then(|| text.map_or(self.name.as_str(), String::as_str))
    }

    /// Whether the realm's metadata lists this scope; Keycloak's default is yes.
    pub fn is_in_metadata(&self) -> bool {
        self.attributes.get("include.in.openid.provider.metadata").is_none_or(|value| value == "true")
    }
}
