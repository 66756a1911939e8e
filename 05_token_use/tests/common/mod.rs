//! What the server's tests share: an authorization server whose keys and manners a test controls,
//! keys that sign, and requests to the real server.
#![allow(dead_code, unused_imports, reason = "every test uses a part of this")]

mod authority;
mod keys;
mod proofs;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Request};
use protected_resource_discovery::server::ProtectedResource;
use serde_json::{Value, json};
use shared::testing::{Captured, assert_events_hold};
use shared::{Side, mcp};
use token_use::further::key_rotation::Limits;
use token_use::options::CheckOptions;
use token_use::server;
use tower::ServiceExt;

pub use authority::{Authority, Manner};
pub use keys::{SigningKey, base64url, jws, patched};
pub use proofs::{Client, thumbprint, with_proof};

/// The server's URL; nothing listens there, the requests go to the router itself.
pub const RESOURCE: &str = "http://localhost:8000/mcp";

/// Limits under which a test has neither to wait for a window nor to fear the end of one.
pub const CALM: Limits = Limits { window: HOUR, max_age: HOUR, max_stale: HOUR };
/// Every unknown kid may cause a fetch, and the keys are old as soon as they are there.
pub const EAGER: Limits = Limits { window: Duration::ZERO, max_age: Duration::ZERO, max_stale: HOUR };
const HOUR: Duration = Duration::from_secs(3600);

/// The server, and what it said.
#[derive(Clone)]
pub struct Server {
    pub app: Router,
    pub captured: Captured,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Server {
    /// The lesson's server, in front of which this authorization server stands.
    pub fn new(issuer: &str, limits: Limits) -> Self {
        Self::with(issuer, limits, &CheckOptions::default())
    }

    /// The same with options.
    pub fn with(issuer: &str, limits: Limits, options: &CheckOptions) -> Self {
        let captured = Captured::json();
        let reporter = captured.reporter().on(Side::Server);
        let app = server::app(protected(issuer), options, limits, reporter).unwrap();
        Self { app, captured }
    }

    pub async fn ask(&self, request: Request<Body>) -> Reply {
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Calls `get_weather` with this token.
    pub async fn weather(&self, token: &str) -> Reply {
        self.ask(with_token(weather(), token)).await
    }

    /// The checks that failed since the server had said this many bytes.
    pub fn failed_since(&self, said: usize) -> Vec<String> {
        let text = self.captured.text();
        let events = assert_events_hold(&text[said..]);
        let failed = events.iter().filter(|event| event["event"] == "checked" && event["passed"] == false);
        failed.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    }
}

impl Reply {
    pub fn challenge(&self) -> Option<&str> {
        self.headers.get("www-authenticate").map(|value| value.to_str().unwrap())
    }

    pub fn retry_after(&self) -> Option<u64> {
        self.headers.get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap())
    }

    /// The tool's own answer came, and not just any 200.
    pub fn has_weather(&self) -> bool {
        self.status == 200 && self.body.contains("Oslo: -3 °C, snow")
    }
}

pub fn protected(issuer: &str) -> ProtectedResource {
    ProtectedResource {
        resource: RESOURCE.to_owned(),
        authorization_servers: vec![issuer.to_owned()],
        scopes: vec!["mcp:read".to_owned(), "mcp:write".to_owned()],
        more: Value::Null,
    }
}

/// A `tools/call` of MCP 2026-07-28, without a token.
pub fn tool_call(tool: &str, arguments: &Value) -> Request<Body> {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": mcp::PROTOCOL_VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    Request::post("/mcp")
        .header("host", "localhost:8000")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", mcp::PROTOCOL_VERSION)
        .header("mcp-method", "tools/call")
        .header("mcp-name", tool)
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A call that takes the scope `mcp:read`.
pub fn weather() -> Request<Body> {
    tool_call("get_weather", &json!({"city": "Oslo"}))
}

/// The request with one more `Authorization` header.
pub fn with_authorization(mut request: Request<Body>, value: impl AsRef<[u8]>) -> Request<Body> {
    request.headers_mut().append("authorization", HeaderValue::from_bytes(value.as_ref()).unwrap());
    request
}

pub fn with_token(request: Request<Body>, token: &str) -> Request<Body> {
    with_authorization(request, format!("Bearer {token}"))
}

/// Claims as Keycloak writes them into an access token, good for an hour.
pub fn claims(issuer: &str) -> Value {
    let now = shared::now();
    json!({
        "exp": now + 3600,
        "iat": now,
        "jti": "onrtac:6ff2e3a4-1c2d-4c6c-9c3d-0f1f7b0f6a55",
        "iss": issuer,
        "aud": RESOURCE,
        "sub": "0b6b0a4e-5d0c-4f0e-8f52-0d6b6c1f7e11",
        "typ": "Bearer",
        "azp": "mcp-demo-client",
        "sid": "6f3b3c5e-2b6b-4a55-9d3b-7a7a3a1f2f10",
        "acr": "1",
        "realm_access": {"roles": ["mcp-reader", "mcp-writer"]},
        "scope": "mcp:read",
        "preferred_username": "mcpuser",
        "name": "Mia Cooper",
        "email": "mcpuser@example.com",
    })
}

/// Comes back as soon as this is so; fails where it is not so within a minute.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = std::time::Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A token whose `kid` nobody has; its signature does not matter then.
pub fn of_unknown_key(issuer: &str, kid: &str) -> String {
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
    jws(&header.to_string(), &claims(issuer).to_string(), |_| vec![1; 256])
}
