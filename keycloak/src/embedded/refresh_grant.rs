//! The refresh token grant (RFC 6749 §6) with rotation: a refresh token has one use, and the use of
//! an old one ends the client's part in the session.

use std::collections::HashSet;

use serde_json::Value;
use shared::scope;

use super::access_token;
use super::clients::IdpClient;
use super::further::{dpop, resource_indicators};
use super::now;
use super::refusal::{IdpRefusal, invalid_grant, invalid_request, invalid_scope};
use super::server::IdpServer;
use super::sessions::{RefreshGrant, UserSession};
use super::token::{GrantRequest, TokenIssue};

const INVALID: &str = "Invalid refresh token";

pub async fn refresh(request: &GrantRequest<'_>) -> Result<Value, IdpRefusal> {
    let GrantRequest { server, client, fields, .. } = request;
    let presented = fields.get("refresh_token").ok_or_else(|| invalid_request("No refresh token"))?;
    // As in Keycloak, an empty scope between two spaces is one that the client does not have.
    if let Some(scope) = fields.get("scope").filter(|scope| !scope.split(' ').all(|scope| client.may_ask_for(scope))) {
        return Err(invalid_scope(scope));
    }
    let jti = known_token(server, client, presented)?;
    let Refreshed { grant, session, scopes, audiences } = use_token(request, jti)?;
    TokenIssue { request, grant: Some((&grant, &session)), scopes, audiences }.response().await
}

struct Refreshed {
    grant: RefreshGrant,
    session: UserSession,
    scopes: Vec<String>,
    audiences: Vec<String>,
}

fn use_token(request: &GrantRequest<'_>, jti: String) -> Result<Refreshed, IdpRefusal> {
    let GrantRequest { server, client, fields, .. } = request;
    // The lock is held to the end: of two requests with the same token, only one may find it
    // unused.
    let mut sessions = server.sessions.lock();
    sessions.end_sessions_older_than(server.realm.sso_session_max_lifespan);
    let before = sessions.refresh_tokens.get(&jti).cloned().ok_or_else(|| invalid_grant(INVALID))?;
    // This comes before the check whether the token was used: a thief without the key ends nobody's
    // session.
    dpop::check_binding(before.jkt.as_deref(), request.key()).map_err(invalid_grant)?;
    let session = sessions.refreshable(&before).map_err(invalid_grant)?;
    let resource = resource_indicators::resource(server, before.resource.as_deref(), fields.get("resource"))?;
    let user = server.realm.user(&session.username);
    // "The requested scope MUST NOT include any scope not originally granted by the resource owner"
    // (RFC 6749 §6). Keycloak leaves such a scope out without an error.
    let scope = fields.get("scope").map_or(before.scope.clone(), |asked| common(asked, &before.scope));
    let scopes = access_token::granted_scopes(server, client, user, &scope);
    let audiences = access_token::audiences(server, client, user, &scopes);
    let audiences = resource_indicators::audiences(server, audiences, resource.as_deref())?;
    sessions.refresh_tokens.insert(jti, RefreshGrant { used: true, ..before.clone() });
    Ok(Refreshed { grant: RefreshGrant { resource, ..before }, session, scopes, audiences })
}

/// The `jti` of a refresh token of this realm that belongs to this client, used or not.
///
/// "the authorization server MUST maintain the binding between a refresh token and the client to
/// whom it was issued" (RFC 6749 §10.4)
fn known_token(server: &IdpServer, client: &IdpClient, presented: &str) -> Result<String, IdpRefusal> {
    let invalid = || invalid_grant(INVALID);
    let claims = server.local_tokens.read(presented, now()).ok_or_else(invalid)?;
    let sessions = server.sessions.lock();
    let token = sessions.refresh_tokens.get(&claims.jti).ok_or_else(invalid)?;
    if token.part.client_id != client.client_id {
        return Err(invalid_grant("Invalid refresh token. Token client and authorized client don't match"));
    }
    Ok(claims.jti)
}

/// The scopes that are in both lists.
fn common(one: &str, other: &str) -> String {
    let other: HashSet<_> = scope::split(other).collect();
    let in_both = scope::split(one).filter(|scope| other.contains(scope));
    in_both.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
