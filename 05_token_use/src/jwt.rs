//! A JWT and its members: RFC 7519, RFC 7515.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use shared::scope;

/// Seconds by which the clocks may differ: "Implementers MAY provide for some small leeway, usually
/// no more than a few minutes" (RFC 7519 §4.1.4).
pub const LEEWAY: f64 = 30.0;

/// The time as tokens count it.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
pub fn seconds_now() -> f64 {
    shared::now() as f64
}

/// Whether this time lies ahead, give or take [`LEEWAY`].
pub fn is_ahead(exp: f64) -> bool {
    seconds_now() < exp + LEEWAY
}

/// Whether this time lies behind, give or take [`LEEWAY`].
pub fn is_behind(time: f64) -> bool {
    time <= seconds_now() + LEEWAY
}

/// A JWT in its parts; nothing in it is to be trusted yet.
pub struct Jwt<'a> {
    /// Header and claims, as they were signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: &'a str,
    /// The header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
}

/// Bytes of a token that are looked at. Keycloak's have about a thousand.
const MAX_BYTES: usize = 16 * 1024;

impl<'a> Jwt<'a> {
    /// `None` where it is none.
    pub fn split(token: &'a str) -> Option<Self> {
        // Whoever sends it is still a stranger.
        if token.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let header: Map<String, Value> = object(header)?;
        // "Its value MUST be a case-sensitive string." (RFC 7515 §4.1.4) Any other is not the same
        // as none.
        let kid_is_text = header.get("kid").is_none_or(Value::is_string);
        kid_is_text.then_some(Self { signed, signature, header, claims: object(claims)? })
    }

    /// Of the header; empty where it is absent, or no text.
    pub fn header_text(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Of the claims; empty where it is absent, or no text.
    pub fn claim_text(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

pub fn or_absent(text: &str) -> &str {
    if text.is_empty() { "absent" } else { text }
}

/// A NumericDate, which may have a fraction (RFC 7519 §2).
pub fn number(claims: &Map<String, Value>, name: &str) -> Option<f64> {
    claims.get(name)?.as_f64()
}

/// `scope` (RFC 9068 §2.2.3); some authorization servers call it `scp`, and some make it a list.
pub fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Value::String(text)) => scope::split(text).map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

pub fn roles(claims: &Map<String, Value>) -> Option<Vec<String>> {
    let roles = claims.get("realm_access")?["roles"].as_array()?;
    Some(roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests;
