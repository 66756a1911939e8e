//! The servers, against tokens of every audience: what is for them is accepted, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../05_token_use/tests/common/mod.rs"]
mod common;

use std::sync::Arc;

use audience_binding::downstream::{self, Downstream};
use audience_binding::parties::AudienceOptions;
use audience_binding::{rules, server};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::Parser;
use common::{Authority, CALM, RESOURCE, Reply, Server, SigningKey};
use serde_json::{Value, json};
use shared::Side;
use shared::testing::Captured;
use token_use::further::sample_tools::SampleTools;
use token_use::options::CheckOptions;
use token_use::tools::TOOLS;

/// The server of this lesson, in front of this authorization server; `more` are names that it goes
/// by besides its URL.
fn own_server(issuer: &str, more: &[&str], options: &CheckOptions) -> Server {
    let captured = Captured::json();
    let reporter = captured.reporter().on(Side::Server);
    let accepted: Vec<_> = [RESOURCE].iter().chain(more).map(|name| (*name).to_owned()).collect();
    let protected = common::protected(issuer);
    let server = server::create(protected, &accepted, options, CALM, reporter).unwrap();
    let app = server.app(TOOLS, SampleTools::create().unwrap()).unwrap();
    Server { app, captured }
}

/// Audiences that are not this server, in all the forms in which they come.
fn of_others() -> Vec<Value> {
    vec![
        Value::Null,
        json!(""),
        json!([]),
        json!("account"),
        json!(["account", "http://localhost:8001/mcp"]),
        json!("http://localhost:8001/mcp"),
        json!("http://localhost:8000/mcp/"),
        json!("http://localhost:8000/MCP"),
        json!("HTTP://localhost:8000/mcp"),
        json!("http://LOCALHOST:8000/mcp"),
        json!("http://127.0.0.1:8000/mcp"),
        json!("http://localhost:8000"),
        json!("http://localhost:8000/mcp?a"),
        json!("*"),
        json!([RESOURCE, 7]),
        json!([[RESOURCE]]),
        json!({"0": RESOURCE}),
        json!(true),
    ]
}

/// An authorization server, and its key.
async fn authority() -> (Authority, SigningKey) {
    let key = SigningKey::rsa("k1", Some("RS256"));
    (Authority::start(&[&key]).await, key)
}

/// Claims with this audience; none for `null`.
fn claims(authority: &Authority, aud: &Value) -> Value {
    let mut claims = common::claims(&authority.issuer);
    let members = claims.as_object_mut().unwrap();
    members.remove("aud");
    if !aud.is_null() {
        members.insert("aud".to_owned(), aud.clone());
    }
    claims
}

#[tokio::test]
async fn the_server_takes_what_names_it() {
    let (authority, key) = authority().await;
    for aud in [json!(RESOURCE), json!([RESOURCE]), json!(["account", RESOURCE]), json!([RESOURCE, RESOURCE])] {
        let server = own_server(&authority.issuer, &[], &CheckOptions::default());
        let reply = server.weather(&key.token(&claims(&authority, &aud))).await;
        assert_eq!(reply.status, 200, "{aud}");
        assert_eq!(server.captured.checks(rules::AUDIENCE.id), [("server".to_owned(), true)], "{aud}");
    }
}

#[tokio::test]
async fn the_server_refuses_what_does_not_and_says_which_check_failed() {
    let (authority, key) = authority().await;
    for aud in of_others() {
        let server = own_server(&authority.issuer, &[], &CheckOptions::default());
        let reply = server.weather(&key.token(&claims(&authority, &aud))).await;
        assert_refused(&reply, &aud);
        assert_eq!(server.captured.checks(rules::AUDIENCE.id), [("server".to_owned(), false)], "{aud}");
        let verdict = server.captured.events().iter().any(|event| {
            event["text"]
                .as_str()
                .is_some_and(|text| text.contains("  iss  ") && text.contains(&format!("← not {RESOURCE}")))
        });
        assert!(verdict, "claim by claim: {aud}");
    }
}

fn assert_refused(reply: &Reply, aud: &Value) {
    assert_eq!(reply.status, 401, "{aud}");
    let challenge = reply.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains("error=\"invalid_token\", error_description=\"The token is not for this server\""),
        "{challenge}"
    );
    assert!(
        !challenge.contains("account") && !challenge.contains("8001"),
        "a stranger's words do not come back: {challenge}"
    );
}

