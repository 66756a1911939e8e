//! What a client of an MCP server can do beside the lesson's story: for the commands over stored
//! tokens, and for lesson 06.

use std::sync::Arc;

use authorization_code::TokenResponse;
use authorization_code::further::grant::Grant;
use authorization_code::further::stored_tokens::{Kept, Tokens};
use authorization_code::user_agent::SignInOptions;
use dynamic_client_registration::further::options::Plan;
use shared::http::Http;
use shared::{Failure, spec};

use crate::authorized_client::AuthorizedClient;
use crate::error::TokenUseError;
use crate::further::error::FurtherError;
use crate::further::issued_by::IssuedBy;
use crate::token_store::Refreshed;

impl AuthorizedClient {
    /// A client that acts for itself, or has something to show for its user already: nobody signs
    /// in, and nothing is kept.
    pub fn by_grant(http: Http, server_url: &str, plan: Plan, options: SignInOptions, grant: Arc<dyn Grant>) -> Self {
        let mut client = Self::new(http, server_url, plan, options, None, None, true);
        client.grant = Some(grant);
        client
    }

    /// The authorization server that gave these tokens, and the client that it gave them to.
    pub async fn issued_by(&self, kept: &Kept) -> Result<IssuedBy, Failure> {
        IssuedBy::of(&self.http, kept, &self.plan, self.ready().await.as_deref()).await
    }

    /// The file of the tokens, for this run alone; `None` where they are stored nowhere.
    pub async fn open_store(&self) -> Result<Option<Tokens>, Failure> {
        Ok(self.state.lock().await.store.file.lock().await?.tokens)
    }

    /// The user signs in for another resource, with the same client: the token is not kept, and the
    /// client's own requests do not use it.
    pub async fn token_for(&self, http: &Http, resource: &str, scopes: &[String]) -> Result<TokenResponse, Failure> {
        let no_tokens = || FurtherError::NoTokens { server_url: resource.to_owned() };
        let ready = self.ready().await.ok_or_else(no_tokens)?;
        ready.tokens_for(http, &self.options, resource, scopes).await
    }

    /// Refreshes the tokens, whether the server still takes the old ones or not.
    pub async fn refresh_now(&self) -> Result<(), Failure> {
        let mut state = self.state.lock().await;
        self.http.reporter().stage("refresh the tokens", &spec::RFC6749_6).await;
        let no_token = state.store.refresh_token().is_none();
        let got = if no_token { "there is no refresh token" } else { "the IdP refuses the refresh token" };
        match self.refresh(&mut state).await? {
            Refreshed::Renewed => Ok(()),
            Refreshed::Refused => Err(TokenUseError::NoRefresh(got.to_owned()).into()),
        }
    }
}
