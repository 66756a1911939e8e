//! Why the client cannot go on.

use shared::Failure;

/// The decision that failed, with what was expected and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenUseError {
    /// The MCP server takes no token of ours.
    Refused {
        /// HTTP status, and what the challenge says.
        got: String,
    },
    /// The user, or the authorization server, gave no token with the scopes that the server asks
    /// for.
    NotGranted {
        /// What the server asks for.
        asked: String,
        /// What there is.
        granted: String,
    },
    /// The server asks for more, however often it got what it asked for.
    NeverEnough {
        /// What it asks for.
        asked: String,
        /// How often the request was tried.
        tries: usize,
    },
    /// The user may not do this; no scope would help.
    Forbidden {
        /// What the challenge says.
        got: String,
    },
    /// Another user has signed in than the one whose tokens there were.
    OtherUser {
        /// `sub` of the tokens that there were.
        before: String,
        /// `sub` of those that came.
        now: String,
    },
    /// The MCP server cannot serve the request now.
    CannotCheck {
        /// `Retry-After`.
        retry_after: String,
    },
    /// The kept tokens cannot be renewed.
    NoRefresh {
        /// Why not.
        got: String,
    },
    /// The tool says that it did not work.
    Tool {
        /// The tool.
        name: String,
        /// What it says.
        said: String,
    },
}

impl TokenUseError {
    /// Names the decision that failed.
    pub fn id(&self) -> &'static str {
        match self {
            TokenUseError::Refused { .. } => "use.refused",
            TokenUseError::NotGranted { .. } => "step-up.not-granted",
            TokenUseError::NeverEnough { .. } => "step-up.never-enough",
            TokenUseError::Forbidden { .. } => "use.forbidden",
            TokenUseError::CannotCheck { .. } => "use.cannot-check",
            TokenUseError::OtherUser { .. } => "sign-in.other-user",
            TokenUseError::NoRefresh { .. } => "refresh.none",
            TokenUseError::Tool { .. } => "tool.failed",
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            TokenUseError::Refused { .. } => {
                "The server's own terminal says which check failed. If it is iss or key: do server and client mean the same IdP? If it is aud: does the IdP put \
                 the server's URL into the token (lesson 06)?"
            }
            TokenUseError::NotGranted { .. } => {
                "Sign in as a user who may do this, or have the role given to this one (in the tutorial's realm: mcp-writer, for mcp:write); a client that acts for itself \
                 has an account at the IdP for roles."
            }
            TokenUseError::NeverEnough { .. } => {
                "The server's operator has to mend it: it asks for scopes that it then does not look for."
            }
            TokenUseError::Forbidden { .. } => "Sign in as a user who may do this: --login USER:PASSWORD.",
            TokenUseError::CannotCheck { .. } => {
                "Try again later. This lesson's server answers so when it cannot reach the IdP's keys; then nothing is wrong with the token."
            }
            TokenUseError::OtherUser { .. } => {
                "Sign in as the same user (--login USER:PASSWORD, or --browser); for another one, -- logout first."
            }
            TokenUseError::NoRefresh { .. } => "Sign in again: -- authorize, with the same --server-url.",
            TokenUseError::Tool { .. } => {
                "What the tool says is all that is known here. Other arguments: --args (-- list-tools --verbose shows what each tool takes); if the server itself \
                 lacks something, its own terminal says more."
            }
        }
    }
}

impl std::fmt::Display for TokenUseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TokenUseError::Refused { got } => write!(f, "The MCP server takes no token of this client's: {got}."),
            TokenUseError::NotGranted { asked, granted } => {
                write!(f, "The MCP server asks for {asked}, and the token that came allows {granted}.")
            }
            TokenUseError::NeverEnough { asked, tries } => {
                write!(f, "The MCP server asks for {asked} after {tries} tries with tokens that allow it.")
            }
            TokenUseError::Forbidden { got } => {
                write!(f, "The MCP server refuses, and no other scope would help: {got}.")
            }
            TokenUseError::CannotCheck { retry_after } => {
                write!(f, "The MCP server cannot serve this now (HTTP 503, Retry-After {retry_after}).")
            }
            TokenUseError::OtherUser { before, now } => {
                write!(
                    f,
                    "Another user has signed in: {now}, and the tokens were those of {before}. Nothing is done in that name."
                )
            }
            TokenUseError::NoRefresh { got } => write!(f, "The tokens cannot be refreshed: {got}."),
            TokenUseError::Tool { name, said } => write!(f, "The tool {name} did not work: {said}"),
        }
    }
}

impl std::error::Error for TokenUseError {}

impl From<TokenUseError> for Failure {
    fn from(error: TokenUseError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix()).caused_by(error)
    }
}
