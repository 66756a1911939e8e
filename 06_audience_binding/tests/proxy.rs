//! The OAuth proxy that asks: what it refuses, and whom it asks.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use audience_binding::further::proxy::{Proxy, Remembered, app};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

const CLIENT: &str = "http://127.0.0.1:9/back";

fn proxy(asks: bool) -> Router {
    app(Arc::new(Proxy {
        url: "http://127.0.0.1:7".to_owned(),
        authorization_endpoint: "http://idp.example/auth".to_owned(),
        client_id: "static".to_owned(),
        scope: "mcp:read".to_owned(),
        resource: "http://localhost:8000/mcp".to_owned(),
        asks,
        state: Mutex::new(Remembered::default()),
    }))
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn location(&self) -> Url {
        Url::parse(self.headers["location"].to_str().unwrap()).unwrap()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.location().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    fn cookie(&self) -> String {
        self.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    fn form(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"form\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

async fn send(app: &Router, request: Request<Body>) -> Reply {
    let response = app.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
}

async fn get(app: &Router, path: &str, cookie: &str) -> Reply {
    send(app, Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap()).await
}

async fn register(app: &Router, name: &str) -> String {
    let metadata = json!({"client_name": name, "redirect_uris": [CLIENT]}).to_string();
    let request = Request::post("/register").header("content-type", "application/json").body(Body::from(metadata));
    let document: Value = serde_json::from_str(&send(app, request.unwrap()).await.body).unwrap();
    document["client_id"].as_str().unwrap().to_owned()
}

async fn authorize(app: &Router, client_id: &str, cookie: &str) -> Reply {
    get(
        app,
        &format!("/authorize?client_id={client_id}&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fback&state=s"),
        cookie,
    )
    .await
}

async fn decide(app: &Router, form: &str, cookie: &str, button: &str) -> Reply {
    let body = Body::from(format!("form={form}&{button}=x"));
    send(app, Request::post("/consent").header("cookie", cookie).body(body).unwrap()).await
}

#[tokio::test]
async fn each_client_is_asked_for_once_in_each_browser() {
    let app = proxy(true);
    let (first, second) = (register(&app, "First").await, register(&app, "<b>Second</b>").await);
    let page = authorize(&app, &first, "").await;
    assert_eq!(page.status, 200);
    for shown in ["First", "mcp:read", CLIENT] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert_eq!(page.headers["content-security-policy"], "frame-ancestors 'none'");
    let cookie = page.cookie();
    let forwarded = decide(&app, &page.form(), &cookie, "accept").await;
    assert_eq!(forwarded.location().host_str(), Some("idp.example"));
    assert_eq!(forwarded.parameter("client_id").as_deref(), Some("static"));
    assert_eq!(forwarded.parameter("code_challenge_method").as_deref(), Some("S256"));
    assert_ne!(forwarded.parameter("state").as_deref(), Some("s"), "the proxy's own state");
    assert_eq!(authorize(&app, &first, &cookie).await.status, 303, "the same client in the same browser");
    assert_eq!(authorize(&app, &first, "").await.status, 200, "another browser");
    let page = authorize(&app, &second, &cookie).await;
    assert_eq!(page.status, 200, "another client");
    assert!(page.body.contains("&lt;b&gt;Second&lt;/b&gt;") && !page.body.contains("<b>"), "{}", page.body);
    let denied = decide(&app, &page.form(), &cookie, "cancel").await;
    assert_eq!((denied.parameter("error").as_deref(), denied.parameter("code")), (Some("access_denied"), None));
    assert_eq!(denied.parameter("state").as_deref(), Some("s"));
}

#[tokio::test]
async fn a_page_and_a_response_are_good_once_and_in_their_own_browser() {
    let app = proxy(true);
    let client = register(&app, "Client").await;
    let page = authorize(&app, &client, "").await;
    assert_eq!(decide(&app, &page.form(), "proxy_session=other", "accept").await.status, 400, "another browser");
    assert_eq!(decide(&app, &page.form(), &page.cookie(), "accept").await.status, 400, "it was used");
    assert_eq!(decide(&app, "guessed", &page.cookie(), "accept").await.status, 400);

    let page = authorize(&app, &client, "").await;
    let cookie = page.cookie();
    let state = decide(&app, &page.form(), &cookie, "accept").await.parameter("state").unwrap();
    assert_eq!(get(&app, "/callback?code=c", &cookie).await.status, 400, "no state");
    assert_eq!(get(&app, "/callback?code=c&state=guessed", &cookie).await.status, 400);
    let back = get(&app, &format!("/callback?code=c&state={state}"), &cookie).await;
    assert!(back.location().as_str().starts_with(CLIENT));
    assert!(back.parameter("code").is_some_and(|code| code != "c"), "the proxy's own code");
    assert_eq!(get(&app, &format!("/callback?code=c&state={state}"), &cookie).await.status, 400, "it was used");
    // A response that an attacker began, in the user's browser.
    let state = authorize(&app, &client, &cookie).await.parameter("state").unwrap();
    assert_eq!(get(&app, &format!("/callback?code=c&state={state}"), "proxy_session=users").await.status, 400);
}

#[tokio::test]
async fn a_redirect_uri_is_the_registered_one_exactly() {
    let app = proxy(false);
    let client = register(&app, "Client").await;
    assert_eq!(authorize(&app, &client, "").await.status, 303);
    for uri in
        ["http://127.0.0.1:9/back/", "http://127.0.0.1:9/back?x", "http://127.0.0.1:9", "http://evil.example/back"]
    {
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let reply = get(&app, &format!("/authorize?client_id={client}&redirect_uri={uri}"), "").await;
        assert_eq!(reply.status, 400, "{uri}");
    }
    assert_eq!(authorize(&app, "nobody", "").await.status, 400);
    let error = authorize(&app, &client, "").await;
    let state = error.parameter("state").unwrap();
    let back = get(&app, &format!("/callback?error=login_required&state={state}"), &error.cookie()).await;
    assert_eq!(back.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn who_registers_says_a_name_and_a_redirect_uri() {
    let app = proxy(true);
    for metadata in ["{}", "[]", "{\"client_name\": \"x\"}", "{\"client_name\": 1, \"redirect_uris\": [\"x\"]}"] {
        let request = Request::post("/register").header("content-type", "application/json");
        assert_eq!(send(&app, request.body(Body::from(metadata)).unwrap()).await.status, 400, "{metadata}");
    }
}
