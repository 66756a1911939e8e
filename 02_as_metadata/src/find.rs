//! From an issuer to metadata that a client may use: RFC 8414 §3,
//! <https://www.rfc-editor.org/rfc/rfc8414#section-3>, in the order of MCP 2026-07-28,
//! Authorization Server Metadata Discovery.
//!
//! Which answers mean "try the next place" no standard says. Here a redirect, a server error or
//! silence ends the search, since the next place would only hide it; every other answer that is no
//! JSON document means that the document is not there.

use shared::http::{Http, Request, Response};
use shared::members::DocumentError;
use shared::spec;

use crate::capabilities::{self, Requirement};
use crate::error::MetadataError;
use crate::metadata::AuthorizationServerMetadata;
use crate::rules;
use crate::well_known;

/// The metadata of this issuer, in two stages: found, and checked.
pub async fn find(http: &Http, issuer: &str) -> Result<AuthorizationServerMetadata, MetadataError> {
    find_for(http, issuer, true).await
}

/// The same for a client that may ask for no codes (`wants_codes` is false): then an authorization
/// server can do without what is about them.
pub async fn find_for(
    http: &Http,
    issuer: &str,
    wants_codes: bool,
) -> Result<AuthorizationServerMetadata, MetadataError> {
    let response = fetch(http, issuer).await?;
    http.reporter().stage("check the authorization server's metadata before using it", &spec::RFC8414_3_3).await;
    let metadata = check_document(http, &response)?;
    let requirements = capabilities::requirements(issuer, &metadata, |url| http.accepts(url).is_ok());
    for requirement in requirements.into_iter().filter(|requirement| wants_codes || !requirement.is_about_codes()) {
        // "If they differ, the client MUST NOT use the metadata." (MCP 2026-07-28) The same goes
        // for every other MUST.
        if !requirement.check(http.reporter()) && requirement.is_must() {
            return Err(refusal(issuer, &metadata, requirement));
        }
    }
    Ok(metadata)
}

/// Like [`find`], for a person who wants to see all that an authorization server says: no check
/// ends it.
pub async fn inspect(http: &Http, issuer: &str) -> Result<AuthorizationServerMetadata, MetadataError> {
    let response = fetch(http, issuer).await?;
    http.reporter().stage("check everything that MCP asks of an authorization server", &spec::MCP_AS_METADATA).await;
    let metadata = check_document(http, &response)?;
    for requirement in capabilities::requirements(issuer, &metadata, |url| http.accepts(url).is_ok()) {
        requirement.check(http.reporter());
    }
    Ok(metadata)
}

/// The first of the places that has a document.
async fn fetch(http: &Http, issuer: &str) -> Result<Response, MetadataError> {
    let reporter = http.reporter();
    reporter.stage("find the authorization server's metadata", &spec::MCP_AS_ORDER).await;
    let locations = well_known::locations(issuer);
    // "a URL that … has no query or fragment components" (RFC 8414 §2)
    let bad = |reason| MetadataError::BadIssuer { issuer: issuer.to_owned(), reason };
    if locations.is_empty() {
        return Err(bad("it is no URL with a scheme and a host"));
    }
    if issuer.contains(['?', '#']) {
        return Err(bad("an issuer has no query and no fragment"));
    }
    let mut tried = Vec::new();
    for (n, url) in locations.iter().enumerate() {
        let response = ask(http, Request::get(url)).await?;
        let media_type = response.media_type();
        let is_document = response.status == 200 && media_type == "application/json";
        let got = if response.status == 200 {
            format!("HTTP 200, {media_type:?}")
        } else {
            format!("HTTP {}", response.status)
        };
        if n == 0 {
            let fix = "publish it there too: some clients look nowhere else.";
            reporter.check_or(
                &rules::RFC_8414_LOCATION,
                is_document,
                "the metadata is where RFC 8414 puts it",
                &got,
                fix,
            );
        }
        if is_document {
            reporter.check(&rules::LOCATION, true, LOCATION, url);
            return Ok(response);
        }
        tried.push((url.clone(), got));
    }
    let got = format!("none at {} places", tried.len());
    reporter.check_or(&rules::LOCATION, false, LOCATION, got, "check the issuer, its path included.");
    Err(MetadataError::NotFound { tried })
}

const LOCATION: &str = "the metadata is at one of the places where a client looks";
const STATUS: &str = "no redirect, no server error, and at most a megabyte in time";
const STATUS_FIX: &str = "serve the document at this very URL, to everyone.";

/// Asks one place; an error where its answer ends the search.
pub(crate) async fn ask(http: &Http, request: Request) -> Result<Response, MetadataError> {
    let response = http.send(&request.without_redirects()).await.map_err(|error| {
        http.reporter().check_or(&rules::STATUS, false, STATUS, &error, &error.fix());
        MetadataError::Unavailable(error)
    })?;
    let ends_search = matches!(response.status, 300..=399 | 500..=599);
    if ends_search || response.status == 200 {
        http.reporter().check_or(&rules::STATUS, !ends_search, STATUS, format!("HTTP {}", response.status), STATUS_FIX);
    }
    match ends_search {
        true => Err(MetadataError::Status { url: response.url, status: response.status }),
        false => Ok(response),
    }
}

/// Reads the document.
pub(crate) fn check_document(http: &Http, response: &Response) -> Result<AuthorizationServerMetadata, MetadataError> {
    let reporter = http.reporter();
    let document = AuthorizationServerMetadata::from_json(&response.body);
    match &document {
        Err(error @ DocumentError::NotAnObject { .. }) => {
            reporter.check_or(&rules::OBJECT, false, "a JSON object", error, "mend the document.");
        }
        Err(error @ DocumentError::Member { .. }) => {
            reporter.check_or(&rules::MEMBER_TYPES, false, MEMBER_TYPES, error, "mend that member.");
        }
        Ok(_) => {
            reporter.check(&rules::OBJECT, true, "a JSON object", "a JSON object");
            reporter.check(&rules::MEMBER_TYPES, true, MEMBER_TYPES, "each has");
        }
    }
    document.map_err(|error| MetadataError::Document { url: response.url.clone(), error })
}

const MEMBER_TYPES: &str = "each member has the type that RFC 8414 §2 gives it";

pub(crate) fn refusal(issuer: &str, metadata: &AuthorizationServerMetadata, failed: Requirement) -> MetadataError {
    let Requirement { rule, expected, got, fix, .. } = failed;
    if rule.id == rules::ISSUER_IDENTICAL.id {
        return MetadataError::IssuerMismatch { expected: issuer.to_owned(), received: metadata.issuer.clone() };
    }
    MetadataError::Unfit { rule, expected, got, fix }
}
