use dynamic_client_registration::redirect::RedirectUri;
use shared::http::{Http, Request};
use shared::reach::{Privacy, Reach};
use shared::testing::Captured;
use tokio::io::AsyncWriteExt;

use super::*;

/// The parameters of a response from the authorization server that was asked.
const RIGHT: &str = "?state=right&iss=https://i";

async fn waiting(strict: bool) -> (Callback, String, Captured) {
    waiting_at(&RedirectUri::at_port(0), strict).await
}

async fn waiting_at(uri: &RedirectUri, strict: bool) -> (Callback, String, Captured) {
    let redirect = LoopbackRedirect::bind(uri).await.unwrap();
    let uri = redirect.uri.clone();
    let captured = Captured::json();
    let expected = Expected { state: "right".to_owned(), issuer: "https://i".to_owned(), iss_promised: true };
    (Callback::wait_for(redirect, expected, strict, captured.reporter()), uri, captured)
}

async fn ask(request: Request) -> u16 {
    let reach = Reach::public_only().limit(Privacy::Loopback).name(request.url());
    let http = Http::new(Reporter::silent(), reach).unwrap();
    http.send(&request).await.map_or(0, |response| response.status)
}

#[tokio::test]
async fn only_the_one_answer_is_taken() {
    let (callback, uri, captured) = waiting(false).await;
    let get = |query: &str| Request::get(&format!("{uri}{query}"));
    assert_eq!(ask(Request::get(&uri.replace("/callback", "/favicon.ico"))).await, 404);
    assert_eq!(ask(Request::post_form(&uri, &[("state", "right"), ("code", "c")])).await, 405);
    for query in ["", "?code=c", "?state=wrong&code=c", "?state=right&state=right&code=c", "?%ff%fe"] {
        assert_eq!(ask(get(query)).await, 400, "{query}");
    }
    assert_eq!(ask(get(&format!("?state=right&code={}", "x".repeat(20_000)))).await, 414);
    let megabyte = ask(get(&format!("?code={}", "x".repeat(1_000_000)))).await;
    assert!([0, 414, 431].contains(&megabyte), "{megabyte}");
    assert_eq!(ask(get(&format!("{RIGHT}&code=one"))).await, 200);
    assert_eq!(ask(get("?state=right&code=two")).await, 410);
    let response = callback.response(5, None).await.unwrap();
    assert_eq!(response.get("code"), Some("one"));
    // What was refused has done no harm, so it fails no check.
    assert_eq!(captured.checks("callback.state").iter().map(|(_, passed)| *passed).collect::<Vec<_>>(), [true]);
    assert!(!captured.text().contains("one"), "the code is not shown");
}

#[tokio::test]
async fn a_slow_client_does_not_hold_anyone_up() {
    let (callback, uri, _) = waiting(false).await;
    let address = uri.trim_start_matches("http://").trim_end_matches("/callback").to_owned();
    let mut slow = tokio::net::TcpStream::connect(&address).await.unwrap();
    slow.write_all(b"GET /callback?state=right").await.unwrap();
    assert_eq!(ask(Request::get(&format!("{uri}{RIGHT}&code=c"))).await, 200);
    let response = tokio::time::timeout(Duration::from_secs(60), callback.response(5, None)).await;
    assert!(response.expect("the wait for the slow client ends").is_ok());
}

#[tokio::test]
async fn nobody_comes() {
    let (callback, _, _) = waiting(false).await;
    assert_eq!(callback.response(0, None).await.unwrap_err().id(), "sign-in.timed-out");
}

#[tokio::test]
async fn an_answer_with_another_state_alone_is_told() {
    let (callback, uri, captured) = waiting(false).await;
    assert_eq!(ask(Request::get(&format!("{uri}?state=wrong&code=c"))).await, 400);
    assert_eq!(callback.response(0, None).await.unwrap_err().id(), "callback.state");
    assert_eq!(captured.checks("callback.state").iter().map(|(_, passed)| *passed).collect::<Vec<_>>(), [false]);
}

#[tokio::test]
async fn however_many_answers_are_refused_few_lines_tell_of_them() {
    for (wrong, notes) in [(0, 0), (1, 1), (3, 3), (4, 4), (65, 4)] {
        let (callback, uri, captured) = waiting(false).await;
        for n in 0..wrong {
            assert_eq!(ask(Request::get(&format!("{uri}?state=wrong{n}&code=c"))).await, 400);
        }
        assert_eq!(ask(Request::get(&format!("{uri}{RIGHT}&code=c"))).await, 200);
        assert!(callback.response(5, None).await.is_ok());
        let told = captured.events().iter().filter(|event| event["event"] == "note").count();
        assert_eq!(told, notes, "{wrong}");
        assert_eq!(captured.text().contains(&format!("{wrong} responses")), wrong > 3, "{wrong}");
    }
}

