//! URLs that lead to no document or to no MCP server: `resource_metadata` in a challenge is a URL
//! (RFC 9728 §5.1), so a path is none, and neither is the MCP server itself.

use shared::http::{HttpError, Response};
use shared::urls::{self, Difference, UrlFault};

use crate::error::DiscoveryError;
use crate::well_known;

/// Where the document of this server belongs.
fn right_place(server_url: &str) -> String {
    well_known::locations(server_url).into_iter().next().map_or_else(|| server_url.to_owned(), |place| place.url)
}

/// Whether the value is an absolute URL at all.
pub(crate) fn check(url: &str, server_url: &str) -> Result<(), DiscoveryError> {
    let bare = urls::without_credentials(url);
    if bare != url {
        let reason = "it carries a user name or a password".to_owned();
        return Err(DiscoveryError::NamedUrl { url: url.to_owned(), reason, meant: bare });
    }
    let Some(UrlFault { reason, meant }) = urls::fault(url) else { return Ok(()) };
    let origin = well_known::split(server_url).map_or("", |(origin, _)| origin);
    let is_path = url.starts_with('/') && !url.starts_with("//");
    let meant = if is_path { Some(format!("{origin}{url}")) } else { meant };
    let meant = meant.unwrap_or_else(|| right_place(server_url));
    Err(DiscoveryError::NamedUrl {
        url: url.to_owned(),
        reason: format!("it is not an absolute URL ({reason})"),
        meant,
    })
}

/// A server that names itself, and responds with something else than a document, has taken its own
/// URL for the document's.
pub(crate) fn check_not_server(
    response: &Result<Response, HttpError>,
    url: &str,
    server_url: &str,
) -> Result<(), DiscoveryError> {
    let bare = url.split_once('?').map_or(url, |(bare, _)| bare);
    let is_itself = url == server_url || bare == server_url || Difference::between(server_url, bare).is_spelling();
    let seen = match response {
        Ok(response) if response.status == 200 && response.media_type() == "application/json" => return Ok(()),
        Ok(response) => format!("HTTP {}", response.status),
        Err(HttpError::TimedOut { seconds, .. }) => format!("no whole response within {seconds} seconds"),
        Err(_) => return Ok(()),
    };
    if !is_itself {
        return Ok(());
    }
    let reason = format!("it is the MCP server itself ({seen})");
    Err(DiscoveryError::NamedUrl { url: url.to_owned(), reason, meant: right_place(server_url) })
}

/// A resource identifier has no fragment (RFC 9728 §1.2), and a metadata document is no MCP server.
pub(crate) fn check_server(server_url: &str) -> Result<(), DiscoveryError> {
    let is_not = |reason, meant| DiscoveryError::ServerUrl { server_url: server_url.to_owned(), reason, meant };
    if let Some((meant, _)) = server_url.split_once('#') {
        return Err(is_not("it has a fragment, the part after #", meant.to_owned()));
    }
    match well_known::without_document(server_url) {
        Some(meant) => Err(is_not("it is the URL of a metadata document", meant)),
        None => Ok(()),
    }
}
