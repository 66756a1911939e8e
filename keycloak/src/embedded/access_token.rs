//! The claims of tokens: those that scopes bring, as Keycloak's mappers make them, signed
//! with the realm's key (RS256).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use shared::scope;

use super::clients::IdpClient;
use super::further::dpop;
use super::server::IdpServer;
use super::sessions::UserSession;
use super::{now, random};
use crate::realm::RealmUser;

/// Keycloak's own scopes that appear in a token's `scope`.
const SHOWN: [&str; 2] = ["email", "profile"];

/// Keycloak's own client for the account pages.
const ACCOUNT: &str = "account";

/// The scopes that this user can grant to this client: those that the client always has, and the
/// requested ones for which the user has a role. Keycloak leaves the others out without an error.
pub fn granted_scopes(
    server: &IdpServer,
    client: &IdpClient,
    user: Option<&RealmUser>,
    requested: &str,
) -> Vec<String> {
    let optional: BTreeSet<_> = client.optional_scopes.iter().map(String::as_str).collect();
    let permitted = |scope: &&str| {
        let roles = server.realm.roles_for(scope);
        roles.is_empty() || user.is_some_and(|user| roles.iter().any(|role| user.has_role(role)))
    };
    let asked = scope::split(requested).filter(|scope| optional.contains(scope)).filter(permitted);
    let mut granted = scope::union(client.default_scopes.iter().map(String::as_str), asked);
    if scope::split(requested).any(|scope| scope == "openid") {
        granted.insert(0, "openid".to_owned());
    }
    granted
}

/// `scope` of a token, which does not show Keycloak's own technical scopes.
pub fn shown_scope(granted: &[String]) -> String {
    let hidden = |scope: &str| crate::realm::DEFAULT_SCOPES.contains(&scope) && !SHOWN.contains(&scope);
    granted.iter().filter(|scope| !hidden(scope)).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The audiences that the scopes' mappers add.
pub fn audiences(server: &IdpServer, client: &IdpClient, user: Option<&RealmUser>, granted: &[String]) -> Vec<String> {
    let mut audiences: Vec<String> = Vec::new();
    // Keycloak's mapper in `roles` adds every client whose roles the token carries, and each user
    // has roles for the account pages.
    let has_roles = client.full_scope && user.is_some_and(RealmUser::has_default_roles);
    if has_roles && granted.iter().any(|scope| scope == "roles") {
        audiences.push(ACCOUNT.to_owned());
    }
    for scope in granted.iter().filter_map(|name| server.realm.scope(name)) {
        for mapper in scope.protocol_mappers.iter().filter(|mapper| mapper.protocol_mapper == "oidc-audience-mapper") {
            match mapper.config.get("included.client.audience") {
                Some(audience) if !audiences.contains(audience) => audiences.push(audience.clone()),
                _ => {}
            }
        }
    }
    audiences
}

/// Whether a token with these claims is for this client (RFC 7519 §4.1.3).
pub fn is_in_audience(claims: &Value, client_id: &str) -> bool {
    match &claims["aud"] {
        Value::Array(audiences) => audiences.iter().any(|audience| *audience == client_id),
        audience => *audience == client_id,
    }
}

/// One audience is a string, several are an array, none is no member (RFC 7519 §4.1.3).
fn audience(audiences: &[String]) -> Value {
    match audiences {
        [] => Value::Null,
        [one] => json!(one),
        several => json!(several),
    }
}

pub struct TokenSubject<'a> {
    /// The session and its identifier; `None` where a client acts for itself.
    pub session: Option<(&'a str, &'a UserSession)>,
    /// The user, or the account of a client that acts for itself, where it has one.
    pub user: Option<&'a RealmUser>,
    pub client: &'a IdpClient,
    /// The scopes, as [`granted_scopes`] gives them.
    pub scopes: &'a [String],
    pub audiences: &'a [String],
    /// The thumbprint of the key that the access token is bound to, if to any (RFC 9449 §6).
    pub key: Option<&'a str>,
}

