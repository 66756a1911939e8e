//! The page at `/` of the MCP server, for a person who opens it in a browser.

use std::path::Path;

use axum::Router;
use axum::routing::get;
use shared::start_page::{Endpoint, StartPage, TryIt};

use crate::server::ProtectedResource;
use crate::well_known;

/// The route of the page. Its endpoints come from what the server says about itself.
pub fn route(protected: &ProtectedResource) -> Router {
    let page = start_page(protected);
    Router::new().route("/", get(async move || axum::response::IntoResponse::into_response(&page)))
}

fn start_page(protected: &ProtectedResource) -> StartPage {
    let server_url = &protected.resource;
    let endpoint = |name: &str, sentence: &str, url: &str, how: TryIt| Endpoint {
        name: name.to_owned(),
        sentence: sentence.to_owned(),
        url: url.to_owned(),
        how,
    };
    let mut endpoints = vec![endpoint(
        "MCP endpoint",
        "MCP clients send their requests here. Without an access token they get a challenge that names the metadata (RFC 6750 §3).",
        server_url,
        TryIt::Curl("", 401),
    )];
    let sentence = "Which authorization servers issue tokens for this server, and which scopes it knows (RFC 9728).";
    let again = "The same document at the root, the second place where clients look.";
    for (n, location) in well_known::locations(server_url).into_iter().enumerate() {
        endpoints.push(endpoint("Metadata", if n == 0 { sentence } else { again }, &location.url, TryIt::Link));
    }
    if let Some((origin, _)) = well_known::split(server_url) {
        endpoints.push(endpoint("Health", "Whether the server is up.", &format!("{origin}/health"), TryIt::Link));
    }
    StartPage {
        title: "An MCP server that OAuth protects".to_owned(),
        lead: format!(
            "This is an MCP server, and in OAuth's terms a protected resource: {server_url}. It issues no tokens itself. Its \
             authorization server: {}.",
            protected.authorization_servers.join(", ")
        ),
        endpoints,
        metadata: Some(protected.document()),
        more: None,
        next: (
            "Let the tutorial's client find the authorization server from here. In another terminal:".to_owned(),
            format!("cargo {} client --server-url {server_url}", lesson_of_program()),
        ),
    }
}

/// The number of the lesson whose program this is: its file is called `NN_lesson`.
fn lesson_of_program() -> String {
    let file = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match name.split_once('_') {
        Some((number, _)) if number.len() == 2 && number.bytes().all(|c| c.is_ascii_digit()) => number.to_owned(),
        _ => "01".to_owned(),
    }
}
