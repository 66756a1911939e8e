//! The realm's client registration policies, as far as the realm file configures them: who may
//! register what.

use super::clients::{Client, host};
use crate::realm::{Component, DEFAULT_SCOPES, Realm};

/// A refusal: Keycloak's sentence, or its fall when a redirect URI has no host that it can read.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The policy's name, and why.
    Policy(String, &'static str),
    /// The limit on clients, which stands in the sentence.
    TooManyClients(String, usize),
    /// Keycloak answers HTTP 500.
    Crash,
}

impl Refused {
    /// `error_description`.
    pub fn description(&self) -> Option<String> {
        let (policy, details) = match self {
            Refused::Policy(policy, details) => (policy, (*details).to_owned()),
            Refused::TooManyClients(policy, limit) => {
                (policy, format!("It's allowed to have max {limit} clients per realm"))
            }
            Refused::Crash => return None,
        };
        Some(format!("Policy '{policy}' rejected request to client-registration service. Details: {details}"))
    }
}

/// What a client asks for, before it is one.
pub struct Request<'a> {
    /// The client as it would be.
    pub client: &'a Client,
    /// `scope`, as it came.
    pub scope: Option<&'a str>,
    /// Whether it is a new client.
    pub is_new: bool,
}

/// Whether the realm's policies for `anonymous` or `authenticated` registrations let it pass.
pub fn check(realm: &Realm, kind: &str, request: &Request<'_>, clients: usize) -> Result<(), Refused> {
    for policy in realm.registration_policies(kind) {
        match policy.provider_id.as_str() {
            "trusted-hosts" => trusted_hosts(policy, request.client)?,
            "allowed-client-templates" => allowed_scopes(realm, policy, request.scope)?,
            "max-clients" if request.is_new => {
                let limit = policy.values("max-clients").first().and_then(|limit| limit.parse().ok()).unwrap_or(200);
                if clients >= limit {
                    return Err(Refused::TooManyClients(policy.name.clone(), limit));
                }
            }
            // Consent and full scope change the client ([`has`]), and mapper types and origins do
            // not arise here.
            _ => {}
        }
    }
    Ok(())
}

/// Whether there is such a policy for clients of this kind: one that changes the client.
pub fn has(realm: &Realm, kind: &str, provider_id: &str) -> bool {
    realm.registration_policies(kind).any(|policy| policy.provider_id == provider_id)
}

/// Whether a page of this origin may register.
pub fn origin_allowed(realm: &Realm, kind: &str, origin: &str) -> bool {
    let mut policies =
        realm.registration_policies(kind).filter(|policy| policy.provider_id == "registration-web-origins");
    policies.any(|policy| policy.values("web-origins").iter().any(|allowed| allowed == origin))
}

fn trusted_hosts(policy: &Component, client: &Client) -> Result<(), Refused> {
    if !policy.is_on("client-uris-must-match") {
        return Ok(());
    }
    let refused = |details| Err(Refused::Policy(policy.name.clone(), details));
    let trusted = |host: &str| {
        policy.values("trusted-hosts").iter().any(|trusted| match trusted.strip_prefix("*.") {
            Some(domain) => host == domain || host.ends_with(&format!(".{domain}")),
            None => trusted == host,
        })
    };
    if let Some(uri) = &client.client_uri {
        match host(uri) {
            None => return refused("URL is malformed"),
            Some(host) if !trusted(&host) => return refused("URL doesn't match any trusted host or trusted domain"),
            Some(_) => {}
        }
    }
    // A path alone is relative to the client's root, and so on no other host.
    for uri in client.redirect_uris.iter().filter(|uri| !uri.starts_with('/')) {
        match host(uri) {
            _ if uri.contains(' ') => return refused("URI is malformed"),
            None => return Err(Refused::Crash),
            Some(host) if !trusted(&host) => return refused("URI doesn't match any trusted host or trusted domain"),
            Some(_) => {}
        }
    }
    Ok(())
}

fn allowed_scopes(realm: &Realm, policy: &Component, scope: Option<&str>) -> Result<(), Refused> {
    let Some(scope) = scope.filter(|scope| !scope.is_empty()) else { return Ok(()) };
    let of_realm = policy.is_on("allow-default-scopes");
    let allowed = |scope: &str| {
        policy.values("allowed-client-scopes").iter().any(|allowed| allowed == scope)
            || of_realm
                && (DEFAULT_SCOPES.contains(&scope) || realm.optional_scopes().any(|optional| optional == scope))
    };
    match scope.split(' ').all(allowed) {
        true => Ok(()),
        false => Err(Refused::Policy(policy.name.clone(), "Not permitted to use specified clientScope")),
    }
}
