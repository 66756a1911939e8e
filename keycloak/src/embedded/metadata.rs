//! Authorization server metadata (RFC 8414), with the members that are true of this realm. Keycloak
//! gives the same document in every place, so this does too.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Json, Redirect, Response};
use serde_json::{Value, json};

use super::{Defect, Server, jwk};

/// The algorithms that a client may sign an assertion with (RFC 7523).
const ASSERTION_ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// The document, in the places that have the string of RFC 8414.
pub async fn at_rfc_8414_place(state: State<Arc<Server>>) -> Response {
    match state.defect {
        Some(Defect::OidcOnly) => super::not_found_in_realm().await.into_response(),
        Some(Defect::RedirectingMetadata) => {
            Redirect::temporary(&format!("{}/.well-known/openid-configuration", state.issuer)).into_response()
        }
        _ => document(state).await,
    }
}

/// The document.
pub async fn document(State(server): State<Arc<Server>>) -> Response {
    let issuer = &server.issuer;
    let endpoint = |name: &str| format!("{issuer}/{name}");
    let listed = server.realm.client_scopes.iter().filter(|scope| scope.is_in_metadata());
    let of_realm = listed.map(|scope| scope.name.as_str());
    let scopes: Vec<_> = ["openid", "profile", "email", "offline_access"].into_iter().chain(of_realm).collect();
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": endpoint("protocol/openid-connect/auth"),
        "token_endpoint": endpoint("protocol/openid-connect/token"),
        "jwks_uri": endpoint("protocol/openid-connect/certs"),
        "registration_endpoint": endpoint("clients-registrations/openid-connect"),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", super::token_exchange::GRANT],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "revocation_endpoint": endpoint("protocol/openid-connect/revoke"),
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "introspection_endpoint": endpoint("protocol/openid-connect/token/introspect"),
        // Keycloak lists none too, and refuses whoever comes without credentials.
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "scopes_supported": scopes,
        // The realm's client policy takes S256 only.
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": jwk::ALGORITHMS,
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    });
    spoil(&mut document, server.defect, issuer);
    ([(header::CACHE_CONTROL, "no-cache, must-revalidate, no-transform, no-store")], Json(document)).into_response()
}

fn spoil(document: &mut Value, defect: Option<Defect>, issuer: &str) {
    match defect {
        // The mix-up attack: users sign in at the honest server, and its codes go to this one's
        // token endpoint.
        Some(Defect::WrongIssuer) => {
            document["issuer"] = json!("https://honest.example/realms/mcp-oauth");
            document["authorization_endpoint"] =
                json!("https://honest.example/realms/mcp-oauth/protocol/openid-connect/auth");
        }
        Some(Defect::TrailingSlash) => document["issuer"] = json!(format!("{issuer}/")),
        Some(Defect::PlainOnly) => document["code_challenge_methods_supported"] = json!(["plain"]),
        Some(Defect::HttpNotLoopback) => document["token_endpoint"] = json!("http://idp.example/token"),
        Some(Defect::NoPkce) => {
            if let Value::Object(members) = document {
                members.shift_remove("code_challenge_methods_supported");
            }
        }
        Some(Defect::JavascriptUrl) => document["authorization_endpoint"] = json!("javascript:alert(document.domain)"),
        Some(
            Defect::OidcOnly
            | Defect::RedirectingMetadata
            | Defect::OtherState
            | Defect::OtherIss
            | Defect::NoIss
            | Defect::ExpiredTokens
            | Defect::TokensNotYetGood
            | Defect::OtherIssuerInTokens
            | Defect::NoKeys
            | Defect::AudienceWithSlash
            | Defect::AudienceOfOthers
            | Defect::ResourceIndicators,
        )
        | None => {}
    }
}
