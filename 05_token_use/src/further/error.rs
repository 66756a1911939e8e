//! Why a further topic's command or stage cannot go on.

use shared::Failure;

/// The decision that failed, with what was expected and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FurtherError {
    /// The MCP server accepts only tokens that are bound to a key.
    WantsBoundToken {
        /// HTTP status, and what the challenge says.
        got: String,
    },
    /// Nothing is kept for this server.
    NoTokens {
        /// The MCP server.
        server_url: String,
    },
    /// `--args` is not a JSON object.
    Arguments {
        /// What it is.
        got: String,
    },
    /// An endpoint that the IdP does not have.
    NoEndpoint {
        /// The member of its metadata.
        name: &'static str,
    },
    /// The IdP refuses a request about a token.
    Endpoint {
        /// The member of its metadata.
        name: &'static str,
        /// `error` of its response.
        code: String,
        /// What it responded.
        got: String,
        /// Whether another try would bring the same.
        is_final: bool,
    },
}

impl FurtherError {
    /// Names the decision that failed.
    pub fn id(&self) -> &'static str {
        match self {
            FurtherError::WantsBoundToken { .. } => "use.wants-bound-token",
            FurtherError::NoTokens { .. } => "tokens.none",
            FurtherError::Arguments { .. } => "tool.arguments",
            FurtherError::NoEndpoint { .. } => "idp.no-endpoint",
            FurtherError::Endpoint { code, .. } if code == "invalid_client" => "idp.client-unknown",
            FurtherError::Endpoint { .. } => "idp.endpoint",
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            FurtherError::WantsBoundToken { .. } => {
                "Run client --dpop, which creates a key. (The commands with stored tokens have none.)"
            }
            FurtherError::NoTokens { .. } => "Sign in first with -- authorize and the same --server-url.",
            FurtherError::Arguments { .. } => "Write it like this: --args '{\"city\": \"Oslo\"}'",
            FurtherError::NoEndpoint { .. } => "Wait until the token expires (exp): this IdP has no such endpoint.",
            FurtherError::Endpoint { .. } => "Check the client's credentials, and read the IdP's log.",
        }
    }
}

impl std::fmt::Display for FurtherError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FurtherError::WantsBoundToken { got } => {
                write!(f, "The MCP server accepts only tokens that are bound to a key (its challenge is DPoP): {got}.")
            }
            FurtherError::NoTokens { server_url } => write!(f, "No tokens are stored for {server_url}."),
            FurtherError::Arguments { got } => write!(f, "--args needs a JSON object, but this is {got}."),
            FurtherError::NoEndpoint { name } => write!(f, "The authorization server's metadata has no {name}."),
            FurtherError::Endpoint { name, got, .. } => {
                write!(f, "The authorization server's {name} refused: {got}.")
            }
        }
    }
}

impl std::error::Error for FurtherError {}

impl From<FurtherError> for Failure {
    fn from(error: FurtherError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix()).caused_by(error)
    }
}
