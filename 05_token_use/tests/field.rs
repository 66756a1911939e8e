//! What people met at authorization servers of all kinds, once they had tokens: for each response
//! the exit code, and what becomes of the stored tokens.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use shared::testing::{Fake, Run, any_ports, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_05_token_use");

fn run(home: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(LESSON)
        .args(arguments)
        .arg("--json")
        .args(any_ports(LESSON, arguments))
        .env("MCP_OAUTH_HOME", home)
        .env("LOGIN_PASSWORD", "any-password-at-all")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::of(&output)
}

/// What nobody can revoke is forgotten, after saying so; what could be revoked later stays.
#[test]
fn logout_forgets_tokens_that_will_never_be_revoked() {
    let error = |code: &str| json!({ "error": code });
    for (status, body, is_forgotten) in [
        (200, json!(""), true),
        (400, error("invalid_request"), true),
        (400, error("unsupported_token_type"), true),
        (401, error("invalid_client"), true),
        (401, json!(""), true),
        (403, json!("<html>"), true),
        (429, json!(""), false),
        (500, json!("x"), false),
        (503, error("temporarily_unavailable"), false),
        (302, json!(""), false),
    ] {
        let endpoint = json!({ "GET /.well-known/oauth-authorization-server":
            { "patch": { "revocation_endpoint": "http://127.0.0.1:{port}/revoke" } } });
        let fake = Fake::start(&[endpoint, json!({ "POST /revoke": { "status": status, "body": body } })]);
        let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
        let at = ["--server-url", &url];
        let signed_in =
            run(home.path(), &[&["authorize"], &at[..], &["--client-issuer", &issuer, "--login", "demo"]].concat());
        assert!(signed_in.success, "{signed_in:#?}");
        let logout = run(home.path(), &[&["logout"], &at[..]].concat());
        assert_eq!(logout.success, is_forgotten, "{status} {body}: {logout:#?}");
        assert_eq!(fake.requests_to("POST /revoke").len(), 1, "{status} {body}");
        let stored = std::fs::read(home.path().join("tokens.json")).unwrap();
        let stored: Value = serde_json::from_slice(&stored).unwrap();
        assert_eq!(stored["servers"].get(&url).is_none(), is_forgotten, "{status} {body}: {stored}");
    }
}
