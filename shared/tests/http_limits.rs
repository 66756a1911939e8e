//! What the HTTP client does with servers that do not behave.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use shared::http::{Http, HttpError, MAX_BODY_BYTES, Request};
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach};
use shared::testing::Captured;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Fixture {
    captured: Captured,
    http: Http,
    base: String,
    _serving: Serving,
}

/// A server on loopback and a client that may reach loopback.
async fn fixture(router: Router) -> Fixture {
    let captured = Captured::json();
    let http = Http::new(captured.reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap().within(60);
    let listener = listen::bind(0, "test", "").await.unwrap();
    let base = format!("http://localhost:{}", listen::port(&listener));
    Fixture { captured, http, base, _serving: listen::serve(listener, router) }
}

impl Fixture {
    async fn get(&self, path: &str) -> Result<u16, HttpError> {
        self.http.send(&Request::get(&format!("{}{path}", self.base))).await.map(|response| response.status)
    }
}

#[tokio::test]
async fn a_request_and_its_answer_are_shown_and_hold_against_the_schema() {
    let fixture = fixture(Router::new().route("/", get(|| async { axum::Json(serde_json::json!({"a": 1})) }))).await;
    assert_eq!(fixture.get("/").await.unwrap(), 200);
    let events = fixture.captured.events();
    assert_eq!((&events[0]["event"], &events[0]["method"]), (&"sent".into(), &"GET".into()));
    assert_eq!((&events[1]["event"], &events[1]["body"]["a"]), (&"received".into(), &1.into()));
}

/// A server that sends bytes that HTTP forbids was reached.
#[tokio::test]
async fn a_response_that_http_forbids_is_called_that() {
    for (response, is_valid) in [
        ("HTTP/1.1 200 OK\r\nbad name: x\r\ncontent-length: 0\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n", false),
        ("HTTP/1.1 abc OK\r\n\r\n", false),
        ("SSH-2.0-OpenSSH_9.6\r\n", false),
        ("HTTP/1.1 200 OK\r\nx: a\r\ncontent-length: 0\r\n\r\n", true),
    ] {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let url = format!("http://localhost:{}/", listen::port(&listener));
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            stream.write_all(response.as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
        });
        let reach = Reach::public_only().limit(Privacy::Loopback);
        let result = Http::new(Captured::json().reporter(), reach).unwrap().send(&Request::get(&url)).await;
        server.await.unwrap();
        match result {
            Ok(_) => assert!(is_valid, "{response:?}"),
            Err(error) => {
                assert!(!is_valid && error.to_string().contains("is not valid HTTP"), "{response:?}: {error}")
            }
        }
    }
}

#[tokio::test]
async fn a_secret_is_sent_whole_and_shown_masked() {
    let echo = |headers: HeaderMap, body: String| async move { format!("{:?} {body}", headers[header::AUTHORIZATION]) };
    let fixture = fixture(Router::new().route("/", post(echo))).await;
    let request = Request::post_json(&fixture.base, &serde_json::json!({"client_secret": "s3cr3t"}))
        .header("authorization", "Bearer t0k3n");
    let response = fixture.http.send(&request).await.unwrap();
    let body = String::from_utf8(response.body).unwrap();
    assert!(body.contains("Bearer t0k3n") && body.contains("s3cr3t"), "{body}");
    let sent = fixture.captured.events()[0].to_string();
    assert!(!sent.contains("t0k3n") && !sent.contains("s3cr3t"), "{sent}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let fixture = fixture(Router::new().route("/", get(|| async { Body::from(vec![b'x'; MAX_BODY_BYTES + 1]) }))).await;
    let error = fixture.get("/").await.unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { .. }), "{error}");
    assert_eq!(fixture.captured.events()[1]["body"], "(more than 1048576 bytes, not read)");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/", listen::port(&listener));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let http =
        Http::new(Captured::json().reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap().within(60);
    let error = http.send(&Request::get(&url)).await.unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_ends_at_the_time_limit() {
    let silent = || async { tokio::time::sleep(Duration::from_secs(3600)).await };
    let fixture = fixture(Router::new().route("/", get(silent))).await;
    let fixture = Fixture { http: fixture.http.clone().within(1), ..fixture };
    let error = fixture.get("/").await.unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { seconds: 1, .. }), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_a_few_times_and_each_target_is_checked() {
    let router = Router::new()
        .route("/", get(|| async { StatusCode::NO_CONTENT }))
        .route("/once", get(|| async { Redirect::temporary("/") }))
        .route("/loop", get(|| async { Redirect::permanent("/loop") }))
        .route("/metadata-service", get(|| async { Redirect::temporary("http://169.254.169.254/latest/") }))
        .route("/mapped", get(|| async { Redirect::temporary("http://[::ffff:169.254.169.254]/") }))
        .route("/decimal", get(|| async { Redirect::temporary("http://2852039166/") }))
        .route("/file", get(|| async { Redirect::temporary("file:///etc/passwd") }))
        .route("/clear", get(|| async { Redirect::temporary("http://example.com/") }))
        .route("/nowhere", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "http://")]).into_response() }));
    let fixture = fixture(router).await;
    assert_eq!(fixture.get("/once").await.unwrap(), 204);
    assert_eq!(fixture.get("/nowhere").await.unwrap(), 302, "what cannot be followed is the answer");
    for (path, id) in [
        ("/loop", "http.too-many-redirects"),
        ("/metadata-service", "http.refused-address"),
        ("/mapped", "http.refused-address"),
        ("/decimal", "http.refused-address"),
        ("/file", "http.bad-url"),
        ("/clear", "http.insecure"),
    ] {
        assert_eq!(fixture.get(path).await.unwrap_err().id(), id, "{path}");
    }
}

