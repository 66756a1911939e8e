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

/// Scopes about the user, which are no server's own (OpenID Connect).
const SCOPES_OF_NOBODY: [&str; 6] = ["openid", "offline_access", "profile", "email", "address", "phone"];

impl TokenFile {
    /// Before the user signs in for these scopes: is there a token for some of them, of the same
    /// authorization server, for another server? Then this one may be asking for that one's scopes.
    pub async fn warn_of_others(&self, reporter: &Reporter, issuer: &str, requested: &[String]) -> Result<(), Failure> {
        let Some(opened) = self.lock().await?.tokens else { return Ok(()) };
        for (url, kept) in opened.others(&self.server_url).filter(|(_, kept)| kept.issuer == issuer) {
            let theirs = kept.tokens.scopes(&kept.requested);
            let is_shared = |scope: &&str| theirs.contains(scope) && !SCOPES_OF_NOBODY.contains(scope);
            let shared: Vec<_> = requested.iter().map(String::as_str).filter(is_shared).collect();
            if !shared.is_empty() {
                reporter.note(format!(
                    "Careful: {} requests {}, and so does {url}, whose tokens are from the same IdP. If the scopes belong to {url}, say no on the \
                     IdP's page.",
                    self.server_url,
                    shared.join(" ")
                ));
            }
        }
        Ok(())
    }
}

impl LockedTokenFile {
    /// Whether another run has changed the tokens meanwhile; then `tokens` become what it left.
    pub fn take_changes(&self, reporter: &Reporter, tokens: &mut Option<Kept>) -> bool {
        let Some(opened) = &self.tokens else { return false };
        let newest = opened.find(&self.server_url);
        let has_changed = newest != tokens.as_ref();
        if has_changed {
            reporter.note("Another run has changed the stored tokens. The client uses the changed ones.");
            *tokens = newest.cloned();
        }
        has_changed
    }

    /// Puts these tokens in the place of those, unless another run has changed them meanwhile;
    /// whether they were there.
    pub fn replace(self, before: &Kept, after: Kept) -> Result<bool, Failure> {
        let Some(mut opened) = self.tokens else { return Ok(true) };
        let is_there = opened.find(&self.server_url) == Some(before);
        if is_there {
            opened.keep(&self.server_url, after)?;
        }
        Ok(is_there)
    }

    /// Writes these tokens into the file, if there is one.
    pub fn write(self, reporter: &Reporter, kept: Kept) -> Result<(), Failure> {
        if let Some(mut opened) = self.tokens {
            let place = opened.keep(&self.server_url, kept)?;
            reporter.announce(format!("The tokens are stored in {place} (readable only by you)."));
        }
        Ok(())
    }
}
