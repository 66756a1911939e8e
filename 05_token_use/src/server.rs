//! The MCP server: lesson 01's, with tools, and in front of them a layer that checks tokens in
//! place of the one that refuses everybody. "MCP servers … MUST validate access tokens" before a
//! request is served (MCP 2026-07-28, Token Handling).

mod mcp_call;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, get};
use axum::{Router, http};
use protected_resource_discovery::server::{ProtectedResource, metadata_routes};
use serde_json::json;
use shared::{Failure, Reporter, mcp};
use tokio::time::timeout;

use crate::access_token::{AccessToken, Verifier};
use crate::bearer::{self, Scheme};
use crate::further::dpop::proof::Proofs;
use crate::further::dpop::unproven;
use crate::further::options::CheckOptions;
use crate::further::remembered_tokens::VerifiedTokens;
use crate::further::sessions::Sessions;
use crate::jwks::Limits;
use crate::refusal::{Checks, Refusal};
use crate::server::mcp_call::{McpCall, Trust};
use crate::tools::{Permissions, SampleTools, TOOLS, Table, Toolbox, Tools};

/// Bytes of a message that are read.
const MAX_BODY: usize = 1024 * 1024;
/// The time within which a message has to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The server of this lesson.
pub fn app(
    protected: ProtectedResource,
    options: &CheckOptions,
    limits: Limits,
    reporter: Reporter,
) -> Result<Router, Failure> {
    Server::new(protected, options, limits, reporter)?.app(TOOLS, SampleTools::create()?)
}

/// An MCP server that checks tokens, whatever tools it has.
pub struct Server {
    /// What the server says about itself, in challenges too.
    pub protected: ProtectedResource,
    /// What tokens are held against.
    pub verifier: Verifier,
    /// Going further: tokens that need no second look. `None`: every token is verified every time.
    verified: Option<VerifiedTokens>,
    /// Going further: proofs of keys that tokens are bound to.
    proofs: Proofs,
    /// Going further: whose sessions are whose.
    sessions: Sessions,
    reporter: Reporter,
}

impl Server {
    /// A server with the checks of this lesson.
    pub fn new(
        mut protected: ProtectedResource,
        options: &CheckOptions,
        limits: Limits,
        reporter: Reporter,
    ) -> Result<Self, Failure> {
        let issuer = protected.authorization_servers.first().cloned().unwrap_or_default();
        let verifier = Verifier::of(&issuer, options, limits, &reporter)?;
        let verified = VerifiedTokens::with_room_for(options.remember_tokens);
        let proofs = Proofs::new(&protected.resource, options.require_dpop);
        proofs.announce(&mut protected);
        Ok(Self { protected, verifier, verified, proofs, sessions: Sessions::default(), reporter })
    }

    /// `/mcp`, its metadata, and `/health`.
    pub fn app(self, table: Table, toolbox: impl Toolbox) -> Result<Router, Failure> {
        let permissions = Arc::new(Permissions::of_scopes(table, &self.protected.scopes));
        let (reporter, protected) = (self.reporter.clone(), self.protected.clone());
        let guard = Guard { server: self, permissions: Arc::clone(&permissions) };
        // In this order: origin, CORS, token, endpoint. As one layer they are cloned once for a
        // request, not each for itself.
        let endpoint = endpoint(permissions, toolbox).layer((
            middleware::from_fn_with_state(reporter, mcp::check_origin),
            mcp::endpoint_cors(),
            middleware::from_fn_with_state(Arc::new(guard), check_token),
        ));
        let health = get(|| async { Json(json!({"status": "ok"})) });
        Ok(endpoint.merge(metadata_routes(protected)).route("/health", health))
    }

    /// The token, verified now, or remembered to be valid where this server remembers.
    async fn verify(&self, checks: &Checks<'_>, token: &str) -> Result<(Arc<AccessToken>, Trust), Refusal> {
        if let Some(verified) = &self.verified
            && let Some(remembered) = verified.find(token, &self.verifier.keys).await
        {
            return Ok((remembered, Trust::Remembered));
        }
        let valid = Arc::new(self.verifier.verify(checks, token).await?);
        if let Some(verified) = &self.verified {
            verified.remember(token, &valid);
        }
        Ok((valid, Trust::Verified))
    }

    fn refuse(&self, refusal: &Refusal, scheme: Scheme) -> Response {
        if let Some(failed) = &refusal.failed {
            self.reporter.report_failed(failed);
        }
        let response = refusal.response(&self.protected, scheme);
        self.reporter.note(format!("{}{}.", response.status().as_u16(), refusal.kind.summary()));
        response
    }
}

/// `/mcp` alone, without the layer.
pub fn endpoint(permissions: Arc<Permissions>, toolbox: impl Toolbox) -> Router {
    let tools = Tools::new(permissions, toolbox);
    // Every layer clones what is behind it for each request, and a clone of this service copies its
    // configuration: so there is one.
    let service = Arc::new(mcp::endpoint(move || tools.clone()));
    let respond = move |request: Request| {
        let service = Arc::clone(&service);
        async move { service.handle(request).await }
    };
    Router::new().route("/mcp", any(respond))
}

/// The layer in front of the tools.
struct Guard {
    server: Server,
    permissions: Arc<Permissions>,
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
async fn check_token(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
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
