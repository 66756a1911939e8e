//! What the server says of itself: authorization server metadata (RFC 8414) with the members that
//! are true of this realm, and the keys (RFC 7517).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::further::{client_assertion, jwk, token_exchange};
use super::server::IdpServer;

/// Keycloak names the character set in some responses, and not in others.
pub const UTF_8: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
pub const NO_CACHE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-cache")];

/// Where the document is, below the server's root. Keycloak serves the same one in every place, so
/// this does too.
pub fn places(realm: &str) -> [String; 3] {
    [
        format!("/.well-known/oauth-authorization-server{realm}"),
        format!("{realm}/.well-known/openid-configuration"),
        format!("{realm}/.well-known/oauth-authorization-server"),
    ]
}

pub async fn document(State(server): State<Arc<IdpServer>>) -> Response {
    ([(header::CACHE_CONTROL, "no-cache, must-revalidate, no-transform, no-store")], Json(members(&server)))
        .into_response()
}

/// What the document says.
pub fn members(server: &IdpServer) -> Value {
    let issuer = &server.issuer;
    let endpoint = |name: &str| server.endpoint(name);
    let with_secret_or_key = ["private_key_jwt", "client_secret_basic", "client_secret_post"];
    let or_public = ["private_key_jwt", "client_secret_basic", "client_secret_post", "none"];
    let of_realm = server.realm.client_scopes.iter().filter(|scope| scope.is_in_metadata());
    let of_realm = of_realm.map(|scope| scope.name.as_str());
    let scopes: Vec<_> = ["openid", "profile", "email", "offline_access"].into_iter().chain(of_realm).collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": endpoint("auth"),
        "token_endpoint": endpoint("token"),
        "jwks_uri": endpoint("certs"),
        "registration_endpoint": format!("{issuer}/clients-registrations/openid-connect"),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", token_exchange::GRANT],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": or_public,
        "token_endpoint_auth_signing_alg_values_supported": client_assertion::ALGORITHMS,
        "revocation_endpoint": endpoint("revoke"),
        "revocation_endpoint_auth_methods_supported": or_public,
        "revocation_endpoint_auth_signing_alg_values_supported": client_assertion::ALGORITHMS,
        "introspection_endpoint": endpoint("token/introspect"),
        // Keycloak lists none too, and refuses public clients there.
        "introspection_endpoint_auth_methods_supported": with_secret_or_key,
        "introspection_endpoint_auth_signing_alg_values_supported": client_assertion::ALGORITHMS,
        "scopes_supported": scopes,
        // The realm's client policy accepts S256 only.
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": jwk::ALGORITHMS,
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    })
}

pub async fn certificates(State(server): State<Arc<IdpServer>>) -> Response {
    let keys: Vec<_> = server.keys.published().await.iter().map(|key| key.jwk.clone()).collect();
    (NO_CACHE, Json(json!({"keys": keys}))).into_response()
}
