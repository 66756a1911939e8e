//! The client and `inspect` against authorization servers of every kind.
//!
//! The documents in `fixtures/` are written by hand, in the shapes of vendors: an issuer with a
//! path and members of the vendor's own, one with OpenID Connect Discovery only and a slash at the
//! end of its issuer, one that does not announce PKCE.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::Duration;

use as_metadata::further::older;
use as_metadata::requirements::Needs;
use as_metadata::{AuthorizationServerMetadata, MetadataError, client, find};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use protected_resource_discovery::further::select::Wanted;
use serde_json::{Value, json};
use shared::http::Http;
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach};
use shared::story;
use shared::testing::Captured;

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

type Answering = Arc<dyn Fn() -> Response + Send + Sync>;

struct Fixture {
    origin: String,
    http: Http,
    captured: Captured,
    _serving: Serving,
}

async fn fixture(build: impl FnOnce(&str) -> Router) -> Fixture {
    let listener = listen::bind(0, "test", "").await.unwrap();
    let origin = format!("http://localhost:{}", listen::port(&listener));
    let captured = Captured::json();
    let http = Http::new(captured.reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap().within(60);
    let router = build(&origin);
    Fixture { origin, http, captured, _serving: listen::serve(listener, router) }
}

impl Fixture {
    async fn find(&self, path: &str) -> Result<AuthorizationServerMetadata, MetadataError> {
        let result = find(&self.http, &format!("{}{path}", self.origin), Needs::AuthorizationCode).await;
        self.captured.events();
        result
    }

    /// The ids of the checks that failed, in order.
    fn failed(&self) -> Vec<String> {
        let events = self.captured.events();
        let failed = events.iter().filter(|event| event["event"] == "checked" && event["passed"] == false);
        failed.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    }

    fn asked(&self) -> Vec<String> {
        let events = self.captured.events();
        let sent = events.iter().filter(|event| event["event"] == "sent");
        sent.map(|event| event["url"].as_str().unwrap().replace(&self.origin, "")).collect()
    }
}

fn served(path: &str, origin: &str, text: &str) -> Router {
    let document: Value = serde_json::from_str(&text.replace("ORIGIN", origin)).unwrap();
    Router::new().route(path, get(|| async { axum::Json(document) }))
}

fn fit(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/a"),
        "token_endpoint": format!("{issuer}/t"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["x"],
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
    })
}

#[tokio::test]
async fn the_places_are_tried_in_order() {
    for (issuer_path, document_path, expected) in [
        ("/t1", "/.well-known/oauth-authorization-server/t1", 1),
        ("/t1", "/.well-known/openid-configuration/t1", 2),
        ("/t1", "/t1/.well-known/openid-configuration", 3),
        ("", OAUTH, 1),
        ("", OPENID, 2),
        ("/", OPENID, 2),
    ] {
        let fixture = fixture(|origin| {
            let document = fit(&format!("{origin}{issuer_path}"));
            Router::new().route(document_path, get(|| async { axum::Json(document) }))
        })
        .await;
        fixture.find(issuer_path).await.unwrap_or_else(|error| panic!("{document_path}: {error}"));
        assert_eq!(fixture.asked().len(), expected, "{document_path}");
        assert_eq!(fixture.asked().last().unwrap(), document_path);
    }
}

