//! The tokens that this machine has: keyed by the authorization server that issued them and the MCP
//! server that they are for, kept like lesson 03's clients. "Clients and servers MUST implement
//! secure token storage" (MCP 2026-07-28).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::kept::{Home, Locked};
use shared::members::without_value;
use shared::{Failure, Reporter, now};

use crate::client::SignedIn;
use crate::token_response::TokenResponse;

const FILE: &str = "tokens.json";
/// The version of the file's form.
const VERSION: u32 = 1;

/// Tokens for one MCP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The authorization server.
    pub issuer: String,
    /// The client that they were given to, by its name there: no other one can refresh or revoke
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `resource`, as it was sent; without it, the MCP server's URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What was asked for.
    pub requested: Vec<String>,
    /// Seconds since 1970.
    pub obtained_at: u64,
    /// The MCP server has refused the access token, so it is not sent again. The refresh token may
    /// still be valid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// The tokens.
    pub tokens: TokenResponse,
}

#[derive(Default, Serialize, Deserialize)]
struct File {
    version: u32,
    /// By MCP server.
    servers: BTreeMap<String, Kept>,
}

/// The kept tokens, while no other run can change them: a refresh token is good for one use, and
/// two runs that used the same one would look like a thief and his victim.
#[must_use = "the file is free again when this is dropped"]
pub struct Tokens {
    file: Locked,
    all: File,
}

impl Tokens {
    /// Opens the file; a second run waits until this is dropped.
    pub async fn open(home: &Home) -> Result<Self, Failure> {
        let file = Locked::open(home, FILE).await?;
        let all = read(&file)?;
        Ok(Self { file, all })
    }

    /// The tokens for a server.
    pub fn find(&self, mcp_server: &str) -> Option<&Kept> {
        self.all.servers.get(mcp_server)
    }

    /// The tokens for every other server, each with its URL.
    pub fn others(&self, mcp_server: &str) -> impl Iterator<Item = (&str, &Kept)> {
        self.all.servers.iter().filter(move |(url, _)| *url != mcp_server).map(|(url, kept)| (url.as_str(), kept))
    }

    /// Keeps tokens for a server; returns where.
    pub fn keep(&mut self, mcp_server: &str, kept: Kept) -> Result<String, Failure> {
        self.all.servers.insert(mcp_server.to_owned(), kept);
        self.write()
    }

    /// Forgets the tokens for a server; returns where they were.
    pub fn forget(&mut self, mcp_server: &str) -> Result<String, Failure> {
        self.all.servers.remove(mcp_server);
        self.write()
    }

    fn write(&self) -> Result<String, Failure> {
        let bytes = serde_json::to_vec_pretty(&self.all)
            .map_err(|error| Failure::new("tokens.file", format!("Tokens cannot be written: {error}."), ""))?;
        self.file.write(&bytes)?;
        Ok(self.file.path().display().to_string())
    }
}

/// Stores what a sign-in brought, for the commands of the next lesson.
pub async fn store(reporter: &Reporter, server_url: &str, signed_in: SignedIn) -> Result<(), Failure> {
    let SignedIn { issuer, client_id, resource, requested, tokens, .. } = signed_in;
    let (client_id, resource) = (Some(client_id), Some(resource));
    let kept = Kept { issuer, client_id, resource, requested, obtained_at: now(), refused: false, tokens };
    let place = Tokens::open(&Home::of_user(reporter)?).await?.keep(server_url, kept)?;
    reporter.announce(format!("The tokens are stored in {place} (readable only by you). Lesson 05 uses them."));
    Ok(())
}

/// The tokens for a server, for a look.
pub async fn find(home: &Home, mcp_server: &str) -> Result<Option<Kept>, Failure> {
    if !home.has(FILE) {
        return Ok(None);
    }
    Ok(Tokens::open(home).await?.find(mcp_server).cloned())
}

fn read(file: &Locked) -> Result<File, Failure> {
    let Some(bytes) = file.read()? else { return Ok(File { version: VERSION, servers: BTreeMap::new() }) };
    let path = file.path().display();
    let unreadable = |reason: String| {
        Failure::new(
            "tokens.file",
            format!("{path} does not contain tokens: {reason}."),
            format!("Move {path} away, and sign in again."),
        )
    };
    let all: File = serde_json::from_slice(&bytes).map_err(|error| unreadable(without_value(&error)))?;
    match all.version {
        VERSION => Ok(all),
        other => Err(unreadable(format!("its version is {other}, but this program reads {VERSION}"))),
    }
}

#[cfg(test)]
mod tests {
    use shared::Secret;

    use super::*;

    #[tokio::test]
    async fn tokens_are_found_by_the_server_that_they_are_for() {
        let folder = shared::testing::private_folder();
        let home = Home::at(folder.path());
        assert_eq!(find(&home, "http://a").await.unwrap(), None);
        let kept = Kept {
            issuer: "https://i".to_owned(),
            client_id: None,
            resource: None,
            requested: vec!["x".to_owned()],
            obtained_at: 1,
            refused: false,
            tokens: TokenResponse {
                access_token: Secret::new("t"),
                token_type: "Bearer".to_owned(),
                expires_in: None,
                refresh_token: None,
                scope: None,
                id_token: None,
            },
        };
        let mut opened = Tokens::open(&home).await.unwrap();
        opened.keep("http://a", kept.clone()).unwrap();
        drop(opened);
        assert_eq!(find(&home, "http://a").await.unwrap(), Some(kept));
        assert_eq!(find(&home, "http://b").await.unwrap(), None);
        let mut opened = Tokens::open(&home).await.unwrap();
        opened.forget("http://b").unwrap();
        assert!(opened.find("http://a").is_some());
        opened.forget("http://a").unwrap();
        drop(opened);
        assert_eq!(find(&home, "http://a").await.unwrap(), None);
        for text in ["{", r#"{"version": 1, "servers": "s3cr3t-0f-mine"}"#] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let failure = find(&home, "http://a").await.unwrap_err();
            assert!(failure.id == "tokens.file" && !failure.message.contains("s3cr3t"), "{failure}");
        }
    }
}
