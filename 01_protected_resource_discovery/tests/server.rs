//! The MCP server's answers, without a network.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use protected_resource_discovery::further::registration_hint;
use protected_resource_discovery::server::{self, ProtectedResource};
use serde_json::{Value, json};
use shared::testing::Captured;
use tower::ServiceExt;

fn protected() -> ProtectedResource {
    ProtectedResource {
        resource: "http://localhost:8000/mcp".to_owned(),
        authorization_servers: vec!["http://localhost:9000/realms/mcp-oauth".to_owned()],
        scopes: vec!["mcp:read".to_owned(), "mcp:write".to_owned()],
        more: Value::Null,
    }
}

async fn response(app: Router, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let response = app.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into());
    (status, headers, body)
}

async fn ask(request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    response(server::app(protected(), Captured::json().reporter()), request).await
}

fn to(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost:8000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

const CHALLENGE: &str = "Bearer resource_metadata=\"http://localhost:8000/.well-known/oauth-protected-resource/mcp\", scope=\"mcp:read mcp:write\"";

#[tokio::test]
async fn whoever_has_no_token_gets_401_and_a_challenge_without_an_error() {
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let (status, headers, _) = ask(to(method, "/mcp", &[])).await;
        assert_eq!((status, headers["www-authenticate"].to_str().unwrap()), (StatusCode::UNAUTHORIZED, CHALLENGE));
    }
    let (_, headers, _) = ask(to(Method::POST, "/mcp", &[("authorization", "Basic YTpi")])).await;
    assert_eq!(headers["www-authenticate"], CHALLENGE);
}

#[tokio::test]
async fn whatever_token_comes_gets_401_invalid_token() {
    for value in ["Bearer x", "bearer eyJhbGciOiJub25lIn0.e30.", "Bearer ", "BEARER a b"] {
        let (status, headers, _) = ask(to(Method::POST, "/mcp", &[("authorization", value)])).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let challenge = headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with(CHALLENGE) && challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_gets_403_before_anything_else() {
    for origin in ["http://evil.example", "null", "http://localhost.evil.example:8000"] {
        let (status, headers, _) = ask(to(Method::POST, "/mcp", &[("origin", origin)])).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{origin}");
        assert!(headers.get("www-authenticate").is_none());
    }
}

#[tokio::test]
async fn a_page_of_this_machine_may_call_and_read_the_challenge() {
    let origin = [("origin", "http://localhost:6274")];
    let (status, headers, _) = ask(to(Method::POST, "/mcp", &origin)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(headers["access-control-allow-origin"], "http://localhost:6274");
    assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("www-authenticate"));
    let preflight = [
        origin[0],
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,mcp-method"),
    ];
    let (status, headers, _) = ask(to(Method::OPTIONS, "/mcp", &preflight)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
}

#[tokio::test]
async fn the_metadata_is_in_both_places_and_for_everyone() {
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let (status, headers, document) = ask(to(Method::GET, path, &[("origin", "https://anywhere.example")])).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(document["resource"], "http://localhost:8000/mcp");
        assert_eq!(document["authorization_servers"], json!(["http://localhost:9000/realms/mcp-oauth"]));
        assert_eq!(document["scopes_supported"], json!(["mcp:read", "mcp:write"]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
        assert!(document.get("client_registration_info").is_none());
    }
}

#[tokio::test]
async fn members_without_values_are_left_out_and_the_hint_is_there_on_demand() {
    let protected = ProtectedResource { scopes: vec![], more: registration_hint::members(), ..protected() };
    let app = server::app(protected, Captured::json().reporter());
    let (_, _, document) =
        response(app.clone(), to(Method::GET, "/.well-known/oauth-protected-resource/mcp", &[])).await;
    assert!(document.get("scopes_supported").is_none());
    assert!(document["client_registration_info"].is_string());
    let (_, headers, _) = response(app, to(Method::POST, "/mcp", &[])).await;
    assert!(!headers["www-authenticate"].to_str().unwrap().contains("scope="));
}

#[tokio::test]
async fn the_server_is_healthy_and_is_no_authorization_server() {
    assert_eq!(ask(to(Method::GET, "/health", &[])).await.0, StatusCode::OK);
    for path in ["/register", "/token", "/authorize", "/.well-known/oauth-authorization-server"] {
        assert_eq!(ask(to(Method::POST, path, &[])).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_person_with_a_browser_gets_a_page_on_which_everything_works() {
    let listener = shared::listen::bind(0, "test", "").await.unwrap();
    let base = format!("http://localhost:{}", shared::listen::port(&listener));
    let protected = ProtectedResource { resource: format!("{base}/mcp"), ..protected() };
    let _serving = shared::listen::serve(listener, server::app(protected, Captured::json().reporter()));
    let html = shared::testing::check_start_page(&base).await;
    for says in [
        format!("<pre data-status=\"401\">curl -i {base}/mcp</pre>"),
        format!("<a href=\"{base}/.well-known/oauth-protected-resource/mcp\">"),
        format!("cargo 01 client --server-url {base}/mcp"),
        "http://localhost:9000/realms/mcp-oauth".to_owned(),
        "resource_name".to_owned(),
    ] {
        assert!(html.contains(&says), "{says}: {html}");
    }
}