/// What is odd at one place does not end the search at the next.
#[tokio::test]
async fn an_odd_first_place_does_not_hide_the_second() {
    let page = || ([(header::CONTENT_TYPE, "text/html")], "<html>").into_response();
    let json_text = |text: &'static str| move || ([(header::CONTENT_TYPE, "application/json")], text).into_response();
    let plain = || ([(header::CONTENT_TYPE, "text/plain")], "{\"issuer\": \"x\"}").into_response();
    let odd: Vec<(&str, Answering)> = vec![
        ("HTTP 503", Arc::new(|| StatusCode::SERVICE_UNAVAILABLE.into_response())),
        ("HTTP 500", Arc::new(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())),
        ("HTTP 403", Arc::new(|| StatusCode::FORBIDDEN.into_response())),
        ("HTTP 401", Arc::new(|| StatusCode::UNAUTHORIZED.into_response())),
        ("HTTP 429", Arc::new(|| StatusCode::TOO_MANY_REQUESTS.into_response())),
        ("HTTP 307", Arc::new(|| Redirect::temporary("/elsewhere").into_response())),
        ("text/html", Arc::new(page)),
        ("JSON that is served as", Arc::new(plain)),
        ("but issuer is absent", Arc::new(json_text("{}"))),
        ("but an array", Arc::new(json_text("[{\"issuer\": \"x\"}]"))),
        ("but not JSON", Arc::new(json_text("{\"issuer\":"))),
    ];
    for (seen, response) in odd {
        let fixture = fixture(|origin| {
            let document = fit(origin);
            Router::new()
                .route(OAUTH, get(move || async move { response() }))
                .route(OPENID, get(|| async { axum::Json(document) }))
        })
        .await;
        fixture.find("").await.unwrap_or_else(|error| panic!("{seen}: {error}"));
        assert_eq!(fixture.failed(), ["as-metadata.rfc8414-location"], "{seen}");
        assert_eq!(fixture.asked(), [OAUTH, OPENID], "a redirect is not followed");
        assert!(fixture.captured.text().contains(seen), "{seen}");
    }
}

/// Where no place has metadata, the response that says most is the one that is named.
#[tokio::test]
async fn the_oddest_response_is_the_one_that_is_reported() {
    let odd = |text: &'static str, kind: &'static str| move || ([(header::CONTENT_TYPE, kind)], text).into_response();
    let rows: Vec<(&str, &str, Answering)> = vec![
        (
            "as-metadata.location",
            "application/json (RFC 8414 §3.2)",
            Arc::new(odd("{\"issuer\": \"x\"}", "text/plain")),
        ),
        ("as-metadata.location", "Compare the issuer", Arc::new(odd("<html>", "text/html"))),
        ("as-metadata.member-types", "fix the document", Arc::new(odd("{\"issuer\": null}", "application/json"))),
        ("as-metadata.status", "log", Arc::new(|| StatusCode::BAD_GATEWAY.into_response())),
    ];
    for (id, fix, response) in rows {
        let fixture = fixture(|_| Router::new().route(OPENID, get(move || async move { response() }))).await;
        let error = fixture.find("").await.unwrap_err();
        assert_eq!(error.id(), id, "{error}");
        assert!(error.fix().contains(fix), "{}", error.fix());
    }
}

/// A member of no importance does not cost the document, and is named.
#[tokio::test]
async fn an_optional_member_of_a_wrong_type_is_reported_and_left_out() {
    for (name, value) in [
        ("registration_endpoint", json!(null)),
        ("introspection_endpoint", json!("")),
        ("jwks_uri", json!(["https://idp.example/jwks"])),
        ("scopes_supported", json!("a b")),
        ("client_id_metadata_document_supported", json!("true")),
    ] {
        let fixture = fixture(|origin| {
            let mut document = fit(origin);
            document[name] = value;
            Router::new().route(OAUTH, get(|| async { axum::Json(document) }))
        })
        .await;
        fixture.find("").await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(fixture.failed().contains(&"as-metadata.member-types".to_owned()), "{name}");
        assert!(fixture.captured.text().contains(&format!("{name} is ")), "{name}");
    }
}

#[tokio::test]
async fn the_place_that_no_standard_names_is_not_asked() {
    let nowhere = fixture(|_| Router::new()).await;
    let error = nowhere.find("/realms/r").await.unwrap_err();
    assert_eq!(error.id(), "as-metadata.location");
    let expected = [
        "/.well-known/oauth-authorization-server/realms/r",
        "/.well-known/openid-configuration/realms/r",
        "/realms/r/.well-known/openid-configuration",
    ];
    assert_eq!(nowhere.asked(), expected);
    assert!(error.to_string().contains("(HTTP 404)"), "{error}");
}

