//! The MCP endpoint speaks both eras of the protocol.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use serde_json::{Value, json};
use shared::mcp;
use tower::ServiceExt;

/// An MCP server with one tool, `get_time`.
#[derive(Clone, Debug)]
struct Clock;

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

async fn response(version: Option<&str>, body: Value) -> (StatusCode, Value) {
    let method = body["method"].as_str().unwrap().to_owned();
    let mut request = Request::post("/mcp")
        .header("host", "localhost:8000")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(version) = version {
        request = request.header("mcp-protocol-version", version).header("mcp-method", method);
        if let Some(name) = body["params"]["name"].as_str() {
            request = request.header("mcp-name", name);
        }
    }
    let app = Router::new().route_service("/mcp", mcp::endpoint(|| Clock));
    let response = app.oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = response.status();
    // An `initialize` of the older era is answered by a stream that stays open: its first event is
    // enough.
    let body = tokio::time::timeout(std::time::Duration::from_secs(60), to_bytes(response.into_body(), 1 << 20)).await;
    let body = body.unwrap().unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    let json =
        text.lines().filter_map(|line| serde_json::from_str(line.trim_start_matches("data:").trim()).ok()).next_back();
    (status, json.unwrap_or_default())
}

fn modern(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

#[tokio::test]
async fn the_endpoint_speaks_2026_07_28() {
    let (status, discovered) = response(Some("2026-07-28"), modern("server/discover", json!({}))).await;
    assert_eq!(status, StatusCode::OK, "{discovered}");
    assert!(
        discovered["result"]["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")),
        "{discovered}"
    );
    let (_, tools) = response(Some("2026-07-28"), modern("tools/list", json!({}))).await;
    assert_eq!(tools["result"]["tools"][0]["name"], "get_time");
    assert!(
        tools["result"]["resultType"] == "complete"
            && tools["result"]["cacheScope"].is_string()
            && tools["result"]["ttlMs"].is_number(),
        "{tools}"
    );
    let (_, time) =
        response(Some("2026-07-28"), modern("tools/call", json!({"name": "get_time", "arguments": {}}))).await;
    let seconds: u64 = time["result"]["content"][0]["text"].as_str().unwrap().parse().unwrap();
    assert!(seconds > 1_700_000_000);
    let (_, unknown) = response(Some("2026-07-28"), modern("tools/call", json!({"name": "nope"}))).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn the_endpoint_speaks_2025_11_25() {
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let (status, response) =
        response(None, json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(response["result"]["protocolVersion"], "2025-11-25", "{response}");
}
