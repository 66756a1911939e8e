//! How an administrator rotates the realm's keys: a new key provider, by Keycloak's admin API.
//!
//! Left out: providers of other kinds, the settings of this kind beside its priority, and reading
//! and deleting providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::json;

use super::administration::{admin_url, check_administrator};
use crate::embedded::refusal::{IdpRefusal, bad_request, error, internal_error};
use crate::embedded::server::IdpServer;

const KEY_PROVIDER: &str = "org.keycloak.keys.KeyProvider";
const RSA_GENERATED: &str = "rsa-generated";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyProviderRequest {
    provider_id: Option<String>,
    provider_type: Option<String>,
    #[serde(default)]
    config: BTreeMap<String, Vec<String>>,
}

/// Makes a provider, and with it a key.
pub async fn make(
    State(server): State<Arc<IdpServer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, IdpRefusal> {
    check_administrator(&server, &headers)?;
    let request: KeyProviderRequest =
        serde_json::from_slice(&body).map_err(|_| bad_request("unknown_error", "Cannot parse the JSON"))?;
    let kind = (request.provider_type.as_deref(), request.provider_id.as_deref());
    if kind != (Some(KEY_PROVIDER), Some(RSA_GENERATED)) {
        return Err(error(StatusCode::BAD_REQUEST, "Invalid provider type or no such provider"));
    }
    let priority = request.config.get("priority").and_then(|values| values.first());
    let Ok(priority) = priority.map_or(Ok(0), |priority| priority.parse()) else {
        let sentence = json!({"errorMessage": "'Priority' should be a number"});
        return Ok((StatusCode::BAD_REQUEST, Json(sentence)).into_response());
    };
    let id = server.keys.add(priority).ok_or_else(internal_error)?;
    let location = admin_url(&server, &format!("components/{id}"));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)]).into_response())
}
