//! The tools: what a token has to allow for each ([`Permissions`]), and the MCP server that lists and
//! calls them. MCP leaves the first to the server; scopes say what the user let the client do, roles
//! what the user may do at all. The layer in front ([`crate::server`]) decides by the same table, so
//! a tool that can be reached by another way is still not open.
//!
//! "Servers MUST account for scope hierarchies" (MCP 2026-07-28, Step-Up Authorization Flow): there
//! is none here, neither scope implies the other.

mod sample_folder;
mod sample_tools;

use std::sync::Arc;

use axum::http::request::Parts;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use shared::mcp;

pub use sample_folder::SampleFolder;
pub use sample_tools::{SampleTools, profile, tool};

use crate::access_token::AccessToken;
use crate::refusal::{Checks, Refusal, RefusalKind};
use crate::rules;

/// What a tool needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A valid token, whatever it allows.
    Token,
    /// The scope to read.
    Read,
    /// The scope to write.
    Write,
}

/// A server's tools, and what each needs.
pub type Table = &'static [(&'static str, Needs)];

/// This lesson's.
pub const TOOLS: Table = &[
    ("get_user_profile", Needs::Token),
    ("get_weather", Needs::Read),
    ("list_files", Needs::Read),
    ("save_note", Needs::Write),
];

/// Which scopes and roles reading and writing take here.
#[derive(Clone, Debug)]
pub struct Permissions {
    tools: Table,
    read: Option<String>,
    write: Option<String>,
    open: bool,
}

/// The roles of the tutorial's realm. They count where a token tells its user's roles at all.
const READER: &str = "mcp-reader";
/// The same.
const WRITER: &str = "mcp-writer";

impl Permissions {
    /// The first of the server's scopes is for reading, the last one for writing.
    pub fn of_scopes(tools: Table, scopes: &[String]) -> Self {
        Self { tools, read: scopes.first().cloned(), write: scopes.last().cloned(), open: false }
    }

    /// Everybody may do everything, with or without a token: what a server is like that has no
    /// authorization.
    pub fn open() -> Self {
        Self { tools: TOOLS, read: None, write: None, open: true }
    }

    /// Whether this tool may be called with this token; an unknown tool is not this module's
    /// business.
    pub fn check(&self, checks: &Checks<'_>, tool: &str, token: &AccessToken) -> Result<(), Refusal> {
        let Some((scope, role)) = self.needed(tool) else { return Ok(()) };
        // "The request requires higher privileges than provided by the access token." (RFC 6750
        // §3.1)
        let granted = scope.is_none_or(|scope| token.scopes.iter().any(|own| own == scope));
        let expected = format_args!("{tool} needs the scope {}", scope.unwrap_or("(none)"));
        let got = if token.scopes.is_empty() { "no scope".to_owned() } else { token.scopes.join(" ") };
        let kind = RefusalKind::InsufficientScope(scope.map(str::to_owned));
        checks.require(&rules::SCOPE, granted, expected, got, kind)?;

        let Some(roles) = &token.roles else { return Ok(()) };
        let has_role = roles.iter().any(|own| own == role);
        let kind = RefusalKind::InsufficientScope(None);
        checks.require(&rules::ROLE, has_role, format_args!("{tool} needs the role {role}"), roles.join(" "), kind)
    }

    /// The same without a word, for a list and for the tools themselves. A tool that is not in the
    /// table is nobody's.
    pub fn allows(&self, tool: &str, token: Option<&AccessToken>) -> bool {
        let is_known = self.tools.iter().any(|(name, _)| *name == tool);
        match token {
            Some(token) => is_known && self.check(&Checks::quiet(), tool, token).is_ok(),
            None => self.open,
        }
    }

    /// The scope and the role that a tool needs.
    fn needed(&self, tool: &str) -> Option<(Option<&str>, &'static str)> {
        let (_, needs) = self.tools.iter().find(|(name, _)| *name == tool)?;
        match needs {
            Needs::Token => None,
            Needs::Read => Some((self.read.as_deref(), READER)),
            Needs::Write => Some((self.write.as_deref(), WRITER)),
        }
    }
}

/// Milliseconds for which a client may keep the list of tools, for the token that it was given for
/// and no other.
const TTL_MS: u64 = 60_000;

/// What a server can do for its callers. Who may is the table's business ([`Permissions`]).
pub trait Toolbox: Send + Sync + 'static {
    /// The tools, described.
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

/// Who calls.
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
pub struct Tools<T> {
    permissions: Arc<Permissions>,
    toolbox: Arc<T>,
}

impl<T> Tools<T> {
    /// The tools of this box.
    pub fn new(permissions: Arc<Permissions>, toolbox: T) -> Self {
        Self { permissions, toolbox: Arc::new(toolbox) }
    }
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
