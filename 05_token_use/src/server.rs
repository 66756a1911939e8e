//! The MCP server: lesson 01's, with the layer that checks tokens ([`mod@crate::guard`]) in place
//! of the one that refuses everybody, and tools behind it.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Json;
use axum::routing::{any, get};
use axum::{Router, middleware};
use protected_resource_discovery::server::{ProtectedResource, metadata_routes};
use serde_json::json;
use shared::{Failure, Reporter, mcp};

use crate::access_token::Verifier;
use crate::further::dpop::proof::{self, Proofs};
use crate::further::remembered_tokens::VerifiedTokens;
use crate::further::sessions::Sessions;
use crate::guard::{Guard, guard};
use crate::jwks::Limits;
use crate::options::CheckOptions;
use crate::permissions::{Permissions, TOOLS, Table};
use crate::tools::{SampleTools, Toolbox, Tools};

/// The server of this lesson.
pub fn app(
    protected: ProtectedResource,
    options: &CheckOptions,
    limits: Limits,
    reporter: Reporter,
) -> Result<Router, Failure> {
    Server::new(protected, options, limits, reporter)?.app(TOOLS, SampleTools::create()?)
}

/// An MCP server that checks tokens, whatever it can do for who has a good one.
pub struct Server {
    /// What it says about itself.
    pub protected: ProtectedResource,
    /// What tokens are held against.
    pub verifier: Verifier,
    /// How many verified tokens it remembers.
    remember: usize,
    /// Whether it takes only tokens that are bound to a key.
    requires_dpop: bool,
    reporter: Reporter,
}

impl Server {
    /// With the checks of this lesson.
    pub fn new(
        mut protected: ProtectedResource,
        options: &CheckOptions,
        limits: Limits,
        reporter: Reporter,
    ) -> Result<Self, Failure> {
        let issuer = protected.authorization_servers.first().cloned().unwrap_or_default();
        let verifier = Verifier::of(&issuer, options, limits, &reporter)?;
        let remember = usize::try_from(options.remember_tokens).unwrap_or_default();
        let requires_dpop = options.require_dpop;
        if requires_dpop {
            protected.more = proof::metadata();
        }
        Ok(Self { protected, verifier, remember, requires_dpop, reporter })
    }

    /// `/mcp`, its metadata, and `/health`.
    pub fn app(self, table: Table, toolbox: impl Toolbox) -> Result<Router, Failure> {
        let Self { protected, verifier, remember, requires_dpop, reporter } = self;
        let permissions = Arc::new(Permissions::of_scopes(table, &protected.scopes));
        let layer = Guard {
            protected: protected.clone(),
            verifier,
            permissions: permissions.clone(),
            verified: (remember > 0).then(|| VerifiedTokens::new(remember)),
            proofs: Proofs::new(&protected.resource, requires_dpop),
            sessions: Sessions::default(),
            reporter: reporter.clone(),
        };
        // In this order: origin, CORS, token, endpoint. As one layer they are cloned once for a
        // request, not each for itself.
        let endpoint = endpoint(permissions, toolbox).layer((
            middleware::from_fn_with_state(reporter, mcp::check_origin),
            mcp::endpoint_cors(),
            middleware::from_fn_with_state(Arc::new(layer), guard),
        ));
        let health = get(|| async { Json(json!({"status": "ok"})) });
        Ok(endpoint.merge(metadata_routes(protected)).route("/health", health))
    }
}

/// `/mcp` alone, without anybody in front of it.
pub fn endpoint(permissions: Arc<Permissions>, toolbox: impl Toolbox) -> Router {
    let tools = Tools::new(permissions, toolbox);
    // Every layer clones what is behind it for each request, and a clone of this service copies its
    // configuration: so there is one.
    let service = Arc::new(mcp::endpoint(move || tools.clone()));
    let answer = move |request: Request| {
        let service = Arc::clone(&service);
        async move { service.handle(request).await }
    };
    Router::new().route("/mcp", any(answer))
}
