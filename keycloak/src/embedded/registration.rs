//! Dynamic client registration (RFC 7591). `further/management.rs` has what comes after it.
//!
//! Left out: software statements, grants other than four, authentication by a shared secret's
//! signature or a client certificate, and requests from pages of other origins.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use shared::scope;

use super::client_metadata::RequestedMetadata;
use super::clients::{IdpClient, RegistrationToken};
use super::further::client_assertion::read_keys;
use super::further::token_exchange;
use super::local_tokens::{INITIAL_ACCESS, LocalClaims, REGISTRATION_ACCESS};
use super::metadata::UTF_8;
use super::policies::{self, PolicySubject};
use super::refusal::{IdpRefusal, bad_request, described, internal_error};
use super::server::IdpServer;
use super::{clients, now, random};

/// Grants that a client can be registered for here.
const GRANTS: [&str; 4] = ["authorization_code", "client_credentials", "refresh_token", token_exchange::GRANT];

/// The caller of the registration endpoint.
pub enum Registrant {
    Anonymous,
    /// With an Initial Access Token.
    Initial(LocalClaims),
    /// With the registration access token of a client.
    Registered(LocalClaims),
}

pub async fn register(
    State(server): State<Arc<IdpServer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, IdpRefusal> {
    let requested = RequestedMetadata::read(&headers, &body)?;
    let registrant = registrant(&server, &headers)?;
    if requested.client_id.is_some() {
        return Err(invalid_metadata("Client Identifier included"));
    }
    if let Registrant::Initial(claims) = &registrant {
        server.initial_access.check(&claims.jti).map_err(invalid_token)?;
    }
    let anonymous = !matches!(registrant, Registrant::Initial(_));
    let client_id = random::uuid().ok_or_else(internal_error)?;
    let mut client = converted(&server, &requested, IdpClient { client_id, ..IdpClient::default() })?;
    let subject = PolicySubject { client: &client, requested: &requested, anonymous, is_new: true };
    policies::check(&server, &subject)?;
    let (token, claims) = server.local_tokens.make(REGISTRATION_ACCESS, now(), 0).ok_or_else(internal_error)?;
    client.registration_token = Some(RegistrationToken { jti: claims.jti, anonymous });
    client.consent_required = policies::has(&server.realm, anonymous, "consent-required");
    client.full_scope = !policies::has(&server.realm, anonymous, "scope");
    if let Registrant::Initial(claims) = &registrant {
        server.initial_access.count(&claims.jti);
    }
    server.clients.put(client.clone());
    let mut response = information(&server, &client, &token);
    response["client_id_issued_at"] = json!(now());
    let location = [(header::LOCATION, configuration_url(&server, &client))];
    Ok((StatusCode::CREATED, UTF_8, location, Json(response)).into_response())
}

/// Reads the `Authorization` header. Keycloak ignores one that is not a bearer token.
pub fn registrant(server: &IdpServer, headers: &HeaderMap) -> Result<Registrant, IdpRefusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((scheme, token)) = value.split_once(' ') else { return Ok(Registrant::Anonymous) };
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Ok(Registrant::Anonymous);
    }
    match server.local_tokens.read(token.trim(), now()) {
        Some(claims) if claims.typ == INITIAL_ACCESS => Ok(Registrant::Initial(claims)),
        Some(claims) if claims.typ == REGISTRATION_ACCESS => Ok(Registrant::Registered(claims)),
        _ => Err(invalid_token("Failed decode token")),
    }
}

/// The client with the requested metadata. Members that the request leaves out get Keycloak's
/// default, or stay as they were before.
pub fn converted(
    server: &IdpServer,
    requested: &RequestedMetadata,
    before: IdpClient,
) -> Result<IdpClient, IdpRefusal> {
    let auth_method = requested.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    check_metadata(requested, auth_method)?;
    let has_secret = ["client_secret_basic", "client_secret_post"].contains(&auth_method);
    let secret = before.secret.clone().or_else(random::secret).filter(|_| has_secret);
    let redirect_uris: Vec<_> =
        requested.redirect_uris.iter().flatten().filter(|uri| !uri.is_empty()).cloned().collect();
    let grant_types = granted_grants(requested);
    let (default_scopes, optional_scopes) = scopes(server, requested, &before);
    Ok(IdpClient {
        auth_method: auth_method.to_owned(),
        secret,
        name: requested.client_name.clone().or(before.name),
        jwks_uri: requested.jwks_uri.clone(),
        jwks: requested.jwks.clone(),
        dpop_bound_access_tokens: requested.dpop_bound_access_tokens.unwrap_or(before.dpop_bound_access_tokens),
        exchanges_tokens: grant_types.iter().any(|grant| grant == token_exchange::GRANT),
        standard_flow: grant_types.iter().any(|grant| grant == "authorization_code"),
        redirect_uris,
        grant_types,
        default_scopes,
        optional_scopes,
        ..before
    })
}

