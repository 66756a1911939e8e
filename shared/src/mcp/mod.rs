//! Who may call an MCP endpoint from a browser, and the messages with which a client can begin.
//!
//! The endpoint itself and the client stand on the official SDK `rmcp`. Only lessons whose server
//! accepts a request build it: the feature `mcp` adds both.

#[cfg(feature = "mcp")]
pub mod client;
#[cfg(feature = "mcp")]
mod endpoint;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};
use url::Url;

#[cfg(feature = "mcp")]
pub use self::endpoint::{StreamableHttpService, endpoint};
use crate::event::Rule;
use crate::{Reporter, http, reach, spec};

/// The version of MCP that these lessons follow.
pub const PROTOCOL_VERSION: &str = "2026-07-28";
/// The newest version that begins with `initialize`.
pub const LAST_INITIALIZE_VERSION: &str = "2025-11-25";

/// What client and server of these lessons call themselves.
pub const NAME: &str = "mcp-oauth-tutorial";
/// The version that client and server of these lessons report.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A browser may call only from a page of this machine.
pub static ORIGIN_ALLOWED: Rule = Rule::must("origin.allowed", &spec::MCP_ORIGIN);

/// Whether a page of this origin may call: pages of this machine, on any port.
pub fn origin_is_allowed(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.host_str().is_some_and(reach::is_loopback)
    })
}

/// Middleware that answers 403 to a page of any other origin, before anything else is looked at.
pub async fn check_origin(State(reporter): State<Reporter>, request: Request, next: Next) -> Response {
    if origins_allowed(&reporter, request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This server takes no requests from pages of that origin.\n").into_response()
    }
}

fn origins_allowed(reporter: &Reporter, headers: &HeaderMap) -> bool {
    let origins: Vec<_> =
        headers.get_all(header::ORIGIN).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let got = if origins.is_empty() { "no Origin header (not a browser)".to_owned() } else { origins.join(", ") };
    // "If the Origin header is present and invalid, servers MUST respond with HTTP 403 Forbidden."
    // (MCP 2026-07-28, Streamable HTTP, Security & Endpoint)
    let passed = origins.len() <= 1 && origins.iter().all(|origin| origin_is_allowed(origin));
    let expected = "the Origin header is absent or a page of this machine";
    reporter.require(&ORIGIN_ALLOWED, passed, expected, got).is_ok()
}

/// Lets pages of allowed origins read the answers of `/mcp`, the challenge in `WWW-Authenticate`
/// included.
pub fn endpoint_cors() -> CorsLayer {
    let allowed = |origin: &HeaderValue, _: &axum::http::request::Parts| origin.to_str().is_ok_and(origin_is_allowed);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            header::WWW_AUTHENTICATE,
            HeaderName::from_static("mcp-session-id"),
            HeaderName::from_static("dpop-nonce"),
        ])
}

/// `server/discover`, with which a client of MCP 2026-07-28 begins.
pub fn discover_request(server_url: &str) -> http::Request {
    modern_request(server_url, "server/discover", json!({}))
}

/// `tools/call` of MCP 2026-07-28, by itself.
pub fn call_tool_request(server_url: &str, name: &str, arguments: &Value) -> http::Request {
    modern_request(server_url, "tools/call", json!({"name": name, "arguments": arguments})).header("mcp-name", name)
}

fn modern_request(server_url: &str, method: &str, mut params: Value) -> http::Request {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": PROTOCOL_VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": client_info(),
    });
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    post(server_url, &body).header("mcp-protocol-version", PROTOCOL_VERSION).header("mcp-method", method)
}

/// `initialize`, with which a client of MCP 2025-11-25 and older begins.
pub fn initialize_request(server_url: &str) -> http::Request {
    let params = json!({"protocolVersion": LAST_INITIALIZE_VERSION, "capabilities": {}, "clientInfo": client_info()});
    post(server_url, &json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}))
}

fn post(server_url: &str, body: &Value) -> http::Request {
    // "The client MUST include an Accept header, listing both application/json and
    // text/event-stream" (Streamable HTTP).
    http::Request::post_json(server_url, body).header("accept", "application/json, text/event-stream")
}

fn client_info() -> Value {
    json!({"name": NAME, "version": VERSION})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_machine_may_call() {
        for origin in ["http://localhost:6274", "http://127.0.0.1:1", "https://localhost", "http://[::1]:8000"] {
            assert!(origin_is_allowed(origin), "{origin}");
        }
        for origin in [
            "http://evil.example",
            "http://localhost.evil.example",
            "null",
            "",
            "file:///etc/passwd",
            "http://localhost@evil.example",
            "http://192.168.1.1",
            "localhost",
            "http://127.0.0.1.nip.io",
            "http://localhost/x",
        ] {
            assert!(!origin_is_allowed(origin), "{origin}");
        }
    }
}
