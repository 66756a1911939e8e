//! The MCP server behind the layer that checks tokens: lists the tools that a token allows, and
//! calls them. The protocol itself is the SDK's.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::routing::any;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use shared::mcp;

use crate::access_token::AccessToken;
use crate::tools::Permissions;

/// Milliseconds for which a client may keep the list of tools, for the token that it was given for
/// and no other.
const TTL_MS: u64 = 60_000;

/// `/mcp` alone, without the layer.
pub fn endpoint(permissions: Arc<Permissions>, toolbox: impl Toolbox) -> Router {
    let tools = Tools { permissions, toolbox: Arc::new(toolbox) };
    // Every layer clones what is behind it for each request, and a clone of this service copies its
    // configuration: so there is one.
    let service = Arc::new(mcp::endpoint(move || tools.clone()));
    let respond = move |request: Request| {
        let service = Arc::clone(&service);
        async move { service.handle(request).await }
    };
    Router::new().route("/mcp", any(respond))
}

/// What a server can do for its callers. Who may is the table's business ([`Permissions`]).
pub trait Toolbox: Send + Sync + 'static {
    /// The descriptions of the tools.
    fn tools(&self) -> &[Tool];

    /// Calls the tool `name`, which is one of them; an error is the tool's own, in words for the
    /// caller.
    fn call(
        &self,
        name: &str,
        arguments: &JsonObject,
        caller: &Caller<'_>,
    ) -> impl Future<Output = Result<String, String>> + Send;
}

/// The caller of a tool, as far as a tool has to know.
pub struct Caller<'a> {
    /// The token that let the request in; `None` on a server without the layer.
    pub token: Option<Arc<AccessToken>>,
    /// The request, whose header has that token as it was sent.
    pub request: Option<&'a Parts>,
}

impl<'a> Caller<'a> {
    fn of(context: &'a RequestContext<RoleServer>) -> Self {
        let request = context.extensions.get::<Parts>();
        Self { token: request.and_then(|request| request.extensions.get::<Arc<AccessToken>>().cloned()), request }
    }
}

/// The MCP server behind the layer: lists tools, and calls them.
struct Tools<T> {
    permissions: Arc<Permissions>,
    toolbox: Arc<T>,
}

impl<T> Clone for Tools<T> {
    fn clone(&self) -> Self {
        Self { permissions: Arc::clone(&self.permissions), toolbox: Arc::clone(&self.toolbox) }
    }
}

impl<T: Toolbox> ServerHandler for Tools<T> {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new(mcp::NAME, mcp::VERSION);
        info
    }

    /// "The set MAY vary by the authorization presented on the request" (MCP 2026-07-28, Tools,
    /// Capabilities): so it is nobody else's, and caches are told.
    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let Caller { token, .. } = Caller::of(&context);
        let tools = self.toolbox.tools().iter();
        let tools = tools.filter(|tool| self.permissions.allows(&tool.name, token.as_deref()));
        let list = ListToolsResult::with_all_items(tools.cloned().collect());
        Ok(list.with_cache_scope(CacheScope::Private).with_ttl_ms(TTL_MS))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        if !self.toolbox.tools().iter().any(|tool| tool.name == name) {
            return Err(ErrorData::invalid_params(format!("There is no tool {name:?}."), None));
        }
        let caller = Caller::of(&context);
        if !self.permissions.allows(name, caller.token.as_deref()) {
            return Err(ErrorData::invalid_request("This token does not allow that tool.", None));
        }
        let arguments = request.arguments.unwrap_or_default();
        let result = match self.toolbox.call(name, &arguments, &caller).await {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
        };
        Ok(result.into())
    }
}
