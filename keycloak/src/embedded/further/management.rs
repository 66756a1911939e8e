//! Dynamic client registration management (RFC 7592 §2): read, replace, delete.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};

use crate::embedded::client_metadata::RequestedMetadata;
use crate::embedded::clients::{IdpClient, RegistrationToken};
use crate::embedded::local_tokens::{LocalClaims, REGISTRATION_ACCESS};
use crate::embedded::metadata::UTF_8;
use crate::embedded::now;
use crate::embedded::policies::{self, PolicySubject};
use crate::embedded::refusal::{IdpRefusal, internal_error};
use crate::embedded::registration::{Registrant, converted, information, invalid_token, registrant};
use crate::embedded::server::IdpServer;

const NOT_AUTHORIZED: &str = "Not authorized to view client. Not valid token or client credentials provided.";

pub async fn read(
    State(server): State<Arc<IdpServer>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, IdpRefusal> {
    let (client, claims) = opened_entry(&server, &client_id, &headers)?;
    // The response has the same token again: reading does not renew it.
    let token = server.local_tokens.sign(&claims).ok_or_else(internal_error)?;
    Ok((UTF_8, Json(information(&server, &client, &token))).into_response())
}

pub async fn update(
    State(server): State<Arc<IdpServer>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, IdpRefusal> {
    let requested = RequestedMetadata::read(&headers, &body)?;
    let (before, _) = opened_entry(&server, &client_id, &headers)?;
    // "The client MUST include its "client_id" field in the request, and it MUST be the same as its
    // currently issued client identifier." (RFC 7592 §2.2) Keycloak fails on any other.
    if requested.client_id.as_ref() != Some(&client_id) {
        return Err(internal_error());
    }
    let anonymous = before.registration_token.as_ref().is_some_and(|token| token.anonymous);
    let mut client = converted(&server, &requested, before)?;
    let subject = PolicySubject { client: &client, requested: &requested, anonymous, is_new: false };
    policies::check(&server, &subject)?;
    // The update makes a new token, and the old one is no longer valid.
    let (token, claims) = server.local_tokens.make(REGISTRATION_ACCESS, now(), 0).ok_or_else(internal_error)?;
    client.registration_token = Some(RegistrationToken { jti: claims.jti, anonymous });
    server.clients.put(client.clone());
    Ok((UTF_8, Json(information(&server, &client, &token))).into_response())
}

pub async fn delete(
    State(server): State<Arc<IdpServer>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, IdpRefusal> {
    opened_entry(&server, &client_id, &headers)?;
    server.clients.remove(&client_id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The client, if the request has the token that opens its entry.
fn opened_entry(
    server: &IdpServer,
    client_id: &str,
    headers: &HeaderMap,
) -> Result<(IdpClient, LocalClaims), IdpRefusal> {
    let refused = || invalid_token(NOT_AUTHORIZED);
    let Registrant::Registered(claims) = registrant(server, headers)? else { return Err(refused()) };
    let opens = |client: &IdpClient| client.registration_token.as_ref().is_some_and(|token| token.jti == claims.jti);
    let client = server.clients.get(client_id).filter(opens).ok_or_else(refused)?;
    Ok((client, claims))
}
