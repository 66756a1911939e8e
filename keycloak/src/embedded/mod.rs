//! A teaching stand-in for Keycloak: an authorization server inside the process that reads the same realm file.
//!
//! It answers as Keycloak 26.7.3 does with this realm, as far as the lessons have come: the realm's metadata, in the places
//! where Keycloak serves it, and the realm's public key. The endpoints of later lessons are announced there, since a client asks
//! for them, and answer 501 until their lesson comes. A differential test holds the answers against Keycloak's. It writes its JSON itself, from nothing that the lessons use to read
//! it: a misspelt member fails a test instead of going round. It forgets everything when it ends, as `start-dev` without a
//! volume does.

mod defect;
mod keys;
mod metadata;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{MethodRouter, any, get};
use serde_json::{Value, json};
use shared::listen::{self, Serving};
use tokio::net::TcpListener;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::realm::Realm;
pub use defect::Defect;
use keys::SigningKey;

/// A running embedded IdP; it ends when this is dropped.
#[must_use = "the IdP ends when this is dropped"]
pub struct Embedded {
    issuer: String,
    _serving: Serving,
}

impl Embedded {
    /// Serves `realm` on `listener`.
    pub fn start(listener: TcpListener, realm: Realm) -> Self {
        Self::misbehaving(listener, realm, None)
    }

    /// The same, with a defect.
    pub fn misbehaving(listener: TcpListener, realm: Realm, defect: Option<Defect>) -> Self {
        let issuer = format!("http://localhost:{}/realms/{}", listen::port(&listener), realm.name);
        let serving = listen::serve(listener, router(issuer.clone(), realm, defect));
        Self { issuer, _serving: serving }
    }

    /// The realm's issuer identifier (RFC 8414 §2).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

/// What every request sees.
pub(crate) struct Server {
    issuer: String,
    realm: Realm,
    key: SigningKey,
    defect: Option<Defect>,
}

fn router(issuer: String, realm: Realm, defect: Option<Defect>) -> Router {
    let server = Arc::new(Server { issuer, realm, key: SigningKey::made_in_the_background(), defect });
    // Keycloak lets a page of any origin read metadata and keys, and mirrors the origin that asks; its error answers do not.
    let readable = |handler: MethodRouter<Arc<Server>>| {
        handler.layer(CorsLayer::new().allow_origin(AllowOrigin::mirror_request()).allow_credentials(true))
    };
    let of_a_realm = Router::new()
        .route("/realms/{realm}", readable(get(realm_information)).fallback(not_allowed))
        .route(
            "/realms/{realm}/.well-known/openid-configuration",
            readable(get(metadata::document)).fallback(not_found_in_realm),
        )
        .route(
            "/realms/{realm}/.well-known/oauth-authorization-server",
            readable(get(metadata::at_rfc_8414_place)).fallback(not_found_in_realm),
        )
        .route(
            "/.well-known/oauth-authorization-server/realms/{realm}",
            readable(get(metadata::at_rfc_8414_place)).fallback(not_found_in_realm),
        )
        .route("/.well-known/openid-configuration/realms/{realm}", any(not_found_in_realm))
        .route("/realms/{realm}/protocol/openid-connect/certs", readable(get(certificates)).fallback(not_allowed))
        .route("/realms/{realm}/protocol/openid-connect/auth", any(|| later_lesson("04")))
        .route("/realms/{realm}/protocol/openid-connect/token", any(|| later_lesson("04")))
        .route("/realms/{realm}/clients-registrations/openid-connect", any(|| later_lesson("03")))
        .layer(middleware::from_fn_with_state(server.clone(), known_realm));
    of_a_realm.fallback(not_found).with_state(server)
}

async fn later_lesson(number: &str) -> Response {
    let sentence = format!("The embedded IdP learns this with lesson {number}; Keycloak can do it now.");
    (StatusCode::NOT_IMPLEMENTED, Json(json!({"error": "not_implemented", "error_description": sentence})))
        .into_response()
}

async fn not_allowed() -> Response {
    error(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
}

async fn not_found_in_realm() -> Response {
    error(StatusCode::NOT_FOUND, "HTTP 404 Not Found")
}

async fn known_realm(
    State(server): State<Arc<Server>>,
    Path(realm): Path<String>,
    request: Request,
    next: Next,
) -> Response {
    match realm == server.realm.name {
        true => next.run(request).await,
        false => error(StatusCode::NOT_FOUND, "Realm does not exist"),
    }
}

async fn realm_information(State(server): State<Arc<Server>>) -> Response {
    match server.key.public().await {
        // Keycloak names the character set here, and nowhere else.
        Some(key) => (
            [(header::CONTENT_TYPE, "application/json;charset=UTF-8")],
            no_cache(json!({
                "realm": server.realm.name,
                "public_key": key.subject_public_key_info,
                "token-service": format!("{}/protocol/openid-connect", server.issuer),
                "account-service": format!("{}/account", server.issuer),
                "tokens-not-before": 0,
            })),
        )
            .into_response(),
        None => no_key(),
    }
}

async fn certificates(State(server): State<Arc<Server>>) -> Response {
    match server.key.public().await {
        Some(key) => no_cache(json!({"keys": [key.jwk]})),
        None => no_key(),
    }
}

fn no_cache(document: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], Json(document)).into_response()
}

