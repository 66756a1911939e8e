//! The tools. Who may call which is decided by the layer before ([`mod@crate::guard`]) and once
//! more here, by the same table: a tool that can be reached by another way is still not open.

use std::sync::{Arc, LazyLock};

use axum::http::request::Parts;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use shared::{Failure, mcp};

use crate::access_token::AccessToken;
use crate::permissions::Permissions;
use crate::sample_folder::SampleFolder;

/// Milliseconds for which a client may keep the list of tools, for the token that it was given for
/// and no other.
const TTL_MS: u64 = 60_000;

/// The weather that this server knows.
const WEATHER: &[(&str, &str)] =
    &[("Berlin", "4 °C, rain"), ("Lisbon", "17 °C, sunny"), ("Oslo", "-3 °C, snow"), ("Tokyo", "13 °C, clouds")];

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

/// This lesson's tools.
pub struct SampleTools {
    folder: SampleFolder,
}

impl SampleTools {
    /// Tools that work in a folder of their own.
    pub fn create() -> Result<Self, Failure> {
        Ok(Self { folder: SampleFolder::create()? })
    }
}

impl Toolbox for SampleTools {
    fn tools(&self) -> &[Tool] {
        &ALL
    }

    async fn call(&self, name: &str, arguments: &JsonObject, caller: &Caller<'_>) -> Result<String, String> {
        let text = |name: &str| {
            arguments
                .get(name)
                .and_then(Value::as_str)
                .ok_or(format!("The argument {name} is missing, or it is not a text."))
        };
        match name {
            "get_weather" => text("city").and_then(weather),
            "list_files" => {
                let folder = if arguments.contains_key("folder") { text("folder") } else { Ok(".") };
                folder.and_then(|folder| self.folder.list(folder)).map(|names| names.join("\n"))
            }
            "save_note" => text("name").and_then(|name| self.folder.save_note(name, text("text")?)),
            _ => profile(caller.token.as_deref()),
        }
    }
}

fn weather(city: &str) -> Result<String, String> {
    let found = WEATHER.iter().find(|(known, _)| known.eq_ignore_ascii_case(city));
    found.map(|(city, weather)| format!("{city}: {weather}")).ok_or_else(|| {
        let known: Vec<_> = WEATHER.iter().map(|(city, _)| *city).collect();
        format!("This server knows the weather in {}.", known.join(", "))
    })
}

/// What the token says of its user; whose it is, is `sub`, and nothing that the client could
/// choose.
pub fn profile(token: Option<&AccessToken>) -> Result<String, String> {
    let token = token.ok_or("There is no token, so there is no user.")?;
    let members = ["preferred_username", "name", "email"];
    let mut profile = JsonObject::from_iter([("sub".to_owned(), json!(token.subject()))]);
    for name in members {
        profile.extend(token.claims.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    profile.insert("scopes".to_owned(), json!(token.scopes));
    profile.insert("roles".to_owned(), json!(token.roles));
    Ok(Value::Object(profile).to_string())
}

/// The tools, described once.
static ALL: LazyLock<Vec<Tool>> = LazyLock::new(all);

fn all() -> Vec<Tool> {
    let reads = || ToolAnnotations::new().read_only(true);
    let text = |description: &str| json!({"type": "string", "description": description});
    vec![
        tool("get_user_profile", "What the access token says of its user", json!({}), &[]).with_annotations(reads()),
        tool(
            "get_weather",
            "The weather in a city (a sample, always the same)",
            json!({"city": text("For example Oslo")}),
            &["city"],
        )
        .with_annotations(reads()),
        tool(
            "list_files",
            "The files of a sample folder",
            json!({"folder": text("A folder below; without it, the top")}),
            &[],
        )
        .with_annotations(reads()),
        tool(
            "save_note",
            "Saves a note in the sample folder",
            json!({"name": text("Letters, digits, - and _"), "text": text("The note")}),
            &["name", "text"],
        )
        .with_annotations(ToolAnnotations::new().read_only(false).destructive(false)),
    ]
}

/// A tool and what it takes.
pub fn tool(name: &'static str, description: &'static str, properties: Value, required: &[&str]) -> Tool {
    let schema =
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let Value::Object(schema) = schema else { return Tool::new(name, description, JsonObject::new()) };
    Tool::new(name, description, schema)
}
