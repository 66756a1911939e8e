//! What the HTTP client does in a network in which names lie.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use hyper_util::client::proxy::matcher::Matcher;
use shared::http::{Http, HttpError, Request};
use shared::listen;
use shared::reach::Reach;
use shared::testing::{Captured, HostileNetwork};

const PUBLIC: &str = "93.184.216.34";
const OTHER: &str = "93.184.216.35";

fn page() -> Router {
    Router::new().fallback(|| async { "here" })
}

fn client(network: &HostileNetwork, server: &str, trusted: &[&str]) -> Http {
    let trusted: Vec<_> = trusted.iter().map(|host| (*host).to_owned()).collect();
    network.http(Captured::json().reporter(), Reach::of_server(server, &trusted))
}

/// The status, or the id of the error.
async fn get_url(http: &Http, url: &str) -> Result<u16, &'static str> {
    http.send(&Request::get(url)).await.map(|response| response.status).map_err(|error| error.id())
}

const REFUSED: Result<u16, &str> = Err("http.refused-address");

/// A server inside the machine that nobody from outside may reach, and its port.
async fn inside() -> (listen::Serving, u16) {
    let listener = listen::bind(0, "test", "").await.unwrap();
    let port = listen::port(&listener);
    (listen::serve(listener, page()), port)
}

#[tokio::test]
async fn the_first_answer_for_the_servers_name_widens_nothing() {
    let (_inside, port) = inside().await;
    let server = "https://mcp.example/mcp";
    for answers in [
        &[&["127.0.0.1"][..], &[PUBLIC][..]][..],
        &[&["127.0.0.1", PUBLIC]],
        &[&["::1"], &[PUBLIC]],
        &[&["10.0.0.1"], &[PUBLIC]],
        &[&["100.64.0.1"]],
    ] {
        let network = HostileNetwork::new();
        network.pose("honest.example", PUBLIC, page()).await;
        network.name("mcp.example", answers);
        network.name("inside.example", &[&["127.0.0.1"]]);
        network.name("private.example", &[&["10.0.0.9"]]);
        network.name("metadata.example", &[&["169.254.169.254"]]);
        let http = client(&network, server, &[]);
        let _ = get_url(&http, server).await;
        for url in [
            format!("https://inside.example:{port}/"),
            format!("https://localhost:{port}/"),
            format!("http://127.0.0.1:{port}/"),
            format!("http://[::ffff:7f00:1]:{port}/"),
            "https://private.example/".to_owned(),
            "https://10.0.0.9/".to_owned(),
            "https://metadata.example/".to_owned(),
            "https://100.100.100.200/".to_owned(),
        ] {
            let request = Request::post_json(&url, &serde_json::json!({}));
            assert_eq!(get_url(&http, &url).await, REFUSED, "{url}, {answers:?}");
            assert_eq!(http.send(&request).await.unwrap_err().id(), "http.refused-address", "{url}, {answers:?}");
        }
        assert_eq!(get_url(&http, "https://honest.example/").await, Ok(200));
    }
}

#[tokio::test]
async fn the_named_host_is_subject_to_the_limit_too() {
    let (_inside, port) = inside().await;
    for (answers, first, then) in [
        // Rebound after the first request, at once, and never.
        (&[&[PUBLIC][..], &["127.0.0.1"][..]][..], Ok(200), REFUSED),
        (&[&[PUBLIC], &["10.0.0.1"]], Ok(200), REFUSED),
        (&[&["127.0.0.1"]], REFUSED, REFUSED),
        (&[&["169.254.169.254"]], REFUSED, REFUSED),
        (&[&["127.0.0.1", PUBLIC]], Ok(200), Ok(200)),
        (&[&[PUBLIC]], Ok(200), Ok(200)),
    ] {
        let network = HostileNetwork::new();
        network.pose("mcp.example", PUBLIC, page()).await;
        network.name("mcp.example", answers);
        // A port in the URL makes the second request a connection of its own, to the server inside.
        let rebound = format!("http://mcp.example:{port}/");
        let reach = Reach::of_server("https://mcp.example/mcp", &[]).name(&rebound);
        let http = network.http(Captured::json().reporter(), reach);
        assert_eq!(get_url(&http, "https://mcp.example/mcp").await, first, "{answers:?}");
        if then == REFUSED {
            assert_eq!(get_url(&http, &rebound).await, then, "{answers:?}");
        } else {
            assert_eq!(get_url(&http, "http://mcp.example/mcp").await, Err("http.insecure"));
            assert_eq!(get_url(&http, "https://mcp.example/mcp").await, then, "{answers:?}");
        }
    }
}

