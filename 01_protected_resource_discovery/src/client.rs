//! The client's part of this lesson, top to bottom.

use shared::http::Http;
use shared::{Failure, Reporter, spec};

use crate::discover::{Discovery, discover};
use crate::duties;
use crate::further::registration_hint;

/// Finds the authorization server of the MCP server at `server_url` and tells who has to do what
/// from here on.
pub async fn run(http: &Http, server_url: &str) -> Result<Discovery, Failure> {
    let discovery = discover(http, server_url).await?;
    select_authorization_server(http.reporter(), &discovery).await;

    let reporter = http.reporter();
    reporter.stage("who has to do what", &spec::MCP_AS_OUT_OF_SCOPE).await;
    for table in duties::tables(reporter, &discovery) {
        reporter.note(table);
    }
    Ok(discovery)
}

/// "The responsibility for selecting which authorization server to use lies with the MCP client"
/// (MCP 2026-07-28). This one takes the first; a discovery has at least one.
pub async fn select_authorization_server<'a>(reporter: &Reporter, discovery: &'a Discovery) -> &'a str {
    reporter.stage("select an authorization server", &spec::MCP_CLIENT_SELECTS).await;
    let metadata = &discovery.metadata;
    if let Some(name) = &metadata.resource_name {
        reporter.note(format!("The server calls itself: {name}"));
    }
    for (n, issuer) in metadata.authorization_servers.iter().enumerate() {
        let chosen = if n == 0 { " (this client takes the first)" } else { "" };
        reporter.note(format!("Authorization server: {issuer}{chosen}"));
    }
    if !metadata.ignored.is_empty() {
        reporter.note(format!(
            "Ignored, since RFC 9728 does not define it: {}. {}: “{}”",
            metadata.ignored.join(", "),
            spec::RFC9728_3_2_UNKNOWN.section,
            spec::RFC9728_3_2_UNKNOWN.quote,
        ));
    }
    registration_hint::explain(reporter, metadata);
    metadata.authorization_servers.first().map_or("", String::as_str)
}