#[tokio::test]
async fn an_issuer_with_a_path_and_the_vendors_own_members_is_fit() {
    let fixture = fixture(|origin| {
        served(
            "/tenants/7f3c/v2.0/.well-known/openid-configuration",
            origin,
            include_str!("fixtures/issuer_with_path.json"),
        )
    })
    .await;
    fixture.find("/tenants/7f3c/v2.0").await.unwrap();
    assert_eq!(
        fixture.failed(),
        ["as-metadata.rfc8414-location", "as-metadata.client-id-metadata", "as-metadata.iss-parameter"]
    );
    assert_eq!(fixture.captured.reporter().counts().failed, 0, "no MUST is missed");
}

#[tokio::test]
async fn an_issuer_with_a_slash_at_the_end_is_fit_when_it_is_asked_for_like_that() {
    let build = |origin: &str| served(OPENID, origin, include_str!("fixtures/oidc_only.json"));
    let with_slash = fixture(build).await;
    with_slash.find("/").await.unwrap();
    let without = fixture(build).await;
    let error = without.find("").await.unwrap_err();
    assert_eq!(error.id(), "as-metadata.issuer-identical");
    assert!(error.fix().contains(&format!("list {}/ in", without.origin)), "{}", error.fix());
    assert!(error.to_string().ends_with("They differ in the slash at the end."), "{error}");
}

#[tokio::test]
async fn without_announced_pkce_the_client_refuses_and_inspect_shows_all() {
    let build = |origin: &str| served(OAUTH, origin, include_str!("fixtures/no_pkce.json"));
    let refused = fixture(build).await;
    assert_eq!(refused.find("").await.unwrap_err().id(), "as-metadata.pkce-announced");
    assert_eq!(refused.failed(), ["as-metadata.pkce-announced"], "a client stops at the first MUST");

    let inspected = fixture(build).await;
    client::inspect(&inspected.http, &inspected.origin).await.unwrap();
    let missed = ["as-metadata.client-id-metadata", "as-metadata.iss-parameter"];
    assert_eq!(inspected.failed(), [&["as-metadata.pkce-announced", "as-metadata.pkce-s256"][..], &missed].concat());
    assert_eq!(inspected.captured.reporter().counts().failed, 2, "so the exit code is 1");
    let fixes: Vec<_> = inspected.captured.events().into_iter().filter(|event| event["passed"] == false).collect();
    assert!(fixes.iter().all(|event| !event["fix"].as_str().unwrap().is_empty()), "{fixes:?}");
}

#[tokio::test]
async fn metadata_that_is_not_usable_gets_a_sentence_each() {
    let json_text = |text: &'static str| move || ([(header::CONTENT_TYPE, "application/json")], text).into_response();
    let deep = || ([(header::CONTENT_TYPE, "application/json")], "{\"a\":".repeat(200_000)).into_response();
    let huge = || axum::Json(json!({"x": "y".repeat(5 * 1024 * 1024)})).into_response();
    let cases: Vec<(&str, Answering)> = vec![
        ("as-metadata.json-object", Arc::new(json_text("[]"))),
        ("as-metadata.json-object", Arc::new(json_text("{\"issuer\":"))),
        ("as-metadata.json-object", Arc::new(json_text(""))),
        ("as-metadata.json-object", Arc::new(deep)),
        ("as-metadata.member-types", Arc::new(json_text("{}"))),
        ("as-metadata.member-types", Arc::new(json_text("{\"issuer\": 5}"))),
        ("as-metadata.issuer-identical", Arc::new(json_text("{\"issuer\": \"https://honest.example\"}"))),
        ("http.too-large", Arc::new(huge)),
        ("as-metadata.status", Arc::new(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())),
        ("as-metadata.status", Arc::new(|| StatusCode::SERVICE_UNAVAILABLE.into_response())),
        ("as-metadata.status", Arc::new(|| Redirect::temporary("/elsewhere").into_response())),
        ("as-metadata.status", Arc::new(|| Redirect::permanent("http://169.254.169.254/").into_response())),
        ("as-metadata.location", Arc::new(|| ([(header::CONTENT_TYPE, "text/html")], "<html>").into_response())),
        ("as-metadata.location", Arc::new(|| StatusCode::UNAUTHORIZED.into_response())),
        ("as-metadata.location", Arc::new(|| StatusCode::NO_CONTENT.into_response())),
    ];
    for (id, response) in cases {
        let fixture = fixture(|_| Router::new().fallback(move || async move { response() })).await;
        let error = fixture.find("").await.unwrap_err();
        assert_eq!(error.id(), id, "{error}");
        assert!(!error.fix().is_empty(), "{error}");
        assert!(!fixture.failed().is_empty(), "{error}");
        assert!(fixture.asked().iter().all(|url| url.starts_with("/.well-known/")), "a redirect is not followed");
    }
}