#[tokio::test]
async fn a_company_server_needs_to_be_allowed_and_stays_where_it_was() {
    let network = HostileNetwork::new();
    network.pose("mcp.corp", "10.0.0.5", page()).await;
    let server = "https://mcp.corp/mcp";
    let error = client(&network, server, &[]).send(&Request::get(server)).await.unwrap_err();
    assert!(error.to_string().contains("10.0.0.5 (private network)"), "{error}");
    assert_eq!(error.fix(), "If it is your own server, say so with --allow-host mcp.corp");

    let http = client(&network, server, &["mcp.corp"]);
    assert_eq!(get_url(&http, server).await, Ok(200));
    // Whoever owns the name cannot lead the client elsewhere later; http makes it connect anew.
    network.name("mcp.corp", &[&["127.0.0.1"]]);
    assert_eq!(get_url(&http, "http://mcp.corp/").await, Ok(200));
    assert_eq!(network.lookups("mcp.corp"), 0, "the host was looked up again");
    for stranger in ["https://10.0.0.6/", "https://localhost/"] {
        assert_eq!(get_url(&http, stranger).await, REFUSED, "{stranger}");
    }
}

#[tokio::test]
async fn a_redirect_never_goes_from_https_to_http() {
    let to = |url: &'static str| get(move || async move { Redirect::temporary(url) });
    let router = Router::new()
        .route("/own", to("http://mcp.example/end"))
        .route("/other", to("http://lab.example/end"))
        .route("/twice", to("https://mcp.example/own"))
        .route("/local", to("http://localhost:1/"))
        .route("/secure", to("https://lab.example/end"))
        .route("/relative", to("/end"))
        .fallback(|| async { "here" });
    let network = HostileNetwork::new();
    network.pose("mcp.example", PUBLIC, router).await;
    network.pose("lab.example", OTHER, page()).await;
    for trusted in [&[][..], &["lab.example", "mcp.example"]] {
        let http = client(&network, "https://mcp.example/mcp", trusted);
        for path in ["own", "other", "twice", "local"] {
            let url = format!("https://mcp.example/{path}");
            let error = http.send(&Request::get(&url)).await.unwrap_err();
            assert!(matches!(error, HttpError::Downgraded { .. }), "{url}: {error}");
        }
        for path in ["secure", "relative", "end"] {
            assert_eq!(get_url(&http, &format!("https://mcp.example/{path}")).await, Ok(200), "{path}");
        }
    }
}

#[tokio::test]
async fn plain_http_is_for_what_the_user_typed() {
    let network = HostileNetwork::new();
    network.pose("mcp.example", PUBLIC, page()).await;
    network.pose("lab.example", OTHER, page()).await;
    for (server, trusted, url, expected) in [
        ("https://mcp.example/mcp", &[][..], "http://mcp.example/metadata", Err("http.insecure")),
        ("https://mcp.example/mcp", &[], "http://lab.example/metadata", Err("http.insecure")),
        ("https://mcp.example/mcp", &[], "https://lab.example/metadata", Ok(200)),
        ("https://mcp.example/mcp", &["lab.example"], "http://lab.example/metadata", Ok(200)),
        ("http://mcp.example/mcp", &[], "http://mcp.example/metadata", Ok(200)),
        ("http://mcp.example/mcp", &[], "http://mcp.example:81/metadata", Err("http.insecure")),
        ("http://mcp.example/mcp", &[], "http://lab.example/metadata", Err("http.insecure")),
        ("http://mcp.example/mcp", &[], "https://mcp.example/metadata", Ok(200)),
    ] {
        assert_eq!(get_url(&client(&network, server, trusted), url).await, expected, "{url}, {server}");
    }
}

