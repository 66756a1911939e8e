//! One check after the other ([`Checks`]); the first that fails becomes the response to a request
//! that is not served: RFC 6750 §3, <https://www.rfc-editor.org/rfc/rfc6750#section-3>, and MCP
//! 2026-07-28, Error Handling. What an untrusted client sent never comes back in it: the texts are
//! this server's own.

use std::borrow::Cow;
use std::fmt::Display;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use protected_resource_discovery::server::ProtectedResource;
use shared::{Failed, Reporter, Rule};

use crate::bearer::Scheme;
use crate::further::dpop::unproven::{self, Unproven};

/// The checks of one request, and where those that pass are reported, if anywhere. The one that
/// fails is reported where the request is refused.
#[derive(Clone, Copy)]
pub struct Checks<'a>(Option<&'a Reporter>);

impl<'a> Checks<'a> {
    /// Reports the checks that pass.
    pub fn told(reporter: &'a Reporter) -> Self {
        Self(Some(reporter).filter(|reporter| !reporter.is_silent()))
    }

    /// Reports none of the checks.
    pub fn quiet() -> Self {
        Self(None)
    }

    /// Goes on where the check passes; else `kind` is what the client gets.
    pub fn require(
        &self,
        rule: &'static Rule,
        passed: bool,
        expected: impl Display,
        seen: impl Display,
        kind: RefusalKind,
    ) -> Result<(), Refusal> {
        if !passed {
            let (expected, seen) = (expected.to_string(), short(&seen.to_string()));
            return Err(Refusal { failed: vec![Failed { rule, expected, seen, fix: String::new() }], kind });
        }
        if let Some(reporter) = self.0 {
            reporter.recommend(rule, true, expected, seen);
        }
        Ok(())
    }

    /// Does what [`Checks::require`] does for a value that may be absent, and returns the value.
    pub fn require_some<T>(
        &self,
        rule: &'static Rule,
        value: Option<T>,
        expected: impl Display,
        seen: impl Display,
        kind: RefusalKind,
    ) -> Result<T, Refusal> {
        self.require(rule, value.is_some(), expected, seen, kind.clone())?;
        value.ok_or_else(|| Refusal::from(kind))
    }

    /// Reports a line of text, where the checks are reported.
    pub fn note(&self, text: impl FnOnce() -> String) {
        if let Some(reporter) = self.0 {
            reporter.note(text());
        }
    }
}

/// Why a request is not served: the checks that failed, and the response.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The checks; none where nothing was there to be checked.
    pub failed: Vec<Failed>,
    /// What the client gets.
    pub kind: RefusalKind,
}

impl Refusal {
    /// All that these checks found: one refusal names everything that is wrong with a token, so
    /// that a person does not have to find it one by one.
    pub fn of_all(results: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Self> {
        results.into_iter().filter_map(Result::err).reduce(Self::and).map_or(Ok(()), Err)
    }

    fn and(mut self, other: Self) -> Self {
        self.failed.extend(other.failed);
        if let (RefusalKind::InvalidToken(why), RefusalKind::InvalidToken(more)) = (&mut self.kind, &other.kind) {
            *why = format!("{why}; {more}").into();
        }
        self
    }

    /// The same with advice for the server's operator.
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        let fix = fix.into();
        self.failed.iter_mut().for_each(|failed| failed.fix.clone_from(&fix));
        self
    }
}

/// A refusal for which no check failed.
impl From<RefusalKind> for Refusal {
    fn from(kind: RefusalKind) -> Self {
        Self { failed: Vec::new(), kind }
    }
}

