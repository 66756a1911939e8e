//! What an MCP server demands with a 401 or a 403 (RFC 6750 §3.1; MCP 2026-07-28, Error Handling),
//! and what the client does about it: [`next_step()`].

mod next_step;

use protected_resource_discovery::challenge::{self, Challenge};
use shared::http::Response;
use shared::scope;

pub use next_step::{Attempts, Holdings, Step, next_step, union};

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
        let fields = response.header_values("www-authenticate");
        let challenges: Vec<_> = fields.iter().flat_map(|field| challenge::parse(field).unwrap_or_default()).collect();
        let bearer = challenge::bearer(&challenges);
        let scopes = scopes(bearer);
        let said = said(response.status, bearer);
        match response.status {
            401 => {
                let has = |scheme| challenges.iter().any(|challenge| challenge.is(scheme));
                Some(ServerDemand::Token { scopes, said, bound: has("DPoP") && !has("Bearer") })
            }
            403 if !scopes.is_empty() && error(bearer) == "insufficient_scope" => Some(ServerDemand::Scopes { scopes }),
            403 => Some(ServerDemand::OtherUser { said }),
            503 => {
                let seconds = response.header_values("retry-after").pop();
                Some(ServerDemand::Patience { retry_after: seconds.unwrap_or_else(|| "not given".to_owned()) })
            }
            _ => None,
        }
    }
}

fn parameter<'a>(bearer: Option<&'a Challenge>, name: &str) -> &'a str {
    bearer.and_then(|bearer| bearer.parameter(name)).unwrap_or_default()
}

fn error(bearer: Option<&Challenge>) -> &str {
    parameter(bearer, "error")
}

fn scopes(bearer: Option<&Challenge>) -> Vec<String> {
    scope::split(parameter(bearer, "scope")).map(str::to_owned).collect()
}

fn said(status: u16, bearer: Option<&Challenge>) -> String {
    let description = parameter(bearer, "error_description");
    let colon = if description.is_empty() { "" } else { ": " };
    format!("HTTP {status} {}{colon}{description}", error(bearer)).trim_end().to_owned()
}

#[cfg(test)]
mod tests;
