//! The realm's key providers in Keycloak's admin API: how an administrator rotates the keys.
//!
//! Left out: providers of other kinds, and the settings of this kind beside its priority.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::administration::administrator;
use super::keys::Provider;
use super::{Refusal, Server, UTF_8, described, error, no_answer};

/// What kind of component a key provider is.
const KEY_PROVIDER: &str = "org.keycloak.keys.KeyProvider";
/// The kind of key provider that there is here.
const RSA_GENERATED: &str = "rsa-generated";

/// Which components are asked for.
#[derive(Deserialize)]
pub struct Wanted {
    r#type: Option<String>,
}

/// Lists the providers.
pub async fn list(
    State(server): State<Arc<Server>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    let matches = wanted.r#type.is_none_or(|wanted| wanted == KEY_PROVIDER);
    let providers = if matches { server.keys.all() } else { Vec::new() };
    let list: Vec<_> = providers.iter().map(|provider| representation(&server, provider)).collect();
    Ok(([(header::CACHE_CONTROL, "no-cache")], UTF_8, Json(list)).into_response())
}

/// Reads a provider.
pub async fn read(
    State(server): State<Arc<Server>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    let provider = server.keys.all().into_iter().find(|provider| provider.id == id).ok_or_else(not_found)?;
    let document = Json(representation(&server, &provider));
    Ok(([(header::CACHE_CONTROL, "no-cache")], UTF_8, document).into_response())
}

/// What a new provider is made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    name: Option<String>,
    provider_id: Option<String>,
    provider_type: Option<String>,
    #[serde(default)]
    config: std::collections::BTreeMap<String, Vec<String>>,
}

/// Makes a provider, and with it a key.
pub async fn make(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    let cannot = |code| described(StatusCode::BAD_REQUEST, code, "Cannot parse the JSON");
    let document: Value = serde_json::from_slice(&body).map_err(|_| cannot("invalid_request"))?;
    let wish: Wish = serde_json::from_value(document).map_err(|_| cannot("unknown_error"))?;
    if (wish.provider_type.as_deref(), wish.provider_id.as_deref()) != (Some(KEY_PROVIDER), Some(RSA_GENERATED)) {
        return Err(error(StatusCode::BAD_REQUEST, "Invalid provider type or no such provider"));
    }
    let priority = wish.config.get("priority").and_then(|values| values.first());
    let Ok(priority) = priority.map_or(Ok(0), |priority| priority.parse()) else {
        let sentence = json!({"errorMessage": "'Priority' should be a number"});
        return Ok((StatusCode::BAD_REQUEST, Json(sentence)).into_response());
    };
    let id = server.keys.add(wish.name, json!(wish.config), priority).ok_or_else(no_answer)?;
    let location = server.issuer.replace("/realms/", "/admin/realms/") + "/components/" + &id;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)]).into_response())
}

/// Removes a provider, and its key: what it has signed is good no longer.
pub async fn delete(
    State(server): State<Arc<Server>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    match server.keys.remove(&id) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(not_found()),
    }
}

fn representation(server: &Server, provider: &Provider) -> Value {
    let mut document = json!({"id": provider.id});
    if let Some(name) = &provider.name {
        document["name"] = json!(name);
    }
    document["providerId"] = json!(RSA_GENERATED);
    document["providerType"] = json!(KEY_PROVIDER);
    document["parentId"] = json!(server.subject(&server.realm.name));
    document["config"] = provider.config.clone();
    document
}

fn not_found() -> Refusal {
    error(StatusCode::NOT_FOUND, "Could not find component")
}