/// How a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// 401 without an error code: no token came.
    Unauthenticated,
    /// 400 `invalid_request`: a token came in a way that is no way.
    InvalidRequest(&'static str),
    /// 401 `invalid_token`.
    InvalidToken(Cow<'static, str>),
    /// 401, going further: the token may be valid, and its key was not shown.
    Unproven(Unproven),
    /// 403 `insufficient_scope`, with all scopes that the operation needs; `None` where no scope
    /// would help.
    InsufficientScope(Option<String>),
    /// 404, going further: a session of another user's, or none at all. The response does not say
    /// which.
    NoSuchSession,
    /// 503: whether the token is valid cannot be told now. "invalid_token" would make clients throw
    /// valid tokens away.
    Unavailable {
        /// Seconds after which the client may try again.
        retry_after: u64,
    },
}

impl RefusalKind {
    fn status(&self) -> StatusCode {
        match self {
            // "The resource server SHOULD respond with the HTTP 400 (Bad Request) status code."
            // (RFC 6750 §3.1)
            Self::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            // "Invalid or expired tokens MUST receive a HTTP 401 response." (MCP 2026-07-28, Token
            // Handling)
            Self::Unauthenticated | Self::InvalidToken(_) | Self::Unproven(_) => StatusCode::UNAUTHORIZED,
            // "HTTP 403 Forbidden status code" (MCP 2026-07-28, Runtime Insufficient Scope Errors)
            Self::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Self::NoSuchSession => StatusCode::NOT_FOUND,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The refusal in a few words, after its status, for the server's terminal.
    pub fn summary(&self) -> String {
        match self {
            Self::Unauthenticated => ": the request has no token".to_owned(),
            Self::InvalidRequest(_) => " invalid_request".to_owned(),
            Self::InvalidToken(_) => " invalid_token".to_owned(),
            Self::Unproven(unproven) => format!(" {}", unproven.summary()),
            Self::InsufficientScope(_) => " insufficient_scope".to_owned(),
            Self::NoSuchSession => ": the session belongs to another user".to_owned(),
            Self::Unavailable { .. } => ": the server cannot check the token now".to_owned(),
        }
    }

    /// The response. A challenge is of this scheme.
    pub fn response(&self, protected: &ProtectedResource, scheme: Scheme) -> Response {
        let status = self.status();
        match self {
            Self::Unavailable { retry_after } => {
                let wait = [(header::RETRY_AFTER, retry_after.to_string())];
                let text = "The token cannot be checked now: the authorization server's keys cannot be fetched.\n";
                (status, wait, text).into_response()
            }
            Self::NoSuchSession => (status, "There is no such session. Start a new one.\n").into_response(),
            _ => {
                let parameters = self.challenge(protected).into_iter().chain([unproven::challenge_parameter(scheme)]);
                let parameters: Vec<_> =
                    parameters.flatten().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
                let field = [(header::WWW_AUTHENTICATE, format!("{} {}", scheme.name(), parameters.join(", ")))];
                let text = "WWW-Authenticate says what is wrong and where to get a valid token.\n";
                let mut response = (status, field, text).into_response();
                if let Self::Unproven(unproven) = self {
                    unproven::add_nonce(&mut response, unproven.nonce());
                }
                response
            }
        }
    }

    /// The parameters of the challenge.
    fn challenge(&self, protected: &ProtectedResource) -> Vec<Option<(&'static str, String)>> {
        let error = |code: &str| Some(("error", code.to_owned()));
        let description = |text: &str| Some(("error_description", text.to_owned()));
        let metadata = Some(("resource_metadata", protected.metadata_url()));
        // "MCP servers SHOULD include a scope parameter in the WWW-Authenticate header" (MCP
        // 2026-07-28): here the least that is of any use, so that the step-up can be seen. Many
        // clients register just what this names, and can never ask for more; lesson 01's server
        // names all.
        let hint = protected.scopes.first().map(|scope| ("scope", scope.clone()));
        match self {
            Self::InvalidRequest(why) => vec![error("invalid_request"), description(why), metadata],
            Self::InvalidToken(why) => vec![error("invalid_token"), description(why), hint, metadata],
            Self::Unproven(unproven) => {
                vec![error(unproven.code()), description(unproven.description()), hint, metadata]
            }
            Self::InsufficientScope(Some(scope)) => {
                let why = description("The token lacks the scope that this operation needs");
                vec![error("insufficient_scope"), Some(("scope", scope.clone())), metadata, why]
            }
            Self::InsufficientScope(None) => {
                let why = description("The user lacks the role that this operation needs");
                vec![error("insufficient_scope"), metadata, why]
            }
            // "If the request lacks any authentication information …, the resource server SHOULD
            // NOT include an error code" (RFC 6750 §3.1)
            Self::Unauthenticated | Self::NoSuchSession | Self::Unavailable { .. } => vec![hint, metadata],
        }
    }
}

/// Characters of an untrusted value that are shown.
const SHOWN: usize = 120;

/// An untrusted value, cut where it gets long.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
