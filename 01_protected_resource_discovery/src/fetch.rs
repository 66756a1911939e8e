//! Fetches the protected resource metadata: from the URL of the challenge, or else from the
//! well-known URLs, RFC 9728 §3, <https://www.rfc-editor.org/rfc/rfc9728#section-3>.

use shared::Reporter;
use shared::http::{Http, HttpError, Request, Response};

use crate::error::DiscoveryError;
use crate::further::named_url;
use crate::metadata::ProtectedResourceMetadata;
use crate::rules;
use crate::well_known::{self, WellKnown};

/// What [`rules::METADATA_AVAILABLE`] asks for.
pub(crate) const AVAILABLE: &str = "HTTP 200";
/// What [`rules::METADATA_LIMITS`] asks for.
pub(crate) const LIMITS: &str = "a document of at most a megabyte, in time";

/// A document, and the values of `resource` that it may have, by the way in which it was found.
pub(crate) struct FetchedMetadata {
    pub response: Response,
    pub resources: Vec<String>,
    pub from_challenge: bool,
}

impl FetchedMetadata {
    /// Whether the response is metadata at all, and what it is for a person.
    fn judged(&self) -> (bool, String) {
        let status = self.response.status;
        if status != 200 {
            return (false, format!("HTTP {status}"));
        }
        let media_type = self.response.media_type();
        if media_type != "application/json" {
            return (false, format!("HTTP 200, served as {media_type:?}"));
        }
        match ProtectedResourceMetadata::from_json(&self.response.body) {
            Ok(_) => (true, "HTTP 200".to_owned()),
            Err(error) => (false, format!("HTTP 200, but {error}")),
        }
    }

    /// A document that is none says more than a refusal, and that more than 404.
    fn oddness(&self) -> u8 {
        match self.response.status {
            200 => 2,
            404 => 0,
            _ => 1,
        }
    }
}

/// `resource_metadata` is there: that URL and no other.
pub(crate) async fn fetch_named(http: &Http, url: &str, server_url: &str) -> Result<FetchedMetadata, DiscoveryError> {
    let reporter = http.reporter();
    named_url::check(url, server_url).map_err(|error| unavailable(reporter, error))?;
    let response = http.send(&Request::get(url)).await;
    named_url::check_not_server(&response, url, server_url).map_err(|error| unavailable(reporter, error))?;
    let response = check_fetched(reporter, response)?;
    if response.status != 200 {
        return Err(not_200(reporter, &response));
    }
    // "the resource value returned MUST be identical to the URL that the client used to make the
    // request to the resource server" (RFC 9728 §3.3)
    Ok(FetchedMetadata { response, resources: vec![server_url.to_owned()], from_challenge: true })
}

/// No challenge names the metadata: the well-known URL of the path, and where that has none, the
/// root's.
pub(crate) async fn fetch_well_known(http: &Http, server_url: &str) -> Result<FetchedMetadata, DiscoveryError> {
    let reporter = http.reporter();
    let mut tried = Vec::new();
    let mut oddest: Option<FetchedMetadata> = None;
    // "constructing and requesting the well-known URIs in the order listed" (MCP 2026-07-28): what
    // is odd at one place does not end the search at the next.
    for WellKnown { url, resources, is_root } in well_known::locations(server_url) {
        let response = check_fetched(reporter, http.send(&Request::get(&url)).await)?;
        let found = FetchedMetadata { response, resources, from_challenge: false };
        let (is_metadata, seen) = found.judged();
        if !is_root {
            let expected = "without a challenge, the metadata is at the well-known URL of the server's path";
            reporter.recommend(&rules::WELL_KNOWN_PATH, is_metadata, expected, &seen);
        }
        if is_metadata {
            return Ok(found);
        }
        tried.push(url);
        if oddest.as_ref().is_none_or(|oddest| found.oddness() > oddest.oddness()) {
            oddest = Some(found);
        }
    }
    // The response that says most about what is wrong is the one that is reported.
    match oddest {
        Some(found) if found.response.status == 200 => Ok(found),
        Some(found) if found.response.status != 404 => Err(not_200(reporter, &found.response)),
        Some(_) | None => Err(DiscoveryError::NotFound { tried }),
    }
}

/// Tells a request that was not made, for the sake of the user's network, from one that failed.
fn check_fetched(reporter: &Reporter, response: Result<Response, HttpError>) -> Result<Response, DiscoveryError> {
    let secure = "https, or this machine, or where the user typed http";
    let near = "the metadata is on a network no more private than the server's";
    if let Ok(response) = &response {
        reporter.recommend(&rules::METADATA_SECURE, true, secure, &response.url);
        reporter.recommend(&rules::METADATA_ADDRESS, true, near, &response.url);
    }
    response.map_err(|error| {
        match &error {
            HttpError::Refused { address, privacy, .. } => {
                reporter.recommend(&rules::METADATA_ADDRESS, false, near, format!("{address} ({privacy})"));
            }
            HttpError::Insecure { url } | HttpError::Downgraded { url, .. } => {
                reporter.recommend(&rules::METADATA_SECURE, false, secure, url);
            }
            HttpError::TooLarge { .. } | HttpError::TimedOut { .. } | HttpError::TooManyRedirects { .. } => {
                reporter.require(&rules::METADATA_LIMITS, false, LIMITS, &error).ok();
            }
            _ => {
                reporter.require(&rules::METADATA_AVAILABLE, false, AVAILABLE, &error).ok();
            }
        }
        DiscoveryError::Unavailable(error)
    })
}

fn unavailable(reporter: &Reporter, error: DiscoveryError) -> DiscoveryError {
    reporter.require(&rules::METADATA_AVAILABLE, false, AVAILABLE, &error).ok();
    error
}

fn not_200(reporter: &Reporter, response: &Response) -> DiscoveryError {
    let seen = format!("HTTP {}", response.status);
    reporter.require(&rules::METADATA_AVAILABLE, false, AVAILABLE, seen).ok();
    DiscoveryError::Status { url: response.url.clone(), status: response.status }
}
