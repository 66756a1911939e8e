//! Dynamic client registration and its management, as Keycloak does them: RFC 7591, RFC 7592, and
//! Keycloak's own refusals.
//!
//! Left out: software statements, the implicit grant, and authentication by a shared secret's
//! signature or a client certificate.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Map, Value, json};

use super::client_authentication::read_keys;
use super::clients::{Client, RegistrationToken, strings};
use super::policies::{self, Refused, Request};
use super::tokens::{self, Claims};
use super::{Refusal, Server, UTF_8, described, error, no_answer, now, random, token_exchange};

/// The members that Keycloak knows; any other one is refused.
const MEMBERS: &[&str] = &[
    "application_type",
    "backchannel_logout_session_required",
    "backchannel_logout_uri",
    "client_id",
    "client_id_issued_at",
    "client_name",
    "client_secret",
    "client_secret_expires_at",
    "client_uri",
    "contacts",
    "default_acr_values",
    "default_max_age",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "frontchannel_logout_uri",
    "grant_types",
    "initiate_login_uri",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "policy_uri",
    "post_logout_redirect_uris",
    "redirect_uris",
    "registration_access_token",
    "registration_client_uri",
    "request_uris",
    "require_auth_time",
    "require_pushed_authorization_requests",
    "response_types",
    "scope",
    "sector_identifier_uri",
    "software_id",
    "software_version",
    "subject_type",
    "tls_client_certificate_bound_access_tokens",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "tos_uri",
];
/// Those of them that are lists; all others are single values.
const LISTS: &[&str] = &[
    "contacts",
    "default_acr_values",
    "grant_types",
    "post_logout_redirect_uris",
    "redirect_uris",
    "request_uris",
    "response_types",
];
/// Grants that a client can be registered for here.
const GRANTS: [&str; 6] = [
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    token_exchange::GRANT,
];

/// Who asks.
enum Caller {
    Anonymous,
    Initial(Claims),
    Client(Claims),
}

/// RFC 7591 §3.
pub async fn register(
    State(server): State<Arc<Server>>,
    Path(_): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let document = document(&headers, &body)?;
    let caller = caller(&server, &headers)?;
    if document.contains_key("client_id") {
        return Err(invalid_metadata("Client Identifier included"));
    }
    if let Caller::Initial(claims) = &caller {
        server.initial_access.check(&claims.jti).map_err(invalid_token)?;
    }
    let anonymous = !matches!(caller, Caller::Initial(_));
    check_origin(&server, anonymous, &headers)?;
    let (Some(client_id), Some((token, claims))) =
        (random::uuid(), server.tokens.make(tokens::REGISTRATION_ACCESS, now(), 0))
    else {
        return Err(no_answer());
    };
    let mut client = converted(&server, &document, Client { client_id, ..Client::default() })?;
    check_policies(&server, anonymous, &document, &client, true)?;
    client.registration_token = Some(RegistrationToken { id: claims.jti, anonymous });
    client.consent_required = policies::has(&server.realm, kind(anonymous), "consent-required");
    client.full_scope = !policies::has(&server.realm, kind(anonymous), "scope");
    if let Caller::Initial(claims) = &caller {
        server.initial_access.used(&claims.jti);
    }
    server.clients.put(client.clone());
    let mut answer = information(&server, &client, &token);
    answer["client_id_issued_at"] = json!(now());
    let location = [(header::LOCATION, uri(&server, &client))];
    Ok(with_origin(&headers, (StatusCode::CREATED, UTF_8, location, Json(answer)).into_response()))
}

