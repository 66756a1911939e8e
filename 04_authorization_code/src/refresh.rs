//! Going further: a new access token without the user. RFC 6749 §6, and what becomes of the old
//! refresh token.

use shared::http::Http;
use shared::{Failure, spec};

use crate::error::AuthorizationError;
use crate::exchange::{self, Decision};
use crate::request::OAuthClient;
use crate::rules;
use crate::token_response::TokenResponse;

const TAKES: Decision = Decision { rule: &rules::IDP_TAKES_CODE, expected: "the IdP takes the refresh token" };

/// Refreshes once, and then tries the old refresh token, as a thief would who comes late. For a
/// public client the old one must be dead; an IdP that notices the second use takes all tokens of
/// the session away, so the tokens that this returns are good for showing only.
pub async fn refresh_and_replay(
    http: &Http,
    oauth: &OAuthClient,
    tokens: &TokenResponse,
    resource: &str,
) -> Result<(), Failure> {
    let reporter = http.reporter();
    let Some(old) = &tokens.refresh_token else {
        reporter
            .note("The IdP gave no refresh token: \"MUST NOT assume refresh tokens will be issued\" (MCP 2026-07-28).");
        return Ok(());
    };
    reporter.stage("refresh the tokens", &spec::RFC6749_6).await;
    let renewed = exchange::refresh(http, oauth, old, resource, TAKES).await?;
    let rotated = renewed.refresh_token.as_ref().is_some_and(|new| new != old);
    let got = renewed.refresh_token.as_ref().map_or("none".to_owned(), shared::Secret::fingerprint);
    let fix = "switch refresh token rotation on (Keycloak: Revoke Refresh Token).";
    reporter.check_or(&rules::REFRESH_ROTATED, rotated, "a new refresh token", got, fix);
    if !rotated {
        return Ok(());
    }

    reporter.stage("try the old refresh token", &spec::OAUTH_REFRESH_REPLAY).await;
    let decision = Decision { rule: &rules::REFRESH_OLD_DEAD, expected: "the old refresh token is refused" };
    let replayed = exchange::replay(http, oauth, old, resource).await?;
    let got = replayed.clone().unwrap_or_else(|| "it was taken once more".to_owned());
    reporter.check(decision.rule, replayed.is_some(), decision.expected, got);
    reporter.note("An IdP that notices this takes the whole family away: the new refresh token is dead too, and the user has to sign in again. Lesson 05 goes on here.");
    match replayed {
        Some(_) => Ok(()),
        None => Err(AuthorizationError::Token {
            rule: &rules::REFRESH_OLD_DEAD,
            code: String::new(),
            got: "a used refresh token was taken".to_owned(),
        }
        .into()),
    }
}
