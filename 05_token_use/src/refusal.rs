//! One check after the other ([`Checks`]); the first that fails becomes the response to a request
//! that is not served: RFC 6750 §3, <https://www.rfc-editor.org/rfc/rfc6750#section-3>, and MCP
//! 2026-07-28, Error Handling. What an untrusted client sent never comes back in it: the texts are
//! this server's own.

mod checks;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use protected_resource_discovery::server::ProtectedResource;
use shared::Failed;

pub use checks::{Checks, short};

use crate::bearer::Scheme;
use crate::further::dpop::unproven::{self, Unproven};

/// Why a request is not served: the check that failed, and the response.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The check; `None` where nothing was there to be checked.
    pub failed: Option<Failed>,
    /// What the client gets.
    pub kind: RefusalKind,
}

/// How a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// 401 without an error code: no token came.
    Unauthenticated,
    /// 400 `invalid_request`: a token came in a way that is no way.
    InvalidRequest(&'static str),
    /// 401 `invalid_token`.
    InvalidToken(&'static str),
    /// 401, going further: the token may be valid, and its key was not shown.
    Unproven(Unproven),
    /// 403 `insufficient_scope`, with all scopes that the operation needs; `None` where no scope
    /// would help.
    InsufficientScope(Option<String>),
    /// 404: a session of somebody else's, or none at all; which of the two, is nobody's business.
    NoSuchSession,
    /// 503: whether the token is good cannot be told now. "invalid_token" would make clients throw
    /// good tokens away.
    Unavailable {
        /// Seconds after which the client may try again.
        retry_after: u64,
    },
}

/// A refusal for which no check failed.
impl From<RefusalKind> for Refusal {
    fn from(kind: RefusalKind) -> Self {
        Self { failed: None, kind }
    }
}

impl Refusal {
    /// What the client gets; a challenge is of this scheme.
    pub fn response(&self, protected: &ProtectedResource, scheme: Scheme) -> Response {
        if let RefusalKind::Unavailable { retry_after } = self.kind {
            let wait = [(header::RETRY_AFTER, retry_after.to_string())];
            let text = "The token cannot be checked now: the authorization server's keys cannot be fetched.\n";
            return (StatusCode::SERVICE_UNAVAILABLE, wait, text).into_response();
        }
        if self.kind == RefusalKind::NoSuchSession {
            return (StatusCode::NOT_FOUND, "There is no such session; begin a new one.\n").into_response();
        }
        let further = unproven::challenge_parameter(scheme);
        let parameters = self.kind.parameters(protected).into_iter().chain([further]).flatten();
        let parameters: Vec<_> = parameters.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let field = [(header::WWW_AUTHENTICATE, format!("{} {}", scheme.name(), parameters.join(", ")))];
        let text = "WWW-Authenticate says what is wrong and where a good token comes from.\n";
        let mut response = (self.kind.status(), field, text).into_response();
        if let RefusalKind::Unproven(unproven) = &self.kind {
            unproven::add_nonce(&mut response, unproven.nonce());
        }
        response
    }
}

impl RefusalKind {
    fn status(&self) -> StatusCode {
        match self {
            // "The resource server SHOULD respond with the HTTP 400 (Bad Request) status code."
            // (RFC 6750 §3.1)
            RefusalKind::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            // "Invalid or expired tokens MUST receive a HTTP 401 response." (MCP 2026-07-28, Token
            // Handling)
            RefusalKind::Unauthenticated | RefusalKind::InvalidToken(_) | RefusalKind::Unproven(_) => {
                StatusCode::UNAUTHORIZED
            }
            // "HTTP 403 Forbidden status code" (MCP 2026-07-28, Runtime Insufficient Scope Errors)
            RefusalKind::InsufficientScope(_) => StatusCode::FORBIDDEN,
            RefusalKind::NoSuchSession => StatusCode::NOT_FOUND,
            RefusalKind::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The refusal in a few words, for the server's terminal.
    pub fn summary(&self) -> String {
        match self {
            RefusalKind::Unauthenticated => ": no token came".to_owned(),
            RefusalKind::InvalidRequest(_) => " invalid_request".to_owned(),
            RefusalKind::InvalidToken(_) => " invalid_token".to_owned(),
            RefusalKind::Unproven(unproven) => format!(" {}", unproven.summary()),
            RefusalKind::InsufficientScope(_) => " insufficient_scope".to_owned(),
            RefusalKind::NoSuchSession => ": the session is not this user's".to_owned(),
            RefusalKind::Unavailable { .. } => ": nobody can tell now whether this token is good".to_owned(),
        }
    }

    /// The parameters of the challenge.
    fn parameters(&self, protected: &ProtectedResource) -> Vec<Option<(&'static str, String)>> {
        let metadata = Some(("resource_metadata", protected.metadata_url()));
        // "MCP servers SHOULD include a scope parameter in the WWW-Authenticate header" (MCP
        // 2026-07-28): here the least that is of any use, so that the step-up can be seen. Many
        // clients register just what this names, and can never ask for more; lesson 01's server
        // names all.
        let hint = protected.scopes.first().map(|scope| ("scope", scope.clone()));
        match self {
            // "If the request lacks any authentication information …, the resource server SHOULD
            // NOT include an error code" (RFC 6750 §3.1)
            RefusalKind::Unauthenticated | RefusalKind::NoSuchSession | RefusalKind::Unavailable { .. } => {
                vec![hint, metadata]
            }
            RefusalKind::InvalidRequest(why) => vec![error("invalid_request"), description(why), metadata],
            RefusalKind::InvalidToken(why) => vec![error("invalid_token"), description(why), hint, metadata],
            RefusalKind::Unproven(unproven) => {
                vec![error(unproven.code()), description(unproven.description()), hint, metadata]
            }
            RefusalKind::InsufficientScope(needed) => {
                let why = if needed.is_some() { NEEDS_SCOPE } else { NEEDS_ROLE };
                let scope = needed.clone().map(|scope| ("scope", scope));
                vec![error("insufficient_scope"), scope, metadata, description(why)]
            }
        }
    }
}

const NEEDS_SCOPE: &str = "The token lacks the scope that this operation needs";
const NEEDS_ROLE: &str = "The user lacks the role that this operation needs";

fn error(code: &str) -> Option<(&'static str, String)> {
    Some(("error", code.to_owned()))
}

fn description(text: &str) -> Option<(&'static str, String)> {
    Some(("error_description", text.to_owned()))
}
