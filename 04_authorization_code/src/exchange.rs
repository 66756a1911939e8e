//! The token request: a code, its verifier and the resource become tokens. RFC 6749 §4.1.3, RFC
//! 7636 §4.5, RFC 8707 §2.2. The crate `oauth2` makes the request, and this lesson's HTTP client
//! sends and shows it.

use std::sync::{Arc, Mutex, PoisonError};

use oauth2::basic::BasicClient;
use oauth2::{
    AuthorizationCode, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RefreshToken,
    RequestTokenError, Scope,
};
use serde_json::Value;
use shared::Side;
use shared::event::Rule;
use shared::http::{Http, HttpError, Request, Response};

use crate::error::AuthorizationError;
use crate::request::OAuthClient;
use crate::rules;
use crate::token_response::TokenResponse;

/// What the authorization server is asked to decide with a token request: its own check, as far as
/// its answer tells it.
#[derive(Clone, Copy)]
pub struct Decision {
    /// The rule.
    pub rule: &'static Rule,
    /// What is asked for.
    pub expected: &'static str,
}

/// Redeems a code.
pub async fn exchange(
    http: &Http,
    oauth: &OAuthClient,
    code: &str,
    verifier: Option<PkceCodeVerifier>,
    resource: &str,
    decision: Decision,
) -> Result<TokenResponse, AuthorizationError> {
    let tap = Tap::new(http);
    let mut request =
        oauth.exchange_code(AuthorizationCode::new(code.to_owned())).add_extra_param("resource", resource);
    if let Some(verifier) = verifier {
        request = request.set_pkce_verifier(verifier);
    }
    let sent = tap.sender();
    let result = request.request_async(&sent).await.map(|_| ());
    tap.read(http, decision, result)
}

/// Trades a refresh token for new tokens with the same scopes: RFC 6749 §6.
pub async fn refresh(
    http: &Http,
    oauth: &OAuthClient,
    refresh_token: &shared::Secret,
    resource: &str,
    decision: Decision,
) -> Result<TokenResponse, AuthorizationError> {
    let tap = Tap::new(http);
    let token = RefreshToken::new(refresh_token.expose().to_owned());
    let sent = tap.sender();
    let request = oauth.exchange_refresh_token(&token).add_extra_param("resource", resource);
    let result = request.request_async(&sent).await.map(|_| ());
    tap.read(http, decision, result)
}

/// The crate's client where there is no browser.
pub type ServiceClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Asks for a token for the client itself: RFC 6749 §4.4. `extra` are the parameters by which it
/// authenticates, where it has no secret.
pub async fn client_credentials(
    http: &Http,
    oauth: &ServiceClient,
    scopes: &[String],
    resource: &str,
    extra: &[(&'static str, String)],
    decision: Decision,
) -> Result<TokenResponse, AuthorizationError> {
    let tap = Tap::new(http);
    let mut request = oauth.exchange_client_credentials().add_extra_param("resource", resource);
    for scope in scopes {
        request = request.add_scope(Scope::new(scope.clone()));
    }
    for (name, value) in extra {
        request = request.add_extra_param(*name, value.clone());
    }
    let sent = tap.sender();
    let result = request.request_async(&sent).await.map(|_| ());
    tap.read(http, decision, result)
}

/// Between the crate and the network: what goes out is shown, and the answer is kept, since the
/// crate's type leaves out members.
struct Tap {
    http: Http,
    response: Arc<Mutex<Option<Result<Response, HttpError>>>>,
}

type CrateError<E> = RequestTokenError<E, oauth2::StandardErrorResponse<oauth2::basic::BasicErrorResponseType>>;

impl Tap {
    fn new(http: &Http) -> Self {
        Self { http: http.clone(), response: Arc::default() }
    }

    fn sender(
        &self,
    ) -> impl Fn(HttpRequest) -> std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send>> {
        let (http, kept) = (self.http.clone(), self.response.clone());
        move |request: HttpRequest| {
            let (http, kept) = (http.clone(), kept.clone());
            Box::pin(async move {
                let result = http.send(&Request::of(request)).await;
                let response = match &result {
                    Ok(response) => {
                        let mut copy = HttpResponse::new(response.body.clone());
                        *copy.status_mut() = axum::http::StatusCode::from_u16(response.status).unwrap_or_default();
                        *copy.headers_mut() = response.headers.clone();
                        Ok(copy)
                    }
                    Err(_) => Err(NoAnswer),
                };
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                response
            })
        }
    }

    /// What came, and what the authorization server decided.
    fn read<E: std::error::Error + 'static>(
        &self,
        http: &Http,
        decision: Decision,
        result: Result<(), CrateError<E>>,
    ) -> Result<TokenResponse, AuthorizationError> {
        let kept = self.response.lock().unwrap_or_else(PoisonError::into_inner).take();
        let response = match kept {
            Some(Ok(response)) => response,
            Some(Err(error)) => return Err(AuthorizationError::Unavailable(error)),
            // The crate did not even send it.
            None => {
                let got = result.err().map_or("no answer".to_owned(), |error| error.to_string());
                return Err(AuthorizationError::TokenResponse { rule: &rules::TOKEN_RESPONSE, got });
            }
        };
        let idp = http.reporter().on(Side::Idp);
        if response.status != 200 {
            let got = refusal(&response);
            let fix = "look at what was sent above, and into the IdP's log.";
            idp.check_or(decision.rule, false, decision.expected, &got, fix);
            return Err(AuthorizationError::Token { rule: decision.rule, code: code(&response), got });
        }
        idp.check(decision.rule, true, decision.expected, "HTTP 200");
        let response = TokenResponse::from_json(&response.body);
        let got = response.as_ref().map_or_else(ToString::to_string, |_| "it has".to_owned());
        let expected = "access_token and token_type, and every member of its type";
        http.reporter().check(&rules::TOKEN_RESPONSE, response.is_ok(), expected, &got);
        response.map_err(|_| AuthorizationError::TokenResponse { rule: &rules::TOKEN_RESPONSE, got })
    }
}

/// The network's error is kept beside; the crate only has to know that there is one.
#[derive(Debug)]
pub struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no answer")
    }
}

impl std::error::Error for NoAnswer {}

/// `error` of a refusal (RFC 6749 §5.2).
fn code(response: &Response) -> String {
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    document["error"].as_str().unwrap_or_default().to_owned()
}

/// `HTTP 400 invalid_grant: Code not valid`
fn refusal(response: &Response) -> String {
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let error = document["error"].as_str().unwrap_or("no error code");
    let description = document["error_description"]
        .as_str()
        .map(|text| format!(": {}", text.trim_end_matches('.')))
        .unwrap_or_default();
    format!("HTTP {} {error}{description}", response.status)
}

/// Uses a refresh token that was used before; the authorization server's words, or `None` where it
/// takes it.
pub async fn replay(
    http: &Http,
    oauth: &OAuthClient,
    refresh_token: &shared::Secret,
    resource: &str,
) -> Result<Option<String>, AuthorizationError> {
    let tap = Tap::new(http);
    let token = RefreshToken::new(refresh_token.expose().to_owned());
    let sent = tap.sender();
    let _ = oauth.exchange_refresh_token(&token).add_extra_param("resource", resource).request_async(&sent).await;
    let kept = tap.response.lock().unwrap_or_else(PoisonError::into_inner).take();
    match kept {
        Some(Ok(response)) => Ok((response.status != 200).then(|| refusal(&response))),
        Some(Err(error)) => Err(AuthorizationError::Unavailable(error)),
        None => Ok(None),
    }
}
