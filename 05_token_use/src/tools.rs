//! The tools. Who may call which is decided by the layer before ([`mod@crate::guard`]) and once more here, by the same table: a tool that
//! can be reached by another way is still not open.

use std::sync::{Arc, LazyLock};

use axum::http::request::Parts;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use shared::mcp;

use crate::access_token::AccessToken;
use crate::permissions::Permissions;
use crate::sample_folder::SampleFolder;

/// Milliseconds for which a client may keep the list of tools, for the token that it was given for and no other.
const TTL_MS: u64 = 60_000;

/// The weather that this server knows.
const WEATHER: &[(&str, &str)] =
    &[("Berlin", "4 °C, rain"), ("Lisbon", "17 °C, sunny"), ("Oslo", "-3 °C, snow"), ("Tokyo", "13 °C, clouds")];

/// The MCP server's tools.
#[derive(Clone)]
pub struct Tools {
    permissions: Arc<Permissions>,
    folder: Arc<SampleFolder>,
}

impl Tools {
    /// Tools that work in this folder.
    pub fn new(permissions: Arc<Permissions>, folder: Arc<SampleFolder>) -> Self {
        Self { permissions, folder }
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new(mcp::NAME, mcp::VERSION);
        info
    }

    /// "The set MAY vary by the authorization presented on the request" (MCP 2026-07-28, Tools, Capabilities): so it is nobody else's, and
    /// caches are told.
    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let token = token(&context);
        let tools = ALL.iter().filter(|tool| self.permissions.allows(&tool.name, token.as_deref()));
        let list = ListToolsResult::with_all_items(tools.cloned().collect());
        Ok(list.with_cache_scope(CacheScope::Private).with_ttl_ms(TTL_MS))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        if !ALL.iter().any(|tool| tool.name == name) {
            return Err(ErrorData::invalid_params(format!("There is no tool {name:?}."), None));
        }
        let token = token(&context);
        if !self.permissions.allows(name, token.as_deref()) {
            return Err(ErrorData::invalid_request("This token does not allow that tool.", None));
        }
        let arguments = request.arguments.unwrap_or_default();
        let text = |name: &str| {
            arguments
                .get(name)
                .and_then(Value::as_str)
                .ok_or(format!("The argument {name} is missing, or it is not a text."))
        };
        let result = match name {
            "get_weather" => text("city").and_then(weather),
            "list_files" => {
                let folder = if arguments.contains_key("folder") { text("folder") } else { Ok(".") };
                folder.and_then(|folder| self.folder.list(folder)).map(|names| names.join("\n"))
            }
            "save_note" => text("name").and_then(|name| self.folder.save_note(name, text("text")?)),
            _ => profile(token.as_deref()),
        };
        let result = match result {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
        };
        Ok(result.into())
    }
}

/// The token that let the request in; `None` on a server without the layer.
fn token(context: &RequestContext<RoleServer>) -> Option<Arc<AccessToken>> {
    context.extensions.get::<Parts>()?.extensions.get::<Arc<AccessToken>>().cloned()
}

fn weather(city: &str) -> Result<String, String> {
    let found = WEATHER.iter().find(|(known, _)| known.eq_ignore_ascii_case(city));
    found.map(|(city, weather)| format!("{city}: {weather}")).ok_or_else(|| {
        let known: Vec<_> = WEATHER.iter().map(|(city, _)| *city).collect();
        format!("This server knows the weather in {}.", known.join(", "))
    })
}

/// What the token says of its user; whose it is, is `sub`, and nothing that the client could choose.
fn profile(token: Option<&AccessToken>) -> Result<String, String> {
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

fn tool(name: &'static str, description: &'static str, properties: Value, required: &[&str]) -> Tool {
    let schema =
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let Value::Object(schema) = schema else { return Tool::new(name, description, JsonObject::new()) };
    Tool::new(name, description, schema)
}
