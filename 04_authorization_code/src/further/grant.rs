//! Going further: tokens without a user's sign-in. Lessons 01 and 02 find the authorization server;
//! how a client comes by tokens there is a grant's business
//! ([`crate::further::client_credentials`]; lesson 06 has others).

use std::pin::Pin;

use as_metadata::AuthorizationServerMetadata;
use shared::Failure;
use shared::http::Http;

use crate::further::resource_parameter::ResourceParameter;
use crate::token_response::TokenResponse;

/// What a grant is asked for.
#[derive(Clone, Copy)]
pub struct GrantRequest<'a> {
    /// The authorization server.
    pub authorization_server: &'a AuthorizationServerMetadata,
    /// The MCP server.
    pub resource: &'a str,
    /// The scopes.
    pub scopes: &'a [String],
    /// How this authorization server wants to be told whom the token is for.
    pub parameter: &'a ResourceParameter,
}

/// The tokens, some time later.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<TokenResponse, Failure>> + Send + 'a>>;

/// A way to tokens that takes no user.
pub trait Grant: Send + Sync {
    /// The client, by its name at the authorization server.
    fn client_id(&self) -> &str;

    fn tokens<'a>(&'a self, http: &'a Http, wanted: GrantRequest<'a>) -> TokenFuture<'a>;
}
