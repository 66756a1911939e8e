//! What the URL of a document and the document itself have to be, checked before the authorization
//! server sees them.

use serde_json::Value;
use shared::http::Response;
use shared::members::Members;
use shared::{Failed, Reporter};

use super::HOST_OF_A_CONTAINER;
use crate::error::RegistrationError;
use crate::further::rules;

/// Whether this URL can name a client.
pub fn check_url(reporter: &Reporter, client_id: &str) -> Result<(), RegistrationError> {
    // "Client identifier URLs MUST have an "https" scheme, MUST contain a path component, MUST NOT
    // contain single-dot or double-dot path segments, MUST NOT contain a fragment component and
    // MUST NOT contain a username or password" (CIMD draft-00 §3)
    let fault = url_fault(client_id);
    let expected = "the client_id is an https URL with a path (http on this machine for development only)";
    let seen = fault.map_or(client_id.to_owned(), |fault| format!("{client_id}: {fault}"));
    let reporter = reporter.with_fix("publish the document at an https URL with a path.");
    let checked = reporter.require(&rules::DOCUMENT_URL, fault.is_none(), expected, seen);
    checked.map_err(|failed| unusable(client_id, failed))
}

/// What a document has to be, checked before the authorization server sees it.
pub fn check_document(reporter: &Reporter, client_id: &str, response: &Response) -> Result<(), RegistrationError> {
    check_url(reporter, client_id)?;
    check_served(reporter, response).map_err(|failed| unusable(client_id, failed))?;
    check_members(reporter, client_id, &response.body).map_err(|failed| unusable(client_id, failed))
}

/// An error page, or the way to another URL, is not the document, whatever its body holds.
fn check_served(reporter: &Reporter, response: &Response) -> Result<(), Failed> {
    let media_type = response.media_type();
    let is_json =
        media_type == "application/json" || media_type.starts_with("application/") && media_type.ends_with("+json");
    let expected = "the document comes with HTTP 200, as application/json or application/…+json";
    let shown = if media_type.is_empty() { "no content-type" } else { &media_type };
    let seen = format!("HTTP {}, {shown}", response.status);
    let fix = "publish the document at this very URL: with HTTP 200, without a redirect, as application/json.";
    // JSON of another type may be the document all the same.
    if response.status == 200 && Members::from_json(&response.body).is_ok() {
        reporter.with_fix(fix).recommend(&rules::DOCUMENT_SERVED, is_json, expected, seen);
        return Ok(());
    }
    reporter.with_fix(fix).require(&rules::DOCUMENT_SERVED, false, expected, seen)
}

fn unusable(client_id: &str, failed: Failed) -> RegistrationError {
    RegistrationError::MetadataDocument { client_id: client_id.to_owned(), failed }
}

fn check_members(reporter: &Reporter, client_id: &str, document: &[u8]) -> Result<(), Failed> {
    // "The metadata document MUST include at least the following properties: client_id,
    // client_name, redirect_uris" (MCP 2026-07-28)
    let read = Members::from_json(document).and_then(|members| {
        let named = members.required_string("client_id")?;
        members.required_string("client_name")?;
        let redirect_uris = members.strings("redirect_uris")?.unwrap_or_default();
        Ok((named, redirect_uris, members.into_inner()))
    });
    let (complete, seen) = match &read {
        Ok((_, redirect_uris, _)) if redirect_uris.is_empty() => (false, "no redirect_uris".to_owned()),
        Ok((_, redirect_uris, _)) => (true, redirect_uris.join(" ")),
        Err(error) => (false, error.to_string()),
    };
    let expected = "the document has client_id, client_name and redirect_uris";
    let advised = reporter.with_fix("add what is missing to the document.");
    advised.require(&rules::DOCUMENT_MEMBERS, complete, expected, seen)?;
    let (named, _, members) = read.unwrap_or_default();

    // "The client metadata document MUST contain a client_id property whose value MUST match the
    // URL of the document using simple string comparison" (CIMD draft-00 §4.1)
    let expected = format!("client_id in the document is the document's own URL: {client_id}");
    let advised = reporter.with_fix(CORRECT);
    advised.require(&rules::DOCUMENT_CLIENT_ID, named == client_id, expected, named)?;

    // "the token_endpoint_auth_method property MUST NOT include … any other method based around a
    // shared symmetric secret" (CIMD draft-00 §4.1)
    let method = members.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or("none");
    let has_secret = method.starts_with("client_secret") || members.contains_key("client_secret");
    let expected = "a document that everyone reads has no secret";
    reporter.with_fix(CORRECT).require(&rules::DOCUMENT_NO_SECRET, !has_secret, expected, method)
}

/// What to do about a document that contradicts its URL, or that nobody may publish.
const CORRECT: &str = "correct the document, or its URL.";

/// What is wrong with a client identifier URL.
fn url_fault(client_id: &str) -> Option<&'static str> {
    let rest = client_id.strip_prefix("https://").or_else(|| {
        let rest = client_id.strip_prefix("http://")?;
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        ["localhost", "127.0.0.1", HOST_OF_A_CONTAINER].contains(&host).then_some(rest)
    });
    let Some(rest) = rest else { return Some("it is not https") };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let faults = [
        (client_id.contains('#'), "it has a fragment"),
        (authority.contains('@'), "it has a user name"),
        (path.is_empty(), "it has no path"),
        (path.split(['/', '?']).any(|segment| segment == "." || segment == ".."), "it has dot segments"),
    ];
    faults.into_iter().find_map(|(found, fault)| found.then_some(fault))
}

#[cfg(test)]
mod tests;
