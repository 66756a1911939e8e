//! The users of the realm file.

use serde::Deserialize;
use subtle::ConstantTimeEq;

/// Somebody who can sign in, or the account of a client that acts for itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RealmUser {
    /// What is typed to sign in.
    pub username: String,
    /// The client that this is the account of; nobody signs in to it.
    pub service_account_client_id: Option<String>,
    /// An address.
    #[serde(default)]
    pub email: String,
    /// Whether the address is known to be the user's.
    #[serde(default)]
    pub email_verified: bool,
    /// A name.
    #[serde(default)]
    pub first_name: String,
    /// A name.
    #[serde(default)]
    pub last_name: String,
    /// What the user may do.
    #[serde(default)]
    pub realm_roles: Vec<String>,
    #[serde(default)]
    credentials: Vec<Credential>,
}

#[derive(Clone, Debug, Deserialize)]
struct Credential {
    value: shared::Secret,
}

impl RealmUser {
    /// Whether this is the user's password.
    pub fn has_password(&self, password: &str) -> bool {
        self.credentials.iter().any(|credential| {
            let (given, kept) = (password.as_bytes(), credential.value.expose().as_bytes());
            given.ct_eq(kept).into()
        })
    }

    /// The password that the realm file gives the user.
    pub(super) fn first_password(&self) -> Option<&str> {
        self.credentials.first().map(|credential| credential.value.expose())
    }

    /// The roles that the realm file gives the user beside those that everybody has.
    pub fn own_roles(&self) -> impl Iterator<Item = &str> {
        self.realm_roles.iter().map(String::as_str).filter(|role| !role.starts_with("default-roles-"))
    }

    /// Every role of the user's in the realm: what `default-roles-REALM` brings stands beside it.
    pub fn all_realm_roles(&self) -> impl Iterator<Item = &str> {
        let default = if self.has_default_roles() { &["offline_access", "uma_authorization"][..] } else { &[] };
        self.realm_roles.iter().map(String::as_str).chain(default.iter().copied())
    }

    /// Whether the user has what Keycloak gives every user: among others, roles for the account
    /// pages.
    pub fn has_default_roles(&self) -> bool {
        self.realm_roles.iter().any(|own| own.starts_with("default-roles-"))
    }

    /// Whether the user has this role. `default-roles-REALM` brings `offline_access`, as in every
    /// realm of Keycloak's.
    pub fn has_role(&self, role: &str) -> bool {
        let by_default = role == "offline_access" && self.has_default_roles();
        by_default || self.realm_roles.iter().any(|own| own == role)
    }
}
