//! Token exchange (RFC 8693), as Keycloak's standard one: a server exchanges an access token that
//! is for it for one of its own, for another server.
//!
//! Left out: exchanging for an ID token, and for a refresh token, which Keycloak gives to clients
//! that were set up for it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};
use shared::scope;

use super::dpop;
use super::presented::{self, PresentedToken};
use crate::embedded::access_token::{self, TokenSubject};
use crate::embedded::clients::IdpClient;
use crate::embedded::jws::Jws;
use crate::embedded::now;
use crate::embedded::refusal::{
    IdpRefusal, bad_request, described, first_fault, internal_error, invalid_request, invalid_scope,
};
use crate::embedded::sessions::UserSession;
use crate::embedded::token::GrantRequest;

/// The grant (RFC 8693 §2.1).
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The scopes and audiences of the new token.
struct ExchangedReach {
    scopes: Vec<String>,
    audiences: Vec<String>,
}

pub async fn exchange(request: &GrantRequest<'_>) -> Result<Value, IdpRefusal> {
    let GrantRequest { server, client, .. } = request;
    let (subject, session) = subject(request).await?;
    let reach = reach(request, &subject, &session)?;
    request.use_proof()?;
    let user = server.realm.user(&session.username);
    let sid = subject["sid"].as_str().unwrap_or_default();
    let (scopes, audiences, key) = (reach.scopes.as_slice(), reach.audiences.as_slice(), request.key());
    let part = Some((sid, &session));
    let about = TokenSubject { session: part, user, client, scopes, audiences, key };
    let token = about.access_token(server).await.ok_or_else(internal_error)?;
    let made = Jws::read(&token).ok_or_else(internal_error)?.claims;
    let (jti, now) = (made["jti"].as_str().unwrap_or_default(), now());
    server.exchanged.insert(&client.client_id, jti, now + server.realm.access_token_lifespan, now)?;
    Ok(json!({
        "access_token": token,
        "expires_in": server.realm.access_token_lifespan,
        "refresh_expires_in": 0,
        "token_type": dpop::token_type(key),
        "not-before-policy": 0,
        "session_state": sid,
        "scope": access_token::shown_scope(scopes),
        "issued_token_type": ACCESS_TOKEN,
    }))
}

/// The subject token's claims and its session, or the first fault that Keycloak finds.
async fn subject(request: &GrantRequest<'_>) -> Result<(Value, UserSession), IdpRefusal> {
    let GrantRequest { server, client, fields, .. } = request;
    let has = |name: &str| fields.get(name).is_some();
    first_fault(&[
        (
            ["requested_subject", "requested_issuer", "subject_issuer"].into_iter().any(has),
            "A requested subject or an issuer is not supported for standard token exchange",
        ),
        (!client.exchanges_tokens, "Standard token exchange is not enabled for the requested client"),
        (
            fields.get("subject_token_type") != Some(ACCESS_TOKEN),
            "Parameter 'subject_token' supports access tokens only",
        ),
    ])
    .map_err(invalid_request)?;
    let presented = presented::read(server, fields.get("subject_token").unwrap_or_default()).await;
    let subject = match presented.filter(|token| token.has_session(server)) {
        Some(PresentedToken::Access(claims)) if presented::is_valid_now(server, &claims) => claims,
        _ => return Err(invalid_request("Invalid token")),
    };
    check_key(&subject, client, request.key()).map_err(invalid_request)?;
    if fields.get("requested_token_type").is_some_and(|requested| requested != ACCESS_TOKEN) {
        return Err(invalid_request("requested_token_type unsupported"));
    }
    // A client's own token has no session.
    let session = presented::session_of(server, &subject).ok_or_else(not_in_audience)?;
    Ok((subject, session))
}

/// Only its holder can exchange a token that is bound to a key: a server that was sent the token
/// does not have the key.
fn check_key(subject: &Value, client: &IdpClient, key: Option<&str>) -> Result<(), &'static str> {
    let Some(bound) = subject["cnf"]["jkt"].as_str() else { return Ok(()) };
    if subject["azp"] != client.client_id {
        return Err("Sender-constrained token exchange rejected as the token was not issued for the requesting client");
    }
    dpop::check_binding(Some(bound), key)
}

fn reach(request: &GrantRequest<'_>, subject: &Value, session: &UserSession) -> Result<ExchangedReach, IdpRefusal> {
    let GrantRequest { server, client, fields, .. } = request;
    let asked: BTreeSet<_> = fields.all("audience").map(str::to_owned).collect();
    if asked.iter().any(|audience| server.clients.get(audience).is_none()) {
        return Err(bad_request("invalid_client", "Audience not found"));
    }
    // A server exchanges tokens that were sent to it, not tokens that it found, and tokens that it
    // got itself.
    if !access_token::is_in_audience(subject, &client.client_id) && subject["azp"] != client.client_id {
        return Err(not_in_audience());
    }
    let scope = fields.get("scope").unwrap_or_default();
    if !scope::split(scope).all(|scope| client.may_request_for_itself(scope)) {
        return Err(invalid_scope(scope));
    }
    let user = server.realm.user(&session.username);
    let scopes = access_token::granted_scopes(server, client, user, scope);
    // `audience` filters the audiences that the scopes bring, and never adds one.
    let brought = access_token::audiences(server, client, user, &scopes);
    if let Some(missing) = asked.iter().find(|audience| !brought.contains(audience)) {
        return Err(invalid_request(&format!("Requested audience not available: {missing}")));
    }
    let audiences = if asked.is_empty() { brought } else { asked.into_iter().collect() };
    Ok(ExchangedReach { scopes, audiences })
}

fn not_in_audience() -> IdpRefusal {
    described(StatusCode::FORBIDDEN, "access_denied", "Client is not within the token audience")
}
