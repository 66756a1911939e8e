//! Token exchange (RFC 8693), as Keycloak's standard one: a client trades an access token that is
//! for it for one of its own, for another server.
//!
//! Left out: exchanging for an ID token, and for a refresh token, which Keycloak gives to clients
//! that were set up for it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::access_token::{self, Subject};
use super::clients::Client;
use super::presented::{self, Presented};
use super::token::{Fields, invalid_request};
use super::{Refusal, Server, described, dpop, no_answer, now, sessions};

/// The grant (RFC 8693 §2.1).
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The answer to a token exchange request.
pub async fn exchange(server: &Server, client: &Client, fields: &Fields, key: Option<&str>) -> Result<Value, Refusal> {
    let (subject, session) = subject(server, client, fields, key).await?;
    let audiences = asked_audiences(server, fields)?;
    // "Client is not within the token audience": a server trades what it was sent, and not what it
    // found. What it was given itself, it may trade on.
    let is_for = access_token::is_in_audience(&subject, &client.client_id) || subject["azp"] == client.client_id;
    if !is_for {
        let sentence = "Client is not within the token audience";
        return Err(described(StatusCode::FORBIDDEN, "access_denied", sentence));
    }
    let scope = fields.get("scope").unwrap_or_default();
    let known = |scope: &str| scope == "openid" || client.optional_scopes.iter().any(|optional| optional == scope);
    if !scope.split(' ').filter(|scope| !scope.is_empty()).all(known) {
        return Err(described(StatusCode::BAD_REQUEST, "invalid_scope", &format!("Invalid scopes: {scope}")));
    }
    let user = server.realm.user(&session.username);
    let scopes = access_token::granted_scopes(server, client, user, scope);
    // `audience` filters what the scopes bring, and never adds.
    let brought = access_token::audiences(server, client, user, &scopes);
    if let Some(missing) = audiences.iter().find(|audience| !brought.contains(audience)) {
        return Err(invalid_request(&format!("Requested audience not available: {missing}")));
    }
    let audiences = if audiences.is_empty() { brought } else { audiences };
    let sid = subject["sid"].as_str().unwrap_or_default();
    // However the user came into the session: Keycloak makes a part of its own for the exchange,
    // and forgets it.
    let acr = Some("1");
    let part = Some((sid, &session));
    let about = Subject { session: part, user, client, scopes: &scopes, audiences: &audiences, acr, key };
    let token = about.access_token(server).await.ok_or_else(no_answer)?;
    let jti = access_token::unverified(&token).and_then(|claims| Some(claims["jti"].as_str()?.to_owned()));
    let ends = now() + server.realm.access_token_lifespan;
    server.sessions.lock().exchanged(jti.ok_or_else(no_answer)?, ends);
    let id_token = match scopes.iter().any(|scope| scope == "openid") {
        true => Some(about.id_token(server, &token, None).await.ok_or_else(no_answer)?),
        false => None,
    };
    let mut answer = json!({
        "access_token": token,
        "id_token": id_token,
        "expires_in": server.realm.access_token_lifespan,
        "refresh_expires_in": 0,
        "token_type": dpop::token_type(key),
        "not-before-policy": 0,
        "session_state": sid,
        "scope": access_token::shown_scope(&scopes),
        "issued_token_type": ACCESS_TOKEN,
    });
    if let Value::Object(members) = &mut answer {
        members.retain(|_, value| !value.is_null());
    }
    Ok(answer)
}

/// The token that is to be traded, and its session; or the first thing that Keycloak finds wrong
/// with the request.
async fn subject(
    server: &Server,
    client: &Client,
    fields: &Fields,
    key: Option<&str>,
) -> Result<(Value, sessions::Session), Refusal> {
    for name in ["requested_subject", "requested_issuer", "subject_issuer"] {
        if fields.get(name).is_some() {
            return Err(invalid_request(&format!("Parameter '{name}' is not supported for standard token exchange")));
        }
    }
    if !client.exchanges_tokens {
        return Err(invalid_request("Standard token exchange is not enabled for the requested client"));
    }
    let required = |name: &str| {
        let sentence = format!("Parameter '{name}' required for standard token exchange");
        fields.get(name).ok_or_else(|| invalid_request(&sentence))
    };
    let token = required("subject_token")?;
    if required("subject_token_type")? != ACCESS_TOKEN {
        return Err(invalid_request("Parameter 'subject_token' supports access tokens only"));
    }
    let presented = presented::read(server, token).await.filter(|token| token.holds(server));
    let subject = match presented {
        Some(Presented::Access(claims)) if is_good(server, &claims) => claims,
        _ => return Err(invalid_request("Invalid token")),
    };
    check_key(&subject, client, key)?;
    if fields.get("requested_token_type").is_some_and(|requested| requested != ACCESS_TOKEN) {
        return Err(invalid_request("requested_token_type unsupported"));
    }
    // A client's own token has no session.
    let session = presented::session_of(server, &subject);
    let outside = || described(StatusCode::FORBIDDEN, "access_denied", "Client is not within the token audience");
    session.map(|session| (subject, session)).ok_or_else(outside)
}

/// A token that is bound to a key is traded by nobody but its holder, who has the key: a server
/// that was sent it cannot sign for it.
fn check_key(subject: &Value, client: &Client, key: Option<&str>) -> Result<(), Refusal> {
    let Some(bound) = subject["cnf"]["jkt"].as_str() else { return Ok(()) };
    if subject["azp"] != client.client_id {
        let sentence =
            "Sender-constrained token exchange rejected as the token was not issued for the requesting client";
        return Err(invalid_request(sentence));
    }
    dpop::check_binding(Some(bound), key).map_err(invalid_request)
}

fn is_good(server: &Server, claims: &Value) -> bool {
    let is_alive = claims["exp"].as_u64().is_some_and(|exp| exp > now());
    let jti = claims["jti"].as_str().unwrap_or_default();
    is_alive && !server.sessions.lock().revoked.contains_key(jti)
}

/// The servers that the new token is to be for, by their `client_id`.
fn asked_audiences(server: &Server, fields: &Fields) -> Result<Vec<String>, Refusal> {
    let asked: BTreeSet<_> = fields.all("audience").map(str::to_owned).collect();
    match asked.iter().all(|audience| server.clients.get(audience).is_some()) {
        true => Ok(asked.into_iter().collect()),
        false => Err(described(StatusCode::BAD_REQUEST, "invalid_client", "Audience not found")),
    }
}
