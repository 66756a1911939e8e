//! Going further: a client's tokens that outlive the run, in lesson 04's file.

use authorization_code::further::stored_tokens::{Kept, Tokens};
use shared::kept::Home;
use shared::{Failure, Reporter};

/// The file of a client's tokens for one MCP server.
pub struct TokenFile {
    /// Where it is; `None`: the tokens are stored nowhere.
    home: Option<Home>,
    pub server_url: String,
}

/// The file, for this run alone, so that two runs do not use one refresh token.
pub struct LockedTokenFile {
    /// `None` where the tokens are stored nowhere.
    pub tokens: Option<Tokens>,
    server_url: String,
}

impl TokenFile {
    /// The file at this place; nothing is read yet.
    pub fn new(server_url: &str, home: Option<Home>) -> Self {
        Self { home, server_url: server_url.to_owned() }
    }

    /// Waits until no other run uses the file.
    pub async fn lock(&self) -> Result<LockedTokenFile, Failure> {
        let tokens = match &self.home {
            Some(home) => Some(Tokens::open(home).await?),
            None => None,
        };
        Ok(LockedTokenFile { tokens, server_url: self.server_url.clone() })
    }
}

impl LockedTokenFile {
    /// Whether another run has changed the tokens meanwhile; then `tokens` become what it left.
    pub fn take_changes(&self, reporter: &Reporter, tokens: &mut Option<Kept>) -> bool {
        let Some(opened) = &self.tokens else { return false };
        let newest = opened.find(&self.server_url);
        let has_changed = newest != tokens.as_ref();
        if has_changed {
            reporter.note("Another run has changed the kept tokens meanwhile: what it left is used.");
            *tokens = newest.cloned();
        }
        has_changed
    }

    /// Writes these tokens into the file, if there is one.
    pub fn write(self, reporter: &Reporter, kept: Kept) -> Result<(), Failure> {
        if let Some(mut opened) = self.tokens {
            let place = opened.keep(&self.server_url, kept)?;
            reporter.note(format!("The tokens are kept in {place} (only you can read that)."));
        }
        Ok(())
    }
}
