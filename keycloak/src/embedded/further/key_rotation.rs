//! How an administrator rotates the realm's keys: a new key provider, by Keycloak's admin API.
//!
//! Left out: providers of other kinds, the settings of this kind beside its priority, and reading
//! and deleting providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::administration::{check_administrator, unreadable};
use crate::embedded::refusal::{IdpRefusal, internal_error};
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
    let request: KeyProviderRequest = serde_json::from_slice(&body).map_err(|_| unreadable())?;
    let kind = (request.provider_type.as_deref(), request.provider_id.as_deref());
    let priority = request.config.get("priority").and_then(|values| values.first());
    let (Ok(priority), (Some(KEY_PROVIDER), Some(RSA_GENERATED))) = (priority.map_or(Ok(0), |text| text.parse()), kind)
    else {
        return Err(unreadable());
    };
    let id = server.keys.add(priority).ok_or_else(internal_error)?;
    let location = format!("{}/components/{id}", server.issuer.replace("/realms/", "/admin/realms/"));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)]).into_response())
}
