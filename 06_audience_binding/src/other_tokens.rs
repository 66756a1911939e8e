//! Tokens of the same user, from the same authorization server, that are for somebody else; and how
//! a client comes by them.

use authorization_code::TokenResponse;
use authorization_code::user_agent::SignInOptions;
use dynamic_client_registration::client_metadata::ClientMetadata;
use dynamic_client_registration::further::administration::Administration;
use dynamic_client_registration::further::manage;
use dynamic_client_registration::register::register;
use shared::http::Http;
use shared::{Failure, Reporter};
use token_use::authorized_client::Authorized;

use crate::error::AudienceError;

/// The client that gets them, after its first sign-in.
#[derive(Clone, Copy)]
pub struct OtherTokens<'a> {
    /// Tells sign-ins that a person has to make.
    pub http: &'a Http,
    /// The client.
    pub authorized: &'a Authorized,
    /// Who signs in.
    pub sign_in: &'a SignInOptions,
}

impl OtherTokens<'_> {
    /// One for this resource and these scopes, by the stages of lesson 04; a person is told where
    /// to sign in, and nothing else.
    pub async fn token(&self, resource: &str, scopes: &[String]) -> Result<TokenResponse, Failure> {
        self.authorized.token_for(self.http, resource, scopes).await
    }

    /// One as a stock Keycloak gives it. Its clients have full scope, so their tokens carry all
    /// roles of the user's, those for the account pages among them; and the mapper *audience
    /// resolve* makes everybody an audience whose roles are in the token. In the tutorial's realm
    /// only the administrator can register such a client, and it is deleted at once.
    pub async fn of_account(&self, resource: &str) -> Result<TokenResponse, Failure> {
        let ready = self.authorized.ready().await.ok_or(AudienceError::NotSignedIn)?;
        let silent = self.http.clone().telling(Reporter::silent());
        let server = &ready.authorization_server;
        let administration = Administration::sign_in(&silent, &server.issuer).await?;
        let made = administration.initial_access_token(1, 60).await?;
        let metadata = ClientMetadata::native(&ready.redirect_uri, None);
        let client = register(&silent, server, &metadata, Some(&made.token)).await?;
        let tokens = ready.with_client(client.clone()).tokens_for(self.http, self.sign_in, resource, &[]).await;
        // A client that stays does no harm.
        let _ = manage::delete(&silent, &client).await;
        tokens
    }
}
