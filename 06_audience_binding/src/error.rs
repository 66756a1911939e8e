//! Why this lesson cannot go on.

use shared::Failure;
use shared::http::HttpError;

/// Why an exchange brought no token.
#[derive(Debug)]
pub enum ExchangeError {
    /// The authorization server's metadata is not available.
    Metadata { got: String },
    /// It has no token endpoint.
    NoEndpoint,
    /// No response came.
    Unavailable(HttpError),
    /// The authorization server gives no token.
    Refused { got: String },
    /// Its response cannot be used.
    Response {
        /// What is wrong with it.
        got: String,
    },
}

impl std::fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Metadata { got } => write!(f, "the authorization server's metadata cannot be fetched: {got}"),
            Self::NoEndpoint => f.write_str("the authorization server's metadata has no token_endpoint"),
            Self::Unavailable(error) => write!(f, "{error}"),
            Self::Refused { got } => write!(f, "the authorization server does not exchange the token: {got}"),
            Self::Response { got } => write!(f, "the response to the token exchange cannot be used: {got}"),
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
    AnotherIssuer { named: String, expected: String },
    /// The audience lab got no token at all.
    NoSample,
}

impl std::fmt::Display for AudienceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSignedIn => f.write_str("There is no token yet."),
            Self::AnotherIssuer { named, expected } => {
                write!(
                    f,
                    "The second MCP server names the authorization server {named}, but the first one names {expected}."
                )
            }
            Self::NoSample => f.write_str("The audience lab received no token, so it has no result about aud."),
        }
    }
}

impl std::error::Error for AudienceError {}

impl From<AudienceError> for Failure {
    fn from(error: AudienceError) -> Self {
        let (id, fix) = match error {
            AudienceError::NotSignedIn => ("tokens.none", "Sign in first."),
            AudienceError::AnotherIssuer { .. } => ("second-server.issuer", "Start both servers with the same --idp."),
            AudienceError::NoSample => (
                "lab.no-token",
                "Read the refusals above. Name scopes that this IdP has (--scopes, --second-scopes) and servers that it knows (--resource, \
                --second-resource).",
            ),
        };
        Failure::new(id, error.to_string(), fix).caused_by(error)
    }
}
