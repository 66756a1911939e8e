//! Going further: what a refusal says about tokens of authorization servers that this server was
//! not set up for. The client's user reads the description, and the server's operator the fix; both
//! are this server's own words.

use serde_json::{Map, Value};
use shared::clock::rfc3339;

use crate::jwt::{Jwt, is_behind, number, seconds_now};
use crate::refusal::Checks;

/// Why a token that this server cannot read as a JWT is refused.
pub fn not_a_jwt(token: &str) -> &'static str {
    match token.split('.').count() {
        3 => "The token is not a JWT that this server understands",
        5 => "The token is encrypted, and this server has no key to read it",
        _ => "The token is opaque, but this server accepts only JWT access tokens",
    }
}

/// For the operator of a server that got such a token.
pub const ISSUE_JWTS: &str = "Have the IdP issue access tokens that are signed JWTs (RFC 9068), or put a gateway that introspects tokens in front \
                              of the server (RFC 7662).";

/// Why a token of this type is refused: the type in its header, and the one in its claims.
pub fn other_type(jwt: &Jwt<'_>) -> &'static str {
    let says_otherwise = !["", "Bearer", "DPoP"].contains(&jwt.claim_text("typ"));
    match jwt.header_text("typ").to_ascii_lowercase().as_str() {
        _ if says_otherwise => "The token is not an access token",
        "jwt" | "application/jwt" => "The token's typ is JWT, which this server accepts only with --accept-typ JWT",
        "" => "The token has no typ (at+jwt is required)",
        _ => "The token is not an access token",
    }
}

/// For the operator of a server that got a token of another type.
pub const ACCEPT_TYP: &str = "Have the IdP write typ at+jwt (RFC 9068). If access tokens of this IdP have another typ, start the server with \
                              --accept-typ TYP (\"\" for none), and check that its ID tokens have a different typ.";

/// For the operator of an IdP whose tokens do not say whose they are.
pub const ADD_SUB: &str = "Have the IdP write sub into access tokens. In Keycloak 25 or newer, the client scope basic does that: make it a default \
                           client scope of the client, and of the realm (Client scopes, basic, Default).";

/// A time among the claims, for a check that it passed.
pub fn time(claims: &Map<String, Value>, name: &str) -> String {
    match claims.get(name) {
        None => "absent".to_owned(),
        Some(value) => value.as_u64().map_or_else(|| value.to_string(), rfc3339),
    }
}

/// The same, for a check that it failed: what is wrong with it, or by how much.
pub fn wrong_time(claims: &Map<String, Value>, name: &str) -> String {
    let shown = time(claims, name);
    let kind = match claims.get(name) {
        None => return shown,
        Some(Value::String(_)) => "a string",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
        Some(Value::Number(_)) => {
            let seconds = number(claims, name).unwrap_or_default() - seconds_now();
            let side = if seconds < 0.0 { "behind" } else { "ahead of" };
            return format!("{shown}, {:.0} s {side} this server's clock", seconds.abs());
        }
    };
    if kind == shown { shown } else { format!("{shown}, {kind} and not a number") }
}

/// A token from the future is no reason to refuse it (RFC 7519 §4.1.6), and it tells that two
/// clocks differ.
pub fn note_future_issue(checks: &Checks<'_>, claims: &Map<String, Value>) {
    if number(claims, "iat").is_some_and(|iat| !is_behind(iat)) {
        checks.note(|| format!("The token's iat is {}: the clocks differ. {SET_CLOCKS}", wrong_time(claims, "iat")));
    }
}

/// Why a time that is there, or has to be there, is no number; `None` where it is one.
pub fn faulty_time(claims: &Map<String, Value>, name: &str) -> Option<&'static str> {
    match (name, claims.get(name).map(Value::is_number)) {
        ("exp", None) => Some("The token has no exp"),
        ("exp", Some(false)) => Some("The token's exp is not a number"),
        ("nbf", Some(false)) => Some("The token's nbf is not a number"),
        ("iat", Some(false)) => Some("The token's iat is not a number"),
        _ => None,
    }
}

/// For the operator, where a time lies on the wrong side of the clock.
pub const SET_CLOCKS: &str =
    "If the token was issued just now, the clock of this server or of the IdP is wrong: set both by NTP.";
