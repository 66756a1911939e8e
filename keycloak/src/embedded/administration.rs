//! The few parts of Keycloak's admin API that the lessons use: the administrator's token, Initial
//! Access Tokens, client policies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Form;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::tokens::{self, Claims};
use super::{Refusal, Server, UTF_8, described, error, no_answer, now};
use crate::realm::Realm;

/// The administrator, as in `compose.yaml`.
const ADMINISTRATOR: (&str, &str) = ("admin", "admin123");
/// Seconds that the administrator's token lives.
const SECONDS: u64 = 60;

/// The Initial Access Tokens that were made, by their identifier.
#[derive(Default)]
pub struct InitialAccess(Mutex<BTreeMap<String, Initial>>);

struct Initial {
    timestamp: u64,
    expiration: u64,
    count: u64,
    remaining: u64,
}

impl InitialAccess {
    /// Whether this token is good for one more registration; the error is Keycloak's sentence.
    pub fn check(&self, id: &str) -> Result<(), &'static str> {
        match self.lock().get(id) {
            None => Err("Initial Access Token not found"),
            Some(Initial { remaining: 0, .. }) => Err("No remaining count on initial access token"),
            Some(_) => Ok(()),
        }
    }

    /// Counts one registration.
    pub fn used(&self, id: &str) {
        if let Some(token) = self.lock().get_mut(id) {
            token.remaining = token.remaining.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Initial>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The realm's client profiles and policies, which an administrator can replace.
pub struct ClientPolicies(Mutex<BTreeMap<String, Value>>);

impl ClientPolicies {
    /// Those of the realm file.
    pub fn of_realm_file(realm: &Realm) -> Self {
        let list = |document: &Value, name: &str| match document.get(name) {
            Some(_) => document.clone(),
            None => json!({name: []}),
        };
        Self(Mutex::new(BTreeMap::from([
            ("profiles".to_owned(), list(&realm.client_profiles, "profiles")),
            ("policies".to_owned(), list(&realm.client_policies, "policies")),
        ])))
    }

    /// The configuration of the enabled policy with this condition, and of the executor that it
    /// leads to.
    pub fn active(&self, condition: &str, executor: &str) -> Option<(Value, Value)> {
        let lists = self.lock();
        let named = |list: &Value, kind: &str, name: &str| -> Option<Value> {
            list.as_array()?.iter().find(|entry| entry[kind] == name).map(|entry| entry["configuration"].clone())
        };
        lists["policies"]["policies"].as_array()?.iter().filter(|policy| policy["enabled"] == true).find_map(|policy| {
            let conditions = named(&policy["conditions"], "condition", condition)?;
            let profiles = lists["profiles"]["profiles"].as_array()?;
            let executors = profiles
                .iter()
                .filter(|profile| policy["profiles"].as_array().is_some_and(|names| names.contains(&profile["name"])));
            let executor = executors.filter_map(|profile| named(&profile["executors"], "executor", executor)).next()?;
            Some((conditions, executor))
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fields of the administrator's token request.
#[derive(Deserialize)]
pub struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// The token endpoint of the realm `master`, for the administrator's password and nothing else.
pub async fn sign_in(State(server): State<Arc<Server>>, Form(request): Form<TokenRequest>) -> Response {
    let answer = administrators_token(&server, &request).map(Json);
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

fn administrators_token(server: &Server, request: &TokenRequest) -> Result<Value, Refusal> {
    if request.client_id.as_deref() != Some("admin-cli") {
        let sentence = "Invalid client or Invalid client credentials";
        return Err(described(StatusCode::UNAUTHORIZED, "invalid_client", sentence));
    }
    if request.grant_type.as_deref() != Some("password") {
        return Err(described(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant_type"));
    }
    let (user, password) = ADMINISTRATOR;
    if request.username.as_deref() != Some(user) || request.password.as_deref() != Some(password) {
        return Err(described(StatusCode::BAD_REQUEST, "invalid_grant", "Invalid user credentials"));
    }
    let (token, _) = server.tokens.make(tokens::ADMINISTRATION, now(), now() + SECONDS).ok_or_else(no_answer)?;
    Ok(json!({"access_token": token, "expires_in": SECONDS, "token_type": "Bearer", "scope": "email profile"}))
}

/// Makes an Initial Access Token.
pub async fn make_initial_access(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    let cannot = || described(StatusCode::BAD_REQUEST, "unknown_error", "Cannot parse the JSON");
    let Ok(Value::Object(request)) = serde_json::from_slice(&body) else { return Err(cannot()) };
    let number = |name: &str, default: i64| request.get(name).map_or(Some(default), Value::as_i64);
    let (Some(count), Some(expiration)) = (number("count", 1), number("expiration", 0)) else {
        return Err(cannot());
    };
    let negative = |code: &str, sentence: &str| described(StatusCode::BAD_REQUEST, code, sentence);
    let Ok(count) = u64::try_from(count) else {
        return Err(negative("Invalid value for count", "The count cannot be less than 0"));
    };
    let Ok(expiration) = u64::try_from(expiration) else {
        return Err(negative("Invalid value for expiration", "The expiration time interval cannot be less than 0"));
    };
    let timestamp = now();
    let expires = if expiration == 0 { 0 } else { timestamp + expiration };
    let made = server.tokens.make(tokens::INITIAL_ACCESS, timestamp, expires);
    let (token, Claims { jti, .. }) = made.ok_or_else(no_answer)?;
    let answer = json!({
        "id": jti, "token": token, "timestamp": timestamp, "expiration": expiration, "count": count, "remainingCount": count,
    });
    let location = server.issuer.replace("/realms/", "/admin/realms/") + "/clients-initial-access/" + &jti;
    server.initial_access.lock().insert(jti, Initial { timestamp, expiration, count, remaining: count });
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, UTF_8, location, Json(answer)).into_response())
}

/// Lists the Initial Access Tokens, without the tokens themselves.
pub async fn list_initial_access(State(server): State<Arc<Server>>, headers: HeaderMap) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    let tokens = server.initial_access.lock();
    let list = tokens.iter().map(|(id, token)| {
        json!({
            "id": id, "timestamp": token.timestamp, "expiration": token.expiration, "count": token.count,
            "remainingCount": token.remaining,
        })
    });
    Ok((UTF_8, Json(list.collect::<Vec<_>>())).into_response())
}

/// Revokes an Initial Access Token.
pub async fn delete_initial_access(
    State(server): State<Arc<Server>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    server.initial_access.lock().remove(&id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Reads the realm's client profiles or policies.
pub async fn read_policies(
    State(server): State<Arc<Server>>,
    Path((_, list)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    match server.policies.lock().get(&list) {
        Some(document) => Ok(([(header::CACHE_CONTROL, "no-cache")], UTF_8, Json(document.clone())).into_response()),
        None => Err(error(StatusCode::NOT_FOUND, "HTTP 404 Not Found")),
    }
}

/// Replaces the realm's client profiles or policies.
pub async fn replace_policies(
    State(server): State<Arc<Server>>,
    Path((_, list)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    administrator(&server, &headers)?;
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut lists = server.policies.lock();
    match lists.get_mut(&list) {
        None => Err(error(StatusCode::NOT_FOUND, "HTTP 404 Not Found")),
        Some(_) if !document[&list].is_array() => {
            Err(described(StatusCode::BAD_REQUEST, "unknown_error", "Cannot parse the JSON"))
        }
        Some(kept) => {
            *kept = document;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
    }
}

/// Lets the administrator through.
pub fn administrator(server: &Server, headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let claims = value.strip_prefix("Bearer ").and_then(|token| server.tokens.read(token, now()));
    match claims {
        Some(claims) if claims.typ == tokens::ADMINISTRATION => Ok(()),
        _ => Err(error(StatusCode::UNAUTHORIZED, "HTTP 401 Unauthorized")),
    }
}
