//! Where the token is: RFC 6750 §2, <https://www.rfc-editor.org/rfc/rfc6750#section-2>. MCP knows
//! one place, the `Authorization` header. Beside the scheme Bearer there is DPoP, with the same
//! syntax: [`crate::further::dpop::proof`].
//!
//! Left out: the form-encoded body (§2.2), which is no MCP message anyway.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use url::form_urlencoded;

use crate::further::hidden_credentials::hide_credentials;
use crate::refusal::{Checks, Refusal, RefusalKind};
use crate::rules;

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Whoever has it may use it: RFC 6750.
    Bearer,
    /// With a proof of the key that it is bound to: RFC 9449 §7.1.
    Dpop,
}

impl Scheme {
    /// As headers have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// A token, and how it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// How.
    pub scheme: Scheme,
    /// The token.
    pub token: &'a str,
}

/// The token of a request to a server that knows bearer tokens only.
pub fn token<'a>(checks: &Checks<'_>, parts: &'a Parts) -> Result<&'a str, Refusal> {
    let credentials = credentials(checks, parts)?;
    match credentials.scheme {
        Scheme::Bearer => Ok(credentials.token),
        Scheme::Dpop => Err(Refusal::from(RefusalKind::Unauthenticated)),
    }
}

/// The token of a request.
pub fn credentials<'a>(checks: &Checks<'_>, parts: &'a Parts) -> Result<Credentials<'a>, Refusal> {
    hide_credentials(parts);
    // "Access tokens MUST NOT be included in the URI query string" (MCP 2026-07-28, Token
    // Requirements). It would stand in every log.
    let in_query = has_query_parameter(parts.uri.query().unwrap_or_default(), "access_token");
    let got = if in_query { "access_token in the URL" } else { "none in the URL" };
    let expected = "the token is in the Authorization header only";
    let kind = RefusalKind::InvalidRequest("The access token must not be in the URL");
    checks.require(&rules::NOT_IN_QUERY, !in_query, expected, got, kind)?;
    let sent = one_credential(checks, &parts.headers)?;
    // "If the request lacks any authentication information (e.g., … attempted using an unsupported
    // authentication method)" (RFC 6750 §3.1)
    let Some(credentials) = sent.and_then(of_known_scheme) else {
        return Err(Refusal::from(RefusalKind::Unauthenticated));
    };
    let Credentials { scheme, token } = credentials;
    let is_one = is_b64token(token);
    let got = match token {
        _ if is_one => "one token",
        "" => "nothing",
        _ => "something else",
    };
    let expected = format_args!("after {}, one token and nothing else", scheme.name());
    let kind = RefusalKind::InvalidRequest("The Authorization header is malformed");
    checks.require(&rules::B64TOKEN, is_one, expected, got, kind)?;
    Ok(credentials)
}

fn has_query_parameter(query: &str, name: &str) -> bool {
    !query.is_empty() && form_urlencoded::parse(query.as_bytes()).any(|(known, _)| known == name)
}

/// invalid_request: "The request … uses more than one method for including an access token, or is
/// otherwise malformed." (RFC 6750 §3.1)
fn one_credential<'a>(checks: &Checks<'_>, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = values.next() else { return Ok(None) };
    let others = values.count();
    let readable = first.to_str().ok().filter(|_| others == 0);
    let got = match (readable, others) {
        (Some(_), _) => "one",
        (None, 0) => "one, with characters that a token cannot have",
        (None, _) => "more than one",
    };
    let kind = RefusalKind::InvalidRequest("There must be one Authorization header, in ASCII");
    checks.require(&rules::ONE_HEADER, readable.is_some(), "the request has one Authorization header", got, kind)?;
    Ok(readable)
}

/// What stands after the scheme, which is "case-insensitive" (RFC 9110 §11.1); `None` for another
/// scheme.
fn of_known_scheme(credentials: &str) -> Option<Credentials<'_>> {
    let (name, rest) = credentials.split_once(' ').unwrap_or((credentials, ""));
    let scheme = [Scheme::Bearer, Scheme::Dpop].into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.name()))?;
    // `credentials = "Bearer" 1*SP b64token` (RFC 6750 §2.1), and `"DPoP" 1*SP token68` (RFC 9449
    // §7.1), which is the same
    Some(Credentials { scheme, token: rest.trim_start_matches(' ') })
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (RFC 6750 §2.1)
fn is_b64token(text: &str) -> bool {
    let characters = text.trim_end_matches('=');
    let is_known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    // To the end, whatever comes: without an early way out, many characters are compared at once.
    !characters.is_empty() && characters.bytes().fold(true, |all, b| all & is_known(b))
}

#[cfg(test)]
mod tests;
