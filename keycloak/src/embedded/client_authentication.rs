//! Client authentication at the token endpoint and its neighbours with a secret (RFC 6749 §2.3.1).
//! `further/client_assertion.rs` has the other way: an assertion that the client signs.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use super::clients::IdpClient;
use super::form::FormFields;
use super::further::client_assertion;
use super::refusal::{IdpRefusal, described};
use super::server::IdpServer;

const UNKNOWN: &str = "Invalid client or Invalid client credentials";

/// The client of a token request.
pub fn authenticate(server: &IdpServer, headers: &HeaderMap, fields: &FormFields) -> Result<IdpClient, IdpRefusal> {
    let basic = basic(headers);
    let named = basic.as_ref().map(|(id, _)| id.as_str()).or_else(|| fields.get("client_id"));
    let client = match named {
        Some(id) => server.clients.get(id),
        None => client_assertion::named_client(server, fields),
    };
    let client = client.ok_or_else(unknown_client)?;
    if client.signs() {
        client_assertion::check(server, &client, fields)?;
        return Ok(client);
    }
    let Some(expected) = &client.secret else { return Ok(client) };
    let (secret, place) = match &basic {
        Some((_, secret)) => (Some(secret.as_str()), "client_secret_basic"),
        None => (fields.get("client_secret"), "client_secret_post"),
    };
    // A client that registered has to use the place that it registered for. The time that a
    // comparison takes must not reveal how much of the secret was right.
    let is_other_place = client.auth_method.starts_with("client_secret_") && client.auth_method != place;
    let is_right: bool = secret.unwrap_or_default().as_bytes().ct_eq(expected.as_bytes()).into();
    if is_other_place || !is_right {
        return Err(described(StatusCode::UNAUTHORIZED, "unauthorized_client", UNKNOWN));
    }
    Ok(client)
}

/// The credentials of an `Authorization: Basic` header. Each is form-encoded inside (RFC 6749
/// §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let pair = url::form_urlencoded::parse(text.as_bytes()).next();
        pair.map(|(plain, _)| plain.into_owned()).unwrap_or_default()
    };
    Some((plain(id), plain(secret)))
}

fn unknown_client() -> IdpRefusal {
    described(StatusCode::UNAUTHORIZED, "invalid_client", UNKNOWN)
}
