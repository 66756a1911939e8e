//! The MCP endpoint (Streamable HTTP), on the official SDK `rmcp`.
//!
//! It serves both eras of the protocol side by side: up to 2025-11-25 (`initialize`, sessions) and
//! 2026-07-28 (stateless, `server/discover`).

use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
pub use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

/// The service for `/mcp`. Every request gets a handler of its own from `handler`.
pub fn endpoint<H: ServerHandler>(
    handler: impl Fn() -> H + Send + Sync + 'static,
) -> StreamableHttpService<H, LocalSessionManager> {
    // rmcp allows loopback hosts only; a disallowed Origin never gets this far (see
    // `check_origin`).
    let config = StreamableHttpServerConfig::default().with_json_response(true);
    StreamableHttpService::new(move || Ok(handler()), Arc::new(LocalSessionManager::default()), config)
}
