//! What is found where an IdP should be.

use serde_json::Value;
use shared::http::{Http, HttpError, Request};
use shared::reach::Reach;
use shared::{Failure, Reporter};

/// What was found where an IdP should be.
#[derive(Debug, PartialEq, Eq)]
pub enum ProbeResult {
    /// An authorization server with exactly this issuer.
    Ready,
    /// Nobody responds.
    Nothing { issuer: String, reason: String },
    /// A server, or a proxy on the way, to which there is no connection that can be trusted.
    NotTrusted { message: String, fix: String },
    /// An authorization server that has another name.
    OtherIssuer { issuer: String, found: String },
    /// A Keycloak without this realm.
    RealmNotReady { issuer: String, status: u16 },
    /// A server that is not an authorization server.
    SomethingElse { issuer: String, status: u16 },
}

impl std::fmt::Display for ProbeResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProbeResult::Ready => f.write_str("it is ready"),
            ProbeResult::Nothing { issuer, reason } => write!(f, "nothing responds at {issuer} ({reason})"),
            ProbeResult::NotTrusted { message, .. } => f.write_str(message),
            ProbeResult::OtherIssuer { issuer, found } => {
                write!(f, "the metadata found for {issuer} names the issuer {found}")
            }
            ProbeResult::RealmNotReady { issuer, status } => {
                write!(
                    f,
                    "a Keycloak responds there, without {issuer} (HTTP {status}; a realm that is being imported is not there yet)"
                )
            }
            ProbeResult::SomethingElse { issuer, status } => {
                write!(f, "{issuer} is not an authorization server (HTTP {status} instead of metadata)")
            }
        }
    }
}

/// Asks for the issuer's metadata, where OpenID Connect Discovery puts it and then where RFC 8414
/// does, without showing it: lesson 02 does that.
pub async fn probe(issuer: &str, seconds: u64) -> Result<ProbeResult, Failure> {
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("", issuer));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // The user named this IdP, so it may be anywhere.
    let http = Http::new(Reporter::silent(), Reach::of_operator(issuer))?.within(seconds);
    let urls = [
        format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')),
        format!("{scheme}://{authority}/.well-known/oauth-authorization-server{}", path.trim_end_matches('/')),
    ];
    let mut found = ask(&http, &urls[0], issuer).await;
    if matches!(found, ProbeResult::SomethingElse { .. }) {
        found = ask(&http, &urls[1], issuer).await;
    }
    Ok(found)
}

async fn ask(http: &Http, url: &str, issuer: &str) -> ProbeResult {
    let request = Request::get(url);
    let nothing = |reason: String| ProbeResult::Nothing { issuer: issuer.to_owned(), reason };
    let response = match http.send(&request).await {
        Ok(response) => response,
        Err(HttpError::Unreachable { reason, .. }) => return nothing(reason),
        Err(HttpError::UnknownHost { host, .. }) => return nothing(format!("no address is known for {host}")),
        Err(error @ (HttpError::Tls { .. } | HttpError::Proxy { .. })) => {
            let message = error.to_string().trim_end_matches('.').to_owned();
            return ProbeResult::NotTrusted { message, fix: error.fix() };
        }
        Err(HttpError::TimedOut { seconds, .. }) => return nothing(format!("no response within {seconds} s")),
        Err(other) => return nothing(other.to_string()),
    };
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    match (response.status, document["issuer"].as_str(), document["error"].as_str()) {
        (200, Some(found), _) if found == issuer => ProbeResult::Ready,
        (200, Some(found), _) => ProbeResult::OtherIssuer { issuer: issuer.to_owned(), found: found.to_owned() },
        // Keycloak opens its port before it has imported the realm.
        (404, _, Some("Realm does not exist")) | (503, _, _) => {
            ProbeResult::RealmNotReady { issuer: issuer.to_owned(), status: response.status }
        }
        (status, _, _) => ProbeResult::SomethingElse { issuer: issuer.to_owned(), status },
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Json;
    use axum::routing::get;
    use serde_json::json;

    use shared::listen;

    use super::*;
    use crate::{Embedded, Realm};

    /// Seconds within which a server on this machine responds, however slow the machine is.
    const AMPLE: u64 = 60;

    async fn found(router: Router, seconds: u64) -> String {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let issuer = format!("http://localhost:{}/realms/mcp-oauth", listen::port(&listener));
        let _serving = listen::serve(listener, router);
        let found = probe(&issuer, seconds).await.unwrap();
        found.to_string().replace(&issuer, "ISSUER")
    }

    #[tokio::test]
    async fn an_embedded_idp_is_found_by_its_issuer() {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let embedded = Embedded::start(listener, Realm::shipped().unwrap());
        assert_eq!(probe(embedded.issuer(), AMPLE).await.unwrap(), ProbeResult::Ready);
    }

    #[tokio::test]
    async fn metadata_only_at_the_place_of_rfc_8414_is_found_too() {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let issuer = format!("http://localhost:{}", listen::port(&listener));
        let document = json!({"issuer": issuer});
        let router = Router::new().route("/.well-known/oauth-authorization-server", get(|| async { Json(document) }));
        let _serving = listen::serve(listener, router);
        assert_eq!(probe(&issuer, AMPLE).await.unwrap(), ProbeResult::Ready);
    }

    #[tokio::test]
    async fn what_is_no_ready_idp_is_told_apart() {
        let answering =
            |status: StatusCode, body: Value| Router::new().fallback(move || async move { (status, Json(body)) });
        let other = answering(StatusCode::OK, json!({"issuer": "http://localhost:1/realms/mcp-oauth"}));
        assert_eq!(
            found(other, AMPLE).await,
            "the metadata found for ISSUER names the issuer http://localhost:1/realms/mcp-oauth"
        );
        let starting = answering(StatusCode::NOT_FOUND, json!({"error": "Realm does not exist"}));
        assert_eq!(
            found(starting, AMPLE).await,
            "a Keycloak responds there, without ISSUER (HTTP 404; a realm that is being imported is not there yet)"
        );
        let something = answering(StatusCode::OK, json!("<html>"));
        assert_eq!(
            found(something, AMPLE).await,
            "ISSUER is not an authorization server (HTTP 200 instead of metadata)"
        );
        let silent = Router::new().fallback(|| async { tokio::time::sleep(std::time::Duration::from_secs(60)).await });
        assert_eq!(found(silent, 1).await, "nothing responds at ISSUER (no response within 1 s)");
    }
}
