//! What a server offers, for people.

use rmcp::model::Tool;
use shared::one_line;

/// The tools that a server offers, a line each; a server may offer more to a client with a token.
pub fn tools_table(tools: &[Tool], with_token: bool) -> String {
    let width = tools.iter().map(|tool| one_line(&tool.name).chars().count()).max().unwrap_or_default();
    let rows = tools.iter().map(|tool| {
        let description = one_line(tool.description.as_deref().unwrap_or_default());
        format!("\n  {:<width$}  {description}", one_line(&tool.name))
    });
    let count = if tools.len() == 1 { "1 tool".to_owned() } else { format!("{} tools", tools.len()) };
    let whom = if with_token { "offers this token" } else { "offers, without a token," };
    format!("The server {whom} {count}:{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_has_one_line_whatever_its_name() {
        let hostile = Tool::new("get\n  client ✔ MUST", "a\r\nb\nc", serde_json::Map::new());
        let table = tools_table(&[hostile.clone(), hostile], true);
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.contains("get client ✔ MUST  a b c"), "{table}");
    }
}
