//! Going further: a new access token without the user. RFC 6749 §6, and what becomes of the old
//! refresh token.

use shared::http::Http;
use shared::{Failure, spec};

use crate::error::AuthorizationError;
use crate::further::resource_parameter::ResourceParameter;
use crate::further::rules as further_rules;
use crate::rules;
use crate::token_request::{Decision, TokenEndpoint, TokenRequest, request_tokens, send_token_request};
use crate::token_response::TokenResponse;

const TAKES: Decision = Decision {
    rule: &rules::IDP_TAKES_CODE,
    expected: "the IdP accepts the refresh token",
    fix: "Run it again: a code works once and for a short time. If the error comes back, read the IdP's log.",
};

/// What to do about a refresh token that was used before.
pub const USED: &str = "Sign in again: a refresh token works once.";

/// Refreshes once, and then tries the old refresh token, as a thief would who comes late. For a
/// public client the old one must be dead; an IdP that notices the second use takes all tokens of
/// the session away, so the tokens that this returns are good for showing only.
pub async fn refresh_and_replay(
    http: &Http,
    endpoint: &TokenEndpoint,
    tokens: &TokenResponse,
    resource: &str,
    parameter: &ResourceParameter,
) -> Result<(), Failure> {
    let reporter = http.reporter();
    let Some(old) = &tokens.refresh_token else {
        reporter
            .note("The IdP gave no refresh token: \"MUST NOT assume refresh tokens will be issued\" (MCP 2026-07-28).");
        return Ok(());
    };
    reporter.stage("refresh the tokens", &spec::RFC6749_6).await;
    let request = parameter.token_request(TokenRequest::refresh(old, resource));
    let renewed = request_tokens(http, endpoint, &request, TAKES).await?;
    let rotated = renewed.refresh_token.as_ref().is_some_and(|new| new != old);
    let got = renewed.refresh_token.as_ref().map_or("none".to_owned(), shared::Secret::fingerprint);
    let advised = reporter.with_fix("switch on refresh token rotation (Keycloak: Revoke Refresh Token).");
    if !advised.recommend(&further_rules::REFRESH_ROTATED, rotated, "a new refresh token", got) {
        return Ok(());
    }

    reporter.stage("try the old refresh token", &spec::OAUTH_REFRESH_REPLAY).await;
    let refused = replay(http, endpoint, &request).await?;
    let seen = refused.clone().unwrap_or_else(|| "the IdP accepted it again".to_owned());
    let checked =
        reporter.require(&further_rules::REFRESH_OLD_DEAD, refused.is_some(), "the old refresh token is refused", seen);
    reporter.note("An IdP that notices the second use revokes the whole family. The new refresh token is no longer valid either, and the user has to \
        sign in again. Lesson 05 continues from here.");
    Ok(checked.map_err(|failed| AuthorizationError::Token {
        rule: failed.rule,
        is_final: true,
        got: "the IdP accepted a used refresh token".to_owned(),
        fix: USED.to_owned(),
    })?)
}

/// Uses a refresh token that was used before; the authorization server's words, or `None` where it
/// takes it.
pub async fn replay(
    http: &Http,
    endpoint: &TokenEndpoint,
    request: &TokenRequest,
) -> Result<Option<String>, AuthorizationError> {
    let response = send_token_request(http, endpoint, request).await?;
    Ok((response.status != 200).then(|| response.refusal()))
}
