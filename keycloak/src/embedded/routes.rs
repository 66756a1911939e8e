//! Which endpoint is where: Keycloak's places.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::defect::{self, Misbehaviour};
use super::further::{administration, introspection, key_rotation, management, revocation};
use super::refusal::{IdpRefusal, error, not_found};
use super::server::IdpServer;
use super::{authorize, guard, login, metadata, registration, start_page, token};

pub fn router(server: IdpServer) -> Router {
    let misbehaviour = server.defect.map(|defect| Misbehaviour { defect, issuer: server.issuer.clone() });
    let realm = format!("/realms/{}", server.realm.name);
    let router = discovery(&realm)
        .merge(user_and_clients(&realm))
        .merge(administrator(&format!("/admin{realm}")))
        .route("/", get(start_page::page))
        .route("/realms/master/protocol/openid-connect/token", post(administration::sign_in))
        .fallback(elsewhere)
        .method_not_allowed_fallback(not_allowed)
        .with_state(Arc::new(server));
    let router = match misbehaviour {
        Some(how) => router.layer(middleware::from_fn_with_state(how, defect::spoil_response)),
        None => router,
    };
    router.layer(DefaultBodyLimit::max(guard::BODY_BYTES)).layer(middleware::from_fn(guard::check_caller))
}

fn discovery(realm: &str) -> Router<Arc<IdpServer>> {
    // Keycloak lets a page of any origin read metadata and keys, and mirrors the origin that asks.
    let readable = CorsLayer::new().allow_origin(AllowOrigin::mirror_request()).allow_credentials(true);
    let keys = format!("{realm}/protocol/openid-connect/certs");
    let router = Router::new().route(&keys, get(metadata::certificates));
    let places = metadata::places(realm);
    places.iter().fold(router, |router, place| router.route(place, get(metadata::document))).layer(readable)
}

fn user_and_clients(realm: &str) -> Router<Arc<IdpServer>> {
    let oauth = |name: &str| format!("{realm}/protocol/openid-connect/{name}");
    let login = |step: &str| format!("{realm}/login-actions/{step}");
    let registration = format!("{realm}/clients-registrations/openid-connect");
    let entry = get(management::read).put(management::update).delete(management::delete);
    Router::new()
        .route(&oauth("auth"), get(authorize::get))
        .route(&login("authenticate"), post(login::authenticate))
        .route(&login("required-action"), get(login::required_action))
        .route(&login("consent"), post(login::consent))
        .route(&oauth("token"), post(token::post))
        .route(&oauth("revoke"), post(revocation::post))
        .route(&oauth("token/introspect"), post(introspection::post))
        .route(&registration, post(registration::register))
        .route(&format!("{registration}/{{client_id}}"), entry)
}

fn administrator(realm: &str) -> Router<Arc<IdpServer>> {
    let policies = get(administration::read_policies).put(administration::replace_policies);
    Router::new()
        .route(&format!("{realm}/clients-initial-access"), post(administration::make_initial_access))
        .route(&format!("{realm}/client-policies/{{list}}"), policies)
        .route(&format!("{realm}/components"), post(key_rotation::make))
}

async fn not_allowed() -> IdpRefusal {
    error(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
}

/// Keycloak says of an unknown realm that it does not exist: so also does one that has not been
/// imported yet, which a client can wait for.
async fn elsewhere(State(server): State<Arc<IdpServer>>, uri: Uri) -> IdpRefusal {
    let realm = uri.path().split_once("/realms/").and_then(|(_, rest)| rest.split('/').next());
    if realm.is_some_and(|name| name != server.realm.name) {
        error(StatusCode::NOT_FOUND, "Realm does not exist")
    } else {
        not_found()
    }
}
