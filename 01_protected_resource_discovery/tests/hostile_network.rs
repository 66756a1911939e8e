//! The client in a network in which names lie, and against servers that list without end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Json, Redirect};
use axum::routing::{get, post};
use protected_resource_discovery::{DiscoveryError, discover};
use serde_json::json;
use shared::reach::Reach;
use shared::testing::{Captured, HostileNetwork};

/// A server that says https has its metadata, and every step on the way to it, over https.
#[tokio::test]
async fn metadata_of_an_https_server_never_comes_in_the_clear() {
    let document = |resource: &str| json!({"resource": resource, "authorization_servers": ["https://as.example"]});
    for (server, challenged, result) in [
        ("https://mcp.example/mcp", "http://mcp.example/metadata", Err("metadata.secure")),
        ("https://mcp.example/mcp", "http://mcp.example:443/metadata", Err("metadata.secure")),
        ("https://mcp.example/mcp", "http://evil.example/metadata", Err("metadata.secure")),
        ("https://mcp.example/mcp", "https://mcp.example/to-http", Err("metadata.secure")),
        ("https://mcp.example/mcp", "https://evil.example/to-http", Err("metadata.secure")),
        ("https://mcp.example/mcp", "https://inside.example/metadata", Err("metadata.address")),
        ("https://mcp.example/mcp", "https://mcp.example/metadata", Ok(())),
        ("https://mcp.example/mcp", "https://evil.example/metadata", Ok(())),
        ("http://mcp.example/mcp", "http://mcp.example/metadata", Ok(())),
    ] {
        let network = HostileNetwork::new();
        network.name("inside.example", &[&["10.0.0.1"]]);
        for (host, address) in [("mcp.example", "93.184.216.34"), ("evil.example", "93.184.216.35")] {
            let challenge = format!("Bearer resource_metadata=\"{challenged}\"");
            let refuse = post(|| async { (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]) });
            let document = document(server);
            let router = Router::new()
                .route("/mcp", refuse)
                .route("/metadata", get(|| async { Json(document) }))
                .route("/to-http", get(|| async { Redirect::temporary("http://mcp.example/metadata") }));
            network.pose(host, address, router).await;
        }
        let captured = Captured::json();
        let http = network.http(captured.reporter(), Reach::of_server(server, &[]));
        let found = discover(&http, server).await.map(drop);
        assert_eq!(found.as_ref().map_err(DiscoveryError::id).copied(), result, "{challenged}: {found:?}");
        if let Err(id) = result {
            assert_eq!(captured.checks(id), [("client".to_owned(), false)], "{challenged}");
        }
    }
}

/// What a stranger lists is read in the time that its length needs, and not without end.
#[tokio::test]
async fn a_very_long_list_of_scopes_keeps_nobody_busy() {
    for (scopes, is_read) in [(10_000, true), (100_000, false)] {
        let network = HostileNetwork::new();
        let server = "https://mcp.example/mcp";
        let scopes: Vec<_> = (0..scopes).map(|n| format!("{n}")).collect();
        let document = json!({
            "resource": server, "authorization_servers": ["https://as.example"], "scopes_supported": scopes,
        });
        let router = Router::new()
            .route("/mcp", post(|| async { StatusCode::UNAUTHORIZED }))
            .fallback(get(|| async { Json(document) }));
        network.pose("mcp.example", "93.184.216.34", router).await;
        let started = std::time::Instant::now();
        let captured = Captured::json();
        let http = network.http(captured.reporter(), Reach::of_server(server, &[]));
        let found = discover(&http, server).await.map(drop);
        assert!(found.is_ok(), "{found:?}");
        assert_eq!(captured.checks("metadata.member-types"), [("client".to_owned(), is_read)]);
        // A bound against the minutes that quadratic work takes.
        assert!(started.elapsed().as_secs() < 40, "{:?}", started.elapsed());
    }
}
