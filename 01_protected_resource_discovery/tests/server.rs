//! The MCP server's answers, without a network.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use protected_resource_discovery::server::{self, ProtectedResource};
use protected_resource_discovery::tools::Clock;
use serde_json::{Value, json};
use shared::mcp;
use shared::testing::Captured;
use tower::ServiceExt;

fn protected() -> ProtectedResource {
    ProtectedResource {
        resource: "http://localhost:8000/mcp".to_owned(),
        authorization_servers: vec!["http://localhost:9000/realms/mcp-oauth".to_owned()],
        scopes: vec!["mcp:read".to_owned(), "mcp:write".to_owned()],
        registration_hint: false,
        more: Value::Null,
        breakage: None,
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
    let protected = ProtectedResource { scopes: vec![], registration_hint: true, ..protected() };
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

/// The endpoint behind the 401, which later lessons open.
async fn behind_the_401(version: Option<&str>, body: Value) -> (StatusCode, Value) {
    let method = body["method"].as_str().unwrap().to_owned();
    let mut request = Request::post("/mcp")
        .header("host", "localhost:8000")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(version) = version {
        request = request.header("mcp-protocol-version", version).header("mcp-method", method);
        if let Some(name) = body["params"]["name"].as_str() {
            request = request.header("mcp-name", name);
        }
    }
    let app = Router::new().route_service("/mcp", mcp::endpoint(|| Clock));
    let response = app.oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = response.status();
    // An `initialize` of the older era is answered by a stream that stays open: its first event is
    // enough.
    let body = tokio::time::timeout(std::time::Duration::from_secs(5), to_bytes(response.into_body(), 1 << 20)).await;
    let body = body.unwrap().unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    let json =
        text.lines().filter_map(|line| serde_json::from_str(line.trim_start_matches("data:").trim()).ok()).next_back();
    (status, json.unwrap_or_default())
}

fn modern(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

#[tokio::test]
async fn the_endpoint_speaks_2026_07_28() {
    let (status, discovered) = behind_the_401(Some("2026-07-28"), modern("server/discover", json!({}))).await;
    assert_eq!(status, StatusCode::OK, "{discovered}");
    assert!(
        discovered["result"]["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")),
        "{discovered}"
    );
    let (_, tools) = behind_the_401(Some("2026-07-28"), modern("tools/list", json!({}))).await;
    assert_eq!(tools["result"]["tools"][0]["name"], "get_time");
    assert!(
        tools["result"]["resultType"] == "complete"
            && tools["result"]["cacheScope"].is_string()
            && tools["result"]["ttlMs"].is_number(),
        "{tools}"
    );
    let (_, time) =
        behind_the_401(Some("2026-07-28"), modern("tools/call", json!({"name": "get_time", "arguments": {}}))).await;
    let seconds: u64 = time["result"]["content"][0]["text"].as_str().unwrap().parse().unwrap();
    assert!(seconds > 1_700_000_000);
    let (_, unknown) = behind_the_401(Some("2026-07-28"), modern("tools/call", json!({"name": "nope"}))).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn the_endpoint_speaks_2025_11_25() {
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let (status, response) =
        behind_the_401(None, json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(response["result"]["protocolVersion"], "2025-11-25", "{response}");
}