/// RFC 7592 §2: read, replace, delete.
pub async fn manage(
    State(server): State<Arc<Server>>,
    Path((_, client_id)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    match method {
        Method::GET => read(&server, &client_id, &headers),
        Method::PUT => update(&server, &client_id, &headers, &body),
        Method::DELETE => delete(&server, &client_id, &headers),
        Method::POST => Err(error(StatusCode::NOT_FOUND, "HTTP 404 Not Found")),
        _ => Err(error(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")),
    }
}

fn read(server: &Server, client_id: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let (client, claims) = entry(server, client_id, headers, NOT_VIEW)?;
    // The same token again: reading does not renew it.
    let token = server.tokens.sign(&claims).ok_or_else(no_answer)?;
    Ok(with_origin(headers, (UTF_8, Json(information(server, &client, &token))).into_response()))
}

fn update(server: &Server, client_id: &str, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    let document = document(headers, body)?;
    // Keycloak looks the client up by the member, and falls where it finds none.
    let named = document.get("client_id").and_then(Value::as_str);
    if named != Some(client_id) || server.clients.get(client_id).is_none() {
        return Err(no_answer());
    }
    let (before, _) = entry(server, client_id, headers, NOT_UPDATE)?;
    let anonymous = before.registration_token.as_ref().is_some_and(|token| token.anonymous);
    let mut client = converted(server, &document, before.clone())?;
    check_policies(server, anonymous, &document, &client, false)?;
    // A new token; the old one is dead from here on.
    let (token, claims) = server.tokens.make(tokens::REGISTRATION_ACCESS, now(), 0).ok_or_else(no_answer)?;
    client.registration_token = Some(RegistrationToken { id: claims.jti, anonymous });
    server.clients.put(client.clone());
    Ok(with_origin(headers, (UTF_8, Json(information(server, &client, &token))).into_response()))
}

fn delete(server: &Server, client_id: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    entry(server, client_id, headers, NOT_UPDATE)?;
    server.clients.remove(client_id);
    Ok(with_origin(headers, StatusCode::NO_CONTENT.into_response()))
}

const NOT_VIEW: &str = "Not authorized to view client. Not valid token or client credentials provided.";
const NOT_UPDATE: &str = "Not authorized to update client. Maybe missing token or bad token type.";

/// The client whose entry the token opens.
fn entry(server: &Server, client_id: &str, headers: &HeaderMap, refusal: &str) -> Result<(Client, Claims), Refusal> {
    let claims = match caller(server, headers)? {
        Caller::Client(claims) => claims,
        Caller::Initial(_) => return Err(invalid_token("Not initial access token allowed")),
        Caller::Anonymous => return Err(invalid_token(refusal)),
    };
    let client = server.clients.get(client_id);
    let opens = |client: &Client| client.registration_token.as_ref().is_some_and(|token| token.id == claims.jti);
    client.filter(opens).map(|client| (client, claims)).ok_or_else(|| invalid_token(refusal))
}

/// The `Authorization` header; what is no bearer token counts as none.
fn caller(server: &Server, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((scheme, token)) = value.split_once(' ') else { return Ok(Caller::Anonymous) };
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Ok(Caller::Anonymous);
    }
    match server.tokens.read(token.trim(), now()) {
        Some(claims) if claims.typ == tokens::INITIAL_ACCESS => Ok(Caller::Initial(claims)),
        Some(claims) if claims.typ == tokens::REGISTRATION_ACCESS => Ok(Caller::Client(claims)),
        _ => Err(invalid_token("Failed decode token")),
    }
}

/// The request as a JSON object with known members of the right kind.
fn document(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let sentence = "The content-type header value did not match the value in @Consumes";
        return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
    }
    let cannot = |code: &str| Err(described(StatusCode::BAD_REQUEST, code, "Cannot parse the JSON"));
    let document = match serde_json::from_slice(body) {
        Ok(Value::Object(document)) => document,
        Ok(Value::Null) => return Err(no_answer()),
        Ok(_) => return cannot("unknown_error"),
        Err(_) if body.is_empty() => return Err(no_answer()),
        Err(_) => return cannot("invalid_request"),
    };
    if let Some(name) = document.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        let text = String::from_utf8_lossy(body);
        let column = text.find(&format!("\"{name}\"")).map_or(0, |at| at + name.len() + 4);
        let sentence = format!(
            "Invalid json representation for OIDCClientRepresentation. Unrecognized field \"{name}\" at line 1 column {column}."
        );
        return Err(error(StatusCode::BAD_REQUEST, &sentence));
    }
    let fits = |(name, value): (&String, &Value)| match (LISTS.contains(&name.as_str()), value) {
        (_, Value::Null) | (true, Value::Array(_)) => true,
        (true, _) => false,
        (false, Value::Object(_)) => name == "jwks",
        (false, Value::Array(_)) => false,
        (false, _) if name == "dpop_bound_access_tokens" => truth(value).is_some(),
        (false, _) => name != "default_max_age" || value.is_number(),
    };
    if !document.iter().all(fits) {
        return cannot("unknown_error");
    }
    Ok(document)
}

fn check_origin(server: &Server, anonymous: bool, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    match policies::origin_allowed(&server.realm, kind(anonymous), origin) {
        true => Ok(()),
        false => Err(error(StatusCode::FORBIDDEN, "Invalid origin")),
    }
}

fn kind(anonymous: bool) -> &'static str {
    if anonymous { "anonymous" } else { "authenticated" }
}

