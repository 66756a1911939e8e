//! The realm's client registration policies, as far as the realm file configures them: which
//! clients may register, and with what.

use axum::http::StatusCode;

use super::client_metadata::RequestedMetadata;
use super::clients::{IdpClient, host, is_absolute};
use super::refusal::{IdpRefusal, bad_request, described, first_fault, internal_error};
use super::server::IdpServer;
use crate::realm::{Component, DEFAULT_SCOPES, Realm};

/// A registration before it takes effect.
pub struct PolicySubject<'a> {
    /// The client as it would be.
    pub client: &'a IdpClient,
    pub requested: &'a RequestedMetadata,
    /// Whether the policies for anonymous clients apply, or those for authenticated ones.
    pub anonymous: bool,
    pub is_new: bool,
}

/// Checks the realm's policies, and then Keycloak's own rules for redirect URIs.
pub fn check(server: &IdpServer, subject: &PolicySubject<'_>) -> Result<(), IdpRefusal> {
    if subject.is_new && server.clients.are_too_many() {
        let sentence = "The realm has too many clients";
        return Err(described(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", sentence));
    }
    for policy in server.realm.registration_policies(kind(subject.anonymous)) {
        match policy.provider_id.as_str() {
            "trusted-hosts" => check_trusted_hosts(policy, subject)?,
            "allowed-client-templates" => check_scopes(&server.realm, policy, subject.requested)?,
            "max-clients" if subject.is_new => check_number_of_clients(policy, server.clients.count())?,
            // Consent and full scope change the client ([`has`]). Mapper types and origins do not
            // arise here.
            _ => {}
        }
    }
    check_redirect_uris(subject.client)
}

/// Whether there is such a policy for clients of this kind: one that changes the client.
pub fn has(realm: &Realm, anonymous: bool, provider_id: &str) -> bool {
    realm.registration_policies(kind(anonymous)).any(|policy| policy.provider_id == provider_id)
}

fn kind(anonymous: bool) -> &'static str {
    if anonymous { "anonymous" } else { "authenticated" }
}

fn refused(policy: &Component, details: &str) -> IdpRefusal {
    let name = &policy.name;
    let sentence = format!("Policy '{name}' rejected request to client-registration service. Details: {details}");
    described(StatusCode::FORBIDDEN, "insufficient_scope", &sentence)
}

fn check_trusted_hosts(policy: &Component, subject: &PolicySubject<'_>) -> Result<(), IdpRefusal> {
    if !policy.is_on("client-uris-must-match") {
        return Ok(());
    }
    let trusted = |host: &String| policy.values("trusted-hosts").contains(host);
    // What has no host of its own is refused by [`check_redirect_uris`].
    let redirect_uris = subject.client.redirect_uris.iter().filter(|uri| !uri.starts_with('/'));
    for uri in redirect_uris.chain(&subject.requested.client_uri) {
        // Keycloak fails where there is no host.
        let host = host(uri).ok_or_else(internal_error)?;
        if !trusted(&host) {
            return Err(refused(policy, "URI doesn't match any trusted host or trusted domain"));
        }
    }
    Ok(())
}

fn check_scopes(realm: &Realm, policy: &Component, requested: &RequestedMetadata) -> Result<(), IdpRefusal> {
    let of_realm = policy.is_on("allow-default-scopes");
    let allowed = |scope: &str| {
        policy.values("allowed-client-scopes").iter().any(|allowed| allowed == scope)
            || of_realm
                && (DEFAULT_SCOPES.contains(&scope) || realm.optional_scopes().any(|optional| optional == scope))
    };
    let scope = requested.scope.as_deref().filter(|scope| !scope.is_empty());
    // As in Keycloak, an empty scope between two spaces is one that nobody may have.
    if scope.is_none_or(|scope| scope.split(' ').all(allowed)) {
        Ok(())
    } else {
        Err(refused(policy, "Not permitted to use specified clientScope"))
    }
}

fn check_number_of_clients(policy: &Component, clients: usize) -> Result<(), IdpRefusal> {
    let limit = policy.values("max-clients").first().and_then(|limit| limit.parse().ok()).unwrap_or(200);
    if clients < limit {
        Ok(())
    } else {
        Err(refused(policy, &format!("It's allowed to have max {limit} clients per realm")))
    }
}

fn check_redirect_uris(client: &IdpClient) -> Result<(), IdpRefusal> {
    let is_dangerous = |uri: &str| {
        let scheme = uri.split(':').next().unwrap_or_default().to_ascii_lowercase();
        matches!(scheme.as_str(), "javascript" | "data")
    };
    for uri in &client.redirect_uris {
        first_fault(&[
            (!is_absolute(uri), "A redirect URI must be an absolute URI"),
            (uri.contains('#'), "A redirect URI must not contain an URL fragment"),
            (is_dangerous(uri), "A redirect URI uses an illegal scheme"),
        ])
        .map_err(|sentence| bad_request("invalid_redirect_uri", sentence))?;
    }
    Ok(())
}
