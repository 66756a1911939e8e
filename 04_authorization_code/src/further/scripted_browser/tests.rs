use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::{get, post};
use shared::Secret;
use shared::listen::{self, Serving};
use shared::reach::Privacy;

use super::*;

/// What was posted to a server, body for body.
type Posted = Arc<Mutex<Vec<String>>>;

/// A server that shows the same page at every path and writes down what is posted to it. `/to/…`
/// redirects there.
struct Pages {
    origin: String,
    posted: Posted,
    _serving: Serving,
}

async fn serve(page: &str, after: Option<String>) -> Pages {
    let listener = listen::bind(0, "the pages", "").await.unwrap();
    let origin = format!("http://127.0.0.1:{}", listen::port(&listener));
    let (page, posted) = (page.replace("HERE", &origin), Posted::default());
    let to = |Path(url): Path<String>| async move { Redirect::to(&url) };
    let written = |State(posted): State<Posted>, body: String| async move {
        posted.lock().unwrap().push(body);
        after.map_or_else(|| StatusCode::OK.into_response(), |url| Redirect::to(&url).into_response())
    };
    let shown = move || async move { Html(page) };
    let router = Router::new()
        .route("/to/{*url}", get(to))
        .route("/{*path}", get(shown).merge(post(written)))
        .with_state(posted.clone());
    Pages { origin, posted, _serving: listen::serve(listener, router) }
}

fn sign_in(action: &str) -> String {
    format!(
        r#"<title>Sign in</title><form method="post" action="{action}"><input name="username">
        <input type="hidden" name="role" value="admin"><input name="password" type="password"></form>"#
    )
}

fn consent(action: &str) -> String {
    format!(
        r#"<form method="post" action="{action}"><input type="hidden" name="role" value="admin"><button name="accept"></form>"#
    )
}

fn login() -> Login {
    Login { username: "me".to_owned(), password: Some(Secret::new("pa55word")) }
}

/// Visits `url` on a run of this reach, for an authorization endpoint there; how it failed.
async fn visit(reach: Reach, endpoint: &str, url: &str, redirect_uri: &str) -> Result<(), String> {
    let mut browser = ScriptedBrowser::new(&Reporter::silent(), &reach, endpoint).unwrap();
    browser.visit(url, redirect_uri, &login(), false).await.map(drop).map_err(|failure| failure.id)
}

fn loopback() -> Reach {
    Reach::public_only().limit(Privacy::Loopback)
}

#[tokio::test]
async fn what_the_user_types_goes_to_the_authorization_endpoints_origin_only() {
    let victim = serve("<title>victim</title>", None).await;
    let callback = serve("<title>back</title>", None).await;
    let redirect_uri = format!("{}/callback", callback.origin);
    let elsewhere = victim.origin.replace("127.0.0.1", "localhost");
    let there = format!("{}/admin", victim.origin);
    let schemeless = there.trim_start_matches("http:");
    for (page, is_sent) in [
        // Good twins: relative, absolute, and no action at all.
        (sign_in("/login"), true),
        (sign_in("HERE/login"), true),
        (sign_in(""), true),
        (consent("/accept"), true),
        (sign_in(&there), false),
        (sign_in(schemeless), false),
        (sign_in(&format!("{elsewhere}/admin")), false),
        (sign_in("HERE@127.0.0.1:1/x"), false),
        (sign_in("https://127.0.0.1:1/x"), false),
        (sign_in("javascript:alert(1)"), false),
        (sign_in("data:text/html,x"), false),
        (consent(&there), false),
        (consent(schemeless), false),
    ] {
        let idp = serve(&page, Some(format!("{redirect_uri}?code=c"))).await;
        let url = format!("{}/auth", idp.origin);
        let visited = visit(loopback(), &url, &url, &redirect_uri).await;
        let expected = if is_sent { Ok(()) } else { Err("sign-in.form".to_owned()) };
        assert_eq!(visited, expected, "{page}");
        assert_eq!(idp.posted.lock().unwrap().len(), usize::from(is_sent), "{page}");
    }
    assert!(victim.posted.lock().unwrap().is_empty() && callback.posted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_page_that_the_browser_was_sent_to_gets_no_password() {
    let other = serve(&sign_in("/login"), None).await;
    let asks = serve(&consent("/accept"), None).await;
    let idp = serve("", None).await;
    let endpoint = format!("{}/auth", idp.origin);
    for away in [&other, &asks] {
        let url = format!("{}/to/{}/page", idp.origin, away.origin);
        let visited = visit(loopback(), &endpoint, &url, "http://127.0.0.1:1/callback").await;
        assert_eq!(visited, Err("sign-in.form".to_owned()));
        assert!(away.posted.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_browser_goes_no_further_than_the_run() {
    let callback = serve("<title>back</title>", None).await;
    let redirect_uri = format!("{}/callback", callback.origin);
    let public = Reach::public_only;
    for (url, expected) in [
        // The redirect URI is this machine's, whatever the run may reach.
        (redirect_uri.clone(), Ok(())),
        (format!("{redirect_uri}?code=c&state=s"), Ok(())),
        // Beside it, nothing is requested, and the difference is said.
        (format!("{redirect_uri}s"), Err("sign-in.unknown-page")),
        (format!("{}/", callback.origin), Err("sign-in.unknown-page")),
        (format!("{redirect_uri}/../admin"), Err("sign-in.unknown-page")),
        ("http://127.0.0.1:1/callback".to_owned(), Err("http.refused-address")),
        ("http://localhost:1/admin".to_owned(), Err("http.refused-address")),
        ("https://10.0.0.1/admin".to_owned(), Err("http.refused-address")),
        ("https://169.254.169.254/latest".to_owned(), Err("http.refused-address")),
    ] {
        let visited = visit(public(), "https://idp.example/auth", &url, &redirect_uri).await;
        assert_eq!(visited, expected.map_err(str::to_owned), "{url}");
    }
}

#[tokio::test]
async fn where_there_is_no_password_none_is_typed() {
    let idp = serve(&sign_in("/login"), None).await;
    let url = format!("{}/auth", idp.origin);
    let mut browser = ScriptedBrowser::new(&Reporter::silent(), &loopback(), &url).unwrap();
    let nobody = Login { password: None, ..login() };
    let failure = browser.visit(&url, "http://127.0.0.1:1/callback", &nobody, false).await.unwrap_err();
    assert_eq!((failure.id.as_str(), idp.posted.lock().unwrap().len()), ("sign-in.refused", 0));
}
