//! The MCP server: lesson 01's, with tools, and in front of them a layer that checks tokens in
//! place of the one that refuses everybody. "MCP servers … MUST validate access tokens" before a
//! request is served (MCP 2026-07-28, Token Handling).

mod guard;
mod mcp_call;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{Json, Response};
use axum::routing::{any, get};
use axum::{Router, middleware};
use protected_resource_discovery::server::{ProtectedResource, metadata_routes};
use serde_json::json;
use shared::{Failure, Reporter, mcp};

use crate::access_token::{AccessToken, Verifier};
use crate::bearer::Scheme;
use crate::further::dpop::proof::Proofs;
use crate::further::options::CheckOptions;
use crate::further::remembered_tokens::VerifiedTokens;
use crate::further::sessions::Sessions;
use crate::jwks::Limits;
use crate::refusal::{Checks, Refusal};
use crate::server::guard::{Guard, check_token};
use crate::server::mcp_call::Trust;
use crate::tools::{Permissions, SampleTools, TOOLS, Table, Toolbox, Tools};

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
