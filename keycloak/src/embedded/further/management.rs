//! Dynamic client registration management (RFC 7592 §2): read, replace, delete.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Json, Response};

use crate::embedded::client_metadata::RequestedMetadata;
use crate::embedded::clients::{IdpClient, RegistrationToken};
use crate::embedded::local_tokens::{LocalClaims, REGISTRATION_ACCESS};
use crate::embedded::metadata::UTF_8;
use crate::embedded::now;
use crate::embedded::policies::{self, PolicySubject};
use crate::embedded::refusal::{IdpRefusal, internal_error, not_found};
use crate::embedded::registration::{Registrant, converted, information, invalid_token, registrant, with_origin};
use crate::embedded::routes::not_allowed;
use crate::embedded::server::IdpServer;

const NOT_VIEW: &str = "Not authorized to view client. Not valid token or client credentials provided.";
const NOT_UPDATE: &str = "Not authorized to update client. Maybe missing token or bad token type.";

pub async fn manage(
    State(server): State<Arc<IdpServer>>,
    Path((_, client_id)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, IdpRefusal> {
    match method {
        Method::GET => read(&server, &client_id, &headers),
        Method::PUT => update(&server, &client_id, &headers, &body),
        Method::DELETE => delete(&server, &client_id, &headers),
        Method::POST => Err(not_found()),
        _ => Err(not_allowed().await),
    }
}

fn read(server: &IdpServer, client_id: &str, headers: &HeaderMap) -> Result<Response, IdpRefusal> {
    let (client, claims) = opened_entry(server, client_id, headers, NOT_VIEW)?;
    // The response has the same token again: reading does not renew it.
    let token = server.local_tokens.sign(&claims).ok_or_else(internal_error)?;
    Ok(with_origin(headers, (UTF_8, Json(information(server, &client, &token))).into_response()))
}

fn update(server: &IdpServer, client_id: &str, headers: &HeaderMap, body: &[u8]) -> Result<Response, IdpRefusal> {
    let requested = RequestedMetadata::read(headers, body)?;
    // "The client MUST include its "client_id" field in the request, and it MUST be the same as its
    // currently issued client identifier." (RFC 7592 §2.2) Keycloak fails on any other.
    if requested.client_id.as_deref() != Some(client_id) || server.clients.get(client_id).is_none() {
        return Err(internal_error());
    }
    let (before, _) = opened_entry(server, client_id, headers, NOT_UPDATE)?;
    let anonymous = before.registration_token.as_ref().is_some_and(|token| token.anonymous);
    let mut client = converted(server, &requested, before)?;
    let subject = PolicySubject { client: &client, requested: &requested, anonymous, is_new: false };
    policies::check(server, &subject)?;
    // The update makes a new token, and the old one is no longer valid.
    let (token, claims) = server.local_tokens.make(REGISTRATION_ACCESS, now(), 0).ok_or_else(internal_error)?;
    client.registration_token = Some(RegistrationToken { jti: claims.jti, anonymous });
    server.clients.put(client.clone());
    Ok(with_origin(headers, (UTF_8, Json(information(server, &client, &token))).into_response()))
}

fn delete(server: &IdpServer, client_id: &str, headers: &HeaderMap) -> Result<Response, IdpRefusal> {
    opened_entry(server, client_id, headers, NOT_UPDATE)?;
    server.clients.remove(client_id);
    Ok(with_origin(headers, StatusCode::NO_CONTENT.into_response()))
}

/// The client, if the request has the token that opens its entry.
fn opened_entry(
    server: &IdpServer,
    client_id: &str,
    headers: &HeaderMap,
    refusal: &str,
) -> Result<(IdpClient, LocalClaims), IdpRefusal> {
    let claims = match registrant(server, headers)? {
        Registrant::Registered(claims) => claims,
        Registrant::Initial(_) => return Err(invalid_token("Not initial access token allowed")),
        Registrant::Anonymous => return Err(invalid_token(refusal)),
    };
    let opens = |client: &IdpClient| client.registration_token.as_ref().is_some_and(|token| token.jti == claims.jti);
    let client = server.clients.get(client_id).filter(opens).ok_or_else(|| invalid_token(refusal))?;
    Ok((client, claims))
}