/// The client as the request would have it.
fn converted(server: &Server, document: &Map<String, Value>, before: Client) -> Result<Client, Refusal> {
    let text = |name: &str| match document.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        None | Some(Value::Null) => None,
        Some(other) => Some(other.to_string()),
    };
    let list = |name: &str| document.get(name).filter(|value| !value.is_null()).map(strings);
    let invalid = || Err(invalid_metadata("Client metadata invalid"));

    let auth_method = text("token_endpoint_auth_method").unwrap_or_else(|| "client_secret_basic".to_owned());
    let has_keys = document.contains_key("jwks_uri") || document.contains_key("jwks");
    match auth_method.as_str() {
        "none" | "client_secret_basic" | "client_secret_post" => {}
        "private_key_jwt" if has_keys => {}
        _ => return invalid(),
    }
    let jwks = document.get("jwks").filter(|jwks| !jwks.is_null());
    // Keycloak falls where there is no list.
    if jwks.is_some_and(|jwks| !jwks["keys"].is_array()) {
        return Err(no_answer());
    }
    if jwks.is_some_and(|jwks| read_keys(jwks).is_none()) {
        return invalid();
    }
    if document.contains_key("jwks_uri") && document.contains_key("jwks") {
        return invalid();
    }
    let response_types = list("response_types").unwrap_or_default();
    // `none` is what this endpoint itself writes beside `code`, so it comes back with an update.
    if response_types.iter().any(|response_type| !["code", "none"].contains(&response_type.as_str())) {
        return invalid();
    }
    let asked = list("grant_types");
    if asked.iter().flatten().any(|grant| grant.ends_with(":token-exchange")) && auth_method == "none" {
        return invalid();
    }
    // Codes are for those who ask for them in either list, or in neither; without the member a
    // client gets refresh tokens too.
    let asks_for = |grant: &str| asked.iter().flatten().any(|one| one == grant);
    let standard_flow = !response_types.is_empty()
        || asked.as_ref().is_none_or(|asked| asked.is_empty())
        || asks_for("authorization_code");
    let grant_types = GRANTS.iter().filter(|grant| match **grant {
        "authorization_code" => standard_flow,
        "refresh_token" => asked.is_none() || asks_for(grant),
        _ => asks_for(grant),
    });
    let redirect_uris: Vec<_> =
        list("redirect_uris").unwrap_or_default().into_iter().filter(|uri| !uri.is_empty()).collect();
    let grant_types: Vec<_> = grant_types.map(|grant| (*grant).to_owned()).collect();
    let secret = match auth_method.as_str() {
        "client_secret_basic" | "client_secret_post" => before.secret.clone().or_else(random::secret),
        _ => None,
    };
    // A registration that names scopes gets, besides those, only `basic` (Keycloak before 26.8).
    let default_scopes = match (text("scope"), before.default_scopes.is_empty()) {
        (Some(_), _) => vec!["basic".to_owned()],
        (None, true) => super::clients::default_scopes(),
        (None, false) => before.default_scopes.clone(),
    };
    let optional_scopes = match text("scope") {
        Some(scope) => unique(scope.split(' ').filter(|scope| !scope.is_empty() && *scope != "openid")),
        None if !before.default_scopes.is_empty() => before.optional_scopes.clone(),
        None => server.realm.optional_scopes().map(str::to_owned).collect(),
    };
    Ok(Client {
        auth_method,
        secret,
        name: text("client_name").or(before.name),
        client_uri: text("client_uri").or(before.client_uri),
        jwks_uri: text("jwks_uri"),
        jwks: jwks.cloned(),
        web_origins: unique(redirect_uris.iter().filter_map(|uri| origin(uri))),
        dpop_bound_access_tokens: document
            .get("dpop_bound_access_tokens")
            .and_then(|value| truth(value)?)
            .unwrap_or(before.dpop_bound_access_tokens),
        exchanges_tokens: grant_types.iter().any(|grant| grant == token_exchange::GRANT),
        redirect_uris,
        grant_types,
        default_scopes,
        optional_scopes,
        standard_flow,
        ..before
    })
}

