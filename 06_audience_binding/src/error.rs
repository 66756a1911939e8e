//! Why this lesson cannot go on.

use shared::Failure;
use shared::http::HttpError;

/// Why an exchange brought no token.
#[derive(Debug)]
pub enum ExchangeError {
    /// The authorization server's metadata is not available.
    Metadata {
        /// Why not.
        got: String,
    },
    /// It has no token endpoint.
    NoEndpoint,
    /// No response came.
    Unavailable(HttpError),
    /// The authorization server gives no token.
    Refused {
        /// What it responded.
        got: String,
    },
    /// Its response cannot be used.
    Response {
        /// What is wrong with it.
        got: String,
    },
}

impl std::fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Metadata { got } => write!(f, "the authorization server's metadata cannot be had: {got}"),
            Self::NoEndpoint => f.write_str("the authorization server's metadata has no token_endpoint"),
            Self::Unavailable(error) => write!(f, "{error}"),
            Self::Refused { got } => write!(f, "the authorization server does not exchange the token: {got}"),
            Self::Response { got } => write!(f, "the answer to the token exchange cannot be used: {got}"),
        }
    }
}

impl std::error::Error for ExchangeError {}

impl From<HttpError> for ExchangeError {
    fn from(error: HttpError) -> Self {
        Self::Unavailable(error)
    }
}

/// The decision that failed, with what was expected and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudienceError {
    /// There is no token yet.
    NotSignedIn,
    /// The second server names another authorization server.
    AnotherIssuer {
        /// What it names.
        named: String,
        /// The first server's.
        expected: String,
    },
    /// This takes the tutorial's realm.
    NotTheTutorial {
        /// What takes it.
        what: &'static str,
        /// The authorization server.
        issuer: String,
    },
    /// A server let something in, or the other way round.
    Slipped {
        /// What was sent.
        what: String,
        /// The status.
        got: u16,
    },
}

impl AudienceError {
    /// Names the decision.
    pub fn id(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "tokens.none",
            Self::AnotherIssuer { .. } => "second-server.issuer",
            Self::NotTheTutorial { .. } => "idp.not-the-tutorial",
            Self::Slipped { .. } => "break.slipped-through",
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "Sign in first.",
            Self::AnotherIssuer { .. } => "Start both servers with the same --idp.",
            Self::NotTheTutorial { .. } => {
                "Leave --idp out, start the tutorial's Keycloak, or give KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD for a Keycloak of your own."
            }
            Self::Slipped { .. } => "Tell the server's operator which check is missing.",
        }
    }
}

impl std::fmt::Display for AudienceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSignedIn => f.write_str("There is no token yet."),
            Self::AnotherIssuer { named, expected } => {
                write!(f, "The second MCP server names the authorization server {named}, and the first one {expected}.")
            }
            Self::NotTheTutorial { what, issuer } => {
                write!(f, "{what} needs the tutorial's realm, and {issuer} is another one.")
            }
            Self::Slipped { what, got } => write!(f, "The server did not refuse {what} with 401: HTTP {got}."),
        }
    }
}

impl std::error::Error for AudienceError {}

impl From<AudienceError> for Failure {
    fn from(error: AudienceError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix()).caused_by(error)
    }
}
