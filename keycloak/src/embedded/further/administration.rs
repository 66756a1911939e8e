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

use crate::embedded::bounded::BoundedTable;
use crate::embedded::local_tokens::{ADMINISTRATION, INITIAL_ACCESS};
use crate::embedded::metadata::{NO_CACHE, UTF_8};
use crate::embedded::now;
use crate::embedded::refusal::{IdpRefusal, bad_request, error, internal_error, invalid_grant, not_found};
use crate::embedded::server::IdpServer;
use crate::realm::Realm;

/// The administrator, as in `compose.yaml`.
const ADMINISTRATOR: (Option<&str>, Option<&str>) = (Some("admin"), Some("admin123"));
/// Seconds that the administrator's token lives.
const SECONDS: u64 = 60;

/// Initial Access Tokens that the server remembers at most.
const INITIAL_ACCESS_TOKENS: usize = 1_000;
type RemainingCounts = BoundedTable<String, u64, INITIAL_ACCESS_TOKENS>;

/// How many registrations each Initial Access Token has left, by its `jti`.
#[derive(Default)]
pub struct InitialAccess(Mutex<RemainingCounts>);

impl InitialAccess {
    /// Whether this token allows one more registration; the error is Keycloak's sentence.
    pub fn check(&self, jti: &String) -> Result<(), &'static str> {
        match self.lock().get(jti) {
            None => Err("Initial Access Token not found"),
            Some(0) => Err("No remaining count on initial access token"),
            Some(_) => Ok(()),
        }
    }

    pub fn count(&self, jti: &String) {
        if let Some(remaining) = self.lock().get_mut(jti) {
            *remaining = remaining.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, RemainingCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The realm's client profiles and policies. An administrator can replace them.
pub struct ClientPolicies(Mutex<BTreeMap<String, Value>>);

impl ClientPolicies {
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

#[derive(Deserialize)]
pub struct AdministratorSignIn {
    grant_type: Option<String>,
    client_id: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// The token endpoint of the realm `master`, for the administrator's password and nothing else.
pub async fn sign_in(State(server): State<Arc<IdpServer>>, Form(request): Form<AdministratorSignIn>) -> Response {
    let response = administrators_token(&server, &request).map(Json);
    ([(header::CACHE_CONTROL, "no-store")], response).into_response()
}

fn administrators_token(server: &IdpServer, request: &AdministratorSignIn) -> Result<Value, IdpRefusal> {
    let named = (request.username.as_deref(), request.password.as_deref());
    let is_password = request.grant_type.as_deref() == Some("password");
    if !is_password || request.client_id.as_deref() != Some("admin-cli") || named != ADMINISTRATOR {
        return Err(invalid_grant("Invalid user credentials"));
    }
    let (token, _) = server.local_tokens.make(ADMINISTRATION, now(), now() + SECONDS).ok_or_else(internal_error)?;
    Ok(json!({"access_token": token, "expires_in": SECONDS, "token_type": "Bearer", "scope": "email profile"}))
}

#[derive(Deserialize)]
struct InitialAccessRequest {
    #[serde(default = "one")]
    count: u32,
    /// Seconds; 0 for a token that does not expire.
    #[serde(default)]
    expiration: u32,
}

fn one() -> u32 {
    1
}

pub async fn make_initial_access(
    State(server): State<Arc<IdpServer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, IdpRefusal> {
    check_administrator(&server, &headers)?;
    let request: InitialAccessRequest = serde_json::from_slice(&body).map_err(|_| unreadable())?;
    let (count, expiration) = (u64::from(request.count), u64::from(request.expiration));
    let timestamp = now();
    let expires = if expiration == 0 { 0 } else { timestamp + expiration };
    let (token, claims) = server.local_tokens.make(INITIAL_ACCESS, timestamp, expires).ok_or_else(internal_error)?;
    let jti = claims.jti;
    let response = json!({
        "id": jti, "token": token, "timestamp": timestamp, "expiration": expiration, "count": count, "remainingCount": count,
    });
    server.initial_access.lock().insert(jti, count);
    Ok((StatusCode::CREATED, UTF_8, Json(response)).into_response())
}

pub async fn read_policies(
    State(server): State<Arc<IdpServer>>,
    Path(list): Path<String>,
    headers: HeaderMap,
) -> Result<Response, IdpRefusal> {
    check_administrator(&server, &headers)?;
    match server.policies.lock().get(&list) {
        Some(document) => Ok((NO_CACHE, UTF_8, Json(document.clone())).into_response()),
        None => Err(not_found()),
    }
}

pub async fn replace_policies(
    State(server): State<Arc<IdpServer>>,
    Path(list): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, IdpRefusal> {
    check_administrator(&server, &headers)?;
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut lists = server.policies.lock();
    match lists.get_mut(&list) {
        None => Err(not_found()),
        Some(_) if !document[&list].is_array() => Err(unreadable()),
        Some(kept) => {
            *kept = document;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
    }
}

/// Refuses requests without the administrator's token.
pub fn check_administrator(server: &IdpServer, headers: &HeaderMap) -> Result<(), IdpRefusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let claims = value.strip_prefix("Bearer ").and_then(|token| server.local_tokens.read(token, now()));
    match claims {
        Some(claims) if claims.typ == ADMINISTRATION => Ok(()),
        _ => Err(error(StatusCode::UNAUTHORIZED, "HTTP 401 Unauthorized")),
    }
}

pub fn unreadable() -> IdpRefusal {
    bad_request("unknown_error", "Cannot parse the JSON")
}
