//! The authorization request: RFC 6749 §4.1.1 with PKCE (RFC 7636) and a resource indicator (RFC
//! 8707). The crate `oauth2` makes it.

use as_metadata::AuthorizationServerMetadata;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client_metadata::AuthMethod;
use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenUrl,
};
use shared::{Reporter, Secret};
use url::Url;

use crate::breakages;
use crate::error::AuthorizationError;
use crate::response::Expected;
use crate::rules;

/// The crate's client, with both endpoints.
pub type OAuthClient = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// A request, and what has to be known when its answer comes.
pub struct AuthorizationRequest {
    /// Where the browser goes.
    pub url: Url,
    /// Belongs to the challenge in the URL; goes to the token endpoint.
    pub verifier: PkceCodeVerifier,
    /// What the answer has to bring.
    pub expected: Expected,
}

/// The crate's client for this authorization server.
pub fn client(
    authorization_server: &AuthorizationServerMetadata,
    client: &ClientInformation,
    redirect_uri: &str,
) -> Result<OAuthClient, AuthorizationError> {
    let endpoint = |name: &'static str, url: &Option<String>| {
        let got = url.clone().unwrap_or_else(|| "absent".to_owned());
        move || AuthorizationError::Url { name, got }
    };
    let bad_authorization = endpoint("authorization_endpoint", &authorization_server.authorization_endpoint);
    let bad_token = endpoint("token_endpoint", &authorization_server.token_endpoint);
    let text = |url: &Option<String>| url.clone().unwrap_or_default();
    let authorization =
        AuthUrl::new(text(&authorization_server.authorization_endpoint)).map_err(|_| bad_authorization())?;
    let token = TokenUrl::new(text(&authorization_server.token_endpoint)).map_err(|_| bad_token())?;
    let redirect = RedirectUrl::new(redirect_uri.to_owned())
        .map_err(|_| AuthorizationError::Url { name: "redirect_uri", got: redirect_uri.to_owned() })?;
    let oauth = BasicClient::new(ClientId::new(client.client_id.clone()))
        .set_auth_uri(authorization)
        .set_token_uri(token)
        .set_redirect_uri(redirect)
        .set_auth_type(auth_type(client));
    Ok(match &client.client_secret {
        Some(secret) => oauth.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
        None => oauth,
    })
}

/// Where the client's secret goes, if it has one.
pub fn auth_type(client: &ClientInformation) -> AuthType {
    match client.auth_method() {
        Some(AuthMethod::ClientSecretPost) => AuthType::RequestBody,
        _ => AuthType::BasicAuth,
    }
}

/// Builds the request. `resource` is the MCP server's URL, as the user gave it: "MUST be included
/// in both authorization requests and token requests" (MCP 2026-07-28, Resource Parameter
/// Implementation).
pub fn build(
    reporter: &Reporter,
    oauth: &OAuthClient,
    authorization_server: &AuthorizationServerMetadata,
    scopes: &[String],
    resource: &str,
    asks_again: bool,
    broken: &str,
) -> Result<AuthorizationRequest, AuthorizationError> {
    // 32 random octets, and their SHA-256: the method S256 (RFC 7636 §4.1, §4.2).
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = oauth.authorize_url(CsrfToken::new_random).add_extra_param("resource", resource);
    if asks_again {
        // Even where the user has agreed before (OpenID Connect Core §3.1.2.1).
        request = request.add_extra_param("prompt", "consent");
    }
    request = request.add_scopes(scopes.iter().cloned().map(Scope::new));
    request = match broken {
        name if name == breakages::NO_PKCE.name => request,
        name if name == breakages::PLAIN_PKCE.name => request
            .add_extra_param("code_challenge", verifier.secret().clone())
            .add_extra_param("code_challenge_method", "plain"),
        _ => request.set_pkce_challenge(challenge),
    };
    let (mut url, state) = request.url();
    if broken == breakages::WRONG_REDIRECT.name {
        url = with_parameter(&url, "redirect_uri", "http://127.0.0.1:8888/elsewhere");
    }
    check_scheme(reporter, &url)?;
    Ok(AuthorizationRequest {
        url,
        verifier,
        expected: Expected {
            state: state.into_secret(),
            issuer: authorization_server.issuer.clone(),
            iss_promised: authorization_server.authorization_response_iss_parameter_supported == Some(true),
        },
    })
}