impl TokenSubject<'_> {
    pub async fn access_token(&self, server: &IdpServer) -> Option<String> {
        let mut claims = self.common(server, dpop::token_type(self.key))?;
        claims.insert("aud".to_owned(), audience(self.audiences));
        claims.insert("scope".to_owned(), json!(shown_scope(self.scopes)));
        claims.insert("cnf".to_owned(), json!(self.key.map(dpop::confirmation)));
        match self.user {
            Some(user) => self.add_user(server, user, &mut claims),
            // Keycloak's scope `service_account` brings this claim. Clients that register have the
            // scope, and those of the realm file do not.
            None => drop(claims.insert("client_id".to_owned(), json!(self.client.client_id))),
        }
        if let Some(defect) = server.defect {
            defect.spoil_claims(&mut claims);
        }
        claims.retain(|_, value| !value.is_null());
        server.keys.sign(&Value::Object(claims)).await
    }

    /// The ID token (OpenID Connect Core §2), which is for the client and for no server. Beside
    /// `sub` it has nothing about the user.
    pub async fn id_token(&self, server: &IdpServer) -> Option<String> {
        let mut claims = self.common(server, "ID")?;
        claims.insert("aud".to_owned(), json!(self.client.client_id));
        claims.retain(|_, value| !value.is_null());
        server.keys.sign(&Value::Object(claims)).await
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }

    fn common(&self, server: &IdpServer, typ: &str) -> Option<Map<String, Value>> {
        let sub = match self.user {
            Some(user) => server.subject(&user.username),
            None => server.subject(&self.client.client_id),
        };
        let now = now();
        let claims = json!({
            "exp": now + server.realm.access_token_lifespan,
            "iat": now,
            "auth_time": self.session.map(|(_, session)| session.auth_time),
            "jti": random::uuid()?,
            "iss": server.issuer,
            "sub": sub,
            "typ": typ,
            "azp": self.client.client_id,
            "sid": self.session.map(|(sid, _)| sid),
            "acr": self.has("acr").then_some("1"),
        });
        match claims {
            Value::Object(claims) => Some(claims),
            _ => None,
        }
    }

    fn add_user(&self, server: &IdpServer, user: &RealmUser, claims: &mut Map<String, Value>) {
        let mut roles = BTreeSet::new();
        let mut maps_roles = false;
        for scope in self.scopes {
            let of_realm = server.realm.scope(scope);
            let mappers = of_realm.map(|scope| scope.protocol_mappers.as_slice()).unwrap_or_default();
            roles.extend(server.realm.roles_for(scope).into_iter().filter(|role| user.has_role(role)));
            for mapper in mappers {
                match mapper.protocol_mapper.as_str() {
                    "oidc-usermodel-realm-role-mapper" => maps_roles = true,
                    "oidc-usermodel-attribute-mapper" => {
                        if let Some(name) = mapper.config.get("claim.name") {
                            claims.insert(name.clone(), json!(user.username));
                        }
                    }
                    _ => {}
                }
            }
        }
        if self.client.full_scope {
            roles.extend(user.all_realm_roles());
        }
        if (maps_roles || self.has("roles")) && !roles.is_empty() {
            claims.insert("realm_access".to_owned(), json!({"roles": roles}));
        }
        if self.has("profile") {
            claims.insert("name".to_owned(), named(&[&user.first_name, &user.last_name]));
            claims.insert("preferred_username".to_owned(), json!(user.username));
            claims.insert("given_name".to_owned(), named(&[&user.first_name]));
            claims.insert("family_name".to_owned(), named(&[&user.last_name]));
        }
        if self.has("email") {
            claims.insert("email".to_owned(), named(&[&user.email]));
            claims.insert("email_verified".to_owned(), json!(user.email_verified));
        }
    }
}

/// The parts that are not empty, as one text. A client's account has neither a name nor an address,
/// and then the member is left out.
fn named(parts: &[&str]) -> Value {
    let parts: Vec<_> = parts.iter().filter(|part| !part.is_empty()).copied().collect();
    if parts.is_empty() { Value::Null } else { json!(parts.join(" ")) }
}
