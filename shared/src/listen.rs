//! Binds a port and serves a router on it.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::Failure;

mod body;

/// Binds `port` on 127.0.0.1; 0 lets the system choose one. "servers SHOULD bind only to localhost"
/// (MCP 2026-07-28, Streamable HTTP, Security & Endpoint).
///
/// `what` names the server, `option` the switch that chooses another port; both stand in the error.
pub async fn bind(port: u16, what: &str, option: &str) -> Result<TcpListener, Failure> {
    bind_at(Ipv4Addr::LOCALHOST.into(), port, what, option).await
}

/// The same on all addresses of this machine: for what others have to reach, a container for
/// example.
pub async fn bind_openly(port: u16, what: &str, option: &str) -> Result<TcpListener, Failure> {
    bind_at(Ipv4Addr::UNSPECIFIED.into(), port, what, option).await
}

/// The same at one address.
pub async fn bind_at(address: IpAddr, port: u16, what: &str, option: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind((address, port)).await.map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::AddrInUse => format!("Port {port} is taken, so {what} cannot start there."),
            _ => format!("{what} cannot listen on port {port}: {error}."),
        };
        Failure::new(
            "listen.port",
            message,
            format!("End the program that uses it, or choose another port with {option}."),
        )
    })
}

/// The port that was bound.
pub fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or(0, |address| address.port())
}

/// Connections that a server has open at once. The next one waits until another has ended.
const CONNECTIONS: usize = 256;
/// Seconds that a client may take for the head of a request, waiting for it included.
const HEAD_SECONDS: u64 = 10;
/// The time within which a request's body has to arrive, counted from its head.
const BODY_TIME: Duration = Duration::from_secs(10);

/// A server that runs until this is dropped; its connections end with it.
#[must_use = "the server ends when this is dropped"]
pub struct Serving {
    accepting: JoinHandle<()>,
    ending: watch::Sender<bool>,
}

impl Serving {
    /// Ends the server; when this is done, its port is free.
    pub async fn stop(mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
    }

    /// Ends the server, and gives responses that are under way this long.
    pub async fn finish(mut self, within: Duration) {
        let _ = self.ending.send(true);
        if tokio::time::timeout(within, &mut self.accepting).await.is_err() {
            self.stop().await;
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves `router` in the background.
pub fn serve(listener: TcpListener, router: Router) -> Serving {
    serve_within(listener, router, BODY_TIME)
}

/// Does the same with another limit on the time of a body.
fn serve_within(listener: TcpListener, router: Router, body_time: Duration) -> Serving {
    let (ending, ended) = watch::channel(false);
    let router = router
        .layer(middleware::from_fn_with_state(body_time, body::limit_body_time))
        .layer(middleware::from_fn(check_host));
    Serving { accepting: tokio::spawn(accept(listener, router, ended)), ending }
}

async fn accept(listener: TcpListener, router: Router, mut ended: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let next = async { (places.clone().acquire_owned().await, listener.accept().await) };
        let (place, stream) = tokio::select! {
            next = next => next,
            _ = ended.changed() => break,
        };
        let Ok((stream, _)) = stream else {
            // The process has no more file descriptors, for example.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let served = serve_connection(stream, router.clone(), ended.clone());
        connections.spawn(async move {
            let _place = place;
            served.await;
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve_connection(stream: TcpStream, router: Router, mut ended: watch::Receiver<bool>) {
    // Small answers in several packets wait for each other (Nagle's algorithm, up to 40 ms) unless
    // this is off.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEAD_SECONDS));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ended.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// The one host that a request names; `None` where it names none or several, or something that is
/// not text.
pub fn named_host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

/// "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
/// lacks a Host header field and to any request message that contains more than one Host header
/// field line or a Host header field with an invalid field value." (RFC 9112 §3.2) A URL as the
/// target has to name the same host, so that nobody behind this has to choose.
async fn check_host(request: Request, next: Next) -> Response {
    let is_authority = |host: &str| host.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@'));
    let target = request.uri().authority().map(Authority::as_str);
    let fits = match named_host(request.headers()) {
        Some(host) => is_authority(host) && target.is_none_or(|target| target.eq_ignore_ascii_case(host)),
        None => !request.headers().contains_key(header::HOST) && request.version() < Version::HTTP_11,
    };
    if fits {
        next.run(request).await
    } else {
        (StatusCode::BAD_REQUEST, "A request has one Host header, and it names the host that is asked.\n")
            .into_response()
    }
}

#[cfg(test)]
mod tests;
