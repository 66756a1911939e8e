//! `-- clients forget --issuer URL` and `--server-url URL`: everything that is stored for one
//! authorization server or for one MCP server, clients and tokens alike.

use clap::Args;
use serde_json::Value;
use shared::kept::{self, Forgotten, Home};
use shared::{Failure, Reporter};

/// Whose credentials are meant.
#[derive(Args, Clone, Debug)]
pub struct AllOf {
    /// Everything from this authorization server: its client, the tokens that it gave, its Initial
    /// Access Token
    #[arg(long, value_name = "URL", conflicts_with = "server_url")]
    issuer: Option<String>,
    /// Everything for this MCP server: its tokens, and a client that was used for no other server
    #[arg(long, value_name = "URL")]
    server_url: Option<String>,
}

impl AllOf {
    /// Whether neither was given.
    pub fn is_empty(&self) -> bool {
        self.issuer.is_none() && self.server_url.is_none()
    }

    /// Whether an entry under this URL is meant.
    fn holds(&self, url: &str, entry: &Value) -> bool {
        let of_issuer = |issuer: &str| url == issuer || entry["issuer"] == issuer;
        // A client stands under its issuer and names the servers that it was used for.
        let servers = entry["mcp_servers"].as_array();
        let of_server = |server: &str| match servers {
            Some(servers) => !servers.is_empty() && servers.iter().all(|used| used == server),
            None => url == server,
        };
        self.issuer.as_deref().is_some_and(of_issuer) || self.server_url.as_deref().is_some_and(of_server)
    }
}

/// Forgets it in every file, and says what.
pub async fn run(reporter: &Reporter, all_of: &AllOf) -> Result<(), Failure> {
    let home = Home::of_user(reporter)?;
    let forgotten = kept::forget_entries(&home, |url, entry| all_of.holds(url, entry)).await?;
    let (whose, folder) = (all_of.issuer.as_ref().or(all_of.server_url.as_ref()), home.folder().display());
    let whose = whose.map(String::as_str).unwrap_or_default();
    if forgotten.is_empty() {
        let message = format!("Nothing is stored for {whose} in {folder}.");
        return Err(Failure::new(
            "clients.which",
            message,
            "Compare the URL letter by letter, path and slash included: -- clients list.",
        ));
    }
    let shown = |one: &Forgotten| match one.entry["information"]["client_id"].as_str() {
        Some(client_id) => format!("the client {client_id} at {} ({})", one.url, one.file),
        None => format!("what was stored for {} ({})", one.url, one.file),
    };
    let listed: Vec<_> = forgotten.iter().map(shown).collect();
    reporter.note(format!(
        "No longer kept in {folder}: {}. IdPs are not asked: a client or a token stays valid there until it is deleted or revoked, or expires.",
        listed.join(", ")
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_belongs_to_an_issuer_or_to_a_server() {
        let (issuer, server) = ("https://idp.example", "https://mcp.example/mcp");
        let of = |issuer: Option<&str>, server: Option<&str>| AllOf {
            issuer: issuer.map(str::to_owned),
            server_url: server.map(str::to_owned),
        };
        let client = json!({"mcp_servers": [server], "information": {}});
        let shared = json!({"mcp_servers": [server, "https://other.example"], "information": {}});
        let tokens = json!({"issuer": issuer, "tokens": {}});
        let by_issuer = of(Some(issuer), None);
        assert!(
            by_issuer.holds(issuer, &client) && by_issuer.holds(issuer, &shared) && by_issuer.holds(server, &tokens)
        );
        assert!(!by_issuer.holds("https://idp.example/", &client));
        let by_server = of(None, Some(server));
        assert!(by_server.holds(issuer, &client) && by_server.holds(server, &tokens));
        assert!(!by_server.holds(issuer, &shared), "it is another server's too");
        assert!(!by_server.holds("https://other.example", &tokens));
    }
}
