//! The client against servers of every kind: those that MCP allows, and those that it does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use protected_resource_discovery::{Discovery, DiscoveryError, discover};
use serde_json::{Value, json};
use shared::http::Http;
use shared::listen;
use shared::reach::{Privacy, Reach};
use shared::testing::Captured;

const PATH_URL: &str = "/.well-known/oauth-protected-resource/mcp";
const ROOT_URL: &str = "/.well-known/oauth-protected-resource";

/// Runs the client against a server that `build` makes, given the server's origin.
async fn run(build: impl FnOnce(&str) -> Router) -> (Result<Discovery, DiscoveryError>, Captured) {
    run_within(60, build).await
}

/// The same with a limit on the seconds that a request may take.
async fn run_within(seconds: u64, build: impl FnOnce(&str) -> Router) -> (Result<Discovery, DiscoveryError>, Captured) {
    let listener = listen::bind(0, "test", "").await.unwrap();
    let origin = format!("http://localhost:{}", listen::port(&listener));
    let _serving = listen::serve(listener, build(&origin));
    let captured = Captured::json();
    let http = Http::new(captured.reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap().within(seconds);
    let result = discover(&http, &format!("{origin}/mcp")).await;
    captured.events();
    (result, captured)
}

fn challenge(value: &str) -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, HeaderValue::from_bytes(value.as_bytes()).unwrap())])
        .into_response()
}

fn document(resource: &str) -> Value {
    json!({"resource": resource, "authorization_servers": ["https://as.example"], "scopes_supported": ["a"]})
}

/// A server whose challenge is this one and whose metadata is at the well-known URL of its path.
fn with_challenge(origin: &str, value: &str) -> Router {
    let (value, document) = (value.replace("ORIGIN", origin), document(&format!("{origin}/mcp")));
    Router::new()
        .route("/mcp", post(move || async move { challenge(&value) }))
        .route(PATH_URL, get(|| async { axum::Json(document) }))
}

/// A server whose challenge names its metadata, which `metadata` answers.
fn with_metadata(origin: &str, metadata: impl FnOnce() -> Response + Clone + Send + Sync + 'static) -> Router {
    let value = format!("Bearer resource_metadata=\"{origin}/metadata\"");
    Router::new()
        .route("/mcp", post(move || async move { challenge(&value) }))
        .route("/metadata", get(move || async move { metadata() }))
}

fn json_answer(value: Value) -> impl FnOnce() -> Response + Clone + Send + Sync + 'static {
    move || axum::Json(value).into_response()
}

#[tokio::test]
async fn two_hundred_malformed_challenges_are_a_missed_should_and_the_well_known_url_helps() {
    let beginnings = ["Bearer ", "Bearer realm=\"x\", ", "Basic realm=\"a\", Bearer ", "bearer\t", "Negotiate abc==, "];
    let faults = [
        "resource_metadata",
        "resource_metadata=",
        "resource_metadata=\"ORIGIN/x",
        "resource_metadata=\"x\\",
        "=\"x\"",
        "\"\"",
        "resource_metadata=ORIGIN/x",
        "resource_metadata=\"u\" scope=\"s\"",
        "scope=a b",
        "scope=\"a\", scope=\"b\"",
        "{}",
        "[1]",
        "resource_metadata: \"u\"",
        "resource_metadata='ORIGIN/x'",
        "a=b;c=d",
        "a=\"b\"c",
        "@",
        "a==",
        "a= ,",
        "a=b, =c",
        "(comment)",
        "<script>",
        "résumé=x",
        "a=\u{e9}",
        "realm=\"",
        "realm=\"\\\"",
        "a b c",
        "a,b=",
        "a=\"1\"\"2\"",
        "%00",
        "a=/",
        "a=?",
        "x:y",
        "a=b, a=c",
        "A=b, a=c",
        "\\",
        "a=\\",
        "a=[",
        "a={\"b\":1}",
        "resource_metadata=\"u\", scope=\"",
    ];
    let mut tried = 0;
    for beginning in beginnings {
        for fault in faults {
            let value = format!("{beginning}{fault}");
            let (result, captured) = run(|origin| with_challenge(origin, &value)).await;
            let named = captured.checks("challenge.resource-metadata");
            if named == [("client".to_owned(), true)] {
                // `resource_metadata` could be read: then it is that URL and no other.
                assert!(result.is_err(), "{value}");
                continue;
            }
            tried += 1;
            assert_eq!(named, [("client".to_owned(), false)], "{value}");
            let discovery = result.unwrap_or_else(|error| panic!("{value}: {error}"));
            assert!(discovery.metadata_url.ends_with(PATH_URL), "{value}");
            assert_eq!(captured.reporter().counts().failed, 0, "{value}: no MUST is missed");
        }
    }
    assert!(tried >= 195, "{tried} of {} challenges were unusable", beginnings.len() * faults.len());
}

