//! Sessions of MCP 2025-11-25: each is there for the user who began it, and for nobody else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::{Authority, CALM, Server, SigningKey, claims, patched, with_token};
use serde_json::{Value, json};
use shared::mcp;
use token_use::further::rules;

fn message(method: &str, session: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri("/mcp").header("host", "localhost:8000");
    request =
        request.header("accept", "application/json, text/event-stream").header("content-type", "application/json");
    if let Some(session) = session {
        request =
            request.header("mcp-session-id", session).header("mcp-protocol-version", mcp::LAST_INITIALIZE_VERSION);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

fn initialize() -> Request<Body> {
    let params = json!({
        "protocolVersion": mcp::LAST_INITIALIZE_VERSION, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    });
    message("POST", None, &json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}))
}

#[tokio::test]
async fn nobody_goes_on_with_another_users_session() {
    let key = SigningKey::rsa("key", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    let server = Server::new(&authority.issuer, CALM);
    let token = |sub: &str| key.token(&patched(claims(&authority.issuer), &json!({"sub": sub})));
    let (mine, yours) = (token("me"), token("you"));

    let begun = server.ask(with_token(initialize(), &mine)).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let session = begun.headers["mcp-session-id"].to_str().unwrap().to_owned();
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let ask = async |method: &str, session: &str, body: &Value, token: &str| {
        server.ask(with_token(message(method, Some(session), body), token)).await
    };
    assert_eq!(ask("POST", &session, &initialized, &mine).await.status, 202);

    for (method, body) in [("POST", &list), ("GET", &Value::Null), ("DELETE", &Value::Null)] {
        let said = server.captured.text().len();
        let refused = ask(method, &session, body, &yours).await;
        assert_eq!((refused.status, refused.challenge()), (404, None), "{method}");
        assert_eq!(server.failed_since(said), [rules::SESSION_OWNER.id], "{method}");
        // The same as for one that never was.
        let unknown = ask(method, "no-such-session", body, &yours).await;
        assert_eq!((unknown.status, unknown.body), (refused.status, refused.body), "{method}");
    }
    assert!(ask("POST", &session, &list, &mine).await.body.contains("get_weather"), "it is still there for its user");
    assert!(ask("DELETE", &session, &Value::Null, &mine).await.status < 300);
}
