//! Token introspection (RFC 7662): a resource server asks whether an access token is active, and
//! what it says.
//!
//! Left out: introspecting refresh tokens and ID tokens, responses as a signed JWT (RFC 9701), and
//! the tokens of UMA.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::presented::{self, PresentedToken};
use crate::embedded::access_token;
use crate::embedded::client_authentication::authenticate;
use crate::embedded::clients::IdpClient;
use crate::embedded::form::FormFields;
use crate::embedded::metadata::NO_CACHE;
use crate::embedded::refusal::{IdpRefusal, described, invalid_request};
use crate::embedded::server::IdpServer;

/// Ignores `token_type_hint`: a server may ignore it (RFC 7662 §2.1).
pub async fn post(
    State(server): State<Arc<IdpServer>>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, IdpRefusal> {
    let fields = FormFields::read(&body);
    let client = resource_server(&server, &headers, &fields)?;
    fields.check_duplicates_beside(&[])?;
    let token = fields.get("token").ok_or_else(|| invalid_request("Token not provided."))?;
    let token = presented::read(&server, token).await.filter(|token| token.has_session(&server));
    let response = match token {
        Some(PresentedToken::Access(claims)) => describe(&server, &client, claims),
        _ => None,
    };
    // "the authorization server MUST return an introspection response with the "active" field set
    // to "false". Note that to avoid disclosing too much of the authorization server's state to a
    // third party, the authorization server SHOULD NOT include any additional information about an
    // inactive token, including why the token is inactive." (RFC 7662 §2.2)
    let response = response.unwrap_or(json!({"active": false}));
    Ok((NO_CACHE, Json(response)).into_response())
}

/// "To prevent token scanning attacks, the endpoint MUST also require some form of authorization to
/// access this endpoint" (RFC 7662 §2.1)
fn resource_server(server: &IdpServer, headers: &HeaderMap, fields: &FormFields) -> Result<IdpClient, IdpRefusal> {
    let client = authenticate(server, headers, fields).map_err(|refusal| {
        // The token endpoint has another code for a wrong secret.
        if refusal.error == "unauthorized_client" {
            described(refusal.status, "invalid_client", "Client authentication failed.")
        } else {
            refusal
        }
    })?;
    if client.auth_method == "none" {
        return Err(described(StatusCode::FORBIDDEN, "invalid_request", "Client not allowed."));
    }
    Ok(client)
}

/// What a valid access token says, for a client in its audience.
fn describe(server: &IdpServer, client: &IdpClient, mut claims: Value) -> Option<Value> {
    let holder = server.clients.get(claims["azp"].as_str()?)?;
    // "The authorization server MAY respond differently to different protected resources making the
    // same request." (RFC 7662 §2.2)
    let is_for = access_token::is_in_audience(&claims, &client.client_id);
    if !is_for || !presented::is_valid_now(server, &claims) {
        return None;
    }
    let typ = claims["typ"].clone();
    claims["client_id"] = json!(holder.client_id);
    if let Some(session) = presented::session_of(server, &claims) {
        claims["username"] = json!(session.username);
    }
    claims["token_type"] = typ;
    claims["active"] = json!(true);
    Some(claims)
}