#[tokio::test]
async fn an_authorization_server_that_never_answers_ends_within_the_time_limit() {
    let silent = || async { tokio::time::sleep(Duration::from_secs(3600)).await };
    let fixture = fixture(|_| Router::new().fallback(silent)).await;
    let fixture = Fixture { http: fixture.http.clone().within(1), ..fixture };
    assert_eq!(fixture.find("").await.unwrap_err().id(), "http.timed-out");
}

#[tokio::test]
async fn what_is_no_issuer_is_not_asked() {
    let fixture = fixture(|_| Router::new()).await;
    for issuer in ["", "idp.example", "https://", "https://idp.example?x=1", "https://idp.example/r#f"] {
        let error = find(&fixture.http, issuer, Needs::AuthorizationCode).await.unwrap_err();
        assert_eq!(error.id(), "as-metadata.issuer-url", "{issuer}");
    }
    assert_eq!(
        find(&fixture.http, "http://169.254.169.254/", Needs::AuthorizationCode).await.unwrap_err().id(),
        "http.refused-address"
    );
    assert_eq!(
        find(&fixture.http, "http://idp.example/", Needs::AuthorizationCode).await.unwrap_err().id(),
        "http.insecure"
    );
    assert_eq!(fixture.asked().len(), 0);
}

#[tokio::test]
async fn an_older_server_is_its_own_authorization_server() {
    assert_eq!(older::authorization_base_url("https://api.example.com/v1/mcp"), Some("https://api.example.com"));
    let older_mcp = || Router::new().route("/mcp", axum::routing::post(|| async { StatusCode::UNAUTHORIZED }));

    let defaults = fixture(|_| older_mcp()).await;
    let metadata =
        client::run(&defaults.http, &format!("{}/mcp", defaults.origin), &Wanted::Any, Needs::AuthorizationCode)
            .await
            .unwrap();
    assert_eq!(metadata.authorization_server.token_endpoint, Some(format!("{}/token", defaults.origin)));
    assert_eq!(defaults.asked().last().unwrap(), OAUTH);

    let published = fixture(|origin| {
        let document = fit(origin);
        older_mcp().route(OAUTH, get(|| async { axum::Json(document) }))
    })
    .await;
    let metadata =
        client::run(&published.http, &format!("{}/mcp", published.origin), &Wanted::Any, Needs::AuthorizationCode)
            .await
            .unwrap();
    assert_eq!(metadata.authorization_server.token_endpoint, Some(format!("{}/t", published.origin)));

    let unfit = fixture(|origin| {
        let document = json!({"issuer": origin, "response_types_supported": ["code"]});
        older_mcp().route(OAUTH, get(|| async { axum::Json(document) }))
    })
    .await;
    let failure = client::run(&unfit.http, &format!("{}/mcp", unfit.origin), &Wanted::Any, Needs::AuthorizationCode)
        .await
        .unwrap_err();
    assert_eq!(failure.id, "as-metadata.authorization-endpoint");
}

/// The exit code is what a script goes by.
#[test]
fn inspect_ends_with_0_only_if_every_must_holds() {
    for (text, path, expected) in [
        (include_str!("fixtures/issuer_with_path.json"), "/tenants/7f3c/v2.0", true),
        (include_str!("fixtures/no_pkce.json"), "", false),
    ] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let fixture = runtime.block_on(fixture(|origin| {
            let place = if path.is_empty() { OAUTH.to_owned() } else { format!("{path}{OPENID}") };
            served(&place, origin, text)
        }));
        let captured = Captured::json();
        let http = Http::new(captured.reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
        let issuer = format!("{}{path}", fixture.origin);
        story::run(&captured.reporter(), story::Holds::WithoutFailure, client::inspect(&http, &issuer));
        assert_eq!(captured.events().last().unwrap()["ok"], expected, "{path}");
    }
}
