//! Why there is no token.

use shared::http::HttpError;
use shared::{Failed, Failure, Rule};

use crate::further::discarded;
use crate::{further, rules};

/// The decision that failed, with what was expected and what was seen.
#[derive(Debug)]
pub enum AuthorizationError {
    /// A URL that no browser should open, or that cannot be built.
    Url {
        /// The endpoint's member in the metadata.
        name: &'static str,
        /// What it is.
        got: String,
    },
    /// The authorization server did not even let the user sign in.
    Request {
        /// What it responded.
        got: String,
    },
    /// The authorization server does not know the redirect URI.
    RedirectUri {
        /// What it responded.
        got: String,
    },
    /// The user could not sign in.
    SignIn {
        /// What the page said.
        got: String,
    },
    /// A page that the program that signs in does not know.
    UnknownPage {
        /// What is there.
        got: String,
        /// What to do about it.
        fix: &'static str,
    },
    /// The MCP server accepts only tokens that are bound to a key, and this client has none (RFC
    /// 9449).
    WantsBoundTokens,
    /// A login of which nothing says which authorization server it is for.
    LoginOfNobody,
    /// A login was about to be typed at another authorization server.
    LoginElsewhere {
        /// The one that it belongs to.
        named: String,
        /// The one that was discovered.
        discovered: String,
    },
    /// A page that must not have what the user types.
    Form {
        /// What is wrong with it.
        got: String,
    },
    /// Nobody can sign in.
    Nobody {
        /// At which authorization server.
        issuer: String,
    },
    /// No answer came.
    TimedOut {
        /// The limit that ran out.
        seconds: u64,
        /// Where the client waited.
        redirect_uri: String,
    },
    /// A response that is not for this request, or from another authorization server.
    Response(Failed),
    /// The authorization server answered with an error.
    Denied {
        /// `error`.
        error: String,
        /// `error_description`; empty where there is none.
        description: String,
    },
    /// The token endpoint gives no answer.
    Unavailable(HttpError),
    /// The token endpoint refuses.
    Token {
        /// The check that failed.
        rule: &'static Rule,
        /// Whether what was presented is no use any more.
        is_final: bool,
        /// What it responded.
        got: String,
        /// What to do about it.
        fix: String,
    },
    /// The token response is not one.
    TokenResponse {
        /// What is wrong with it.
        got: String,
    },
    /// The token is of a type that this client does not understand.
    TokenType {
        /// What is wrong with it.
        got: String,
    },
    /// The token is bound to no key, although that was asked for.
    NotBound {
        /// What is wrong with it.
        got: String,
    },
    /// The token is for other servers than the one that it would be sent to.
    ForOtherServers {
        /// Their URLs.
        others: String,
        /// The MCP server.
        server_url: String,
    },
}

