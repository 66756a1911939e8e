//! Authorization server metadata (RFC 8414), with the members that are true of this server. Keycloak gives the same document
//! in every place, so this does too.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use super::Server;

pub async fn document(State(server): State<Arc<Server>>) -> Response {
    let issuer = &server.issuer;
    let listed = server.realm.client_scopes.iter().filter(|scope| scope.is_in_metadata());
    let scopes: Vec<_> = ["openid"].into_iter().chain(listed.map(|scope| scope.name.as_str())).collect();
    let document = json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/protocol/openid-connect/certs"),
        "scopes_supported": scopes,
        // No endpoint that issues tokens yet: it comes with the lesson that teaches it.
        "response_types_supported": [],
        "grant_types_supported": [],
    });
    ([(header::CACHE_CONTROL, "no-cache, must-revalidate, no-transform, no-store")], Json(document)).into_response()
}
