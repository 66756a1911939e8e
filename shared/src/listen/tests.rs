use std::sync::Arc;
use std::time::Instant;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::*;

async fn serving() -> (Serving, u16) {
    serving_slowly(Arc::default()).await
}

/// `/slow` tells when a request is under way.
async fn serving_slowly(under_way: Arc<Notify>) -> (Serving, u16) {
    let slow = || async move {
        under_way.notify_one();
        tokio::time::sleep(Duration::from_millis(300)).await;
        "late"
    };
    let router =
        Router::new().route("/", get(|| async { "ok" })).route("/slow", get(slow)).route("/", post(|| async {}));
    let listener = bind(0, "test", "").await.unwrap();
    let port = port(&listener);
    (serve(listener, router), port)
}

async fn open(port: u16, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Everything that comes until the server closes; `None` where it does not within the time.
async fn answered(stream: &mut TcpStream, seconds: u64) -> Option<String> {
    let mut text = String::new();
    let read = tokio::time::timeout(Duration::from_secs(seconds), stream.read_to_string(&mut text)).await;
    read.is_ok().then_some(text)
}

#[tokio::test]
async fn a_request_names_one_host() {
    let (_serving, port) = serving().await;
    for (head, status) in [
        ("GET / HTTP/1.1\r\nHost: localhost:1\r\n", 200),
        ("GET / HTTP/1.1\r\nhost: [::1]:1\r\n", 200),
        ("GET http://localhost:1/ HTTP/1.1\r\nHost: LOCALHOST:1\r\n", 200),
        ("GET / HTTP/1.0\r\n", 200),
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHOST: localhost\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@localhost\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost/x\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: \r\n", 400),
        ("GET / HTTP/1.1\r\nHost: \u{e4}\r\n", 400),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n", 400),
    ] {
        let mut stream = open(port, &format!("{head}Connection: close\r\n\r\n")).await;
        let answer = answered(&mut stream, 5).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status.to_string().as_str()), "{head:?}: {answer}");
    }
}

#[tokio::test]
async fn who_never_ends_a_head_is_not_waited_for() {
    let (_serving, port) = serving().await;
    // Nothing at all, half a head, and a whole request after which nothing comes.
    let heads = ["", "GET / HTTP/1.1\r\nHost: localhost\r\nX:", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    for head in heads {
        let mut stream = open(port, head).await;
        assert!(answered(&mut stream, HEAD_SECONDS + 60).await.is_some(), "{head:?} is still open");
    }
}

/// Connections that say nothing take all places; whoever comes after them gets a turn when they are
/// given up.
#[tokio::test]
async fn the_number_of_connections_is_bounded() {
    let (_serving, port) = serving().await;
    let mut silent = vec![];
    for _ in 0..CONNECTIONS + 20 {
        silent.push(open(port, "GET / HTTP/1.1\r\n").await);
    }
    let mut honest = open(port, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answered(&mut honest, 2).await, None, "there was a place left");
    let answer = answered(&mut honest, 2 * HEAD_SECONDS + 60).await.unwrap();
    assert!(answer.ends_with("ok"), "{answer}");
}

async fn echoing(body_time: Duration) -> (Serving, u16) {
    let router = Router::new().route("/", post(|body: String| async { body }));
    let listener = bind(0, "test", "").await.unwrap();
    let port = port(&listener);
    (serve_within(listener, router, body_time), port)
}

const LONG_BODY: &str = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n";

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let (_serving, port) = echoing(Duration::from_millis(200)).await;
    let mut silent = open(port, LONG_BODY).await;
    let answer = answered(&mut silent, 30).await.expect("the server closes the connection");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.ends_with("The body did not arrive within 0.2 seconds.\n"), "{answer}");
    let chunked = LONG_BODY.replace("Content-Length: 100000", "Transfer-Encoding: chunked");
    for head in [LONG_BODY, &chunked] {
        // A byte now and then keeps nothing open.
        let (mut from, mut to) = open(port, head).await.into_split();
        let trickle = tokio::spawn(async move {
            while to.write_all(b"1\r\nx\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let mut answer = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(30), from.read_exact(&mut answer));
        read.await.expect("the server responds").unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 408");
        tokio::time::timeout(Duration::from_secs(30), trickle).await.expect("the connection ends").unwrap();
    }
}

/// A slow client that gets on.
#[tokio::test]
async fn a_slow_body_is_waited_for() {
    let (_serving, port) = echoing(Duration::from_secs(600)).await;
    let mut slow = open(port, &LONG_BODY.replace("100000", "20")).await;
    for _ in 0..20 {
        slow.write_all(b"x").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = answered(&mut slow, 30).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&"x".repeat(20)), "{answer}");
}

#[tokio::test]
async fn what_is_under_way_is_finished_and_nothing_else() {
    let under_way = Arc::new(Notify::new());
    let (serving, port) = serving_slowly(under_way.clone()).await;
    let _silent = open(port, "GET").await;
    let mut slow = open(port, "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    under_way.notified().await;
    // The silent connection would last until its head is overdue; nobody waits for that.
    let started = Instant::now();
    serving.finish(Duration::from_secs(5)).await;
    assert!(started.elapsed() < Duration::from_secs(HEAD_SECONDS));
    assert!(answered(&mut slow, 60).await.unwrap().ends_with("late"));
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "the port is still taken");
}

#[tokio::test]
async fn a_server_that_nobody_asks_is_finished_at_once() {
    let (serving, _) = serving().await;
    let started = Instant::now();
    serving.finish(Duration::from_secs(600)).await;
    assert!(started.elapsed() < Duration::from_secs(300));
}

#[tokio::test]
async fn connections_end_with_the_server() {
    let (serving, port) = serving().await;
    let mut idle = open(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let _ = idle.read(&mut [0; 1024]).await.unwrap();
    drop(serving);
    assert!(answered(&mut idle, 2).await.is_some());
}
