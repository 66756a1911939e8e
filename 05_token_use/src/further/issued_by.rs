//! The authorization server that gave tokens, and the client that it gave them to: what lessons 01
//! to 03 found in this run, or else what an earlier run stored.

use as_metadata::AuthorizationServerMetadata;
use authorization_code::client::Ready;
use authorization_code::further::stored_tokens::Kept;
use authorization_code::token_request::TokenEndpoint;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::further::options::Plan;
use dynamic_client_registration::store::Store;
use protected_resource_discovery::discover;
use shared::http::{Http, Response};
use shared::{Failure, Reporter};

use crate::error::TokenUseError;

/// The authorization server that gave tokens, and the client that it gave them to.
pub struct IssuedBy {
    /// The authorization server.
    pub server: AuthorizationServerMetadata,
    /// The client.
    pub client: ClientInformation,
}

impl IssuedBy {
    /// Of these tokens: what lessons 01 to 03 found in this run, or else what an earlier run
    /// stored.
    pub async fn of(http: &Http, kept: &Kept, plan: &Plan, ready: Option<&Ready>) -> Result<Self, Failure> {
        match ready {
            Some(Ready { authorization_server, client, .. }) if authorization_server.issuer == kept.issuer => {
                Ok(Self { server: authorization_server.clone(), client: client.clone() })
            }
            _ => find_issuer(http, kept, plan).await,
        }
    }

    /// The endpoint where these tokens are refreshed.
    pub fn token_endpoint(&self) -> Result<TokenEndpoint, Failure> {
        Ok(TokenEndpoint::new(&self.server, &self.client)?)
    }
}

/// Asks the authorization server that the kept tokens name, and takes the client that was kept for
/// it (lesson 03) or given by hand. The MCP server has no say in it.
async fn find_issuer(http: &Http, kept: &Kept, plan: &Plan) -> Result<IssuedBy, Failure> {
    let note =
        format!("The client uses its stored registration and fetches the metadata of {} (not shown).", kept.issuer);
    http.reporter().note(note);
    let silent = http.clone().telling(Reporter::silent());
    let server = plan.find_metadata(&silent, &kept.issuer).await?;
    let client = match (&plan.static_client, &plan.hosted_document) {
        (Some(client), _) => client.information(silent.reporter(), &server)?,
        (None, Some(client_id)) => ClientInformation::known(client_id, None),
        (None, None) => {
            let store = Store::for_idp(true, http.reporter())?;
            let registration = store.open().await?.get(&kept.issuer).map(|kept| kept.information.clone());
            registration.ok_or_else(|| unknown(kept))?.choosing_method(&server)
        }
    };
    match &kept.client_id {
        Some(client_id) if *client_id != client.client_id => Err(unknown(kept).into()),
        _ => Ok(IssuedBy { server, client }),
    }
}

fn unknown(kept: &Kept) -> TokenUseError {
    let client_id = kept.client_id.as_deref().unwrap_or("they belong to");
    TokenUseError::NoRefresh(format!("the client {client_id} is no longer stored for {}", kept.issuer))
}

/// Whether the MCP server still names the authorization server that gave the tokens (lesson 01, not
/// shown). "MCP clients MUST NOT send tokens to the MCP server other than ones issued by the MCP
/// server's authorization server." (MCP 2026-07-28, Token Handling)
pub async fn is_still_named(
    http: &Http,
    server_url: &str,
    issuer: &str,
    refusal: Option<&Response>,
) -> Result<bool, Failure> {
    let silent = http.clone().telling(Reporter::silent());
    let discovery = discover::discover_after(&silent, server_url, refusal).await?;
    let is_named = discovery.metadata.authorization_servers.iter().any(|named| named == issuer);
    if !is_named {
        http.reporter().note(format!(
            "The tokens are from {issuer}, but {server_url} no longer names this issuer. The client does not send them."
        ));
    }
    Ok(is_named)
}
