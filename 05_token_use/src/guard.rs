//! The layer in front of `/mcp`: no token, no answer. "MCP servers … MUST validate access tokens"
//! before a request is looked at (MCP 2026-07-28, Token Handling).

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protected_resource_discovery::server::ProtectedResource;
use serde::Deserialize;
use shared::Reporter;
use tokio::time::timeout;

use crate::access_token::{AccessToken, Verifier};
use crate::bearer::{self, Scheme};
use crate::checks::{Checks, short};
use crate::further::dpop::proof::Proofs;
use crate::further::remembered_tokens::VerifiedTokens;
use crate::further::sessions::Sessions;
use crate::permissions::Permissions;
use crate::refusal::{self, Refusal, RefusalKind};

/// Bytes of a message that are read.
const MAX_BODY: usize = 1024 * 1024;
/// Within which a message has to be there.
const BODY_TIME: Duration = Duration::from_secs(10);

/// What the layer knows.
pub struct Guard {
    /// What the server says about itself, in challenges too.
    pub protected: ProtectedResource,
    /// What tokens are held against.
    pub verifier: Verifier,
    /// Which tool needs what.
    pub permissions: Arc<Permissions>,
    /// Going further: tokens that need no second look. `None`: every token is verified every time.
    pub verified: Option<VerifiedTokens>,
    /// Going further: proofs of keys that tokens are bound to.
    pub proofs: Proofs,
    /// Whose sessions are whose.
    pub sessions: Sessions,
    /// Where the checks are told.
    pub reporter: Reporter,
}

/// Lets a request through whose token is good for it; every other gets its refusal.
pub async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.admit(request).await {
        Ok(Admitted { request, token, nonce }) => {
            let mut response = next.run(request).await;
            guard.sessions.remember(response.headers(), &token);
            if let Some(nonce) = nonce {
                refusal::add_nonce(&mut response, &nonce);
            }
            response
        }
        Err(kind) => kind,
    }
}

impl Guard {
    async fn admit(&self, request: Request) -> Result<Admitted, Response> {
        let (mut parts, body) = request.into_parts();
        let checks = Checks::told(&self.reporter);
        // 1. Is there a token, and is it where it belongs?
        let credentials = bearer::credentials(&checks, &parts);
        let credentials = credentials.map_err(|refusal| self.refuse(&refusal, self.proofs.scheme()))?;
        // A server that takes bound tokens only says so, whatever came.
        let scheme = match credentials.scheme {
            Scheme::Dpop => Scheme::Dpop,
            Scheme::Bearer => self.proofs.scheme(),
        };

        // 2. Is it good? And where it is bound to a key: is the key there?
        let verified = self.verified(&checks, credentials.token).await;
        let (token, how) = verified.map_err(|refusal| self.refuse(&refusal, scheme))?;
        let nonce = self.proofs.check(&checks, credentials, &parts, &token);
        let nonce = nonce.map_err(|refusal| self.refuse(&refusal, scheme))?;

        // 3. Is the session, if any, its user's?
        self.sessions.check(&checks, &parts.headers, &token).map_err(|refusal| self.refuse(&refusal, scheme))?;

        // 4. What is asked for?
        let body = timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await;
        let body = body.map_err(|_| StatusCode::REQUEST_TIMEOUT.into_response())?;
        let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
        let asked =
            Asked::of(&body).map_err(|()| (StatusCode::BAD_REQUEST, "A member stands twice.\n").into_response())?;

        // 5. Does the token allow it?
        if let Some(tool) = &asked.tool {
            self.permissions.check(&checks, tool, &token).map_err(|refusal| self.refuse(&refusal, scheme))?;
        }
        checks.note(|| asked.let_in(&token, how, self.verifier.audience.is_some()));
        parts.extensions.insert(Arc::clone(&token));
        Ok(Admitted { request: Request::from_parts(parts, Body::from(body)), token, nonce })
    }

    /// The token, verified now, or remembered to be good where this server remembers.
    async fn verified(&self, checks: &Checks<'_>, token: &str) -> Result<(Arc<AccessToken>, How), Refusal> {
        let keys = &self.verifier.keys;
        if let Some(verified) = &self.verified
            && let Some(remembered) = verified.find(token, keys).await
        {
            return Ok((remembered, How::Remembered));
        }
        let good = Arc::new(self.verifier.verify(checks, token).await?);
        if let Some(verified) = &self.verified {
            verified.remember(token, &good);
        }
        Ok((good, How::Verified))
    }

