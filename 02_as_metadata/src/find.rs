//! From an issuer to metadata that a client may use: RFC 8414 §3,
//! <https://www.rfc-editor.org/rfc/rfc8414#section-3>, in the order of MCP 2026-07-28,
//! Authorization Server Metadata Discovery.
//!
//! A place whose response is no metadata does not end the search. Where no place has any, the
//! response that says most about what is wrong is the one that is reported. Only silence ends it:
//! the other places are at the same host.

use protected_resource_discovery::well_known::without_document;
use shared::http::{Http, HttpError, Request, Response};
use shared::members::DocumentError;
use shared::urls::UrlFault;
use shared::{Failed, Reporter, spec, urls};

use crate::error::{MetadataError, NotMetadata};
use crate::metadata::AuthorizationServerMetadata;
use crate::requirements::{Needs, requirements};
use crate::rules;
use crate::well_known;

/// The metadata of this issuer, in two stages: found, and checked.
pub async fn find(http: &Http, issuer: &str, needs: Needs) -> Result<AuthorizationServerMetadata, MetadataError> {
    let response = fetch(http, issuer).await?;
    http.reporter().stage("check the authorization server's metadata before using it", &spec::RFC8414_3_3).await;
    let metadata = check_document(http, &response)?;
    check_requirements(http, issuer, &metadata, needs)?;
    Ok(metadata)
}

/// Every requirement in turn; the first MUST that is not met ends it.
pub(crate) fn check_requirements(
    http: &Http,
    issuer: &str,
    metadata: &AuthorizationServerMetadata,
    needs: Needs,
) -> Result<(), MetadataError> {
    let requirements = requirements(issuer, metadata, |url| http.accepts(url).is_ok());
    for requirement in requirements.iter().filter(|requirement| requirement.matters_for(needs)) {
        requirement.check(http.reporter()).map_err(|failed| refusal(issuer, metadata, failed))?;
    }
    Ok(())
}

/// Like [`find`], for a person who wants to see all that an authorization server says: no check
/// ends it.
pub async fn inspect(http: &Http, issuer: &str) -> Result<AuthorizationServerMetadata, MetadataError> {
    let response = fetch(http, issuer).await?;
    http.reporter().stage("check everything that MCP asks of an authorization server", &spec::MCP_AS_METADATA).await;
    let metadata = check_document(http, &response)?;
    for requirement in requirements(issuer, &metadata, |url| http.accepts(url).is_ok()) {
        requirement.check(http.reporter()).ok();
    }
    Ok(metadata)
}

/// The first of the places that has a document.
async fn fetch(http: &Http, issuer: &str) -> Result<Response, MetadataError> {
    let reporter = http.reporter();
    reporter.stage("find the authorization server's metadata", &spec::MCP_AS_ORDER).await;
    let locations = well_known::locations(issuer);
    check_issuer_url(issuer)?;
    let mut tried: Vec<(Response, NotMetadata)> = Vec::new();
    // Every place in MCP's order (Authorization Server Metadata Discovery), whatever the one before
    // responded.
    for (n, url) in locations.iter().enumerate() {
        let response = ask(http, Request::get(url)).await?;
        let fault = NotMetadata::of(&response);
        if fault.is_none() {
            reporter.require(&rules::STATUS, true, STATUS, "HTTP 200").ok();
            reporter.require(&rules::LIMITS, true, LIMITS, "it is").ok();
        }
        if n == 0 {
            let advised = reporter.with_fix(fault.as_ref().map_or("", NotMetadata::fix));
            let expected = "the metadata is where RFC 8414 puts it";
            let seen =
                fault.as_ref().map_or_else(|| format!("HTTP 200, {:?}", response.media_type()), ToString::to_string);
            advised.recommend(&rules::RFC_8414_LOCATION, fault.is_none(), expected, seen);
        }
        let Some(fault) = fault else {
            reporter.require(&rules::LOCATION, true, LOCATION, url).ok();
            return Ok(response);
        };
        tried.push((response, fault));
    }
    let places: Vec<_> = tried.iter().map(|(response, fault)| (response.url.clone(), fault.to_string())).collect();
    // The first of the oddest: max_by_key would take the last.
    let oddest = tried.into_iter().rev().max_by_key(|(_, fault)| fault.oddness());
    match oddest {
        // The check of the document says what is wrong with it.
        Some((response, NotMetadata::Document(_))) => Ok(response),
        Some((response, NotMetadata::Status(status @ (300..=399 | 500..=599)))) => {
            check_status(reporter, &response, status)?;
            Ok(response)
        }
        oddest => {
            let got = format!("none at {} places", places.len());
            let advised = reporter.with_fix("check the issuer, its path included.");
            advised.require(&rules::LOCATION, false, LOCATION, got).ok();
            let is_json = matches!(&oddest, Some((_, NotMetadata::MediaType { is_json: true, .. })));
            Err(MetadataError::NotFound { tried: places, is_json })
        }
    }
}

