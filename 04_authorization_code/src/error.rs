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
    /// The MCP server takes only tokens that are bound to a key, and this client has none (RFC
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
            AuthorizationError::Url { .. } => "Do not open it. Tell the operator of the IdP.".to_owned(),
            AuthorizationError::RedirectUri { .. } => {
                "Register the redirect URI exactly as it is sent (host and path; the port of a loopback address is free), or send the registered one with \
                 --redirect-uri URI. Without --client-id, run again: the client registers anew."
                    .to_owned()
            }
            AuthorizationError::Request { .. } => {
                "Compare the request above with what the client was registered for (-- clients show of lesson 03).".to_owned()
            }
            AuthorizationError::SignIn { .. } => {
                "Give the right name with --login USER and its password, or sign in with --browser.".to_owned()
            }
            AuthorizationError::UnknownPage { fix, .. } => (*fix).to_owned(),
            AuthorizationError::WantsBoundTokens => {
                "Use a client that has a key and proves it with each request (DPoP, RFC 9449): that of a later lesson.".to_owned()
            }
            AuthorizationError::LoginOfNobody => {
                "Name it: --client-issuer <issuer URL>. The MCP server must not be the one who decides that.".to_owned()
            }
            AuthorizationError::LoginElsewhere { .. } => {
                "Sign in with --browser, where you see whose page it is; if that IdP is yours too, name it with --client-issuer."
                    .to_owned()
            }
            AuthorizationError::Form { .. } => {
                "Sign in with --browser and look at the address of each page; if it is not your IdP's, somebody is after the password."
                    .to_owned()
            }
            AuthorizationError::Nobody { .. } => {
                "Say who signs in: --login USER, or --browser to sign in at the page yourself.".to_owned()
            }
            AuthorizationError::TimedOut { redirect_uri, .. } => discarded::nobody_came(redirect_uri),
            AuthorizationError::Response(failed) if !failed.fix.is_empty() => failed.fix.clone(),
            AuthorizationError::Response(_) => {
                "Do not use the answer. If it comes again, somebody may be in between; tell the operator of the IdP.".to_owned()
            }
            AuthorizationError::Denied { error, .. } => match error.as_str() {
                "temporarily_unavailable" | "server_error" => "Try again later: the fault is the IdP's, and its log says more.",
                "access_denied" => "Run it again and agree, if that was not what you meant.",
                "invalid_scope" => "Do what the check above says: the IdP lacks a scope, or this client may not ask for it.",
                "invalid_request" => "Fix the request as it says; what the IdP wants is in its metadata (lesson 02).",
                _ => "Look into the IdP's log.",
            }
            .to_owned(),
            AuthorizationError::Unavailable(error) => error.fix(),
            AuthorizationError::Token { fix, .. } => fix.clone(),
            AuthorizationError::NotBound { .. } => {
                "This IdP bound the token to no key. Look for dpop_signing_alg_values_supported in its metadata (lesson 02): without that it has no DPoP, and \
                 a client that asks for no bound token gets a bearer token."
                    .to_owned()
            }
            AuthorizationError::ForOtherServers { others, server_url } => format!(
                "Make sure that you trust {server_url}: it chose the scopes, and those of another server bring that server's token. If {others} is another name of the same \
                 server, say so with --audience URL; if the IdP writes the wrong URL, have it write {server_url}. --send-anyway sends the token in any case."
            ),
            AuthorizationError::TokenResponse { .. } | AuthorizationError::TokenType { .. } => "The IdP's operator has to mend the answer.".to_owned(),
        }
    }
}

impl std::fmt::Display for AuthorizationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AuthorizationError::Url { name, got } => {
                write!(f, "The authorization server's {name} is {got}, which no browser should open.")
            }
            AuthorizationError::Request { got } | AuthorizationError::RedirectUri { got } => {
                write!(f, "The authorization server refused the authorization request: {got}.")
            }
            AuthorizationError::SignIn { got } => write!(f, "The sign-in did not work: {got}."),
            AuthorizationError::UnknownPage { got, .. } => write!(f, "The sign-in is not finished: {got}."),
            AuthorizationError::WantsBoundTokens => f.write_str(
                "The MCP server takes only tokens that are bound to a key: its metadata says dpop_bound_access_tokens_required.",
            ),
            AuthorizationError::LoginOfNobody => {
                f.write_str("--login is given, and nothing says which authorization server may see its password.")
            }
            AuthorizationError::LoginElsewhere { named, discovered } => write!(
                f,
                "The login is for {named}, and the MCP server names {discovered}: nobody signs in there."
            ),
            AuthorizationError::Form { got } => write!(f, "The form is not filled in: {got}."),
            AuthorizationError::Nobody { issuer } => {
                write!(f, "Nobody is at the keyboard, and the demo user's password is not for {issuer}.")
            }
            AuthorizationError::TimedOut { seconds, .. } => {
                write!(f, "Nobody finished signing in within {seconds} seconds.")
            }
            AuthorizationError::Response(Failed { expected, seen, .. }) => {
                write!(f, "The answer is not used (asked for: {expected}; seen: {seen}).")
            }
            AuthorizationError::Denied { error, description } if description.is_empty() => {
                write!(f, "The authorization server responded with the error {error}.")
            }
            AuthorizationError::Denied { error, description } => {
                write!(f, "The authorization server responded with the error {error}: {description}.")
            }
            AuthorizationError::Unavailable(error) => write!(f, "{error}"),
            AuthorizationError::ForOtherServers { others, server_url } => {
                write!(f, "The token is for {others}, so it is not sent to {server_url}, which could use it there.")
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