#[tokio::test]
async fn a_server_takes_tokens_for_its_other_names_where_its_operator_says_so() {
    let (authority, key) = authority().await;
    let token = key.token(&claims(&authority, &json!("api://weather")));
    let server = own_server(&authority.issuer, &["api://weather"], &CheckOptions::default());
    assert_eq!(server.weather(&token).await.status, 200);
    assert_eq!(server.weather(&key.token(&claims(&authority, &json!(RESOURCE)))).await.status, 200);
    assert_eq!(server.weather(&key.token(&claims(&authority, &json!("account")))).await.status, 401);
}

fn profile(token: &str) -> Request<Body> {
    common::with_token(common::tool_call("get_user_profile", &json!({})), token)
}

/// An IdP whose ID tokens differ from its access tokens in `aud` only: lesson 05's server with
/// `--accept-typ JWT` lets them in.
#[tokio::test]
async fn an_id_token_is_refused_even_where_only_its_audience_tells_it_apart() {
    let (authority, key) = authority().await;
    let options = CheckOptions { accept_typ: vec!["JWT".to_owned()], ..CheckOptions::default() };
    let mut id_token = claims(&authority, &json!("the-client"));
    id_token.as_object_mut().unwrap().remove("typ");
    let id_token = key.token(&id_token);
    assert_eq!(Server::with(&authority.issuer, CALM, &options).ask(profile(&id_token)).await.status, 200);
    let server = own_server(&authority.issuer, &[], &options);
    assert_refused(&server.ask(profile(&id_token)).await, &json!("the-client"));
}

#[tokio::test]
async fn a_token_that_is_remembered_was_for_this_server() {
    let (authority, key) = authority().await;
    let options = CheckOptions { remember_tokens: 10, ..CheckOptions::default() };
    let server = own_server(&authority.issuer, &[], &options);
    for _ in 0..2 {
        let token = key.token(&claims(&authority, &json!("account")));
        assert_eq!(server.weather(&token).await.status, 401);
    }
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: AudienceOptions,
}

async fn get(app: &Router, token: Option<&str>) -> Reply {
    let mut request = Request::get("/reports");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let server = Server { app: app.clone(), captured: Captured::json() };
    server.ask(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_api_behind_the_server_takes_its_own_tokens_and_no_others() {
    let (authority, key) = authority().await;
    let options = Cli::parse_from(["x"]).options;
    let captured = Captured::json();
    let reporter = captured.reporter().on(Side::Server);
    let api = Arc::new(Downstream::new(&authority.issuer, &options, &CheckOptions::default(), reporter).unwrap());
    let app = downstream::app(api.clone());
    let token = |aud: Value, scope: &str| {
        let mut claims = claims(&authority, &aud);
        claims["scope"] = json!(scope);
        claims["azp"] = json!(RESOURCE);
        key.token(&claims)
    };
    let good = get(&app, Some(&token(json!("downstream-api"), "downstream:read"))).await;
    let body: Value = serde_json::from_str(&good.body).unwrap();
    assert_eq!((good.status, body["asked_by"].as_str()), (200, Some(RESOURCE)));
    for (token, status) in [
        (None, 401),
        (Some("x y".to_owned()), 400),
        (Some(token(json!("downstream-api"), "mcp:read")), 403),
        (Some(token(json!(RESOURCE), "downstream:read")), 401),
        (Some(token(Value::Null, "downstream:read")), 401),
        (Some(SigningKey::rsa("k1", Some("RS256")).token(&claims(&authority, &json!("downstream-api")))), 401),
    ] {
        let reply = get(&app, token.as_deref()).await;
        assert_eq!(reply.status, status);
        assert!(reply.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    // As it must not be: what the lesson shows.
    let foreign = token(json!(RESOURCE), "mcp:read");
    api.set_careless(true);
    assert_eq!(get(&app, Some(&foreign)).await.status, 200);
    assert_eq!(get(&app, Some("a.b.c")).await.status, 401, "careless about aud, not about everything");
    api.set_careless(false);
    assert_eq!(get(&app, Some(&foreign)).await.status, 401);
}