/// A truth value as Keycloak reads it, who takes whole numbers and some words for one too;
/// `Some(None)` for nothing said, and `None` for what is no truth value.
fn truth(value: &Value) -> Option<Option<bool>> {
    match value {
        Value::Null => Some(None),
        Value::Bool(truth) => Some(Some(*truth)),
        Value::Number(number) => number.as_i64().map(|number| Some(number != 0)),
        Value::String(word) => match word.as_str() {
            "" => Some(None),
            "true" | "True" | "TRUE" => Some(Some(true)),
            "false" | "False" | "FALSE" => Some(Some(false)),
            _ => None,
        },
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The scheme, host and port of a URI, as they were written.
fn origin(uri: &str) -> Option<&str> {
    let host = uri.find("://")? + 3;
    let end = uri[host..].find('/').map_or(uri.len(), |path| host + path);
    Some(&uri[..end])
}

fn unique<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for value in values {
        if !unique.iter().any(|known| known == value) {
            unique.push(value.to_owned());
        }
    }
    unique
}

/// The realm's policies, and then what Keycloak wants of URIs.
fn check_policies(
    server: &Server,
    anonymous: bool,
    document: &Map<String, Value>,
    client: &Client,
    is_new: bool,
) -> Result<(), Refusal> {
    let scope = document.get("scope").map(|scope| scope.as_str().map_or_else(|| scope.to_string(), str::to_owned));
    let request = Request { client, scope: scope.as_deref(), is_new };
    policies::check(&server.realm, kind(anonymous), &request, server.clients.count()).map_err(
        |refused| match refused {
            Refused::Crash => no_answer(),
            refused => {
                let description = refused.description().unwrap_or_default();
                described(StatusCode::FORBIDDEN, "insufficient_scope", &description)
            }
        },
    )?;
    let dangerous = |uri: &str| {
        let scheme = uri.split(':').next().unwrap_or_default().to_ascii_lowercase();
        matches!(scheme.as_str(), "javascript" | "data")
    };
    let logo = document.get("logo_uri").and_then(Value::as_str).unwrap_or_default();
    if dangerous(logo) {
        return Err(invalid_metadata("Logo URL uses an illegal scheme"));
    }
    let invalid = |sentence: &str| Err(described(StatusCode::BAD_REQUEST, "invalid_redirect_uri", sentence));
    for uri in &client.redirect_uris {
        if uri.contains('#') {
            return invalid("A redirect URI must not contain an URL fragment");
        }
        if dangerous(uri) {
            return invalid("A redirect URI uses an illegal scheme");
        }
    }
    Ok(())
}

/// The client information response (RFC 7591 §3.2.1, RFC 7592 §3), with Keycloak's additions.
fn information(server: &Server, client: &Client, token: &str) -> Value {
    let mut answer = json!({
        "redirect_uris": client.redirect_uris,
        "token_endpoint_auth_method": client.auth_method,
        "grant_types": client.grant_types,
        "response_types": if client.standard_flow { &["code", "none"][..] } else { &[] },
        "client_id": client.client_id,
        "client_secret": client.secret,
        "client_name": client.name,
        "client_uri": client.client_uri,
        "scope": client.optional_scopes.join(" "),
        "jwks_uri": client.jwks_uri,
        "jwks": client.jwks,
        "subject_type": "public",
        "request_uris": [],
        "tls_client_certificate_bound_access_tokens": false,
        "dpop_bound_access_tokens": client.dpop_bound_access_tokens,
        "post_logout_redirect_uris": client.redirect_uris,
        "client_secret_expires_at": client.secret.as_ref().map(|_| 0),
        "registration_client_uri": uri(server, client),
        "registration_access_token": token,
        "backchannel_logout_session_required": false,
        "require_pushed_authorization_requests": false,
        "frontchannel_logout_session_required": false,
    });
    if let Value::Object(members) = &mut answer {
        members.retain(|_, value| !value.is_null());
    }
    answer
}

fn uri(server: &Server, client: &Client) -> String {
    format!("{}/clients-registrations/openid-connect/{}", server.issuer, client.client_id)
}

/// A page of an allowed origin may read a success.
fn with_origin(headers: &HeaderMap, mut answer: Response) -> Response {
    if let Some(origin) = headers.get(header::ORIGIN) {
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    answer
}

fn invalid_metadata(description: &str) -> Refusal {
    described(StatusCode::BAD_REQUEST, "invalid_client_metadata", description)
}

fn invalid_token(description: &str) -> Refusal {
    described(StatusCode::UNAUTHORIZED, "invalid_token", description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_value_is_read_as_keycloak_reads_it() {
        for (value, expected) in [
            (json!(true), Some(Some(true))),
            (json!("TRUE"), Some(Some(true))),
            (json!(-1), Some(Some(true))),
            (json!(false), Some(Some(false))),
            (json!("False"), Some(Some(false))),
            (json!(0), Some(Some(false))),
            (json!(null), Some(None)),
            (json!(""), Some(None)),
            (json!("tRUE"), None),
            (json!(1.5), None),
            (json!([true]), None),
            (json!({}), None),
        ] {
            assert_eq!(truth(&value), expected, "{value}");
        }
    }
}
