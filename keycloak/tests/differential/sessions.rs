//! Sessions of several clients, and what depends on the age of a token.

use std::time::Duration;

use libtest_mimic::Failed;
use shared::http::Request;

use super::idp::{DEMO, IdpUnderTest, refreshing};

impl IdpUnderTest {
    /// One user, one browser, several clients, or one of them several times.
    pub async fn sessions_of_several(&mut self) -> Result<(), Failed> {
        let other = self.public_client().await?;
        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let others = self.more_tokens_of(&other, "mcp:read").await?;
        self.revoke("one client of two", DEMO, &tokens.refresh).await?;
        self.introspect("one client of two was revoked", &tokens.access).await?;
        self.introspect("the other client of two was revoked", &others.access).await?;
        self.refresh("one client of two was revoked", DEMO, &tokens.refresh).await?;
        self.refresh("the other client of two was revoked", &other, &others.refresh).await?;
        let url = self.authorization_url(&other, &[("scope", "mcp:read")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: one client of two was revoked", &response);

        let first = self.tokens_of(DEMO, "mcp:read").await?;
        let second = self.more_tokens_of(DEMO, "mcp:read mcp:write").await?;
        self.refresh("the first of two sign-ins", DEMO, &first.refresh).await?;
        let newer = self.refresh("the second of two sign-ins", DEMO, &second.refresh).await?;
        self.introspect("the first of two sign-ins", &first.access).await?;
        self.refresh("the first of two sign-ins, replayed", DEMO, &first.refresh).await?;
        self.refresh("the second of two sign-ins, after that", DEMO, &newer.refresh).await?;
        self.introspect("after a replay", &newer.access).await?;
        self.revoke("after a replay", DEMO, &newer.refresh).await?;
        // A replay ends the client's part; the user stays signed in.
        let url = self.authorization_url(DEMO, &[]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: after a replay", &response);

        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let newer = self.refresh("once", DEMO, &tokens.refresh).await?;
        let too_much = [&refreshing(DEMO, &tokens.refresh)[..], &[("scope", "calendar:read")]].concat();
        self.token("refresh: replayed, with too much scope", &too_much).await?;
        self.refresh("the newest after that", DEMO, &newer.refresh).await?;
        Ok(())
    }

    /// What depends on a token's age: both IdPs measure in whole seconds, and forgive one.
    pub async fn after_a_while(&mut self) -> Result<(), Failed> {
        let other = self.public_client().await?;
        let stale = self.tokens_of(DEMO, "mcp:read").await?;
        let before = self.tokens_of(DEMO, "mcp:read").await?;
        self.more_tokens_of(&other, "mcp:read").await?;
        self.revoke("one client of two, which comes back", DEMO, &before.refresh).await?;
        tokio::time::sleep(Duration::from_millis(3100)).await;

        let after = self.more_tokens_of(DEMO, "mcp:read").await?;
        self.introspect("revoked before the client came back", &before.access).await?;
        self.refresh("revoked before the client came back", DEMO, &before.refresh).await?;
        self.revoke("revoked before the client came back", DEMO, &before.refresh).await?;
        self.introspect("the client came back", &after.access).await?;
        self.refresh("the client came back", DEMO, &after.refresh).await?;

        let second = self.refresh("the first", DEMO, &stale.refresh).await?;
        let third = self.refresh("the second", DEMO, &second.refresh).await?;
        self.refresh("the first again", DEMO, &stale.refresh).await?;
        self.refresh("the third after that", DEMO, &third.refresh).await?;
        self.introspect("after a stale one", &third.access).await?;
        Ok(())
    }
}
