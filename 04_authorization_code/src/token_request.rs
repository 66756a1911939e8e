//! The token request: RFC 6749 §3.2, <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>. Every
//! grant goes through [`request_tokens`]: a code (§4.1.3, with RFC 7636 §4.5 and RFC 8707 §2.2), a
//! refresh token (§6), the client's own credentials (§4.4), and the grants of lesson 06.

use as_metadata::AuthorizationServerMetadata;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client_authentication::authenticated;
use shared::http::{Http, Response};
use shared::{Reporter, Rule, Secret, Side};

use crate::error::AuthorizationError;
use crate::further::{refused_tokens, token_tables};
use crate::rules;
use crate::token_response::TokenResponse;

/// A token endpoint, and the client that it knows.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    /// The endpoint's URL.
    pub url: String,
    /// The client, with its credentials.
    pub client: ClientInformation,
}

impl TokenEndpoint {
    /// The token endpoint of this authorization server, for one of its clients.
    pub fn new(server: &AuthorizationServerMetadata, client: &ClientInformation) -> Result<Self, AuthorizationError> {
        let absent = || AuthorizationError::Url { name: "token_endpoint", got: "absent".to_owned() };
        let url = server.token_endpoint.clone().ok_or_else(absent)?;
        Ok(Self { url, client: client.clone().choosing_method(server) })
    }
}

/// What the authorization server decides with a token request: its own check, as far as its
/// response tells it.
#[derive(Clone, Copy)]
pub struct Decision {
    /// The rule.
    pub rule: &'static Rule,
    /// What it requires.
    pub expected: &'static str,
    /// What to do where it refuses.
    pub fix: &'static str,
}

/// The parameters of a token request: `grant_type` and those that belong to it.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    parameters: Vec<(&'static str, Secret)>,
}

impl TokenRequest {
    /// A request with this grant, and nothing else yet.
    pub fn new(grant_type: &str) -> Self {
        Self { parameters: vec![("grant_type", Secret::new(grant_type))] }
    }

    /// With one more parameter, or in place of one of that name.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.parameters.push((name, Secret::new(value)));
        self
    }

    /// Without the parameter of this name.
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| *known != name);
        self
    }

    /// With `scope`, where there are any scopes.
    pub fn with_scopes(self, scopes: &[String]) -> Self {
        if scopes.is_empty() { self } else { self.with("scope", &scopes.join(" ")) }
    }

    /// A code, and what belongs to it: "MUST be included in both authorization requests and token
    /// requests" (MCP 2026-07-28, Resource Parameter Implementation), says MCP of `resource`.
    pub fn code(code: &str, verifier: &Secret, redirect_uri: &str, resource: &str) -> Self {
        Self::new("authorization_code")
            .with("code", code)
            // The verifier is REQUIRED: RFC 7636 §4.5.
            .with("code_verifier", verifier.expose())
            .with("redirect_uri", redirect_uri)
            .with("resource", resource)
    }

    /// A refresh token, for tokens with the same scopes: RFC 6749 §6.
    pub fn refresh(refresh_token: &Secret, resource: &str) -> Self {
        Self::new("refresh_token").with("refresh_token", refresh_token.expose()).with("resource", resource)
    }
}

/// Sends the request and reads the tokens.
pub async fn request_tokens(
    http: &Http,
    endpoint: &TokenEndpoint,
    request: &TokenRequest,
    decision: Decision,
) -> Result<TokenResponse, AuthorizationError> {
    let response = send_token_request(http, endpoint, request).await?;
    read_token_response(http.reporter(), &response, decision)
}

/// Sends the request, whatever comes of it.
pub async fn send_token_request(
    http: &Http,
    endpoint: &TokenEndpoint,
    request: &TokenRequest,
) -> Result<Response, AuthorizationError> {
    let parameters: Vec<_> = request.parameters.iter().map(|(name, value)| (*name, value.expose())).collect();
    let request = authenticated(&endpoint.url, &parameters, &endpoint.client);
    http.send(&request).await.map_err(AuthorizationError::Unavailable)
}

/// What came, and what the authorization server decided: RFC 6749 §5.1 and §5.2.
pub fn read_token_response(
    reporter: &Reporter,
    response: &Response,
    decision: Decision,
) -> Result<TokenResponse, AuthorizationError> {
    let Decision { rule, expected, fix } = decision;
    let tokens = TokenResponse::read(&response.body);
    // A token is one whatever the status says, and an error is one in a response with 200.
    let is_success = (200..300).contains(&response.status);
    let is_taken = is_success && (tokens.is_ok() || response.error_code().is_empty());
    let seen = if is_taken { format!("HTTP {}", response.status) } else { response.refusal() };
    if !is_success || refused_tokens::shows_decision(response) {
        let idp = reporter.on(Side::Idp);
        let idp = idp.with_fix("compare the request above with the IdP's log.");
        idp.require(rule, is_taken, expected, &seen).map_err(|_| AuthorizationError::Token {
            rule,
            is_final: refused_tokens::is_final(response),
            got: seen,
            fix: refused_tokens::advice(response, fix),
        })?;
    }
    // Tokens come with 200 (RFC 6749 §5.1); another status is a fault, and costs nothing more.
    let got = match (&tokens, response.status) {
        (Ok((_, faults)), 200) if faults.is_empty() => "it has".to_owned(),
        (Ok((_, faults)), 200) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        (Ok(_), status) => format!("it has, with HTTP {status} instead of 200"),
        (Err(error), 200) => error.to_string(),
        (Err(error), status) => format!("HTTP {status}, {error}"),
    };
    let expected = "every member of the response has the required type";
    reporter.require(&rules::TOKEN_RESPONSE, got == "it has", expected, &got).ok();
    tokens
        .map(|(tokens, _)| tokens)
        .inspect(|tokens| token_tables::report(reporter, tokens))
        .map_err(|_| AuthorizationError::TokenResponse { got })
}
