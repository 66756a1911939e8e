//! The client's tokens for one MCP server. They are refreshed at the authorization server that gave
//! them, by the client that it gave them to: nobody else may see a refresh token. "MUST NOT assume
//! that credentials valid for one authorization server will be accepted by another" (MCP
//! 2026-07-28, Authorization Server Location).

use authorization_code::client::Ready;
use authorization_code::further::refresh::USED;
use authorization_code::further::stored_tokens::Kept;
use authorization_code::token_request::{Decision, TokenRequest, request_tokens};
use authorization_code::{AuthorizationError, TokenResponse, token_response};
use shared::{Failure, Reporter, Secret, now, scope};

use crate::authorized_client::AuthorizedClient;
use crate::error::TokenUseError;
use crate::further::issued_by::IssuedBy;
use crate::further::kept_tokens::TokenFile;
use crate::rules;

/// The tokens of a client.
pub struct TokenStore {
    pub(crate) tokens: Option<Kept>,
    /// Going further: where they outlive the run.
    pub(crate) file: TokenFile,
}

/// How a refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// There are new tokens.
    Renewed,
    /// The refresh token is no longer valid.
    Refused,
}

/// What the authorization server decides when tokens are refreshed.
pub const TAKES_REFRESH_TOKEN: Decision =
    Decision { rule: &rules::IDP_TAKES_REFRESH_TOKEN, expected: "the IdP accepts the refresh token", fix: USED };

impl TokenStore {
    /// The tokens, if this authorization server gave them.
    pub fn tokens_of(&self, issuer: &str) -> Option<&Kept> {
        self.tokens.as_ref().filter(|kept| kept.issuer == issuer)
    }

    /// The refresh token, if there is one.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.tokens.as_ref()?.tokens.refresh_token.as_ref()
    }

    /// The scopes that the token allows.
    pub fn granted(&self) -> Vec<&str> {
        self.tokens.as_ref().map(|kept| kept.tokens.scopes(&kept.requested)).unwrap_or_default()
    }

    /// Whether the token allows all of these scopes.
    pub fn allows(&self, scopes: &[String]) -> bool {
        self.tokens.is_some() && scope::missing(scopes.iter().map(String::as_str), &self.granted()).is_empty()
    }

    /// A sign-in that a 401 or a 403 asked for is for the user who was there: another user at the
    /// keyboard has asked for nothing. Tokens that cannot be read say nothing about it, and another
    /// authorization server has another name for the same user.
    pub fn check_user(&self, issuer: &str, now: &TokenResponse) -> Result<(), TokenUseError> {
        let user = |tokens: &TokenResponse| {
            let claims = token_response::claims(&tokens.access_token)?;
            claims.get("sub")?.as_str().map(str::to_owned)
        };
        match (self.tokens_of(issuer).and_then(|kept| user(&kept.tokens)), user(now)) {
            (Some(before), Some(now)) if before != now => Err(TokenUseError::OtherUser { before, now }),
            _ => Ok(()),
        }
    }

    /// Uses these tokens from now on, and stores them.
    pub async fn keep(&mut self, reporter: &Reporter, kept: Kept) -> Result<(), Failure> {
        let file = self.file.lock().await?;
        self.tokens = Some(kept.clone());
        file.write(reporter, kept)
    }

    /// The MCP server has refused the access token: neither this run nor a later one sends it
    /// again.
    pub async fn mark_refused(&mut self) -> Result<(), Failure> {
        let Some(sent) = self.tokens.clone().filter(|kept| !kept.refused) else { return Ok(()) };
        let refused = Kept { refused: true, ..sent.clone() };
        if self.file.lock().await?.replace(&sent, refused.clone())? {
            self.tokens = Some(refused);
        }
        Ok(())
    }

    /// Trades the refresh token for new tokens: RFC 6749 §6. The file is locked from before the
    /// refresh until the new tokens are in it.
    pub async fn refresh(&mut self, client: &AuthorizedClient, ready: Option<&Ready>) -> Result<Refreshed, Failure> {
        let file = self.file.lock().await?;
        if file.take_changes(client.http.reporter(), &mut self.tokens) {
            return Ok(if self.tokens.is_some() { Refreshed::Renewed } else { Refreshed::Refused });
        }
        let (Some(token), Some(kept)) = (self.refresh_token().cloned(), self.tokens.clone()) else {
            return Ok(Refreshed::Refused);
        };
        let endpoint = IssuedBy::of(&client.http, &kept, &client.plan, ready).await?.token_endpoint()?;
        let resource = kept.resource.as_deref().unwrap_or(&self.file.server_url);
        let request = client.options.resource_parameter.token_request(TokenRequest::refresh(&token, resource));
        let tokens = match request_tokens(&client.http, &endpoint, &request, TAKES_REFRESH_TOKEN).await {
            Ok(tokens) => tokens,
            Err(AuthorizationError::Token { is_final: true, .. }) => return Ok(Refreshed::Refused),
            Err(error) => return Err(error.into()),
        };
        // "The authorization server MAY issue a new refresh token" (RFC 6749 §6): else the old one
        // stays.
        let refresh_token = tokens.refresh_token.clone().or(Some(token));
        let tokens = TokenResponse { refresh_token, ..tokens };
        let kept = Kept { obtained_at: now(), refused: false, tokens, ..kept };
        self.tokens = Some(kept.clone());
        file.write(client.http.reporter(), kept)?;
        Ok(Refreshed::Renewed)
    }
}
