//! What is in an authorization request, for a person.

use shared::event::Event;
use shared::redact::Mask;
use shared::{Reporter, one_line};

use crate::authorization_request::AuthorizationRequest;
use crate::authorization_response::AuthorizationResponse;

/// What each parameter of the request is for.
const PURPOSES: &[(&str, &str)] = &[
    ("response_type", "a code, not a token: a code alone is useless to a thief"),
    ("state", "random; the response has to return it"),
    ("code_challenge", "the SHA-256 of a code_verifier that only the client knows, so a stolen code is useless"),
    ("redirect_uri", "where the response goes; this URI is registered"),
    ("scope", "the access that the user is asked to grant"),
    ("resource", "the MCP server that will receive the token: RFC 8707"),
    ("prompt", "ask for consent again, even if the user agreed before"),
];

/// What is in the request, and what it is for.
pub fn explain_request(reporter: &Reporter, request: &AuthorizationRequest) {
    let fingerprint = |text: &str| shared::Secret::new(text).fingerprint();
    let url = &request.url;
    let pairs: Vec<_> = url.query_pairs().collect();
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let rows = pairs.iter().map(|(name, value)| {
        // By the method plain, the challenge is the verifier itself.
        let is_secret = name == "state" || **value == *request.verifier.expose();
        let shown = if is_secret { fingerprint(value) } else { value.clone().into_owned() };
        let purpose = PURPOSES.iter().find(|(known, _)| known == name).map(|(_, purpose)| format!("  ({purpose})"));
        format!("\n  {name:<width$}  {shown}{}", purpose.unwrap_or_default())
    });
    reporter.note(format!(
        "The browser opens {} with{}\nThe client stores the code_verifier {} and, to check the response later, the issuer {}.",
        url.as_str().split('?').next().unwrap_or_default(),
        rows.collect::<String>(),
        fingerprint(request.verifier.expose()),
        request.expected.issuer,
    ));
}

/// The browser is sent to this URL.
pub fn report_request(reporter: &Reporter, url: &str) {
    reporter.emit(&Event::Carried { is_response: false, url: Mask::Fingerprint.url(url) });
}

/// What came back with the browser.
pub fn explain_response(reporter: &Reporter, redirect_uri: &str, response: &AuthorizationResponse) {
    let width = response.shown().map(|(name, _)| name.len()).max().unwrap_or_default();
    let rows: String =
        response.shown().map(|(name, shown)| format!("\n  {:<width$}  {shown}", one_line(name))).collect();
    reporter.note(format!("The browser came back with{rows}"));
    let query: Vec<_> = response.shown().map(|(name, shown)| format!("{name}={shown}")).collect();
    reporter.emit(&Event::Carried { is_response: true, url: format!("{redirect_uri}?{}", query.join("&")) });
}
