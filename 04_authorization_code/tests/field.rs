//! What people met at token endpoints of all kinds: for each response the exit code, the check that
//! failed, and the words that decide what a reader does next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};

use authorization_code::rules;
use serde_json::{Value, json};
use shared::testing::{Fake, Run, any_ports, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

/// A sign-in at an honest server whose token endpoint responds to the code like this.
fn sign_in(response: Value) -> Run {
    let question = json!({ "POST /token code=this-code-was-never-issued":
        { "status": 400, "body": { "error": "invalid_grant" } } });
    let fake = Fake::start(&[question, json!({ "POST /token code=k1": response })]);
    let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
    let arguments = ["client", "--json", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo"];
    let output = Command::new(LESSON)
        .args(arguments)
        .args(any_ports(LESSON, &arguments))
        .env("MCP_OAUTH_HOME", home.path())
        .env("LOGIN_PASSWORD", "any-password-at-all")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::of(&output)
}

#[test]
fn a_token_is_one_and_a_refusal_is_one_whatever_the_status_says() {
    let token = json!({ "access_token": "a", "token_type": "Bearer", "scope": "mcp:read", "expires_in": 60 });
    let with = |name: &str, value: Value| {
        let mut token = token.clone();
        token[name] = value;
        token
    };
    let error = |code: &str| json!({ "error": code, "error_description": "in the IdP's words" });
    let ok = (true, true);
    // (status, headers, body) → (the code is taken, the response is whole), what is said
    let rows = [
        (200, json!([]), token.clone(), ok, "every scope that was asked for"),
        (201, json!([]), token.clone(), (true, false), "with HTTP 201 instead of 200"),
        (202, json!([]), token.clone(), (true, false), "with HTTP 202 instead of 200"),
        (200, json!([]), with("refresh_token", json!(null)), (true, false), "refresh_token is null"),
        (200, json!([]), with("refresh_token", json!("")), (true, false), "refresh_token is empty"),
        (200, json!([]), with("id_token", json!(7)), (true, false), "id_token is a number"),
        (200, json!([]), with("expires_in", json!("60")), (true, false), "expires_in is a string"),
        (200, json!([]), with("expires_in", json!(60.0)), ok, "every scope that was asked for"),
        (200, json!([]), error("bad_code"), (false, false), "HTTP 200 bad_code: in the IdP's words"),
        (400, json!([]), error("invalid_grant"), (false, false), "A code is good once"),
        (400, json!([]), error("invalid_target"), (false, false), "RFC 8707 §2"),
        (400, json!([]), error("invalid_scope"), (false, false), "scopes_supported"),
        (401, json!([]), error("invalid_client"), (false, false), "does not take this client"),
        (400, json!([]), error("unauthorized_client"), (false, false), "does not take this client"),
        (400, json!([]), error("unsupported_grant_type"), (false, false), "grant_types_supported"),
        (400, json!([]), error("invalid_request"), (false, false), "own words are above"),
        (302, json!([["location", "/login"]]), json!(""), (false, false), "a sign-in page"),
        (307, json!([["location", "https://elsewhere.example/"]]), json!(""), (false, false), "a sign-in page"),
        (403, json!([["content-type", "text/html"]]), json!("<html>"), (false, false), "a firewall or a proxy"),
        (429, json!([["retry-after", "30"]]), json!(""), (false, false), "Wait 30 seconds"),
        (429, json!([]), json!(""), (false, false), "Wait a minute"),
        (500, json!([]), json!("x"), (false, false), "the fault is the IdP's"),
        (503, json!([]), error("temporarily_unavailable"), (false, false), "the fault is the IdP's"),
    ];
    for (status, headers, body, (is_taken, is_whole), says) in rows {
        let row = format!("{status} {body}");
        let run = sign_in(json!({ "status": status, "headers": headers, "body": body }));
        assert_eq!(run.checks(rules::IDP_TAKES_CODE.id), [is_taken], "{row}: {run:#?}");
        assert!(run.says(says), "{row}: {run:#?}");
        assert_eq!(run.success, is_whole, "{row}: {run:#?}");
        assert_eq!(run.checks(rules::TOKEN_RESPONSE.id), if is_taken { vec![is_whole] } else { vec![] }, "{row}");
        if !is_taken && !says.starts_with("A code") {
            assert!(!run.says("A code is good once"), "{row}: {run:#?}");
        }
    }
}

/// What is REQUIRED stays strict.
#[test]
fn a_response_without_a_usable_token_is_none() {
    for (body, says) in [
        (json!({}), "access_token is absent"),
        (json!({ "access_token": "", "token_type": "Bearer" }), "access_token is empty"),
        (json!({ "access_token": null, "token_type": "Bearer" }), "access_token is null"),
        (json!({ "access_token": ["a"], "token_type": "Bearer" }), "access_token is an array"),
        (json!({ "access_token": "a" }), "token_type is absent"),
        (json!([]), "an array"),
        (json!("access_token=a&token_type=bearer"), "not JSON"),
    ] {
        let run = sign_in(json!({ "status": 200, "body": body }));
        assert!(!run.success && run.error().1.contains(says), "{body}: {:?}", run.error());
        assert_eq!(run.checks(rules::TOKEN_RESPONSE.id), [false], "{body}");
    }
}
