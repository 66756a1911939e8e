//! Binds a port and serves a router on it.

use std::net::Ipv4Addr;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Failure;

/// Binds `port` on 127.0.0.1; 0 lets the system choose one. "servers SHOULD bind only to localhost"
/// (MCP 2026-07-28, Streamable HTTP, Security & Endpoint).
///
/// `what` names the server, `option` the switch that chooses another port; both stand in the error.
pub async fn bind(port: u16, what: &str, option: &str) -> Result<TcpListener, Failure> {
    bind_at(Ipv4Addr::LOCALHOST, port, what, option).await
}

/// The same on all addresses of this machine: for what others have to reach, a container for
/// example.
pub async fn bind_openly(port: u16, what: &str, option: &str) -> Result<TcpListener, Failure> {
    bind_at(Ipv4Addr::UNSPECIFIED, port, what, option).await
}

async fn bind_at(address: Ipv4Addr, port: u16, what: &str, option: &str) -> Result<TcpListener, Failure> {
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

/// A server that runs until this is dropped.
#[must_use = "the server ends when this is dropped"]
pub struct Serving(JoinHandle<()>);

impl Serving {
    /// Ends the server; when this is done, its port is free.
    pub async fn stop(mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves `router` in the background.
pub fn serve(listener: TcpListener, router: Router) -> Serving {
    // Small answers in several packets wait for each other (Nagle's algorithm, up to 40 ms) unless
    // this is off.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Serving(tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    }))
}
