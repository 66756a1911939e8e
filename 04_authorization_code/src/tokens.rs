//! The tokens that this machine has: keyed by the authorization server that issued them and the MCP server that they are for, kept like
//! lesson 03's clients. "Clients and servers MUST implement secure token storage" (MCP 2026-07-28).

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use shared::Failure;
use shared::kept::Locked;

use crate::token_response::TokenResponse;

/// The file's name.
const FILE: &str = "tokens.json";
/// The version of the file's form.
const VERSION: u32 = 1;

/// Tokens for one MCP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The authorization server.
    pub issuer: String,
    /// What was asked for.
    pub requested: Vec<String>,
    /// Seconds since 1970.
    pub obtained_at: u64,
    /// The tokens.
    pub tokens: TokenResponse,
}

#[derive(Default, Serialize, Deserialize)]
struct File {
    version: u32,
    /// By MCP server.
    servers: BTreeMap<String, Kept>,
}

/// Keeps tokens for a server; returns where.
pub async fn keep(folder: &Path, mcp_server: &str, kept: Kept) -> Result<String, Failure> {
    let file = Locked::open(folder, FILE).await?;
    let mut all = read(&file)?;
    all.servers.insert(mcp_server.to_owned(), kept);
    let bytes = serde_json::to_vec_pretty(&all)
        .map_err(|error| Failure::new("tokens.file", format!("Tokens cannot be written: {error}."), ""))?;
    file.write(&bytes)?;
    Ok(file.path().display().to_string())
}

/// The tokens for a server.
pub async fn find(folder: &Path, mcp_server: &str) -> Result<Option<Kept>, Failure> {
    if !folder.join(FILE).exists() {
        return Ok(None);
    }
    let file = Locked::open(folder, FILE).await?;
    Ok(read(&file)?.servers.remove(mcp_server))
}

fn read(file: &Locked) -> Result<File, Failure> {
    let Some(bytes) = file.read()? else { return Ok(File { version: VERSION, servers: BTreeMap::new() }) };
    let path = file.path().display();
    let unreadable = |reason: String| {
        Failure::new(
            "tokens.file",
            format!("{path} holds no tokens: {reason}."),
            format!("Move {path} away, and sign in again."),
        )
    };
    let all: File = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    match all.version {
        VERSION => Ok(all),
        other => Err(unreadable(format!("its version is {other}, and this program knows {VERSION}"))),
    }
}

#[cfg(test)]
mod tests {
    use shared::Secret;

    use super::*;

    #[tokio::test]
    async fn tokens_are_found_by_the_server_that_they_are_for() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find(folder.path(), "http://a").await.unwrap(), None);
        let kept = Kept {
            issuer: "https://i".to_owned(),
            requested: vec!["x".to_owned()],
            obtained_at: 1,
            tokens: TokenResponse {
                access_token: Secret::new("t"),
                token_type: "Bearer".to_owned(),
                expires_in: None,
                refresh_token: None,
                scope: None,
                id_token: None,
            },
        };
        keep(folder.path(), "http://a", kept.clone()).await.unwrap();
        assert_eq!(find(folder.path(), "http://a").await.unwrap(), Some(kept));
        assert_eq!(find(folder.path(), "http://b").await.unwrap(), None);
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(find(folder.path(), "http://a").await.unwrap_err().id, "tokens.file");
    }
}