/// "MUST reject javascript:, data:, file:, vbscript:, and other potentially dangerous schemes"
/// (MCP, Security Best Practices)
fn check_scheme(reporter: &Reporter, url: &Url) -> Result<(), AuthorizationError> {
    let expected = "the URL that the browser opens is http or https";
    match reporter.check(&rules::URL_SCHEME, matches!(url.scheme(), "http" | "https"), expected, url.scheme()) {
        true => Ok(()),
        false => Err(AuthorizationError::Url { name: "authorization_endpoint", got: url.to_string() }),
    }
}

fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut changed = url.clone();
    let pairs = pairs.iter().map(|(known, old)| (known.as_str(), if known == name { value } else { old.as_str() }));
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

/// A verifier that belongs to no challenge: what a thief of a code has.
pub fn another_verifier() -> PkceCodeVerifier {
    PkceCodeChallenge::new_random_sha256().1
}

/// The verifier, for a second use on purpose.
pub fn copied(verifier: &PkceCodeVerifier) -> (PkceCodeVerifier, Secret) {
    let secret = verifier.secret().clone();
    (PkceCodeVerifier::new(secret.clone()), Secret::new(secret))
}

#[cfg(test)]
mod tests {
    use shared::testing::Captured;

    use super::*;

    fn built(endpoint: &str, broken: &str) -> Result<AuthorizationRequest, &'static str> {
        let metadata = AuthorizationServerMetadata {
            issuer: "https://idp.example".to_owned(),
            authorization_endpoint: Some(endpoint.to_owned()),
            token_endpoint: Some("https://idp.example/token".to_owned()),
            ..Default::default()
        };
        let information = ClientInformation::known("id", None);
        let oauth = client(&metadata, &information, "http://127.0.0.1:8888/callback").map_err(|error| error.id())?;
        let scopes = ["mcp:read".to_owned(), "mcp:write".to_owned()];
        build(&Captured::json().reporter(), &oauth, &metadata, &scopes, "http://localhost:8000/mcp", false, broken)
            .map_err(|error| error.id())
    }

    fn parameters(request: &AuthorizationRequest) -> std::collections::BTreeMap<String, String> {
        request.url.query_pairs().into_owned().collect()
    }

    #[test]
    fn the_request_has_what_it_must_have() {
        let request = built("https://idp.example/auth?tenant=1", "").unwrap();
        let parameters = parameters(&request);
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
        assert_eq!(request.verifier.secret().len(), 43);
        assert!(request.expected.state.len() >= 22, "128 bits in base64");
        assert_ne!(built("https://idp.example/auth", "").unwrap().expected.state, request.expected.state);
    }

    #[test]
    fn broken_requests_are_broken_in_one_place() {
        assert!(!parameters(&built("https://i/auth", "no-pkce").unwrap()).contains_key("code_challenge"));
        let plain = built("https://i/auth", "plain-pkce").unwrap();
        assert_eq!(parameters(&plain)["code_challenge"], *plain.verifier.secret());
        assert!(
            parameters(&built("https://i/auth", "wrong-redirect").unwrap())["redirect_uri"].ends_with("/elsewhere")
        );
    }

    #[test]
    fn no_browser_is_sent_to_a_script() {
        for endpoint in
            ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "ftp://h/x", "", "/auth"]
        {
            assert_eq!(built(endpoint, "").err(), Some("authorization.url-scheme"), "{endpoint}");
        }
    }
}
