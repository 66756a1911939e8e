//! What a server offers, for people.

use rmcp::model::Tool;

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