fn no_key() -> Response {
    error(StatusCode::INTERNAL_SERVER_ERROR, "unknown_error")
}

async fn not_found(State(server): State<Arc<Server>>, request: Request) -> Response {
    let realm = request.uri().path().strip_prefix("/realms/").and_then(|rest| rest.split('/').next());
    match realm {
        Some(name) if name == server.realm.name => not_found_in_realm().await,
        Some(_) => error(StatusCode::NOT_FOUND, "Realm does not exist"),
        None => error(StatusCode::NOT_FOUND, "Unable to find matching target resource method"),
    }
}

fn error(status: StatusCode, error: &str) -> Response {
    let body: Value = json!({"error": error});
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    use super::*;

    const ISSUER: &str = "http://localhost:9100/realms/mcp-oauth";

    async fn get(path: &str) -> (StatusCode, Value) {
        let realm = Realm::from_json(crate::realm::SHIPPED, |_| None).unwrap();
        let request = Request::get(path).header("origin", "http://page.example").body(Body::empty()).unwrap();
        let answer = router(ISSUER.to_owned(), realm, None).oneshot(request).await.unwrap();
        let status = answer.status();
        if status.is_success() {
            assert_eq!(answer.headers()["access-control-allow-origin"], "http://page.example");
        }
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn metadata_is_where_keycloak_has_it_and_nowhere_else() {
        for path in [
            "/.well-known/oauth-authorization-server/realms/mcp-oauth",
            "/realms/mcp-oauth/.well-known/openid-configuration",
            "/realms/mcp-oauth/.well-known/oauth-authorization-server",
        ] {
            let (status, document) = get(path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert_eq!(document["issuer"], ISSUER);
            assert_eq!(document["jwks_uri"], format!("{ISSUER}/protocol/openid-connect/certs"));
            let scopes = document["scopes_supported"].as_array().unwrap();
            assert!(scopes.contains(&json!("mcp:read")) && !scopes.contains(&json!("downstream:read")), "{scopes:?}");
        }
    }

    #[tokio::test]
    async fn what_keycloak_does_not_have_gets_keycloaks_answers() {
        for (path, error) in [
            ("/realms/nope", "Realm does not exist"),
            ("/realms/nope/.well-known/openid-configuration", "Realm does not exist"),
            ("/.well-known/oauth-authorization-server/realms/nope", "Realm does not exist"),
            ("/realms/mcp-oauth/nope", "HTTP 404 Not Found"),
            ("/realms/mcp-oauth/.well-known/nope", "HTTP 404 Not Found"),
            ("/.well-known/oauth-authorization-server", "Unable to find matching target resource method"),
            ("/nope", "Unable to find matching target resource method"),
        ] {
            assert_eq!(get(path).await, (StatusCode::NOT_FOUND, json!({"error": error})), "{path}");
        }
    }

    #[tokio::test]
    async fn the_published_key_is_a_whole_rsa_key_and_nothing_of_it_is_private() {
        let (_, document) = get("/realms/mcp-oauth/protocol/openid-connect/certs").await;
        let key = document["keys"][0].as_object().unwrap();
        let members: Vec<_> = key.keys().map(String::as_str).collect();
        assert_eq!(members, ["kid", "kty", "alg", "use", "n", "e"]);
        assert_eq!(
            (&key["alg"], &key["kty"], &key["use"], &key["e"]),
            (&json!("RS256"), &json!("RSA"), &json!("sig"), &json!("AQAB"))
        );
        assert_eq!(key["n"].as_str().unwrap().len(), 342, "2048 bits in base64url");
        assert_eq!(key["kid"].as_str().unwrap().len(), 43, "SHA-256 in base64url");
    }
}
