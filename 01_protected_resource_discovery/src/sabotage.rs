//! All that `--break` does in this lesson: the switches, and functions that spoil a valid value.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use shared::breakage::{self, Breakage};
use shared::http::Http;
use shared::{Failure, Side, mcp, spec};

use crate::error::DiscoveryError;
use crate::rules;
use crate::well_known::SUFFIX;

/// What can be broken in this lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// The 401 has no `WWW-Authenticate`.
    NoChallenge,
    /// The metadata is at the root only.
    RootOnly,
    /// The metadata is about another resource.
    WrongResource,
    /// The metadata names no authorization server.
    NoAuthorizationServers,
    /// The challenge points into the network of the client.
    PrivateMetadataUrl,
    /// The metadata redirects into the network of the client.
    PrivateMetadataRedirect,
    /// The metadata is not JSON.
    GarbageMetadata,
    /// The metadata has five megabytes.
    GarbageMetadataSize,
    /// The metadata's members have wrong types.
    GarbageMetadataTypes,
    /// The client is a page of another origin.
    EvilOrigin,
}

impl breakage::Switch for Switch {
    const ALL: &'static [Self] = &[
        Switch::NoChallenge,
        Switch::RootOnly,
        Switch::WrongResource,
        Switch::NoAuthorizationServers,
        Switch::PrivateMetadataUrl,
        Switch::PrivateMetadataRedirect,
        Switch::GarbageMetadata,
        Switch::GarbageMetadataSize,
        Switch::GarbageMetadataTypes,
        Switch::EvilOrigin,
    ];

    fn breakage(self) -> &'static Breakage {
        match self {
            Switch::NoChallenge => &NO_CHALLENGE,
            Switch::RootOnly => &ROOT_ONLY,
            Switch::WrongResource => &WRONG_RESOURCE,
            Switch::NoAuthorizationServers => &NO_AUTHORIZATION_SERVERS,
            Switch::PrivateMetadataUrl => &PRIVATE_METADATA_URL,
            Switch::PrivateMetadataRedirect => &PRIVATE_METADATA_REDIRECT,
            Switch::GarbageMetadata => &GARBAGE_METADATA,
            Switch::GarbageMetadataSize => &GARBAGE_METADATA_SIZE,
            Switch::GarbageMetadataTypes => &GARBAGE_METADATA_TYPES,
            Switch::EvilOrigin => &EVIL_ORIGIN,
        }
    }
}

static NO_CHALLENGE: Breakage = Breakage::by_server(
    "no-challenge",
    "responds 401 without WWW-Authenticate; the client falls back to the well-known URL",
    Side::Client,
    &rules::CHALLENGE_NAMES_METADATA,
);

static ROOT_ONLY: Breakage = Breakage::by_server(
    "root-only",
    "sends no challenge and has its metadata only at the root; the client finds it on the second try",
    Side::Client,
    &rules::WELL_KNOWN_PATH,
);

static WRONG_RESOURCE: Breakage = Breakage::by_server(
    "wrong-resource",
    "publishes metadata of another resource",
    Side::Client,
    &rules::RESOURCE_OF_CHALLENGE,
);

static NO_AUTHORIZATION_SERVERS: Breakage = Breakage::by_server(
    "no-authorization-servers",
    "publishes metadata without authorization_servers",
    Side::Client,
    &rules::AUTHORIZATION_SERVERS,
);

static PRIVATE_METADATA_URL: Breakage = Breakage::by_server(
    "private-metadata-url",
    "says that its metadata is at 169.254.169.254, where a cloud keeps its credentials (SSRF)",
    Side::Client,
    &rules::METADATA_ADDRESS,
);

static PRIVATE_METADATA_REDIRECT: Breakage = Breakage::by_server(
    "private-metadata-redirect",
    "redirects requests for its metadata to 169.254.169.254 (SSRF by redirect)",
    Side::Client,
    &rules::METADATA_ADDRESS,
);

static GARBAGE_METADATA: Breakage =
    Breakage::by_server("garbage-metadata", "publishes HTML as its metadata", Side::Client, &rules::METADATA_OBJECT);

