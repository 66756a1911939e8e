//! The MCP server: lesson 01's, with the layer that checks tokens ([`mod@crate::guard`]) in place of the one that refuses everybody, and tools behind it.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Json;
use axum::routing::{any, get};
use axum::{Router, middleware};
use protected_resource_discovery::server::{ProtectedResource, metadata_routes};
use serde_json::json;
use shared::http::Http;
use shared::reach::{Privacy, Reach, host_of};
use shared::{Failure, Reporter, mcp};

use crate::access_token::Verifier;
use crate::guard::{Guard, guard};
use crate::jwks::{Jwks, Limits};
use crate::options::CheckOptions;
use crate::permissions::Permissions;
use crate::sample_folder::SampleFolder;
use crate::sessions::Sessions;
use crate::tools::Tools;
use crate::verified_tokens::VerifiedTokens;

/// Seconds within which the authorization server has to give its keys.
const KEYS_SECONDS: u64 = 3;

/// The server: `/mcp`, its metadata, and `/health`.
pub fn app(
    protected: ProtectedResource,
    options: &CheckOptions,
    limits: Limits,
    reporter: Reporter,
) -> Result<Router, Failure> {
    let issuer = protected.authorization_servers.first().cloned().unwrap_or_default();
    let keys = Arc::new(keys(&issuer, limits, &reporter)?);
    let permissions = Arc::new(Permissions::of_scopes(&protected.scopes));
    let verifier = Verifier { issuer, keys, header_types: options.accept_typ.clone() };
    let capacity = usize::try_from(options.remember_tokens).unwrap_or_default();
    let verified = (capacity > 0).then(|| VerifiedTokens::new(capacity));
    let layer = Guard {
        protected: protected.clone(),
        verifier,
        permissions: permissions.clone(),
        verified,
        sessions: Sessions::default(),
        reporter: reporter.clone(),
    };
    // In this order: origin, CORS, token, endpoint. As one layer they are cloned once for a request, not each for itself.
    let endpoint = endpoint(permissions)?.layer((
        middleware::from_fn_with_state(reporter, mcp::check_origin),
        mcp::endpoint_cors(),
        middleware::from_fn_with_state(Arc::new(layer), guard),
    ));
    let health = get(|| async { Json(json!({"status": "ok"})) });
    Ok(endpoint.merge(metadata_routes(protected)).route("/health", health))
}

/// `/mcp` alone, without anybody in front of it.
pub fn endpoint(permissions: Arc<Permissions>) -> Result<Router, Failure> {
    let tools = Tools::new(permissions, Arc::new(SampleFolder::create()?));
    // Every layer clones what is behind it for each request, and a clone of this service copies its configuration: so there is one.
    let service = Arc::new(mcp::endpoint(move || tools.clone()));
    let answer = move |request: Request| {
        let service = Arc::clone(&service);
        async move { service.handle(request).await }
    };
    Ok(Router::new().route("/mcp", any(answer)))
}

/// The authorization server is the operator's own choice, so it may be anywhere; what it names may be as private as this machine.
fn keys(issuer: &str, limits: Limits, reporter: &Reporter) -> Result<Jwks, Failure> {
    let host = host_of(issuer);
    let http = |reporter: Reporter| {
        Http::new(reporter, Reach::public_only().limit(Privacy::Loopback).name(&host))
            .map(|http| http.within(KEYS_SECONDS))
    };
    Ok(Jwks::new(http(reporter.clone())?, http(Reporter::silent())?, issuer, limits))
}
