//! Servers of MCP 2025-03-26, before RFC 9728: the MCP server is its own authorization server.
//! <https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization#server-metadata-discovery>
//!
//! A client that still wants to talk to them takes the origin of the MCP server for the issuer, and
//! where that has no metadata, three default endpoints. Later versions have dropped this; here it
//! is tried only where RFC 9728 leads nowhere.

use protected_resource_discovery::well_known::split;
use shared::http::{Http, Request};
use shared::spec;

use crate::error::MetadataError;
use crate::find::{ask, check_document, check_requirements, check_status};
use crate::metadata::AuthorizationServerMetadata;
use crate::requirements::Needs;

/// The version that had this.
const VERSION: &str = "2025-03-26";

/// "The authorization base URL MUST be determined from the MCP server URL by discarding any
/// existing path component." (MCP 2025-03-26, Authorization Base URL)
pub fn authorization_base_url(server_url: &str) -> Option<&str> {
    split(server_url).map(|(origin, _)| origin)
}

/// What is known of a server that is its own authorization server.
#[derive(Clone, Debug)]
pub enum Older {
    /// It publishes metadata.
    Published(AuthorizationServerMetadata),
    /// It publishes none, and is taken to have the default endpoints.
    Defaults(AuthorizationServerMetadata),
}

/// The metadata of a server that is its own authorization server; its default endpoints where it
/// publishes none.
pub async fn find(http: &Http, server_url: &str) -> Result<Older, MetadataError> {
    let reporter = http.reporter();
    reporter
        .stage(
            "take the MCP server for its own authorization server, as MCP 2025-03-26 does",
            &spec::MCP_2025_03_26_FALLBACK,
        )
        .await;
    let reason = "it is no URL with a scheme and a host".to_owned();
    let bad = MetadataError::BadIssuer { issuer: server_url.to_owned(), reason, meant: None };
    let base = authorization_base_url(server_url).ok_or(bad)?;
    // "MCP clients SHOULD include the header MCP-Protocol-Version" (MCP 2025-03-26, Server Metadata
    // Discovery Headers)
    let request =
        Request::get(&format!("{base}/.well-known/oauth-authorization-server")).header("mcp-protocol-version", VERSION);
    let response = ask(http, request).await?;
    check_status(reporter, &response, response.status)?;
    match response.status {
        200 => {}
        404 => {
            reporter
                .note("No metadata there either: the default endpoints /authorize, /token and /register are taken.");
            return Ok(Older::Defaults(default_endpoints(base)));
        }
        status => return Err(MetadataError::Status { url: response.url, status }),
    }
    let metadata = check_document(http, &response)?;
    check_requirements(http, base, &metadata, Needs::AuthorizationCode)?;
    Ok(Older::Published(metadata))
}

/// What a server without metadata is taken to be. PKCE needs no announcement: MCP 2025-03-26
/// requires it of every client.
fn default_endpoints(base: &str) -> AuthorizationServerMetadata {
    AuthorizationServerMetadata {
        issuer: base.to_owned(),
        authorization_endpoint: Some(format!("{base}/authorize")),
        token_endpoint: Some(format!("{base}/token")),
        registration_endpoint: Some(format!("{base}/register")),
        response_types_supported: Some(vec!["code".to_owned()]),
        code_challenge_methods_supported: Some(vec!["S256".to_owned()]),
        ..AuthorizationServerMetadata::default()
    }
}