    fn refuse(&self, refusal: &Refusal, scheme: Scheme) -> Response {
        if let Some(failed) = &refusal.failed {
            self.reporter.report_failed(failed);
        }
        let response = refusal.response(&self.protected, scheme);
        let code = match &refusal.kind {
            RefusalKind::Unauthenticated => ": no token came",
            RefusalKind::InvalidRequest(_) => " invalid_request",
            RefusalKind::InvalidToken(_) => " invalid_token",
            RefusalKind::InvalidDpopProof(_) => " invalid_dpop_proof",
            RefusalKind::UseDpopNonce(_) => " use_dpop_nonce: the proof needs a nonce of this server's, and here it is",
            RefusalKind::InsufficientScope(_) => " insufficient_scope",
            RefusalKind::NoSuchSession => ": the session is not this user's",
            RefusalKind::Unavailable { .. } => ": nobody can tell now whether this token is good",
        };
        self.reporter.note(format!("{}{code}.", response.status().as_u16()));
        response
    }
}

/// A request that is served.
struct Admitted {
    request: Request,
    token: Arc<AccessToken>,
    /// A nonce for the client's next proof.
    nonce: Option<String>,
}

/// The part of a message that decides what it takes.
#[derive(Deserialize)]
struct Message {
    method: Option<String>,
    #[serde(default)]
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    name: Option<String>,
}

/// How this server came to believe a token.
#[derive(Clone, Copy)]
enum How {
    Verified,
    Remembered,
}

/// What a message asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    method: Option<String>,
    /// The tool that it calls.
    tool: Option<String>,
}

impl Asked {
    /// Nothing where it is no message: then the endpoint refuses it. A member that stands twice
    /// could mean one tool here and another one there, so it is an error.
    fn of(body: &Bytes) -> Result<Self, ()> {
        // Else the reader would take a list for the members in their order.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Ok(Self::default());
        }
        let Message { method, params } = match serde_json::from_slice(body) {
            Ok(message) => message,
            Err(error) if error.to_string().starts_with("duplicate field") => return Err(()),
            Err(_) => return Ok(Self::default()),
        };
        let calls = method.as_deref() == Some("tools/call");
        Ok(Self { method, tool: params.filter(|_| calls).and_then(|params| params.name) })
    }

    /// One line for a request that is served, and for what was not looked at.
    fn let_in(&self, token: &AccessToken, how: How, aud_is_checked: bool) -> String {
        let method = short(self.method.as_deref().unwrap_or("The request"));
        let tool = self.tool.as_ref().map(|tool| format!(" {}", short(tool))).unwrap_or_default();
        let why = match how {
            How::Verified => "every check of its token holds",
            How::Remembered => "its token is remembered to be good",
        };
        if aud_is_checked {
            return format!("{method}{tool} is let in: {why}.");
        }
        let aud = token.claims.get("aud").map_or("absent".to_owned(), |aud| short(&aud.to_string()));
        format!("{method}{tool} is let in: {why}. aud is {aud}, and is NOT CHECKED: lesson 06's server does that.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_the_one_that_the_message_calls() {
        let of = |text: &str| Asked::of(&Bytes::copy_from_slice(text.as_bytes())).map(|asked| asked.tool);
        let call =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"save_note","arguments":{"name":"x"}}}"#;
        assert_eq!(of(call), Ok(Some("save_note".to_owned())));
        for none in [
            "",
            "[]",
            r#"{"method":"tools/list","params":{"name":"x"}}"#,
            r#"{"method":"tools/call"}"#,
            r#"{"method":7}"#,
        ] {
            assert_eq!(of(none), Ok(None), "{none}");
        }
        for twice in [
            r#"{"method":"tools/list","method":"tools/call","params":{"name":"save_note"}}"#,
            r#"{"method":"tools/call","params":{"name":"get_weather","name":"save_note"}}"#,
            r#"{"method":"tools/call","params":{"name":"get_weather"},"params":{"name":"save_note"}}"#,
        ] {
            assert_eq!(of(twice), Err(()), "{twice}");
        }
    }
}