static GARBAGE_METADATA_SIZE: Breakage = Breakage::by_server(
    "garbage-metadata-size",
    "publishes metadata of five megabytes",
    Side::Client,
    &rules::METADATA_LIMITS,
);

static GARBAGE_METADATA_TYPES: Breakage = Breakage::by_server(
    "garbage-metadata-types",
    "publishes metadata whose authorization_servers is a string",
    Side::Client,
    &rules::METADATA_MEMBER_TYPES,
);

static EVIL_ORIGIN: Breakage = Breakage::by_client(
    "evil-origin",
    "calls as a page of evil.example would after DNS rebinding",
    Side::Server,
    &mcp::ORIGIN_ALLOWED,
);

/// Where clouds keep the credentials of a machine.
const PRIVATE_URL: &str = "http://169.254.169.254/latest/meta-data/";

/// The server with the rule broken that the switch names.
pub fn spoil_server(server: Router, switch: Option<Switch>) -> Router {
    match switch {
        Some(switch) => server.layer(middleware::from_fn(move |request, next| respond_spoilt(switch, request, next))),
        None => server,
    }
}

async fn respond_spoilt(switch: Switch, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if path.starts_with(SUFFIX) {
        spoil_metadata(switch, response, path == SUFFIX).await
    } else {
        spoil_challenge(switch, response)
    }
}

fn spoil_challenge(switch: Switch, mut response: Response) -> Response {
    let headers = response.headers_mut();
    match switch {
        Switch::NoChallenge | Switch::RootOnly => {
            headers.remove(header::WWW_AUTHENTICATE);
        }
        Switch::PrivateMetadataUrl => {
            if let Ok(challenge) = HeaderValue::from_str(&format!("Bearer resource_metadata=\"{PRIVATE_URL}\"")) {
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
        }
        _ => {}
    }
    response
}

async fn spoil_metadata(switch: Switch, mut response: Response, is_root: bool) -> Response {
    match switch {
        Switch::RootOnly if !is_root => StatusCode::NOT_FOUND.into_response(),
        Switch::PrivateMetadataRedirect => {
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(PRIVATE_URL));
            with_body(response, String::new())
        }
        Switch::GarbageMetadata => with_body(response, "<!doctype html><title>Not found</title>".to_owned()),
        Switch::WrongResource => with_member(response, "resource", json!("https://other.example/mcp")).await,
        Switch::NoAuthorizationServers => with_member(response, "authorization_servers", Value::Null).await,
        Switch::GarbageMetadataTypes => {
            with_member(response, "authorization_servers", json!("https://idp.example")).await
        }
        Switch::GarbageMetadataSize => with_member(response, "padding", json!("x".repeat(5 * 1024 * 1024))).await,
        Switch::NoChallenge | Switch::RootOnly | Switch::PrivateMetadataUrl | Switch::EvilOrigin => response,
    }
}

/// The JSON response with this member; `null` takes the member out.
async fn with_member(response: Response, name: &str, value: Value) -> Response {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut document: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(members) = document.as_object_mut() {
        members.insert(name.to_owned(), value);
        members.retain(|_, value| !value.is_null());
    }
    with_body(Response::from_parts(parts, Body::empty()), document.to_string())
}

fn with_body(mut response: Response, body: String) -> Response {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|_| Body::from(body))
}

/// `--break evil-origin`: the request that a page of evil.example could make a browser send after
/// DNS rebinding.
pub async fn call_as_foreign_page(http: &Http, server_url: &str) -> Result<(), Failure> {
    let reporter = http.reporter();
    reporter.stage("ask the MCP server as a page of evil.example", &spec::MCP_ORIGIN).await;
    let request = mcp::discover_request(server_url).header("origin", "http://evil.example");
    let response = http.send(&request).await.map_err(DiscoveryError::Server)?;
    let seen = format!("HTTP {}", response.status);
    let expected = "HTTP 403 for the Origin evil.example";
    reporter.require(&rules::FOREIGN_ORIGIN_REFUSED, response.status == 403, expected, &seen).map_err(|failed| {
        let message = format!("The server responded to a page of evil.example with {seen} instead of 403.");
        let fix = "The server's operator has to check the Origin header before anything else.";
        Failure::new(failed.rule.id, message, fix)
    })
}
