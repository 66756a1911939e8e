//! What a refusal of the token endpoint means, code by code: RFC 6749 §5.2,
//! <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>.

use serde_json::Value;
use shared::Reporter;
use shared::http::Response;
use shared::members::DocumentError;

use crate::error::AuthorizationError;
use crate::rules;

/// What to do about the refusal. `of_grant` is the advice for a code, a refresh token or whatever
/// else was presented, where that is what the authorization server does not take.
pub fn advice(response: &Response, of_grant: &str) -> String {
    let retry_after = response.header_values("retry-after").into_iter().next();
    let text = match (response.error_code().as_str(), response.status) {
        (_, 429) => {
            return match retry_after.filter(|seconds| seconds.parse::<u32>().is_ok()) {
                Some(seconds) => format!(
                    "Wait {seconds} seconds and run it again: the IdP has had too many requests. Nothing that is stored is lost."
                ),
                None => {
                    "Wait a minute and run it again: the IdP has had too many requests. Nothing that is stored is lost."
                        .to_owned()
                }
            };
        }
        ("temporarily_unavailable" | "server_error", _) | (_, 500..) => {
            "Try again later: the fault is the IdP's, and its log says more. Nothing that is stored is lost."
        }
        ("invalid_grant", _) => of_grant,
        ("invalid_client" | "unauthorized_client", _) => {
            "The IdP does not take this client. Compare its id, its secret and its way to authenticate with what the IdP has (-- clients show, lesson 03), and \
             see that the grant is switched on for it."
        }
        ("invalid_target", _) => {
            "The IdP gives no token for the resource that was sent (RFC 8707 §2). It has to be the one that the user was asked for; if it is, the IdP's administrator \
             has to make the MCP server's URL known there, or to link this client to it."
        }
        ("invalid_scope", _) => {
            "Compare the scopes that were asked for with scopes_supported in the IdP's metadata (lesson 02). One that is missing there has to be created first; \
             the others have to be allowed for this client. --scope asks for others."
        }
        ("unsupported_grant_type", _) => {
            "The IdP does not have this grant: grant_types_supported in its metadata (lesson 02) lists those that it has."
        }
        ("", 300..=399) => {
            "The token endpoint sends the client elsewhere, mostly to a sign-in page: a proxy in front of it has to let token requests through."
        }
        ("", 400..=499) if response.body.is_empty() => {
            return format!(
                "The IdP does not say why it refuses, as RFC 6749 §5.2 requires; its log says more. {of_grant}"
            );
        }
        ("", _) if response.media_type() != "application/json" => {
            "What answers is no token endpoint but a page, from a firewall or a proxy. Look at the response above."
        }
        ("", 400) => of_grant,
        _ => "The IdP's own words are above; its log says more.",
    };
    text.to_owned()
}

/// Without an access token and without an error, nothing shows what the server decided.
pub(crate) fn check_shown<T>(
    reporter: &Reporter,
    response: &Response,
    tokens: &Result<T, DocumentError>,
) -> Result<(), AuthorizationError> {
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let Some(error) = tokens.as_ref().err().filter(|_| document.get("access_token").is_none()) else { return Ok(()) };
    let got = format!("HTTP {}, {error}", response.status);
    reporter.require(&rules::TOKEN_RESPONSE, false, "a JSON object with access_token", &got).ok();
    Err(AuthorizationError::TokenResponse { got })
}

/// Whether a refusal is about what was presented, so that it is no use any more. A fault of the
/// authorization server, too many requests, or a page in between say nothing about it.
pub fn is_final(response: &Response) -> bool {
    let code = response.error_code();
    let is_temporary = code.is_empty() || ["temporarily_unavailable", "server_error"].contains(&&*code);
    !is_temporary && response.status != 429 && response.status < 500
}
