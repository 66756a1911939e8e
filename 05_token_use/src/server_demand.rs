//! What an MCP server demands with a 401 or a 403 (RFC 6750 §3.1; MCP 2026-07-28, Error Handling),
//! and what the client does about it: [`next_step()`].

use protected_resource_discovery::challenge;
use shared::http::Response;
use shared::scope;

use crate::error::TokenUseError;

/// What the server demands before it serves the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerDemand {
    /// 401: another token.
    Token {
        /// The challenge's scopes.
        scopes: Vec<String>,
        /// For people.
        said: String,
        /// Whether only one that is bound to a key will do: the challenge is DPoP's alone (RFC 9449
        /// §7.1).
        bound: bool,
    },
    /// 403 `insufficient_scope`: a token that allows more.
    Scopes {
        /// All that the operation needs, as far as the server says.
        scopes: Vec<String>,
    },
    /// 403 for another reason, or one that names no scope: no token of this user's would do.
    OtherUser {
        /// For people.
        said: String,
    },
    /// 503: patience.
    Patience {
        /// `Retry-After`, as it was sent.
        retry_after: String,
    },
}

impl ServerDemand {
    /// What this response demands; `None` where it demands nothing that has to do with tokens.
    pub fn read(response: &Response) -> Option<Self> {
        let (challenges, faults) = challenge::of(response);
        let bearer = challenge::bearer(&challenges);
        let parameter = |name| bearer.and_then(|bearer| bearer.parameter(name)).unwrap_or_default();
        let scopes: Vec<_> = parameter("scope").split_whitespace().map(str::to_owned).collect();
        let (error, description) = (parameter("error"), parameter("error_description"));
        let colon = if description.is_empty() { "" } else { ": " };
        let said = format!("HTTP {} {error}{colon}{description}", response.status).trim_end().to_owned() + &faults;
        match response.status {
            401 => {
                let has = |scheme| challenges.iter().any(|challenge| challenge.is(scheme));
                Some(Self::Token { scopes, said, bound: has("DPoP") && !has("Bearer") })
            }
            403 if !scopes.is_empty() && error == "insufficient_scope" => Some(Self::Scopes { scopes }),
            403 => Some(Self::OtherUser { said }),
            503 => {
                let seconds = response.header_values("retry-after").pop();
                Some(Self::Patience { retry_after: seconds.unwrap_or_else(|| "not given".to_owned()) })
            }
            _ => None,
        }
    }
}

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
        ServerDemand::Token { said, .. } => Step::GiveUp(TokenUseError::Refused(said.clone())),
        // Asking again for scopes that the token already has cannot help.
        ServerDemand::Scopes { scopes } if attempts.step_ups < MAX_STEP_UPS && !holdings.scopes => Step::StepUp(scopes),
        ServerDemand::Scopes { scopes } => {
            Step::GiveUp(TokenUseError::NeverEnough { asked: scopes.join(" "), tries: attempts.step_ups + 1 })
        }
        ServerDemand::OtherUser { said } => Step::GiveUp(TokenUseError::Forbidden(said.clone())),
        ServerDemand::Patience { retry_after } => Step::GiveUp(TokenUseError::CannotCheck(retry_after.clone())),
    }
}

/// Both, each scope once, in the order in which they came.
pub fn union(before: &[String], more: &[String]) -> Vec<String> {
    scope::union(before.iter().map(String::as_str), more.iter().map(String::as_str))
}

#[cfg(test)]
mod tests;
