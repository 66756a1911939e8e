//! The token endpoint (RFC 6749 §3.2): it authenticates clients. So far it gives out nothing, since there are no codes yet.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::clients::Client;
use super::{Server, described};

/// A refusal: status, `error`, `error_description`.
type Refusal = (StatusCode, &'static str, &'static str);

const UNKNOWN: &str = "Invalid client or Invalid client credentials";

/// A token request.
pub async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Response {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let (status, error, description) = refusal(&server, &headers, &fields);
    ([(header::CACHE_CONTROL, "no-store")], described(status, error, description)).into_response()
}

fn refusal(server: &Server, headers: &HeaderMap, fields: &[(String, String)]) -> Refusal {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let Some(grant_type) = field("grant_type") else {
        return (StatusCode::BAD_REQUEST, "invalid_request", "Missing form parameter: grant_type");
    };
    if let Err(refusal) = authenticate(server, headers, field("client_id"), field("client_secret")) {
        return refusal;
    }
    match (grant_type, field("code")) {
        ("authorization_code", None) => (StatusCode::BAD_REQUEST, "invalid_request", "Missing parameter: code"),
        ("authorization_code", Some(_)) => (StatusCode::BAD_REQUEST, "invalid_grant", "Code not valid"),
        _ => (StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant_type"),
    }
}

/// Who the client is, and that it is that one: RFC 6749 §2.3.1.
fn authenticate(
    server: &Server,
    headers: &HeaderMap,
    client_id: Option<&str>,
    client_secret: Option<&str>,
) -> Result<Client, Refusal> {
    let basic = basic(headers);
    let (id, secret, place) = match &basic {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str()), "client_secret_basic"),
        None => (client_id, client_secret, "client_secret_post"),
    };
    let client = id.and_then(|id| server.clients.get(id));
    let Some(client) = client else { return Err((StatusCode::UNAUTHORIZED, "invalid_client", UNKNOWN)) };
    let unauthorized = |description| Err((StatusCode::UNAUTHORIZED, "unauthorized_client", description));
    let Some(expected) = &client.secret else { return Ok(client) };
    match secret {
        None => unauthorized(UNKNOWN),
        Some(_) if client.auth_method == "client_secret_basic" && place != "client_secret_basic" => unauthorized(
            "Invalid method used to get client secret. Client requires method 'client_secret_basic' to obtain client secret from the request",
        ),
        Some(_) if client.auth_method == "client_secret_post" && place != "client_secret_post" => unauthorized(
            "Invalid method used to get client secret. Client requires method 'client_secret_post' to obtain client secret from the request",
        ),
        // How long a comparison takes must not say how much of the secret was right.
        Some(secret)
            if aws_lc_rs::constant_time::verify_slices_are_equal(secret.as_bytes(), expected.as_bytes()).is_ok() =>
        {
            Ok(client)
        }
        Some(_) => unauthorized(UNKNOWN),
    }
}

/// The credentials of an `Authorization: Basic` header, each of them form-encoded inside.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let pair = form_urlencoded::parse(text.as_bytes()).next();
        pair.map(|(plain, _)| plain.into_owned()).unwrap_or_default()
    };
    Some((plain(id), plain(secret)))
}
