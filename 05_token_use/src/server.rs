//! The MCP server: lesson 01's, with tools, and in front of them a layer that checks tokens in
//! place of the one that refuses everybody. "MCP servers … MUST validate access tokens" before a
//! request is served (MCP 2026-07-28, Token Handling): `Guard::admit` lists what it looks at.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{self, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum::{Router, middleware};
use protected_resource_discovery::server::{ProtectedResource, metadata_routes};
use serde_json::{Value, json};
use shared::{Failure, Reporter, mcp};

use crate::access_token::{AccessToken, Verifier};
use crate::bearer::{self, Scheme};
use crate::further::dpop::proof::Proofs;
use crate::further::dpop::unproven;
use crate::further::key_rotation::Limits;
use crate::further::mcp_call::McpCall;
use crate::further::options::CheckOptions;
use crate::further::remembered_tokens::VerifiedTokens;
use crate::further::sample_tools::SampleTools;
use crate::further::sample_tools::mcp_server::{Toolbox, endpoint};
use crate::further::sessions::Sessions;
use crate::refusal::{Checks, Refusal};
use crate::tools::{Permissions, TOOLS, Table};

/// Bytes of a message that are read.
const MAX_BODY: usize = 1024 * 1024;

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
    protected: ProtectedResource,
    /// What tokens are held against.
    pub verifier: Verifier,
    /// Going further: tokens that need no second look.
    verified: VerifiedTokens,
    /// Going further: proofs of keys that tokens are bound to.
    proofs: Proofs,
    /// Going further: whose sessions are whose.
    sessions: Sessions,
    reporter: Reporter,
    /// What `/health` responds: nothing in it is secret.
    pub health: Value,
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
        let health = json!({"status": "ok"});
        Ok(Self { protected, verifier, verified, proofs, sessions: Sessions::default(), reporter, health })
    }

    /// `/mcp`, its metadata, and `/health`.
    pub fn app(self, table: Table, toolbox: impl Toolbox) -> Result<Router, Failure> {
        let permissions = Arc::new(Permissions::of_scopes(table, &self.protected.scopes));
        let (reporter, protected, health) = (self.reporter.clone(), self.protected.clone(), self.health.clone());
        let guard = Guard { server: self, permissions: Arc::clone(&permissions) };
        // In this order: origin, CORS, token, endpoint. As one layer they are cloned once for a
        // request, not each for itself.
        let endpoint = endpoint(permissions, toolbox).layer((
            middleware::from_fn_with_state(reporter, mcp::check_origin),
            mcp::endpoint_cors(),
            middleware::from_fn_with_state(Arc::new(guard), check_token),
        ));
        let health = get(async || Json(health));
        Ok(endpoint.merge(metadata_routes(protected)).route("/health", health))
    }
}

/// The layer in front of `/mcp`.
struct Guard {
    server: Server,
    permissions: Arc<Permissions>,
}

/// A request that is served.
struct Admitted {
    request: Request,
    token: Arc<AccessToken>,
    /// Going further: a nonce for the client's next proof.
    nonce: Option<String>,
}

/// Passes a request on whose token allows it; every other one gets its refusal.
async fn check_token(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let Server { sessions, .. } = &guard.server;
    match guard.admit(request).await {
        Ok(Admitted { request, token, nonce }) => {
            let mut response = next.run(request).await;
            sessions.remember(response.headers(), &token);
            unproven::add_nonce(&mut response, nonce.as_deref());
            response
        }
        Err(response) => response,
    }
}

impl Guard {
    /// The decision about one request: it is served, or this is the response.
    async fn admit(&self, request: Request) -> Result<Admitted, Response> {
        let Server { verifier, verified, proofs, sessions, reporter, .. } = &self.server;
        let (mut parts, body) = request.into_parts();
        let checks = Checks::told(reporter);

        // 1. Is there a token, and is it where it belongs?
        let credentials = bearer::credentials(&checks, &parts);
        let credentials = credentials.map_err(|refusal| self.refuse(&refusal, proofs.scheme()))?;
        let scheme = proofs.scheme_for(credentials.scheme);
        let refuse = |refusal: Refusal| self.refuse(&refusal, scheme);

        // 2. Is it valid? And where it is bound to a key: is the key there?
        let (token, trust) = verified.verify(verifier, &checks, credentials.token).await.map_err(refuse)?;
        let nonce = proofs.check(&checks, credentials, &parts, &token).map_err(refuse)?;

        // 3. Is the session, if any, its user's?
        sessions.check(&checks, &parts.headers, &token).map_err(refuse)?;

        // 4. What is requested?
        let too_large = |_| (StatusCode::PAYLOAD_TOO_LARGE, "").into_response();
        let twice = |_| (StatusCode::BAD_REQUEST, "A member appears twice.\n").into_response();
        let body = to_bytes(body, MAX_BODY).await.map_err(too_large)?;
        let call = McpCall::read(&body).map_err(twice)?;

        // 5. Does the token allow it?
        if let Some(tool) = &call.tool {
            self.permissions.check(&checks, tool, &token).map_err(refuse)?;
        }
        checks.note(|| call.describe(&token, trust, verifier.audience.is_some()));
        parts.extensions.insert(Arc::clone(&token));
        Ok(Admitted { request: http::Request::from_parts(parts, Body::from(body)), token, nonce })
    }

    /// Reports the checks that failed, and makes the response.
    fn refuse(&self, Refusal { failed, kind }: &Refusal, scheme: Scheme) -> Response {
        let Server { protected, reporter, .. } = &self.server;
        failed.iter().for_each(|failed| reporter.report_failed(failed));
        let response = kind.response(protected, scheme);
        reporter.note(format!("{}{}.", response.status().as_u16(), kind.summary()));
        response
    }
}
