//! The MCP server, which is an OAuth protected resource: it answers 401 to whoever has no token,
//! and publishes where tokens come from (RFC 9728).
//!
//! Left out until lesson 05: looking into a token. Whatever token comes gets 401 `invalid_token`.
//! Also left out, since it would not be true: `resource_signing_alg_values_supported` (this server
//! signs no answers) and `jwks_uri`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Redirect, Response};
use axum::routing::get;
use axum::{Router, body::Body};
use serde_json::{Value, json};
use shared::breakage::Breakage;
use shared::{Reporter, mcp};
use tower_http::cors::{Any, CorsLayer};

use crate::breakages;
use crate::tools::Clock;

/// What this server says about itself.
#[derive(Clone, Debug)]
pub struct ProtectedResource {
    /// Its URL, as clients are to call it: scheme, host, port, and the path `/mcp`.
    pub resource: String,
    /// Issuer identifiers of the authorization servers whose tokens it takes.
    pub authorization_servers: Vec<String>,
    /// The scopes that it knows.
    pub scopes: Vec<String>,
    /// Adds `client_registration_info`, which no standard defines.
    pub registration_hint: bool,
    /// Members that a later lesson's server adds to its metadata: an object, or `null`.
    pub more: Value,
    /// The rule that it breaks.
    pub breakage: Option<&'static Breakage>,
}

/// The server: `/mcp`, its metadata in both places that MCP names, and `/health`.
pub fn app(protected: ProtectedResource, reporter: Reporter) -> Router {
    let endpoint = Router::new()
        .route_service("/mcp", mcp::endpoint(|| Clock))
        // Layers run from the last to the first: origin, CORS, token, endpoint.
        .layer(middleware::from_fn_with_state((Arc::new(protected.clone()), reporter.clone()), require_token))
        .layer(mcp::endpoint_cors())
        .layer(middleware::from_fn_with_state(reporter, mcp::check_origin));
    endpoint.merge(metadata_routes(protected)).route("/health", get(|| async { Json(json!({"status": "ok"})) }))
}

/// The metadata document, for pages of any origin: it is public.
pub fn metadata_routes(protected: ProtectedResource) -> Router {
    let at_path = protected.breakage.is_none_or(|breakage| breakage.name != breakages::ROOT_ONLY.name);
    let mut routes = Router::new().route("/.well-known/oauth-protected-resource", get(document));
    if at_path {
        routes = routes.route("/.well-known/oauth-protected-resource/mcp", get(document));
    }
    routes.layer(CorsLayer::new().allow_origin(Any)).with_state(Arc::new(protected))
}

/// Answers 401 with a challenge to everyone.
async fn require_token(
    State((protected, reporter)): State<(Arc<ProtectedResource>, Reporter)>,
    request: Request,
    _: Next,
) -> Response {
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
    match protected.breakage {
        Some(breakage)
            if breakage.name == breakages::NO_CHALLENGE.name || breakage.name == breakages::ROOT_ONLY.name =>
        {
            StatusCode::UNAUTHORIZED.into_response()
        }
        _ => {
            let hint = match has_token {
                true => "This token is not taken; WWW-Authenticate says where a good one comes from.\n",
                false => "A token is needed; WWW-Authenticate says where it comes from.\n",
            };
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], hint).into_response()
        }
    }
}

impl ProtectedResource {
    /// The URL in the challenge: the well-known one of RFC 9728 §3.
    pub fn metadata_url(&self) -> String {
        match self.breakage {
            Some(breakage) if breakage.name == breakages::PRIVATE_METADATA_URL.name => PRIVATE_URL.to_owned(),
            _ => self.resource.replacen("/mcp", "/.well-known/oauth-protected-resource/mcp", 1),
        }
    }

    /// The metadata document: RFC 9728 §2.
    fn document(&self) -> Value {
        let mut document = json!({
            "resource": self.resource,
            "authorization_servers": self.authorization_servers,
            // "Parameters with zero values MUST be omitted from the response." (RFC 9728 §3.2)
            "scopes_supported": (!self.scopes.is_empty()).then_some(&self.scopes),
            "bearer_methods_supported": ["header"],
            "resource_name": "MCP OAuth tutorial server",
            "resource_documentation": "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization",
        });
        if self.registration_hint {
            document["client_registration_info"] =
                json!("Ask the authorization server: registering clients is its business.");
        }
        if let (Value::Object(members), Value::Object(more)) = (&mut document, &self.more) {
            members.extend(more.clone());
        }
        self.spoil(&mut document);
        if let Value::Object(members) = &mut document {
            members.retain(|_, value| !value.is_null());
        }
        document
    }

    fn spoil(&self, document: &mut Value) {
        match self.breakage.map_or("", |breakage| breakage.name) {
            name if name == breakages::WRONG_RESOURCE.name => document["resource"] = json!("https://other.example/mcp"),
            name if name == breakages::NO_AUTHORIZATION_SERVERS.name => document["authorization_servers"] = Value::Null,
            name if name == breakages::GARBAGE_METADATA_TYPES.name => {
                document["authorization_servers"] = json!(self.authorization_servers.join(" "));
            }
            name if name == breakages::GARBAGE_METADATA_SIZE.name => {
                document["padding"] = json!("x".repeat(5 * 1024 * 1024))
            }
            _ => {}
        }
    }
}

/// Where clouds keep the credentials of a machine.
const PRIVATE_URL: &str = "http://169.254.169.254/latest/meta-data/";

async fn document(State(protected): State<Arc<ProtectedResource>>) -> Response {
    match protected.breakage {
        Some(breakage) if breakage.name == breakages::PRIVATE_METADATA_REDIRECT.name => {
            Redirect::temporary(PRIVATE_URL).into_response()
        }
        Some(breakage) if breakage.name == breakages::GARBAGE_METADATA.name => {
            ([(header::CONTENT_TYPE, "application/json")], Body::from("<!doctype html><title>Not found</title>"))
                .into_response()
        }
        _ => Json(protected.document()).into_response(),
    }
}
