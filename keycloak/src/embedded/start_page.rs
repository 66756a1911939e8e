//! The page at `/`: what this server is, what it offers, and who can sign in. Endpoints come from
//! the metadata, so that the page cannot name one that is not there.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::start_page::{Endpoint, StartPage, TryIt};

use super::server::IdpServer;
use super::{metadata, pages};

/// The members of the metadata that are endpoints, each with a sentence and a way to try it.
const ENDPOINTS: [(&str, &str, TryIt); 6] = [
    ("jwks_uri", "The public keys with which servers check tokens (RFC 7517).", TryIt::Link),
    (
        "registration_endpoint",
        "A client registers itself here, without an administrator (RFC 7591).",
        TryIt::Curl(
            r#"-H 'Content-Type: application/json' -d '{"redirect_uris": ["http://127.0.0.1/callback"]}'"#,
            201,
        ),
    ),
    (
        "authorization_endpoint",
        "A client sends the user's browser here; the user signs in and agrees (RFC 6749 §4.1). Without the parameters of a \
         client there is an error page.",
        TryIt::Curl("", 400),
    ),
    (
        "token_endpoint",
        "A client trades the code of a sign-in for tokens here (RFC 6749 §4.1.3). A client that is not known is refused.",
        TryIt::Curl("-d grant_type=authorization_code", 401),
    ),
    ("revocation_endpoint", "A client gives a token back here (RFC 7009).", TryIt::Curl("-d token=x", 401)),
    ("introspection_endpoint", "A server asks here about a token (RFC 7662).", TryIt::Curl("-d token=x", 401)),
];

pub async fn page(State(server): State<Arc<IdpServer>>) -> Response {
    start_page(&server).into_response()
}

fn start_page(server: &IdpServer) -> StartPage {
    let realm = format!("/realms/{}", server.realm.name);
    let document = metadata::members(server);
    let root = server.issuer.trim_end_matches(&realm);
    let places = metadata::places(&realm).into_iter().map(|place| Endpoint {
        name: "Metadata".to_owned(),
        sentence: "What this server offers, for clients (RFC 8414).".to_owned(),
        url: format!("{root}{place}"),
        how: TryIt::Link,
    });
    let members = ENDPOINTS.into_iter().filter_map(|(name, sentence, how)| {
        let url = document[name].as_str()?.to_owned();
        Some(Endpoint { name: name.to_owned(), sentence: sentence.to_owned(), url, how })
    });
    let endpoints = places.take(1).chain(members).collect();
    let users = pages::demo_users(&server.realm);
    StartPage {
        title: "The embedded identity provider".to_owned(),
        lead: format!(
            "This is an OAuth authorization server that stands in for Keycloak. It serves the realm {}, and its issuer is {}. It \
             forgets everything when it ends.",
            server.realm.name, server.issuer
        ),
        endpoints,
        more: (!users.is_empty()).then_some(("Who can sign in", users)),
        next: (
            "Lesson 01 finds this server from an MCP server. In another terminal:".to_owned(),
            "cargo 01 --idp embedded".to_owned(),
        ),
        metadata: Some(document),
    }
}

#[cfg(test)]
mod tests {
    use shared::listen;
    use shared::testing::check_start_page;

    use crate::{Embedded, Realm};

    async fn checked(realm: Realm) -> (String, serde_json::Value) {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let embedded = Embedded::start(listener, realm);
        let (base, _) = embedded.issuer().split_once("/realms/").unwrap();
        let html = check_start_page(base).await;
        let http =
            shared::http::Http::new(shared::Reporter::silent(), shared::reach::Reach::of_operator(base)).unwrap();
        let url = format!("{}/.well-known/openid-configuration", embedded.issuer());
        let response = http.send(&shared::http::Request::get(&url)).await.unwrap();
        (html, serde_json::from_slice(&response.body).unwrap())
    }

    #[tokio::test]
    async fn the_page_has_every_endpoint_of_the_metadata_and_the_demo_users() {
        let (html, document) = checked(Realm::shipped().unwrap()).await;
        let is_endpoint = |name: &String| name.ends_with("_endpoint") || name.ends_with("_uri");
        for name in document.as_object().unwrap().keys().filter(|name| is_endpoint(name)) {
            assert!(html.contains(&format!("<dt>{name}</dt>")), "{name}: {html}");
            assert!(html.contains(document[name].as_str().unwrap()), "{name}");
        }
        assert!(html.contains("<td><code>mcpuser</code></td><td><code>password123</code></td>"), "{html}");
    }

    #[tokio::test]
    async fn the_page_shows_no_password_of_another_realm() {
        let (html, _) = checked(Realm::from_json(crate::realm::SHIPPED, |_| None).unwrap()).await;
        assert!(!html.contains("password123") && !html.contains("Who can sign in"), "{html}");
    }
}
