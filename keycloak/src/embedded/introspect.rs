//! Token introspection (RFC 7662): a resource server asks whether a token is good, and what it
//! says.
//!
//! Left out: answers as a signed JWT (RFC 9701), and the tokens of UMA.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::access_token::{self, Subject};
use super::client_authentication::authenticate;
use super::clients::Client;
use super::presented::{self, Presented};
use super::token::{Fields, invalid_request};
use super::tokens::Claims;
use super::{Refusal, Server, described, now, sessions};

/// An introspection request.
pub async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Result<Response, Refusal> {
    let fields = Fields::read(&body);
    let client = resource_server(&server, &headers, &fields)?;
    fields.check_duplicates()?;
    let token = fields.get("token").ok_or_else(|| invalid_request("Token not provided."))?;
    let token = presented::read(&server, token).await.filter(|token| token.holds(&server));
    let about = match (fields.get("token_type_hint"), token) {
        // Keycloak takes an ID token for an access token to the client.
        (None | Some("access_token"), Some(Presented::Access(claims) | Presented::Id(claims))) => {
            of_access_token(&server, &client, claims)
        }
        (Some("refresh_token"), Some(Presented::Refresh(claims, token))) => {
            of_refresh_token(&server, &client, claims, &token)
        }
        // Only an access token is looked for where the hint does not say otherwise. RFC 7662 §2.1
        // wants more: "If the server is unable to locate the token using the given hint, it MUST
        // extend its search across all of its supported token types".
        (None | Some("access_token" | "refresh_token"), _) => None,
        (Some(_), _) => return Err(invalid_request("Unsupported token type.")),
    };
    // "the authorization server MUST return an introspection response with the "active" field set
    // to "false". Note that to avoid disclosing too much of the authorization server's state to a
    // third party, the authorization server SHOULD NOT include any additional information about an
    // inactive token, including why the token is inactive." (RFC 7662 §2.2)
    let answer = about.unwrap_or(json!({"active": false}));
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(answer)).into_response())
}

/// "To prevent token scanning attacks, the endpoint MUST also require some form of authorization to
/// access this endpoint" (RFC 7662 §2.1)
fn resource_server(server: &Server, headers: &HeaderMap, fields: &Fields) -> Result<Client, Refusal> {
    let client = authenticate(server, headers, fields).map_err(|refusal| match refusal.error.as_str() {
        // The token endpoint has another code for a wrong secret.
        "unauthorized_client" => described(refusal.status, "invalid_client", "Client authentication failed."),
        _ => refusal,
    })?;
    match client.auth_method == "none" {
        true => Err(described(StatusCode::FORBIDDEN, "invalid_request", "Client not allowed.")),
        false => Ok(client),
    }
}

/// What an access token says, for a client in its audience; `None` for anyone else, and where it is
/// no longer good.
fn of_access_token(server: &Server, client: &Client, mut claims: Value) -> Option<Value> {
    let (now, jti) = (now(), claims["jti"].as_str()?);
    let is_over = claims["exp"].as_u64().is_none_or(|exp| exp <= now);
    let is_early = claims["nbf"].as_u64().is_some_and(|nbf| nbf > now);
    let is_revoked = server.sessions.lock().revoked.contains_key(jti);
    let holder = server.clients.get(claims["azp"].as_str()?)?;
    // "The authorization server MAY respond differently to different protected resources making the
    // same request." (RFC 7662 §2.2)
    let is_for = access_token::is_in_audience(&claims, &client.client_id);
    if is_over || is_early || is_revoked || !is_for {
        return None;
    }
    // That is no member of an access token.
    claims.as_object_mut()?.shift_remove("at_hash");
    let typ = claims["typ"].clone();
    claims["client_id"] = json!(holder.client_id);
    if let Some(session) = presented::session_of(server, &claims) {
        // Keycloak looks at the session anew: since the token was given out, the client may have
        // signed its user in once more.
        if let Some(acr) = session.acr(&holder.client_id).filter(|_| claims.get("acr").is_some()) {
            claims["acr"] = json!(acr);
        }
        claims["username"] = json!(session.username);
    } else if let Some(account) = server.realm.service_account(&holder.client_id) {
        claims["username"] = json!(account.username);
    }
    claims["token_type"] = typ;
    claims["active"] = json!(true);
    Some(claims)
}

/// What a refresh token stands for, for the client that it was given to: nobody else has a use for
/// it.
fn of_refresh_token(server: &Server, client: &Client, claims: Claims, token: &sessions::Refresh) -> Option<Value> {
    if token.part.client_id != client.client_id {
        return None;
    }
    let session = server.sessions.lock().refreshable(&claims.jti).ok()?;
    let user = server.realm.user(&session.username)?;
    let scopes = access_token::granted_scopes(server, client, Some(user), &token.scope);
    let mut audiences = access_token::audiences(server, client, Some(user), &scopes);
    audiences.insert(0, server.issuer.clone());
    let part = Some((token.part.session.as_str(), &session));
    let acr = session.acr(&client.client_id);
    let (scopes, audiences) = (scopes.as_slice(), audiences.as_slice());
    // Only public clients have refresh tokens that are bound to a key, and they may not ask here.
    let subject = Subject { session: part, user: Some(user), client, scopes, audiences, acr, key: None };
    let mut about = Value::Object(subject.refresh_token(server, &claims)?);
    about["client_id"] = json!(client.client_id);
    about["username"] = json!(user.username);
    about["token_type"] = json!(claims.typ);
    about["active"] = json!(true);
    Some(about)
}
