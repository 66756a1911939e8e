//! Why the client cannot go on, and what to do about it.

use std::fmt;

use shared::Failure;

/// The decision that failed, with what was expected and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenUseError {
    /// The MCP server accepts no token of this client: HTTP status, and what the challenge says.
    Refused(String),
    /// The user, or the authorization server, gave no token with the scopes that the server asks
    /// for.
    NotGranted { asked: String, granted: String },
    /// The server asks for more, however often it got what it asked for.
    NeverEnough { asked: String, tries: usize },
    /// The user may not do this, or a scope is missing that the server does not name: what the
    /// challenge says.
    Forbidden(String),
    /// Another user has signed in than the one whose tokens there were: `sub` of the tokens before,
    /// and of those that came.
    OtherUser { before: String, now: String },
    /// The MCP server cannot serve the request now: `Retry-After`.
    CannotCheck(String),
    /// The stored tokens cannot be renewed, for this reason.
    NoRefresh(String),
    /// The tool says that it did not work.
    Tool { name: String, said: String },
}

impl TokenUseError {
    /// Names the decision that failed, and says what to do about it.
    fn id_and_fix(&self) -> (&'static str, &'static str) {
        match self {
            Self::Refused(_) => (
                "use.refused",
                "Find the failed check in the server's terminal. If it is iss or key, give server and client the same IdP. If it is aud, have the IdP \
                 put the server's URL into the token (lesson 06).",
            ),
            Self::NotGranted { .. } => (
                "step-up.not-granted",
                "Sign in as a user who may do this, or give this user the role (in the tutorial's realm: mcp-writer for mcp:write). A client that acts \
                 for itself has an account at the IdP, which needs the role.",
            ),
            Self::NeverEnough { .. } => (
                "step-up.never-enough",
                "Have the server's operator fix it: the server requires scopes that it then does not check.",
            ),
            Self::Forbidden(_) => (
                "use.forbidden",
                "Sign in as a user who may do this: --login USER. If a scope is missing, have the server's operator name it in the challenge \
                 (RFC 6750 §3.1): the client then asks the user for it.",
            ),
            Self::CannotCheck(_) => (
                "use.cannot-check",
                "Try again later. This lesson's server responds with 503 when it cannot fetch the IdP's keys. The token may be valid.",
            ),
            Self::OtherUser { .. } => (
                "sign-in.other-user",
                "Sign in as the same user (--login USER, or --browser). To change the user, run -- logout first.",
            ),
            Self::NoRefresh(_) => ("refresh.none", "Sign in again with -- authorize and the same --server-url."),
            Self::Tool { .. } => (
                "tool.failed",
                "Check the tool's arguments (--args; -- list-tools --full shows the arguments of each tool), and read the server's terminal.",
            ),
        }
    }
}

impl fmt::Display for TokenUseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(said) => write!(f, "The MCP server does not accept this client's token: {said}."),
            Self::NotGranted { asked, granted } => {
                write!(f, "The MCP server requires {asked}, but the new token has {granted}.")
            }
            Self::NeverEnough { asked, tries } => {
                write!(f, "The MCP server still requires {asked} after {tries} tries with tokens that have it.")
            }
            Self::Forbidden(said) => write!(f, "The MCP server refuses and names no scope to request: {said}."),
            Self::CannotCheck(retry_after) => {
                write!(f, "The MCP server cannot serve this now (HTTP 503, Retry-After {retry_after}).")
            }
            Self::OtherUser { before, now } => {
                write!(f, "Another user has signed in: {now}. The tokens belong to {before}, so the client stops.")
            }
            Self::NoRefresh(reason) => write!(f, "The tokens cannot be refreshed: {reason}."),
            Self::Tool { name, said } => write!(f, "The tool {name} did not work: {said}"),
        }
    }
}

impl std::error::Error for TokenUseError {}

impl From<TokenUseError> for Failure {
    fn from(error: TokenUseError) -> Self {
        let (id, fix) = error.id_and_fix();
        Failure::new(id, error.to_string(), fix).caused_by(error)
    }
}
