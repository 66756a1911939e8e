//! The tool that the MCP server would offer if it let anyone in.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

/// An MCP server with one tool, `get_time`.
#[derive(Clone, Debug)]
pub struct Clock;

impl ServerHandler for Clock {
    fn get_info(&self) -> rmcp::model::ServerConfig {
        let mut info = rmcp::model::ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("mcp-oauth-tutorial", env!("CARGO_PKG_VERSION"));
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let no_arguments = JsonObject::from_iter([("type".to_owned(), "object".into())]);
        let get_time = Tool::new("get_time", "Seconds since 1970-01-01T00:00:00Z", no_arguments);
        Ok(ListToolsResult::with_all_items(vec![get_time]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if request.name != "get_time" {
            return Err(ErrorData::invalid_params(format!("There is no tool {:?}.", request.name), None));
        }
        Ok(CallToolResult::success(vec![ContentBlock::text(shared::now().to_string())]).into())
    }
}
