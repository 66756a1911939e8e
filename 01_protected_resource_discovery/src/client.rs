//! The client's part of this lesson, top to bottom.

use shared::http::Http;
use shared::{Failure, Reporter, spec};

use crate::discover::{Discovery, discover};
use crate::duties;
use crate::error::DiscoveryError;
use crate::further::registration_hint;
use crate::further::select::{self, Wanted};

/// Finds the authorization server of the MCP server at `server_url` and tells who has to do what
/// from here on. A server that asks for no sign-in has none, and that is all right.
pub async fn run(http: &Http, server_url: &str, wanted: &Wanted) -> Result<(), Failure> {
    let discovery = match discover(http, server_url).await {
        Err(error @ DiscoveryError::NoSignIn { .. }) => {
            http.reporter().note(format!("{error} {}", error.fix()));
            return Ok(());
        }
        discovery => discovery?,
    };
    let issuer = select_authorization_server(http.reporter(), &discovery, wanted).await?;

    let reporter = http.reporter();
    reporter.stage("who has to do what", &spec::MCP_AS_OUT_OF_SCOPE).await;
    for table in duties::tables(reporter, &discovery, issuer) {
        reporter.note(table);
    }
    // The metadata is right, and the server cannot be used.
    discovery.obstacle.map_or(Ok(()), |first| Err(DiscoveryError::Unexpected(first).into()))
}

/// "The responsibility for selecting which authorization server to use lies with the MCP client"
/// (MCP 2026-07-28). A discovery has at least one.
pub async fn select_authorization_server<'a>(
    reporter: &Reporter,
    discovery: &'a Discovery,
    wanted: &Wanted,
) -> Result<&'a str, DiscoveryError> {
    reporter.stage("select an authorization server", &spec::MCP_CLIENT_SELECTS).await;
    let metadata = &discovery.metadata;
    let issuer = select::select(reporter, &metadata.authorization_servers, wanted).await?;
    reporter.result(format!("authorization server {issuer}"));
    if !metadata.ignored.is_empty() {
        reporter.note(format!(
            "Ignored, since RFC 9728 does not define it: {}. {}: “{}”",
            metadata.ignored.join(", "),
            spec::RFC9728_3_2_UNKNOWN.section,
            spec::RFC9728_3_2_UNKNOWN.quote,
        ));
    }
    registration_hint::explain(reporter, metadata);
    Ok(issuer)
}
