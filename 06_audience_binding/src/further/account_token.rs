//! The token that a stock Keycloak gives: one for its own account pages.

use authorization_code::TokenResponse;
use authorization_code::user_agent::SignInOptions;
use dynamic_client_registration::client_metadata::ClientMetadata;
use dynamic_client_registration::further::administration::Administration;
use dynamic_client_registration::further::manage;
use dynamic_client_registration::register::register;
use shared::http::Http;
use shared::{Failure, Reporter};
use token_use::authorized_client::AuthorizedClient;

use crate::error::AudienceError;

/// A token of the user, as a stock Keycloak gives it. Its clients have full scope, so their tokens
/// carry all of the user's roles, those for the account pages among them; and the mapper *audience
/// resolve* makes every client an audience whose roles are in the token. In the tutorial's realm
/// only the administrator can register such a client, and it is deleted at once.
pub async fn account_token(
    http: &Http,
    authorized: &AuthorizedClient,
    sign_in: &SignInOptions,
    resource: &str,
) -> Result<TokenResponse, Failure> {
    let ready = authorized.ready().await.ok_or(AudienceError::NotSignedIn)?;
    let silent = http.clone().telling(Reporter::silent());
    let server = &ready.authorization_server;
    let administration = Administration::sign_in(&silent, &server.issuer).await?;
    let made = administration.initial_access_token(1, 60).await?;
    let metadata = ClientMetadata::native(&ready.redirect_uri, None);
    let client = register(&silent, server, &metadata, Some(&made.token)).await?;
    let tokens = ready.with_client(client.clone()).tokens_for(http, sign_in, resource, &[]).await;
    // A client that stays does no harm.
    let _ = manage::delete(&silent, &client).await;
    tokens
}