#[tokio::test]
async fn the_challenge_is_found_among_others_and_in_any_field() {
    for value in [
        "Bearer resource_metadata=\"ORIGIN/.well-known/oauth-protected-resource/mcp\", scope=\"a b\"",
        "Basic realm=\"x\", Bearer scope=\"a b\", resource_metadata=\"ORIGIN/.well-known/oauth-protected-resource/mcp\"",
        "bearer RESOURCE_METADATA=\"ORIGIN/.well-known/oauth-protected-resource/mcp\",scope=\"a b\"",
    ] {
        let (result, captured) = run(|origin| with_challenge(origin, value)).await;
        let discovery = result.unwrap();
        assert_eq!(discovery.challenge.unwrap().parameter("scope"), Some("a b"));
        assert_eq!(captured.reporter().counts().missed, 0);
    }
    let two_fields = |origin: &str| {
        let bearer = format!("Bearer resource_metadata=\"{origin}{PATH_URL}\"");
        let document = document(&format!("{origin}/mcp"));
        let response = move || async move {
            let mut response = challenge("Negotiate");
            response.headers_mut().append(header::WWW_AUTHENTICATE, bearer.parse().unwrap());
            response
        };
        Router::new().route("/mcp", post(response)).route(PATH_URL, get(|| async { axum::Json(document) }))
    };
    assert!(run(two_fields).await.0.unwrap().challenge.is_some());
}

#[tokio::test]
async fn a_named_url_that_fails_ends_discovery_although_a_well_known_one_would_help() {
    for (value, id) in [
        ("Bearer resource_metadata=\"ORIGIN/nothing\"", "metadata.available"),
        ("Bearer resource_metadata=\"/relative\"", "metadata.available"),
        ("Bearer resource_metadata=\"\"", "metadata.available"),
        ("Bearer resource_metadata=\"javascript:alert(1)\"", "metadata.available"),
        ("Bearer resource_metadata=\"file:///etc/passwd\"", "metadata.available"),
        ("Bearer resource_metadata=\"http://169.254.169.254/\"", "metadata.address"),
        ("Bearer resource_metadata=\"http://[fe80::1]/\"", "metadata.address"),
        ("Bearer resource_metadata=\"http://0.0.0.0/\"", "metadata.address"),
        ("Bearer resource_metadata=\"http://example.com/\"", "metadata.secure"),
        ("Bearer resource_metadata=\"http://localhost:1/\"", "metadata.available"),
    ] {
        let (result, captured) = run(|origin| with_challenge(origin, value)).await;
        assert_eq!(result.unwrap_err().id(), id, "{value}");
        assert_eq!(captured.checks(id), [("client".to_owned(), false)], "{value}");
    }
}

