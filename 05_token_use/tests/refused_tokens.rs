//! A stored token that its server has refused is not sent again, by no later run either.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use shared::listen;
use shared::testing::{Run, private_folder};
use tokio::runtime::Runtime;

/// The `Authorization` headers that the server was sent.
type Sent = Arc<Mutex<Vec<String>>>;

async fn refuse(State(sent): State<Sent>, headers: HeaderMap) -> Response {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        sent.lock().unwrap().push(value.to_str().unwrap().to_owned());
    }
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")]).into_response()
}

fn list_tools(home: &Path, url: &str) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_05_token_use"))
        .args(["--json", "--callback-port", "0", "--document-port", "0", "list-tools", "--server-url", url])
        .env("MCP_OAUTH_HOME", home)
        .env_remove("MCP_OAUTH_PASSPHRASE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::of(&output)
}

#[test]
fn a_refused_token_is_not_sent_again() {
    for refresh_token in [None, Some("refresh-token-of-before")] {
        let (runtime, home, sent) = (Runtime::new().unwrap(), private_folder(), Sent::default());
        let app = Router::new().fallback(refuse).with_state(sent.clone());
        let (_serving, url) = runtime.block_on(async {
            let listener = listen::bind(0, "a server", "").await.unwrap();
            let url = format!("http://localhost:{}/mcp", listen::port(&listener));
            (listen::serve(listener, app), url)
        });
        // Nobody is there who could give new tokens.
        let tokens = json!({"access_token": "token-of-before", "token_type": "Bearer", "refresh_token": refresh_token});
        let kept = json!({
            "issuer": "http://localhost:1/realms/gone", "requested": ["mcp:read"], "obtained_at": 1, "tokens": tokens,
        });
        let file = home.path().join("tokens.json");
        std::fs::write(&file, json!({"version": 1, "servers": {&url: kept}}).to_string()).unwrap();
        assert!(!list_tools(home.path(), &url).success);
        assert_eq!(*sent.lock().unwrap(), ["Bearer token-of-before"], "the first run");
        assert!(!list_tools(home.path(), &url).success);
        assert_eq!(*sent.lock().unwrap(), ["Bearer token-of-before"], "and no later one");
        let stored: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let stored = &stored["servers"][&url];
        assert_eq!((&stored["refused"], &stored["tokens"]["refresh_token"]), (&json!(true), &json!(refresh_token)));
    }
}