#[tokio::test]
async fn a_certificate_has_to_be_the_hosts_own() {
    let network = HostileNetwork::new();
    network.pose("mcp.example", PUBLIC, page()).await;
    network.name("other.example", &[&[PUBLIC]]);
    let http = client(&network, "https://mcp.example/mcp", &[]);
    assert_eq!(get_url(&http, "https://other.example/").await, Err("http.tls"));
    let stranger = HostileNetwork::new();
    stranger.name("mcp.example", &[&[PUBLIC]]);
    assert_eq!(get_url(&http, "https://mcp.example/").await, Ok(200));
}

/// Proxy variables are there, and none of them is for the URL: so the guarded resolver it is.
#[tokio::test]
async fn proxies_that_are_not_for_a_url_change_nothing() {
    let proxy = "http://proxy.example:3128";
    for (proxies, url) in [
        (Matcher::builder().http(proxy).build(), "https://mcp.example/mcp"),
        (Matcher::builder().https(proxy).build(), "http://mcp.example/mcp"),
        (Matcher::builder().all(proxy).no("mcp.example").build(), "https://mcp.example/mcp"),
        (Matcher::builder().all(proxy).no("*").build(), "https://mcp.example/mcp"),
        (Matcher::builder().build(), "https://mcp.example/mcp"),
    ] {
        let network = HostileNetwork::new();
        network.name("mcp.example", &[&["127.0.0.1"]]);
        let http = network.http_behind(proxies, Captured::json().reporter(), Reach::of_server(url, &[]));
        assert_eq!(get_url(&http, url).await, REFUSED, "{url}");
        assert_eq!(network.lookups("mcp.example"), 1);
    }
    // Where a proxy is for the URL, all addresses have to be allowed: the proxy chooses.
    let network = HostileNetwork::new();
    network.name("mcp.example", &[&[PUBLIC, "10.0.0.1"]]);
    let proxies = Matcher::builder().all(proxy).build();
    let http = network.http_behind(proxies, Captured::json().reporter(), Reach::of_server("https://mcp.example/", &[]));
    assert_eq!(get_url(&http, "https://mcp.example/mcp").await, REFUSED);
}

/// A name can lead to several addresses, and a person has to know which ones did not respond.
#[tokio::test]
async fn the_addresses_that_were_tried_are_named() {
    let network = HostileNetwork::new();
    network.name("mcp.example", &[&[PUBLIC, OTHER]]);
    let http = client(&network, "https://mcp.example/mcp", &[]);
    let error = http.send(&Request::get("https://mcp.example/mcp")).await.unwrap_err();
    assert_eq!(error.id(), "http.unreachable");
    assert!(error.to_string().ends_with(&format!("Tried: {PUBLIC}, {OTHER}.")), "{error}");
    let nobody = http.send(&Request::get("https://unknown.example/")).await.unwrap_err();
    assert!(nobody.to_string().contains("no address is known for unknown.example"), "{nobody}");

    let local = HostileNetwork::new();
    local.name("localhost", &[&["127.0.0.1"]]);
    let http = client(&local, "http://localhost:1/mcp", &[]);
    let error = http.send(&Request::get("http://localhost:1/mcp")).await.unwrap_err();
    assert!(error.fix().contains("listens on ::1 only is not at localhost here"), "{}", error.fix());
    let literal = http.send(&Request::get("http://127.0.0.1:1/mcp")).await.unwrap_err();
    assert!(!literal.to_string().contains("Tried"), "{literal}");
}
