//! Which endpoint is where: Keycloak's places.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::defect::{self, Misbehaviour};
use super::further::{administration, introspection, key_rotation, management, revocation};
use super::refusal::{IdpRefusal, error, not_found};
use super::server::IdpServer;
use super::{authorize, login, metadata, registration, token};

/// Keycloak's sentence where it serves users and clients. Its admin API has another.
const UNKNOWN_REALM: &str = "Realm does not exist";

pub fn router(server: IdpServer) -> Router {
    let misbehaviour = server.defect.map(|defect| Misbehaviour { defect, issuer: server.issuer.clone() });
    let server = Arc::new(server);
    let known = |sentence| middleware::from_fn_with_state((server.clone(), sentence), known_realm);
    let router = discovery()
        .merge(user_and_clients())
        .layer(known(UNKNOWN_REALM))
        .merge(administrator().layer(known("Realm not found.")))
        .route("/realms/master/protocol/openid-connect/token", post(administration::sign_in))
        .fallback(elsewhere)
        .with_state(server);
    match misbehaviour {
        Some(how) => router.layer(middleware::from_fn_with_state(how, defect::spoil_response)),
        None => router,
    }
}

fn discovery() -> Router<Arc<IdpServer>> {
    // Keycloak lets a page of any origin read metadata and keys, and mirrors the origin that asks.
    // Its error responses do not.
    let readable = |handler: MethodRouter<Arc<IdpServer>>| {
        handler.layer(CorsLayer::new().allow_origin(AllowOrigin::mirror_request()).allow_credentials(true))
    };
    let mut router = Router::new()
        .route("/realms/{realm}", readable(get(metadata::realm_information)).fallback(not_allowed))
        .route(
            "/realms/{realm}/protocol/openid-connect/certs",
            readable(get(metadata::certificates)).fallback(not_allowed),
        )
        .route("/.well-known/openid-configuration/realms/{realm}", any(not_found_in_realm));
    for path in [
        "/.well-known/oauth-authorization-server/realms/{realm}",
        "/realms/{realm}/.well-known/oauth-authorization-server",
        "/realms/{realm}/.well-known/openid-configuration",
    ] {
        router = router.route(path, readable(get(metadata::document)).fallback(not_found_in_realm));
    }
    router
}

fn user_and_clients() -> Router<Arc<IdpServer>> {
    let oauth = |name: &str| format!("/realms/{{realm}}/protocol/openid-connect/{name}");
    let login = |step: &str| format!("/realms/{{realm}}/login-actions/{step}");
    Router::new()
        .route(&oauth("auth"), get(authorize::get).post(authorize::post).fallback(not_allowed))
        .route(&login("authenticate"), post(login::authenticate).fallback(not_allowed))
        .route(&login("required-action"), get(login::required_action).fallback(not_allowed))
        .route(&login("consent"), post(login::consent).fallback(not_allowed))
        .route(&oauth("token"), post(token::post).fallback(not_allowed))
        .route(&oauth("revoke"), post(revocation::post).fallback(not_allowed))
        .route(&oauth("token/introspect"), post(introspection::post).fallback(not_allowed))
        .route(
            "/realms/{realm}/clients-registrations/openid-connect",
            post(registration::register).options(preflight).fallback(not_found_in_realm),
        )
        .route(
            "/realms/{realm}/clients-registrations/openid-connect/{client_id}",
            any(management::manage).options(preflight),
        )
}

fn administrator() -> Router<Arc<IdpServer>> {
    Router::new()
        .route("/admin/realms/{realm}/clients-initial-access", post(administration::make_initial_access))
        .route(
            "/admin/realms/{realm}/client-policies/{list}",
            get(administration::read_policies).put(administration::replace_policies),
        )
        .route("/admin/realms/{realm}/components", post(key_rotation::make))
}

/// Keycloak lets pages of any origin ask before they register, and looks at the origin only then.
async fn preflight(headers: HeaderMap) -> Response {
    let origin = headers.get(header::ORIGIN).cloned().unwrap_or(HeaderValue::from_static("*"));
    let allowed = "Origin, Access-Control-Request-Method, Accept, X-Requested-With, Access-Control-Request-Headers, DPoP, \
                   Content-Type, Authorization";
    (
        [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
            (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("DELETE, POST, GET, OPTIONS, PUT")),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed)),
            (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600")),
        ],
        StatusCode::OK,
    )
        .into_response()
}

pub async fn not_allowed() -> IdpRefusal {
    error(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
}

async fn not_found_in_realm() -> IdpRefusal {
    not_found()
}

/// Lets requests through that name the realm.
async fn known_realm(
    State((server, sentence)): State<(Arc<IdpServer>, &'static str)>,
    Path(parameters): Path<BTreeMap<String, String>>,
    request: Request,
    next: Next,
) -> Response {
    if parameters.get("realm") == Some(&server.realm.name) {
        next.run(request).await
    } else {
        error(StatusCode::NOT_FOUND, sentence).into_response()
    }
}

/// The response to a request for a path that nothing is at.
async fn elsewhere(State(server): State<Arc<IdpServer>>, request: Request) -> IdpRefusal {
    let realm = request.uri().path().strip_prefix("/realms/").and_then(|rest| rest.split('/').next());
    match realm {
        Some(name) if name == server.realm.name => not_found(),
        Some(_) => error(StatusCode::NOT_FOUND, UNKNOWN_REALM),
        None => error(StatusCode::NOT_FOUND, "Unable to find matching target resource method"),
    }
}