#[tokio::test]
async fn a_credential_is_not_sent_to_where_a_redirect_leads() {
    let seen = |headers: HeaderMap| async move { format!("{:?}", headers.get(header::AUTHORIZATION)) };
    let router = Router::new().route("/", get(|| async { Redirect::temporary("/seen") })).route("/seen", get(seen));
    let fixture = fixture(router).await;
    let request = Request::get(&fixture.base).header("authorization", "Bearer t0k3n");
    assert_eq!(fixture.http.send(&request).await.unwrap().body, b"None");
}

#[tokio::test]
async fn a_post_follows_no_redirect() {
    let fixture =
        fixture(Router::new().route("/", post(|| async { Redirect::temporary("http://169.254.169.254/") }))).await;
    let response = fixture.http.send(&Request::post_json(&fixture.base, &serde_json::json!({}))).await.unwrap();
    assert_eq!(response.status, 307);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_where_the_server_is_public() {
    let http = Http::new(Captured::json().reporter(), Reach::public_only()).unwrap();
    for url in
        ["http://localhost:1/", "https://localhost:1/", "https://127.0.0.1:1/", "https://[::1]:1/", "https://10.0.0.1/"]
    {
        let error = http.send(&Request::get(url)).await.unwrap_err();
        assert_eq!(error.id(), "http.refused-address", "{url}: {error}");
        assert!(!error.fix().is_empty());
    }
}

#[tokio::test]
async fn what_is_no_url_gets_a_sentence() {
    let http = Http::new(Captured::json().reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
    for (url, id) in [
        ("", "http.bad-url"),
        ("localhost:8000/mcp", "http.bad-url"),
        ("javascript:alert(1)", "http.bad-url"),
        ("http://user:pw@localhost/", "http.bad-url"),
        ("http://localhost:1/", "http.unreachable"),
        ("http://example.com/", "http.insecure"),
    ] {
        let error = http.send(&Request::get(url)).await.unwrap_err();
        assert_eq!(error.id(), id, "{url}: {error}");
        assert!(!error.to_string().contains("pw@"), "{error}");
        assert!(!url.contains('@') || error.to_string().contains("@localhost/"), "the host is shown: {error}");
    }
}

#[tokio::test]
async fn broken_answers_do_not_end_the_program() {
    for response in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        b"HTTP/1.1 99999 what\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nna me: x\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 0\r\n\r\n",
        b"\x00\xff garbage",
        b"HTTP/1.1 200 OK\r\nx: \xff\xfe\r\ncontent-length: 0\r\n\r\n",
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/", listen::port(&listener));
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(response).await;
        });
        let captured = Captured::json();
        let http = Http::new(captured.reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap().within(60);
        if let Err(error) = http.send(&Request::get(&url)).await {
            assert!(["http.unreachable", "http.invalid-response"].contains(&error.id()), "{error}");
        }
        captured.events();
    }
}

#[test]
fn a_host_name_outside_ascii_becomes_its_ascii_form() {
    for (host, ascii) in [
        ("MÜNCHEN.example", Some("xn--mnchen-3ya.example")),
        ("faß.example", Some("xn--fa-hia.example")),
        ("ｌｏｃａｌｈｏｓｔ", Some("localhost")),
        ("①②⑦.⓪.⓪.①", Some("127.0.0.1")),
        ("例え。テスト", Some("xn--r8jz45g.xn--zckzah")),
        ("a\u{200d}b.example", None),
        ("xn--zn7c.com", None),
    ] {
        let url = url::Url::parse(&format!("https://{host}/"));
        assert_eq!(url.ok().as_ref().and_then(url::Url::host_str), ascii, "{host}");
    }
}
