//! Reading a refusal: RFC 7591 §3.2.2, <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>.
//!
//! The RFC knows 400 with four error codes. What comes in practice is judged by its body first and
//! by its status then: a refusal with HTTP 200 is one, and a page with HTTP 403 is no answer of the
//! registration endpoint at all. Keycloak's policies are read by [`Policy`].

use serde_json::Value;
use shared::http::Response;
use shared::page;

use crate::further::keycloak_policies::Policy;

/// A registration that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status code.
    pub status: u16,
    /// `error`; empty where there is none.
    pub error: String,
    /// `error_description`, or what a page says; empty where there is neither.
    pub description: String,
    /// What the refusal is about.
    pub reason: Reason,
}

/// What a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Keycloak's policies.
    Policy(Policy),
    /// The Initial Access Token has been used as often as it may.
    TokenUsedUp,
    /// The token is expired, revoked, or not one of this authorization server's.
    TokenInvalid,
    /// The authorization server wants a token for a registration.
    TokenMissing,
    /// `invalid_redirect_uri`.
    RedirectUri,
    /// `invalid_client_metadata`, with what the metadata does not list.
    ClientMetadata(Vec<String>),
    /// `invalid_software_statement`, `unapproved_software_statement`.
    SoftwareStatement,
    /// Something in front of the registration refused the request.
    BeforeReading,
    /// A redirect, to this URL.
    Redirected(String),
    /// Too many requests; how long to wait, where that is said.
    TooMany(Option<String>),
    /// The authorization server failed; how long to wait, where that is said.
    ServerFault(Option<String>),
    /// Nothing takes registrations at this URL.
    NotThere,
    /// Anything else.
    Other,
}

impl Refusal {
    /// The refusal in a response, if it is one; `with_token` says whether an Initial Access Token
    /// was sent.
    pub fn in_response(response: &Response, with_token: bool) -> Option<Self> {
        let is_accepted = (200..300).contains(&response.status) && response.error_code().is_empty();
        (!is_accepted).then(|| Self::read(response, with_token))
    }

    /// Reads a response that is a refusal.
    pub fn read(response: &Response, with_token: bool) -> Self {
        let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let error = text("error");
        let description = if document.is_object() { text("error_description") } else { said(response) };
        let reason = reason(response, &error, &description, with_token);
        Self { status: response.status, error, description, reason }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        match (self.error.as_str(), self.description.as_str(), &self.reason) {
            (_, _, Reason::Redirected(to)) => write!(f, ", a redirect to {to}"),
            ("", "", _) => Ok(()),
            ("", said, _) => write!(f, " “{said}”"),
            (error, "", _) => write!(f, " {error}"),
            (error, description, _) => write!(f, " {error}: {description}"),
        }
    }
}

/// Characters of a text that is no JSON which are quoted.
const QUOTED: usize = 100;

/// What a person would read first of a page or of a text.
fn said(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let first_line = || text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned();
    let said = page::message(&text).unwrap_or_else(|| if text.contains('<') { String::new() } else { first_line() });
    said.chars().take(QUOTED).collect()
}

fn reason(response: &Response, error: &str, description: &str, with_token: bool) -> Reason {
    if let Some(policy) = Policy::read(error, description) {
        return Reason::Policy(policy);
    }
    let about_token = match description {
        _ if !with_token => Reason::TokenMissing,
        _ if description.contains("No remaining count") => Reason::TokenUsedUp,
        _ => Reason::TokenInvalid,
    };
    let header = |name: &str| response.header_values(name).into_iter().next();
    // The scheme of the first challenge: a registration is opened by a bearer token (RFC 7591 §3).
    let scheme = header("www-authenticate").and_then(|value| Some(value.split([' ', ',']).next()?.to_lowercase()));
    match (response.status, error) {
        (_, "invalid_redirect_uri") => Reason::RedirectUri,
        (_, "invalid_client_metadata") => Reason::ClientMetadata(vec![]),
        (_, "invalid_software_statement" | "unapproved_software_statement") => Reason::SoftwareStatement,
        (_, "invalid_token" | "insufficient_scope") => about_token,
        (300..=399, _) => Reason::Redirected(header("location").unwrap_or_else(|| "no Location".to_owned())),
        (429, _) => Reason::TooMany(header("retry-after")),
        (500..=599, _) | (_, "server_error" | "temporarily_unavailable") => Reason::ServerFault(header("retry-after")),
        (401 | 403, _) if scheme.as_deref() == Some("bearer") => about_token,
        (401, _) if scheme.is_none() => about_token,
        (401, _) | (403, "") => Reason::BeforeReading,
        (404 | 405, "") => Reason::NotThere,
        _ => Reason::Other,
    }
}

#[cfg(test)]
mod tests;
