//! The client's part, top to bottom: lesson 01, then the authorization server's metadata.

use protected_resource_discovery::client::select_authorization_server;
use protected_resource_discovery::discover::discover_after;
use protected_resource_discovery::further::select::Wanted;
use protected_resource_discovery::{Discovery, DiscoveryError};
use shared::http::{Http, Response};
use shared::{Failure, spec};

use crate::further::older::{self, Older};
use crate::further::verdict;
use crate::metadata::AuthorizationServerMetadata;
use crate::requirements::{Needs, requirements};
use crate::{capabilities, find};

/// What the first two lessons find.
#[derive(Clone, Debug)]
pub struct DiscoveredServer {
    /// What lesson 01 found; `None` for a server of MCP 2025-03-26, which is its own authorization
    /// server.
    pub discovery: Option<Discovery>,
    /// The authorization server's metadata, checked.
    pub authorization_server: AuthorizationServerMetadata,
}

/// What the MCP server calls itself, for the parameter `resource`: as its metadata spells it, which
/// is the URL that was asked for, or, in the document at the root, the origin without a slash.
pub fn resource<'a>(discovery: Option<&'a Discovery>, server_url: &'a str) -> &'a str {
    discovery.map_or(server_url, |discovery| &discovery.metadata.resource)
}

/// From an MCP server's URL to the metadata of its authorization server.
pub async fn run(http: &Http, server_url: &str, wanted: &Wanted, needs: Needs) -> Result<DiscoveredServer, Failure> {
    run_after(http, server_url, None, wanted, needs).await
}

/// The same after the MCP server's 401, if there was one.
pub async fn run_after(
    http: &Http,
    server_url: &str,
    refusal: Option<&Response>,
    wanted: &Wanted,
    needs: Needs,
) -> Result<DiscoveredServer, Failure> {
    let (discovery, metadata) = match discover_after(http, server_url, refusal).await {
        Ok(discovery) => {
            let issuer = select_authorization_server(http.reporter(), &discovery, wanted).await?;
            let metadata = find::find(http, issuer, needs).await?;
            (Some(discovery), metadata)
        }
        Err(error @ (DiscoveryError::NotFound { .. } | DiscoveryError::NoSignIn { .. })) => {
            http.reporter().note(error.to_string());
            let is_open = matches!(error, DiscoveryError::NoSignIn { .. });
            if !is_open {
                // It names none, so there is none to choose.
                wanted.check(&[])?;
            }
            match older::find(http, server_url).await? {
                Older::Published(metadata) => {
                    wanted.check(&[])?;
                    (None, metadata)
                }
                // Endpoints are not guessed at a server that has asked for no sign-in.
                Older::Defaults(_) if is_open => return Err(error.into()),
                // It has said nothing about itself that could be shown.
                Older::Defaults(metadata) => {
                    return Ok(DiscoveredServer { discovery: None, authorization_server: metadata });
                }
            }
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(endpoint) = &metadata.token_endpoint {
        http.reporter().result(format!("PKCE with S256, token endpoint {endpoint}"));
    }
    show_offers(http, &metadata).await;
    Ok(DiscoveredServer { discovery, authorization_server: metadata })
}

/// `inspect`: everything that this authorization server says about itself, beside what MCP asks.
pub async fn inspect(http: &Http, issuer: &str) -> Result<(), Failure> {
    let metadata = find::inspect(http, issuer).await?;
    show_offers(http, &metadata).await;
    let requirements = requirements(issuer, &metadata, |url| http.accepts(url).is_ok());
    http.reporter().note(capabilities::requirements_table(issuer, &requirements));
    http.reporter().announce(verdict::verdict(http.reporter(), issuer, &requirements));
    Ok(())
}

async fn show_offers(http: &Http, metadata: &AuthorizationServerMetadata) {
    http.reporter().stage("what the authorization server can do", &spec::MCP_AS_METADATA).await;
    http.reporter().note(capabilities::offers_table(metadata));
}
