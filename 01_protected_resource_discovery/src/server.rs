//! The MCP server, which is an OAuth protected resource: it answers 401 to whoever has no token,
//! and publishes where tokens come from (RFC 9728).
//!
//! Left out until lesson 05: looking into a token. Whatever token comes gets 401 `invalid_token`.
//! Also left out, since it would not be true: `resource_signing_alg_values_supported` (this server
//! signs no answers) and `jwks_uri`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use shared::{Reporter, mcp};
use tower_http::cors::{Any, CorsLayer};

use crate::further::start_page;
use crate::well_known;

/// What this server says about itself.
#[derive(Clone, Debug)]
pub struct ProtectedResource {
    /// Its URL, as clients are to call it: scheme, host, port, and the path `/mcp`.
    pub resource: String,
    /// Issuer identifiers of the authorization servers whose tokens it takes.
    pub authorization_servers: Vec<String>,
    /// The scopes that it knows.
    pub scopes: Vec<String>,
    /// Members that are added to its metadata: an object, or `null`.
    pub more: Value,
}

/// The server: `/mcp`, its metadata in both places that MCP names, and `/health`.
pub fn app(protected: ProtectedResource, reporter: Reporter) -> Router {
    let endpoint = Router::new()
        .route("/mcp", any(refuse))
        .with_state((Arc::new(protected.clone()), reporter.clone()))
        // Layers run from the last to the first: origin, CORS, endpoint.
        .layer(mcp::endpoint_cors())
        .layer(middleware::from_fn_with_state(reporter, mcp::check_origin));
    endpoint.merge(metadata_routes(protected)).route("/health", get(|| async { Json(json!({"status": "ok"})) }))
}

/// The metadata document at each of its well-known URLs, for pages of any origin: it is public. For
/// people there is a page at `/`.
pub fn metadata_routes(protected: ProtectedResource) -> Router {
    let document = protected.document();
    let mut routes = Router::new();
    for location in well_known::locations(&protected.resource) {
        let (_, path) = well_known::split(&location.url).unwrap_or_default();
        let document = document.clone();
        routes = routes.route(path, get(|| async { Json(document) }));
    }
    routes.layer(CorsLayer::new().allow_origin(Any)).merge(start_page::route(&protected))
}

/// Responds 401 with a challenge to everyone.
async fn refuse(State((protected, reporter)): State<(Arc<ProtectedResource>, Reporter)>, request: Request) -> Response {
    let has_token = has_bearer_token(request.headers());
    let why = if has_token { "a token, which this lesson's server cannot check yet" } else { "no token" };
    reporter.note(format!("{} {} with {why}: 401.", request.method(), request.uri().path()));
    unauthorized(&protected, has_token)
}

fn has_bearer_token(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::AUTHORIZATION).iter();
    let mut schemes = values.filter_map(|value| value.to_str().ok()?.split(' ').next());
    schemes.any(|scheme| scheme.eq_ignore_ascii_case("bearer"))
}

/// The answer to a request without a valid token: RFC 6750 §3.
pub fn unauthorized(protected: &ProtectedResource, has_token: bool) -> Response {
    let mut challenge = format!("Bearer resource_metadata=\"{}\"", protected.metadata_url());
    // "MCP servers SHOULD include a scope parameter in the WWW-Authenticate header" (MCP
    // 2026-07-28). All of them: many clients register just the scopes that the first challenge
    // names, and cannot ask for more later.
    if !protected.scopes.is_empty() {
        challenge += &format!(", scope=\"{}\"", protected.scopes.join(" "));
    }
    // "If the request lacks any authentication information …, the resource server SHOULD NOT
    // include an error code" (RFC 6750 §3.1)
    if has_token {
        challenge +=
            ", error=\"invalid_token\", error_description=\"This server does not check tokens before lesson 05\"";
    }
    let hint = if has_token {
        "This token is not taken; WWW-Authenticate says where a good one comes from.\n"
    } else {
        "A token is needed; WWW-Authenticate says where it comes from.\n"
    };
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], hint).into_response()
}

impl ProtectedResource {
    /// The URL in the challenge: the first of the well-known ones (RFC 9728 §3).
    pub fn metadata_url(&self) -> String {
        let mut locations = well_known::locations(&self.resource).into_iter();
        locations.next().map(|location| location.url).unwrap_or_default()
    }

    /// The metadata document: RFC 9728 §2.
    pub fn document(&self) -> Value {
        let mut document = json!({
            "resource": self.resource,
            "authorization_servers": self.authorization_servers,
            // "Parameters with zero values MUST be omitted from the response." (RFC 9728 §3.2)
            "scopes_supported": (!self.scopes.is_empty()).then_some(&self.scopes),
            "bearer_methods_supported": ["header"],
            "resource_name": "MCP OAuth tutorial server",
            "resource_documentation": "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization",
        });
        if let Value::Object(members) = &mut document {
            members.extend(self.more.as_object().cloned().unwrap_or_default());
            members.retain(|_, value| !value.is_null());
        }
        document
    }
}