fn check_metadata(requested: &RequestedMetadata, auth_method: &str) -> Result<(), IdpRefusal> {
    let (has_uri, has_keys) = (requested.jwks_uri.is_some(), requested.jwks.is_some());
    let is_known_method = match auth_method {
        "none" | "client_secret_basic" | "client_secret_post" => true,
        "private_key_jwt" => has_uri || has_keys,
        _ => false,
    };
    let keys_are_usable = requested.jwks.as_ref().is_none_or(|jwks| read_keys(jwks).is_some());
    // Keycloak itself writes `none` beside `code` in its responses, so it comes back with an
    // update.
    let is_response_type = |response_type: &String| ["code", "none"].contains(&response_type.as_str());
    let are_response_types = requested.response_types.iter().flatten().all(is_response_type);
    let exchanges = requested.grant_types.iter().flatten().any(|grant| grant == token_exchange::GRANT);
    let is_valid = is_known_method
        && keys_are_usable
        // "The "jwks_uri" and "jwks" parameters MUST NOT both be present in the same request or
        // response." (RFC 7591 §2)
        && !(has_uri && has_keys)
        && are_response_types
        && !(exchanges && auth_method == "none");
    if is_valid { Ok(()) } else { Err(invalid_metadata("Client metadata invalid")) }
}

/// The grants that the client gets. Codes are for a client that asks for them in either list, or in
/// neither. A client without `grant_types` gets refresh tokens, too.
fn granted_grants(requested: &RequestedMetadata) -> Vec<String> {
    let asks_for = |grant: &str| requested.grant_types.iter().flatten().any(|asked| asked == grant);
    let names_response_types = requested.response_types.as_ref().is_some_and(|types| !types.is_empty());
    let names_grants = requested.grant_types.as_ref().is_some_and(|grants| !grants.is_empty());
    let granted = GRANTS.iter().filter(|grant| match **grant {
        "authorization_code" => names_response_types || !names_grants || asks_for(grant),
        "refresh_token" => requested.grant_types.is_none() || asks_for(grant),
        _ => asks_for(grant),
    });
    granted.map(|grant| (*grant).to_owned()).collect()
}

/// The scopes that the client always has, and those that it may ask for. A registration that names
/// scopes gets, beside those, only `basic` (Keycloak before 26.8).
fn scopes(server: &IdpServer, requested: &RequestedMetadata, before: &IdpClient) -> (Vec<String>, Vec<String>) {
    if let Some(scope) = &requested.scope {
        let named = scope::split(scope).filter(|scope| *scope != "openid");
        (vec!["basic".to_owned()], scope::union(named, []))
    } else if before.default_scopes.is_empty() {
        (clients::default_scopes(), server.realm.optional_scopes().map(str::to_owned).collect())
    } else {
        (before.default_scopes.clone(), before.optional_scopes.clone())
    }
}

/// The client information response (RFC 7591 §3.2.1, RFC 7592 §3), with Keycloak's additions.
pub fn information(server: &IdpServer, client: &IdpClient, token: &str) -> Value {
    let mut response = json!({
        "redirect_uris": client.redirect_uris,
        "token_endpoint_auth_method": client.auth_method,
        "grant_types": client.grant_types,
        "response_types": if client.standard_flow { &["code", "none"][..] } else { &[] },
        "client_id": client.client_id,
        "client_secret": client.secret,
        "client_name": client.name,
        "scope": client.optional_scopes.join(" "),
        "jwks_uri": client.jwks_uri,
        "jwks": client.jwks,
        "subject_type": "public",
        "request_uris": [],
        "tls_client_certificate_bound_access_tokens": false,
        "dpop_bound_access_tokens": client.dpop_bound_access_tokens,
        "post_logout_redirect_uris": client.redirect_uris,
        "client_secret_expires_at": client.secret.as_ref().map(|_| 0),
        "registration_client_uri": configuration_url(server, client),
        "registration_access_token": token,
        "backchannel_logout_session_required": false,
        "require_pushed_authorization_requests": false,
        "frontchannel_logout_session_required": false,
    });
    if let Value::Object(members) = &mut response {
        members.retain(|_, value| !value.is_null());
    }
    response
}

fn configuration_url(server: &IdpServer, client: &IdpClient) -> String {
    format!("{}/clients-registrations/openid-connect/{}", server.issuer, client.client_id)
}

fn invalid_metadata(description: &str) -> IdpRefusal {
    bad_request("invalid_client_metadata", description)
}

pub fn invalid_token(description: &str) -> IdpRefusal {
    described(StatusCode::UNAUTHORIZED, "invalid_token", description)
}
