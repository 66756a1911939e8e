//! What the client does about a server's demand: MCP 2026-07-28, Scope Challenge Handling.

use shared::scope;

use crate::error::TokenUseError;
use crate::server_demand::ServerDemand;

/// How often one request asks the user for more: "no more than a few times" (MCP 2026-07-28,
/// Step-Up Authorization Flow).
const MAX_STEP_UPS: usize = 2;

/// What was done so far so that one request is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Whether the tokens were refreshed, or the IdP refused that.
    pub refreshed: bool,
    /// Whether the user signed in after a 401.
    pub signed_in: bool,
    /// How often the user was asked for more.
    pub step_ups: usize,
}

/// What the client has at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// A refresh token.
    pub refresh_token: bool,
    /// A token with all scopes that the server demands.
    pub scopes: bool,
}

/// What the client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Trade the refresh token for new tokens.
    Refresh,
    /// Have the user sign in, for these scopes too.
    SignIn(&'a [String]),
    /// Ask the user for these scopes too.
    StepUp(&'a [String]),
    /// Report that the request cannot be served.
    GiveUp(TokenUseError),
}

/// What the client does about a demand.
pub fn next_step<'a>(demand: &'a ServerDemand, attempts: Attempts, holdings: Holdings) -> Step<'a> {
    match demand {
        ServerDemand::Token { .. } if !attempts.refreshed && holdings.refresh_token => Step::Refresh,
        ServerDemand::Token { scopes, .. } if !attempts.signed_in => Step::SignIn(scopes),
        ServerDemand::Token { said, .. } => Step::GiveUp(TokenUseError::Refused { got: said.clone() }),
        // Asking again for scopes that the token already has cannot help.
        ServerDemand::Scopes { scopes } if attempts.step_ups < MAX_STEP_UPS && !holdings.scopes => Step::StepUp(scopes),
        ServerDemand::Scopes { scopes } => {
            Step::GiveUp(TokenUseError::NeverEnough { asked: scopes.join(" "), tries: attempts.step_ups + 1 })
        }
        ServerDemand::OtherUser { said } => Step::GiveUp(TokenUseError::Forbidden { got: said.clone() }),
        ServerDemand::Patience { retry_after } => {
            Step::GiveUp(TokenUseError::CannotCheck { retry_after: retry_after.clone() })
        }
    }
}

/// Both, each scope once, in the order in which they came.
pub fn union(before: &[String], more: &[String]) -> Vec<String> {
    scope::union(before.iter().map(String::as_str), more.iter().map(String::as_str))
}

#[cfg(test)]
mod tests;