impl AuthorizationError {
    /// Names the decision: the id of its check, where it is one.
    pub fn id(&self) -> &'static str {
        match self {
            AuthorizationError::Url { .. } => rules::URL_SCHEME.id,
            AuthorizationError::Request { .. } => rules::IDP_TAKES_REQUEST.id,
            AuthorizationError::RedirectUri { .. } => rules::IDP_TAKES_REDIRECT_URI.id,
            AuthorizationError::Response(failed) => failed.rule.id,
            AuthorizationError::Token { rule, .. } => rule.id,
            AuthorizationError::TokenResponse { .. } => rules::TOKEN_RESPONSE.id,
            AuthorizationError::TokenType { .. } => rules::TOKEN_TYPE.id,
            AuthorizationError::NotBound { .. } => rules::TOKEN_TYPE_DPOP.id,
            AuthorizationError::ForOtherServers { .. } => further::rules::RECIPIENT.id,
            AuthorizationError::SignIn { .. } => "sign-in.refused",
            AuthorizationError::UnknownPage { .. } => "sign-in.unknown-page",
            AuthorizationError::WantsBoundTokens => "sign-in.wants-bound-tokens",
            AuthorizationError::LoginOfNobody => "configuration.login-issuer",
            AuthorizationError::LoginElsewhere { .. } => "sign-in.issuer",
            AuthorizationError::Form { .. } => "sign-in.form",
            AuthorizationError::Nobody { .. } => "sign-in.nobody",
            AuthorizationError::TimedOut { .. } => "sign-in.timed-out",
            AuthorizationError::Denied { .. } => rules::CODE.id,
            AuthorizationError::Unavailable(error) => error.id(),
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            AuthorizationError::Url { .. } => "Do not open this URL. Report it to the operator of the IdP.".to_owned(),
            AuthorizationError::RedirectUri { .. } => {
                "Register the redirect URI exactly as the client sends it (same host and path; a loopback address may have any port), or send the \
                 registered one with --redirect-uri URI. Without --client-id, run it again: the client then registers again."
                    .to_owned()
            }
            AuthorizationError::Request { .. } => {
                "Compare the request above with the client's registration (-- clients show of lesson 03).".to_owned()
            }
            AuthorizationError::SignIn { .. } => {
                "Pass the right name with --login USER and enter its password, or sign in with --browser.".to_owned()
            }
            AuthorizationError::UnknownPage { fix, .. } => (*fix).to_owned(),
            AuthorizationError::WantsBoundTokens => {
                "Use a client that proves its key with each request (DPoP, RFC 9449). A later lesson has one.".to_owned()
            }
            AuthorizationError::LoginOfNobody => {
                "Pass --client-issuer <issuer URL>. The MCP server must not choose who sees a password.".to_owned()
            }
            AuthorizationError::LoginElsewhere { .. } => {
                "Sign in with --browser, where you see the address of the page. If that IdP is yours too, name it with --client-issuer."
                    .to_owned()
            }
            AuthorizationError::Form { .. } => {
                "Sign in with --browser, and enter a password only on a page with your IdP's address.".to_owned()
            }
            AuthorizationError::Nobody { .. } => {
                "Pass --login USER, or pass --browser to sign in on the IdP's page.".to_owned()
            }
            AuthorizationError::TimedOut { redirect_uri, .. } => discarded::nobody_came(redirect_uri),
            AuthorizationError::Response(failed) if !failed.fix.is_empty() => failed.fix.clone(),
            AuthorizationError::Response(_) => {
                "Do not use this response. If it happens again, report it to the operator of the IdP: it may be an attack.".to_owned()
            }
            AuthorizationError::Denied { error, .. } => match error.as_str() {
                "access_denied" => "To grant access, run it again and agree on the IdP's page.",
                "invalid_scope" => "Follow the fix of the check above: the IdP does not have a scope, or this client may not request it.",
                "invalid_request" => "Change the request as the error says. The IdP's metadata lists what it requires (lesson 02).",
                "temporarily_unavailable" | "server_error" => "Run it again later: the error is the IdP's own, and its log says more.",
                _ => "Read the IdP's log.",
            }
            .to_owned(),
            AuthorizationError::Unavailable(error) => error.fix(),
            AuthorizationError::Token { fix, .. } => fix.clone(),
            AuthorizationError::NotBound { .. } => {
                "Look for dpop_signing_alg_values_supported in the IdP's metadata (lesson 02). If it is missing, the IdP does not support DPoP: leave \
                 DPoP out and use a bearer token."
                    .to_owned()
            }
            AuthorizationError::ForOtherServers { others, server_url } => format!(
                "Check that you trust {server_url}: it chose the scopes, and they brought a token for another server. If {others} is the same server, \
                 pass --audience URL. If the IdP writes the wrong URL, configure it to write {server_url}. --send-anyway sends the token in any case."
            ),
            AuthorizationError::TokenResponse { .. } | AuthorizationError::TokenType { .. } => "Have the IdP's operator fix the response.".to_owned(),
        }
    }
}

impl std::fmt::Display for AuthorizationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AuthorizationError::Url { name, got } => {
                write!(f, "The authorization server's {name} is {got}, which a browser must not open.")
            }
            AuthorizationError::Request { got } | AuthorizationError::RedirectUri { got } => {
                write!(f, "The authorization server refused the authorization request: {got}.")
            }
            AuthorizationError::SignIn { got } => write!(f, "The sign-in did not work: {got}."),
            AuthorizationError::UnknownPage { got, .. } => write!(f, "The sign-in is not finished: {got}."),
            AuthorizationError::WantsBoundTokens => f.write_str(
                "The MCP server accepts only tokens that are bound to a key: its metadata says dpop_bound_access_tokens_required.",
            ),
            AuthorizationError::LoginOfNobody => {
                f.write_str("--login was passed without the authorization server that may see the password.")
            }
            AuthorizationError::LoginElsewhere { named, discovered } => write!(
                f,
                "The login is for {named}, but the MCP server names {discovered}. The client does not sign in there."
            ),
            AuthorizationError::Form { got } => write!(f, "The client did not fill in the form: {got}."),
            AuthorizationError::Nobody { issuer } => {
                write!(f, "There is no terminal to ask for a user, and the demo user's password is not for {issuer}.")
            }
            AuthorizationError::TimedOut { seconds, .. } => {
                write!(f, "Nobody finished signing in within {seconds} seconds.")
            }
            AuthorizationError::Response(Failed { expected, seen, .. }) => {
                write!(f, "The client does not use the response. Expected: {expected}. Seen: {seen}.")
            }
            AuthorizationError::Denied { error, description } if description.is_empty() => {
                write!(f, "The authorization server responded with the error {error}.")
            }
            AuthorizationError::Denied { error, description } => {
                write!(f, "The authorization server responded with the error {error}: {description}.")
            }
            AuthorizationError::Unavailable(error) => write!(f, "{error}"),
            AuthorizationError::ForOtherServers { others, server_url } => {
                write!(f, "The token is for {others}, so the client does not send it to {server_url}: that server could use it there.")
            }
            AuthorizationError::Token { got, .. } => write!(f, "The authorization server gave no token: {got}."),
            AuthorizationError::TokenResponse { got }
            | AuthorizationError::TokenType { got }
            | AuthorizationError::NotBound { got } => write!(f, "The token response cannot be used: {got}."),
        }
    }
}

impl std::error::Error for AuthorizationError {}

impl From<AuthorizationError> for Failure {
    fn from(error: AuthorizationError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix()).caused_by(error)
    }
}
