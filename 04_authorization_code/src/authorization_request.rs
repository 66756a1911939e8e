//! The authorization request: RFC 6749 §4.1.1,
//! <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1>, with PKCE (RFC 7636) and a resource
//! indicator (RFC 8707).

use as_metadata::AuthorizationServerMetadata;
use oauth2::{CsrfToken, PkceCodeChallenge};
use shared::{Reporter, Secret};
use url::Url;

use crate::authorization_response::Expected;
use crate::error::AuthorizationError;
use crate::rules;

/// A request, and what has to be known when its response comes.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// Where the browser goes.
    pub url: Url,
    /// Belongs to the challenge in the URL; goes to the token endpoint.
    pub verifier: Secret,
    /// What the response has to bring.
    pub expected: Expected,
}

/// What a request asks for.
#[derive(Clone, Copy)]
pub struct AuthorizationParameters<'a> {
    /// The client, by its name at the authorization server.
    pub client_id: &'a str,
    /// Where the browser brings the response.
    pub redirect_uri: &'a str,
    /// The scopes.
    pub scopes: &'a [String],
    /// The MCP server, by its URL.
    pub resource: &'a str,
    /// Whether even a user who has agreed before is asked (OpenID Connect Core §3.1.2.1).
    pub asks_again: bool,
}

pub fn build_request(
    reporter: &Reporter,
    server: &AuthorizationServerMetadata,
    parameters: AuthorizationParameters<'_>,
) -> Result<AuthorizationRequest, AuthorizationError> {
    let AuthorizationParameters { client_id, redirect_uri, scopes, resource, asks_again } = parameters;
    let endpoint = server.authorization_endpoint.as_deref().unwrap_or("absent");
    let bad_url = || AuthorizationError::Url { name: "authorization_endpoint", got: endpoint.to_owned() };
    let mut url = Url::parse(endpoint).map_err(|_| bad_url())?;
    check_scheme(reporter, &url)?;
    // "The client then creates a code challenge derived from the code verifier" (RFC 7636 §4.2):
    // 32 random octets, and their SHA-256.
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let state = CsrfToken::new_random();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("state", state.secret())
        .append_pair("code_challenge", challenge.as_str())
        .append_pair("code_challenge_method", challenge.method().as_str())
        .append_pair("redirect_uri", redirect_uri);
    if !scopes.is_empty() {
        url.query_pairs_mut().append_pair("scope", &scopes.join(" "));
    }
    // "MUST be included in both authorization requests and token requests" (MCP 2026-07-28,
    // Resource Parameter Implementation)
    url.query_pairs_mut().append_pair("resource", resource);
    if asks_again {
        url.query_pairs_mut().append_pair("prompt", "consent");
    }
    Ok(AuthorizationRequest {
        url,
        verifier: Secret::new(verifier.into_secret()),
        expected: Expected {
            state: state.into_secret(),
            issuer: server.issuer.clone(),
            iss_promised: server.authorization_response_iss_parameter_supported == Some(true),
        },
    })
}

/// "MUST reject javascript:, data:, file:, vbscript:, and other potentially dangerous schemes"
/// (MCP, Security Best Practices)
fn check_scheme(reporter: &Reporter, url: &Url) -> Result<(), AuthorizationError> {
    let expected = "the URL for the browser is http or https";
    let is_web_page = matches!(url.scheme(), "http" | "https");
    reporter
        .require(&rules::URL_SCHEME, is_web_page, expected, url.scheme())
        .map_err(|_| AuthorizationError::Url { name: "authorization_endpoint", got: url.to_string() })
}

#[cfg(test)]
mod tests {
    use shared::testing::Captured;

    use super::*;

    fn built(endpoint: &str) -> Result<AuthorizationRequest, &'static str> {
        let server = AuthorizationServerMetadata {
            issuer: "https://idp.example".to_owned(),
            authorization_endpoint: Some(endpoint.to_owned()),
            ..Default::default()
        };
        let scopes = ["mcp:read".to_owned(), "mcp:write".to_owned()];
        let parameters = AuthorizationParameters {
            client_id: "id",
            redirect_uri: "http://127.0.0.1:8888/callback",
            scopes: &scopes,
            resource: "http://localhost:8000/mcp",
            asks_again: false,
        };
        build_request(&Captured::json().reporter(), &server, parameters).map_err(|error| error.id())
    }

    #[test]
    fn the_request_has_what_it_must_have() {
        let request = built("https://idp.example/auth?tenant=1").unwrap();
        let parameters: std::collections::BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        for (name, value) in [
            ("tenant", "1"),
            ("response_type", "code"),
            ("client_id", "id"),
            ("redirect_uri", "http://127.0.0.1:8888/callback"),
            ("scope", "mcp:read mcp:write"),
            ("resource", "http://localhost:8000/mcp"),
            ("code_challenge_method", "S256"),
            ("state", request.expected.state.as_str()),
        ] {
            assert_eq!(parameters.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(parameters["code_challenge"].len(), 43);
        assert_eq!(request.verifier.expose().len(), 43);
        assert!(request.expected.state.len() >= 22, "128 bits in base64");
        assert_ne!(built("https://idp.example/auth").unwrap().expected.state, request.expected.state);
    }

    #[test]
    fn no_browser_is_sent_to_a_script() {
        for endpoint in
            ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "ftp://h/x", "", "/auth"]
        {
            assert_eq!(built(endpoint).err(), Some("authorization.url-scheme"), "{endpoint}");
        }
    }
}