#[tokio::test]
async fn without_a_challenge_the_path_is_tried_before_the_root() {
    let plain_401 = || Router::new().route("/mcp", post(|| async { StatusCode::UNAUTHORIZED }));
    for resource in ["/mcp", ""] {
        let at_root = |origin: &str| {
            let document = document(&format!("{origin}{resource}"));
            plain_401().route(ROOT_URL, get(|| async { axum::Json(document) }))
        };
        let (result, captured) = run(at_root).await;
        let discovery = result.unwrap();
        assert!(discovery.metadata_url.ends_with(ROOT_URL));
        assert!(discovery.server_url.ends_with("/mcp"), "later requests send the MCP URL");
        assert_eq!(captured.checks("metadata.well-known-path"), [("client".to_owned(), false)]);
    }
    let origin_at_path = |origin: &str| {
        let document = document(origin);
        plain_401().route(PATH_URL, get(|| async { axum::Json(document) }))
    };
    assert_eq!(run(origin_at_path).await.0.unwrap_err().id(), "metadata.resource-of-well-known");
    assert_eq!(run(|_| plain_401()).await.0.unwrap_err().id(), "metadata.not-found");
    let walled = |_: &str| plain_401().fallback(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    assert_eq!(run(walled).await.0.unwrap_err().id(), "metadata.available");
}

/// What is odd at one place does not end the search at the next, and where no place has metadata,
/// the oddest response is the one that is reported.
#[tokio::test]
async fn an_odd_response_at_the_path_does_not_hide_the_root() {
    let typed = |text: &'static str, kind: &'static str| ([(header::CONTENT_TYPE, kind)], text).into_response();
    for (seen, id, odd) in [
        ("HTTP 401", "metadata.available", (|_| StatusCode::UNAUTHORIZED.into_response()) as fn(_) -> Response),
        ("HTTP 403", "metadata.available", |_| StatusCode::FORBIDDEN.into_response()),
        ("HTTP 500", "metadata.available", |_| StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        ("HTTP 200, served as", "metadata.media-type", |typed: fn(_, _) -> Response| typed("<html>", "text/html")),
        ("HTTP 200, served as", "metadata.media-type", |typed| typed("{\"resource\": \"x\"}", "text/plain")),
        ("but resource is absent", "metadata.member-types", |typed| typed("{}", "application/json")),
        ("but an array", "metadata.json-object", |typed| typed("[{\"resource\": \"x\"}]", "application/json")),
        ("but not JSON", "metadata.json-object", |typed| typed("{\"resource\":", "application/json")),
    ] {
        let plain_401 = move || {
            Router::new()
                .route("/mcp", post(|| async { StatusCode::UNAUTHORIZED }))
                .route(PATH_URL, get(move || async move { odd(typed) }))
        };
        let at_root = |origin: &str| {
            let document = document(&format!("{origin}/mcp"));
            plain_401().route(ROOT_URL, get(|| async { axum::Json(document) }))
        };
        let (result, captured) = run(at_root).await;
        assert!(result.unwrap().metadata_url.ends_with(ROOT_URL), "{seen}");
        assert_eq!(captured.checks("metadata.well-known-path"), [("client".to_owned(), false)], "{seen}");
        assert!(captured.text().contains(seen), "{seen}");
        assert_eq!(captured.reporter().counts().failed, 0, "{seen}");
        assert_eq!(run(|_| plain_401()).await.0.unwrap_err().id(), id, "{seen}");
    }
}

/// A member of no importance does not cost the document, and is named.
#[tokio::test]
async fn an_optional_member_of_a_wrong_type_is_reported_and_left_out() {
    for (name, value) in [
        ("resource_name", json!(null)),
        ("resource_name", json!("")),
        ("scopes_supported", json!("a b")),
        ("bearer_methods_supported", json!({})),
        ("dpop_bound_access_tokens_required", json!("true")),
    ] {
        let build = |origin: &str| {
            let mut document = document(&format!("{origin}/mcp"));
            document[name] = value;
            with_metadata(origin, json_answer(document))
        };
        let (result, captured) = run(build).await;
        assert!(result.is_ok(), "{name}: {result:?}");
        assert_eq!(captured.checks("metadata.member-types"), [("client".to_owned(), false)], "{name}");
        assert!(captured.text().contains(&format!("{name} is ")), "{name}");
    }
}

#[tokio::test]
async fn documents_that_must_not_be_used_are_not_used() {
    let origin_of = |text: &str| text.to_owned();
    for (id, metadata) in [
        ("metadata.json-object", json!([1])),
        ("metadata.json-object", json!("text")),
        ("metadata.member-types", json!({})),
        ("metadata.member-types", json!({"resource": 1})),
        ("metadata.member-types", json!({"resource": "ORIGIN/mcp", "authorization_servers": "https://as.example"})),
        ("metadata.member-types", json!({"resource": "ORIGIN/mcp", "authorization_servers": [["https://as.example"]]})),
        ("metadata.authorization-servers", json!({"resource": "ORIGIN/mcp"})),
        ("metadata.authorization-servers", json!({"resource": "ORIGIN/mcp", "authorization_servers": []})),
        ("metadata.resource-of-challenge", document("ORIGIN")),
        ("metadata.resource-of-challenge", document("ORIGIN/mcp/")),
        ("metadata.resource-of-challenge", document("ORIGIN/MCP")),
        ("metadata.resource-of-challenge", document("ORIGIN/mcp?x")),
        ("metadata.resource-of-challenge", document(" ORIGIN/mcp")),
        ("metadata.resource-of-challenge", document("https://other.example/mcp")),
        (
            "metadata.bearer-header",
            json!({"resource": "ORIGIN/mcp", "authorization_servers": ["https://as.example"], "bearer_methods_supported": ["query"]}),
        ),
    ] {
        let text = metadata.to_string();
        let build = |origin: &str| {
            let filled = serde_json::from_str(&text.replace("ORIGIN", &origin_of(origin))).unwrap();
            with_metadata(origin, json_answer(filled))
        };
        let (result, captured) = run(build).await;
        let error = result.unwrap_err();
        assert_eq!(error.id(), id, "{text}");
        assert!(!error.fix().is_empty(), "{text}");
        assert_eq!(captured.checks(id).last(), Some(&("client".to_owned(), false)), "{text}");
    }
}

#[tokio::test]
async fn metadata_that_is_no_document_gets_a_sentence_each() {
    let html = || ([(header::CONTENT_TYPE, "text/html")], "<html>").into_response();
    let not_json = || ([(header::CONTENT_TYPE, "application/json")], "{\"resource\":").into_response();
    let deep = || ([(header::CONTENT_TYPE, "application/json")], "[".repeat(500_000)).into_response();
    let huge = || axum::Json(json!({"x": "y".repeat(5 * 1024 * 1024)})).into_response();
    let binary = || ([(header::CONTENT_TYPE, "application/json")], vec![0_u8, 159, 146, 150]).into_response();
    let redirect = || Redirect::temporary("http://169.254.169.254/").into_response();
    for (id, metadata) in [
        ("metadata.media-type", html as fn() -> Response),
        ("metadata.json-object", not_json),
        ("metadata.json-object", deep),
        ("metadata.json-object", binary),
        ("metadata.limits", huge),
        ("metadata.address", redirect),
        ("metadata.available", || StatusCode::FORBIDDEN.into_response()),
        ("metadata.available", || StatusCode::NO_CONTENT.into_response()),
    ] {
        let (result, captured) = run(|origin| with_metadata(origin, metadata)).await;
        assert_eq!(result.unwrap_err().id(), id);
        assert_eq!(captured.checks(id).last(), Some(&("client".to_owned(), false)));
    }
}

#[tokio::test]
async fn a_server_that_stays_silent_ends_within_the_time_limit() {
    let silent =
        |_: &str| Router::new().route("/mcp", post(|| async { tokio::time::sleep(Duration::from_secs(3600)).await }));
    assert_eq!(run_within(1, silent).await.0.unwrap_err().id(), "http.timed-out");
}

#[tokio::test]
async fn older_and_open_servers_are_met_where_they_are() {
    // A server of MCP 2025-11-25 answers 400 to what it does not know.
    let older = |origin: &str| {
        let value = format!("Bearer resource_metadata=\"{origin}{PATH_URL}\"");
        let document = document(&format!("{origin}/mcp"));
        let response = move |body: String| async move {
            if body.contains("\"initialize\"") { challenge(&value) } else { StatusCode::BAD_REQUEST.into_response() }
        };
        Router::new().route("/mcp", post(response)).route(PATH_URL, get(|| async { axum::Json(document) }))
    };
    assert!(run(older).await.0.is_ok());
    // A server that lets anyone begin.
    let open = |origin: &str| {
        let document = document(&format!("{origin}/mcp"));
        Router::new().route("/mcp", post(|| async { "{}" })).route(PATH_URL, get(|| async { axum::Json(document) }))
    };
    assert!(run(open).await.0.is_ok());
    for status in
        [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND]
    {
        let answering = |_: &str| Router::new().route("/mcp", post(move || async move { status }));
        let error = run(answering).await.0.unwrap_err();
        assert_eq!(error.id(), "server.status");
        assert!(error.to_string().contains(status.as_str()), "{error}");
    }
}

#[tokio::test]
async fn a_fragment_in_the_servers_url_is_refused() {
    let http = Http::new(Captured::json().reporter(), Reach::public_only()).unwrap();
    assert_eq!(discover(&http, "http://localhost:8000/mcp#x").await.unwrap_err().id(), "server.url");
}
