//! Tools as the client sees them.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use shared::Failure;
use shared::mcp::client::Connection;

use crate::error::TokenUseError;

/// Calls a tool; what it says, where it worked.
pub async fn call_tool(connection: &Connection, name: &str, arguments: JsonObject) -> Result<String, Failure> {
    let result = connection.call_tool(name, arguments).await?;
    let said = text(&result);
    match result.is_error {
        Some(true) => Err(TokenUseError::Tool { name: name.to_owned(), said }.into()),
        _ => Ok(said),
    }
}

fn text(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| block.as_text().map(|text| text.text.as_str()));
    texts.collect::<Vec<_>>().join("\n")
}

/// The tools that a server offers, a line each.
pub fn tools_table(tools: &[Tool]) -> String {
    let width = tools.iter().map(|tool| tool.name.len()).max().unwrap_or_default();
    let rows = tools.iter().map(|tool| {
        let description = tool.description.as_deref().unwrap_or_default();
        format!("\n  {:<width$}  {description}", tool.name)
    });
    let count = if tools.len() == 1 { "1 tool".to_owned() } else { format!("{} tools", tools.len()) };
    format!("The server offers this token {count}:{}", rows.collect::<String>())
}