/// "a URL that … has no query or fragment components" (RFC 8414 §2)
fn check_issuer_url(issuer: &str) -> Result<(), MetadataError> {
    let bad =
        |reason: &str, meant| MetadataError::BadIssuer { issuer: issuer.to_owned(), reason: reason.to_owned(), meant };
    if let Some(UrlFault { reason, meant }) = urls::fault(issuer) {
        return Err(bad(&reason, meant));
    }
    if let Some(end) = issuer.find(['?', '#']) {
        return Err(bad("an issuer has no query and no fragment", Some(issuer[..end].to_owned())));
    }
    match without_document(issuer) {
        Some(meant) => Err(bad("it is the URL of a metadata document", Some(meant))),
        None => Ok(()),
    }
}

const LOCATION: &str = "the metadata is at one of the places where a client looks";
const STATUS: &str = "no redirect and no server error";
const LIMITS: &str = "a document of at most a megabyte, in time";
const STATUS_FIX: &str = "serve the document at this very URL, to everyone.";

/// Requests one place; an error where no whole response comes.
pub(crate) async fn ask(http: &Http, request: Request) -> Result<Response, MetadataError> {
    let reporter = http.reporter();
    http.send(&request.without_redirects()).await.map_err(|error| {
        let (rule, expected) = match &error {
            HttpError::TooLarge { .. } | HttpError::TimedOut { .. } => (&rules::LIMITS, LIMITS),
            _ => (&rules::STATUS, STATUS),
        };
        reporter.with_fix(error.fix()).require(rule, false, expected, &error).ok();
        MetadataError::Unavailable(error)
    })
}

/// A redirect or a server error where the metadata should be.
pub(crate) fn check_status(reporter: &Reporter, response: &Response, status: u16) -> Result<(), MetadataError> {
    let is_failure = matches!(status, 300..=399 | 500..=599);
    reporter
        .with_fix(STATUS_FIX)
        .require(&rules::STATUS, !is_failure, STATUS, format!("HTTP {status}"))
        .map_err(|_| MetadataError::Status { url: response.url.clone(), status })
}

pub(crate) fn check_document(http: &Http, response: &Response) -> Result<AuthorizationServerMetadata, MetadataError> {
    let reporter = http.reporter();
    let document = AuthorizationServerMetadata::from_json(&response.body);
    let error = document.as_ref().err().map(ToString::to_string);
    let is_object = !matches!(document, Err(DocumentError::NotAnObject { .. }));
    let seen = error.as_deref().filter(|_| !is_object).unwrap_or("a JSON object");
    reporter.with_fix("fix the document.").require(&rules::OBJECT, is_object, "a JSON object", seen).ok();
    if is_object {
        let unusable = document.as_ref().map(|metadata| metadata.unusable.as_slice()).unwrap_or_default();
        let faults: Vec<_> = error.into_iter().chain(unusable.iter().map(ToString::to_string)).collect();
        let seen = if faults.is_empty() { "every member has the required type".to_owned() } else { faults.join(", ") };
        let advised = reporter.with_fix(if document.is_err() {
            "publish every REQUIRED member, with its type (RFC 8414 §2)."
        } else {
            "leave a member out where it has no value, and give the others their type."
        });
        advised.require(&rules::MEMBER_TYPES, faults.is_empty(), MEMBER_TYPES, seen).ok();
    }
    document.map_err(|error| MetadataError::Document { url: response.url.clone(), error })
}

const MEMBER_TYPES: &str = "each member has the type that RFC 8414 §2 gives it";

fn refusal(issuer: &str, metadata: &AuthorizationServerMetadata, failed: Failed) -> MetadataError {
    if failed.rule.id == rules::ISSUER_IDENTICAL.id {
        return MetadataError::IssuerMismatch { expected: issuer.to_owned(), received: metadata.issuer.clone() };
    }
    MetadataError::Unfit(failed)
}
