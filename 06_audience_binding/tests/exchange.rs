//! Token exchange, against authorization servers that respond as they should, and as they should
//! not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use audience_binding::rules;
use audience_binding::token_exchange::TokenExchange;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json};
use axum::routing::{get, post};
use dynamic_client_registration::ClientInformation;
use serde_json::{Value, json};
use shared::http::Http;
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach};
use shared::testing::Captured;
use shared::{Secret, Side};
use tokio::sync::OnceCell;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Looks like a token, so that it would be seen if it were shown.
const SUBJECT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2VjcmV0";

type Asked = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// An authorization server that gives one response, and remembers what it was asked.
async fn authority(status: u16, response: Value) -> (String, Asked, Serving) {
    let listener = listen::bind(0, "test", "").await.unwrap();
    let issuer = format!("http://localhost:{}", listen::port(&listener));
    let document = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
    });
    let asked = Asked::default();
    let token = move |State(asked): State<Asked>, headers: HeaderMap, body: String| async move {
        asked.lock().unwrap().push((headers, body));
        (StatusCode::from_u16(status).unwrap(), Json(response)).into_response()
    };
    let router = Router::new()
        .route("/.well-known/oauth-authorization-server", get(|| async { Json(document) }))
        .route("/token", post(token))
        .with_state(asked.clone());
    (issuer, asked, listen::serve(listener, router))
}

/// What the exchange brought, or the sentence; and how each check ended.
async fn exchange(issuer: &str, captured: &Captured) -> Result<String, String> {
    let reporter = captured.reporter().on(Side::Server);
    let exchange = TokenExchange {
        http: Http::new(reporter, Reach::public_only().limit(Privacy::Loopback)).unwrap(),
        issuer: issuer.to_owned(),
        client: ClientInformation::known("http://localhost:8000/mcp", Some(Secret::new("s3cr3t:value"))),
        audience: "downstream-api".to_owned(),
        scope: "downstream:read".to_owned(),
        metadata: OnceCell::new(),
    };
    let result = exchange.exchange(&Secret::new(SUBJECT)).await;
    result.map(|response| response.access_token.expose().to_owned()).map_err(|error| error.to_string())
}

fn good() -> Value {
    json!({"access_token": "new", "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 60})
}

#[tokio::test]
async fn the_request_is_the_rfcs_and_shows_no_secret() {
    let (issuer, asked, _serving) = authority(200, good()).await;
    let captured = Captured::json();
    assert_eq!(exchange(&issuer, &captured).await.unwrap(), "new");
    let (headers, body) = asked.lock().unwrap().pop().unwrap();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", SUBJECT),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", "downstream-api"),
        ("scope", "downstream:read"),
        ("client_id", "http://localhost:8000/mcp"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // "encoded using the "application/x-www-form-urlencoded" encoding algorithm" (RFC 6749 §2.3.1)
    let credentials = headers["authorization"].to_str().unwrap().strip_prefix("Basic ").unwrap();
    use base64::Engine;
    let decoded = base64::engine::general_purpose::STANDARD.decode(credentials).unwrap();
    assert_eq!(decoded, b"http%3A%2F%2Flocalhost%3A8000%2Fmcp:s3cr3t%3Avalue");
    let told = captured.text();
    for secret in [SUBJECT, credentials, "s3cr3t", "\"new\""] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    for rule in [&rules::IDP_EXCHANGES, &rules::ISSUED_TOKEN_TYPE] {
        assert!(captured.checks(rule.id).iter().all(|(_, passed)| *passed), "{}", rule.id);
        assert_eq!(captured.checks(rule.id).len(), 1, "{}", rule.id);
    }
}

#[tokio::test]
async fn bad_responses_get_a_sentence_each() {
    let without = |name: &str| {
        let mut response = good();
        response.as_object_mut().unwrap().remove(name);
        response
    };
    let with = |name: &str, value: Value| {
        let mut response = good();
        response[name] = value;
        response
    };
    let id_token = "urn:ietf:params:oauth:token-type:id_token";
    for (status, response, sentence, failed) in [
        (
            403,
            json!({"error": "access_denied", "error_description": "Client is not within the token audience"}),
            "does not exchange the token: HTTP 403 access_denied: Client is not within the token audience",
            &rules::IDP_EXCHANGES,
        ),
        (400, json!({"error": "invalid_target"}), "HTTP 400 invalid_target", &rules::IDP_EXCHANGES),
        (500, json!("<html>"), "HTTP 500", &rules::IDP_EXCHANGES),
        (302, json!({}), "HTTP 302", &rules::IDP_EXCHANGES),
        (200, without("issued_token_type"), "its issued_token_type is absent", &rules::ISSUED_TOKEN_TYPE),
        (200, with("issued_token_type", json!(id_token)), "its issued_token_type is urn:", &rules::ISSUED_TOKEN_TYPE),
        (200, with("issued_token_type", json!(7)), "its issued_token_type is absent", &rules::ISSUED_TOKEN_TYPE),
    ] {
        let (issuer, _, _serving) = authority(status, response).await;
        let captured = Captured::json();
        let told = exchange(&issuer, &captured).await.unwrap_err();
        assert!(told.contains(sentence), "{told}");
        assert_eq!(captured.checks(failed.id).last().map(|(_, passed)| *passed), Some(false), "{told}");
    }
    for (response, sentence) in [
        (without("access_token"), "access_token is absent"),
        (without("token_type"), "token_type is absent"),
        (with("access_token", json!([1])), "access_token is an array"),
        (json!([]), "cannot be used"),
    ] {
        let (issuer, _, _serving) = authority(200, response).await;
        let told = exchange(&issuer, &Captured::json()).await.unwrap_err();
        assert!(told.contains(sentence), "{told}");
    }
}

#[tokio::test]
async fn nobody_there_gets_a_sentence() {
    let told = exchange("http://localhost:1", &Captured::json()).await.unwrap_err();
    assert!(told.starts_with("the authorization server's metadata cannot be fetched: "), "{told}");
}