#[tokio::test]
async fn where_no_other_answer_can_come_the_first_one_ends_the_wait() {
    let (callback, uri, _) = waiting(true).await;
    assert_eq!(ask(Request::get(&format!("{uri}?state=wrong&code=c"))).await, 400);
    assert_eq!(callback.response(5, None).await.unwrap_err().id(), "callback.state");
}

#[tokio::test]
async fn a_response_without_the_right_state_is_named_at_once() {
    for (query, says) in [
        ("error=invalid_request&error_description=w0rds", "An error without state came."),
        ("code=c", "A response without state came."),
        ("error=x&state=right&state=right", "An error came in which state appears twice"),
        ("code=c&state=a&state=b&state=right", "A response came in which state appears 3 times"),
        ("code=c&state=wrong", "A response with another state came."),
    ] {
        let (callback, uri, captured) = waiting(false).await;
        assert_eq!(ask(Request::get(&format!("{uri}?{query}"))).await, 400, "{query}");
        assert!(captured.text().contains(says), "{query}: {}", captured.text());
        assert!(!captured.text().contains("w0rds"), "an error's words are not shown");
        // The right one is taken after it.
        assert_eq!(ask(Request::get(&format!("{uri}{RIGHT}&code=c"))).await, 200, "{query}");
        assert!(callback.response(5, None).await.is_ok(), "{query}");
    }
}

#[tokio::test]
async fn the_path_of_the_redirect_uri_is_compared_as_it_is() {
    for (uri, elsewhere) in [
        ("http://127.0.0.1:0/oauth/callback/", "/oauth/callback"),
        ("http://127.0.0.1:0/a:b/%7Bx%7D", "/a:b/x"),
        ("http://127.0.0.1:0/*rest", "/any"),
        ("http://127.0.0.1:0/", "/callback"),
        ("http://localhost:0", "/callback"),
        ("http://localhost:0/callback", "/CALLBACK"),
    ] {
        let (callback, uri, _) = waiting_at(&uri.parse().unwrap(), false).await;
        let path = url::Url::parse(&uri).unwrap().path().to_owned();
        let other = format!("{}{elsewhere}", uri.strip_suffix(&path).unwrap_or(&uri));
        assert_eq!(ask(Request::get(&format!("{other}?state=right&code=c"))).await, 404, "{other}");
        assert_eq!(ask(Request::get(&format!("{uri}{RIGHT}&code=c"))).await, 200, "{uri}");
        assert!(callback.response(5, None).await.is_ok(), "{uri}");
    }
}

/// A browser takes any address of `localhost`.
#[tokio::test]
async fn each_address_of_localhost_takes_the_response() {
    for host in ["127.0.0.1", "[::1]"] {
        if host == "[::1]" && std::net::TcpListener::bind("[::1]:0").is_err() {
            continue;
        }
        let (callback, uri, _) = waiting_at(&"http://localhost:0/callback".parse().unwrap(), false).await;
        let there = uri.replace("localhost", host);
        assert_eq!(ask(Request::get(&format!("{there}{RIGHT}&code=c"))).await, 200, "{there}");
        assert!(callback.response(5, None).await.is_ok(), "{there}");
    }
}

/// A page that says that the user is signed in comes after the checks of `state` and `iss`.
#[tokio::test]
async fn the_page_says_how_the_checks_ended() {
    for (query, status, says) in [
        ("?state=right&iss=https://i&code=c", 200, "You are signed in"),
        ("?state=right&iss=https://i&error=access_denied", 200, "No access was given"),
        ("?state=right&iss=https://i", 200, "No access was given"),
        ("?state=right&iss=https://evil&code=c", 400, "Not from this identity provider"),
        ("?state=right&iss=https://evil&error=access_denied", 400, "Not from this identity provider"),
        // Its metadata has promised iss.
        ("?state=right&code=c", 400, "Not from this identity provider"),
        ("?state=wrong&iss=https://i&code=c", 400, "Not for this sign-in"),
    ] {
        let (callback, uri, captured) = waiting(false).await;
        let url = format!("{uri}{query}");
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback).name(&url)).unwrap();
        let page = http.send(&Request::get(&url)).await.unwrap();
        let html = String::from_utf8(page.body.clone()).unwrap();
        assert_eq!((page.status, html.contains(&format!("<h1>{says}</h1>"))), (status, true), "{query}: {html}");
        let has_more = html.contains("What happens next") && html.contains("prefers-color-scheme:dark");
        assert!(has_more && !html.contains("<script") && !html.contains("evil"), "{html}");
        let policy = page.header_values("content-security-policy").join("");
        assert!(policy.starts_with("default-src 'none'") && page.header_values("cache-control") == ["no-store"]);
        // The run reports the check of iss itself, in its own stage.
        assert_eq!(captured.checks("callback.iss"), []);
        drop(callback);
    }
}
