//! The layer in front of `/mcp`, as [`Guard::admit`] lists it: the token, its checks, what is
//! requested, what the token allows.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{self, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::access_token::AccessToken;
use crate::bearer::{self, Scheme};
use crate::further::dpop::unproven;
use crate::refusal::{Checks, Refusal};
use crate::server::Server;
use crate::server::mcp_call::McpCall;
use crate::tools::Permissions;

/// Bytes of a message that are read.
const MAX_BODY: usize = 1024 * 1024;
/// The time within which a message has to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The layer in front of the tools.
pub struct Guard {
    /// The server.
    pub server: Server,
    /// Which tool needs what.
    pub permissions: Arc<Permissions>,
}

/// A request that is served.
struct Admitted {
    request: Request,
    token: Arc<AccessToken>,
    /// A nonce for the client's next proof.
    nonce: Option<String>,
}

/// A request that is not served.
enum Rejected {
    /// Because of its token.
    Refused(Refusal),
    /// Because of its message.
    Malformed(StatusCode, &'static str),
}

impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Passes a request on whose token allows it; every other one gets its refusal.
pub async fn check_token(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut scheme = guard.server.proofs.scheme();
    match guard.admit(request, &mut scheme).await {
        Ok(Admitted { request, token, nonce }) => {
            let mut response = next.run(request).await;
            guard.server.sessions.remember(response.headers(), &token);
            unproven::add_nonce(&mut response, nonce.as_deref());
            response
        }
        Err(Rejected::Refused(refusal)) => guard.server.refuse(&refusal, scheme),
        Err(Rejected::Malformed(status, text)) => (status, text).into_response(),
    }
}

impl Guard {
    /// The decision about one request. `scheme` is that of the challenge, should it be refused.
    async fn admit(&self, request: Request, scheme: &mut Scheme) -> Result<Admitted, Rejected> {
        let Server { verifier, proofs, sessions, reporter, .. } = &self.server;
        let (mut parts, body) = request.into_parts();
        let checks = Checks::told(reporter);

        // 1. Is there a token, and is it where it belongs?
        let credentials = bearer::credentials(&checks, &parts)?;
        *scheme = proofs.scheme_for(credentials.scheme);

        // 2. Is it valid? And where it is bound to a key: is the key there?
        let (token, trust) = self.server.verify(&checks, credentials.token).await?;
        let nonce = proofs.check(&checks, credentials, &parts, &token)?;

        // 3. Is the session, if any, its user's?
        sessions.check(&checks, &parts.headers, &token)?;

        // 4. What is requested?
        let late = |_| Rejected::Malformed(StatusCode::REQUEST_TIMEOUT, "");
        let too_large = |_| Rejected::Malformed(StatusCode::PAYLOAD_TOO_LARGE, "");
        let twice = |_| Rejected::Malformed(StatusCode::BAD_REQUEST, "A member stands twice.\n");
        let body = timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await.map_err(late)?.map_err(too_large)?;
        let call = McpCall::read(&body).map_err(twice)?;

        // 5. Does the token allow it?
        if let Some(tool) = &call.tool {
            self.permissions.check(&checks, tool, &token)?;
        }
        checks.note(|| call.describe(&token, trust, verifier.audience.is_some()));
        parts.extensions.insert(Arc::clone(&token));
        Ok(Admitted { request: http::Request::from_parts(parts, Body::from(body)), token, nonce })
    }
}
