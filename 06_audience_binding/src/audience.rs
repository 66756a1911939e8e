//! The check that lesson 05's server lacks: is the token for this server? RFC 9068 §4,
//! <https://www.rfc-editor.org/rfc/rfc9068#section-4>.

use std::sync::Arc;

use serde_json::{Map, Value};
use shared::clock::rfc3339;
use shared::event::Rule;
use token_use::access_token::ClaimsCheck;
use token_use::jwt;
use token_use::refusal::{RefusalKind, short};

/// The check, for a server (`who`, for people) that goes by these names. It is reported as `rule`;
/// where it fails, every claim that says where the token belongs is reported too.
pub fn check(rule: &'static Rule, who: &str, issuer: &str, accepted: &[String]) -> ClaimsCheck {
    let (issuer, accepted) = (issuer.to_owned(), accepted.to_vec());
    let expected = format!("aud names {who}: {}", accepted.join(" or "));
    Arc::new(move |checks, claims| {
        let is_meant = is_meant(claims, &accepted);
        if !is_meant {
            checks.note(|| verdict("The token, claim by claim:", claims, &issuer, &accepted));
        }
        let got = claims.get("aud").map_or("absent".to_owned(), |aud| short(&shown(aud)));
        checks.require(
            rule,
            is_meant,
            &expected,
            got,
            RefusalKind::InvalidToken("The token is not for this server".into()),
        )
    })
}

/// "The JWT access token MUST be rejected if "aud" does not contain a resource indicator of the
/// current resource server as a valid audience." (RFC 9068 §4)
///
/// "In the general case, the "aud" value is an array of case-sensitive strings … In the special
/// case when the JWT has one audience, the "aud" value MAY be a single case-sensitive string" (RFC
/// 7519 §4.1.3): so a slash or a capital letter makes another server, and what has anything else in
/// its array is no audience at all.
pub fn is_meant(claims: &Map<String, Value>, accepted: &[String]) -> bool {
    let is_this_one = |aud: &Value| accepted.iter().any(|own| aud == own);
    match claims.get("aud") {
        Some(one @ Value::String(_)) => is_this_one(one),
        Some(Value::Array(several)) => several.iter().all(Value::is_string) && several.iter().any(is_this_one),
        _ => false,
    }
}

/// A claim's value as a person reads it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The scopes as the server reads them, from `scope` or from `scp`.
fn scopes(claims: &Map<String, Value>) -> String {
    let scopes = jwt::scopes(claims);
    if scopes.is_empty() { "absent".to_owned() } else { short(&scopes.join(" ")) }
}

/// What a token's claims say about where it belongs, claim by claim: for a server that refuses it,
/// and for a client that wants to know why. Claims that have to fit and do not are marked with what
/// they are not. Nothing is verified here. A client has no business with the inside of an access
/// token; but a person who tries out an IdP wants to see what it gave.
pub fn verdict(title: &str, claims: &Map<String, Value>, issuer: &str, accepted: &[String]) -> String {
    let text = |name: &str| claims.get(name).map_or("absent".to_owned(), |value| short(&shown(value)));
    let exp = claims.get("exp").and_then(Value::as_u64);
    let is_alive = exp.is_some_and(|exp| exp > shared::now());
    let until = exp.map_or_else(|| text("exp"), rfc3339);
    let is_issuer = claims.get("iss").is_some_and(|iss| iss == issuer);
    let is_for_us = is_meant(claims, accepted);
    let but = |holds: bool, expected: &str| if holds { String::new() } else { format!("   ← not {expected}") };
    let mut lines = vec![
        title.to_owned(),
        format!("  iss    {}{}", text("iss"), but(is_issuer, issuer)),
        format!("  aud    {}{}", text("aud"), but(is_for_us, &accepted.join(" or "))),
        format!("  exp    {until}{}", but(is_alive, "ahead")),
        format!("  azp    {}, scope {}", text("azp"), scopes(claims)),
    ];
    lines.extend((!claims.contains_key("sub")).then(|| "  sub    absent".to_owned()));
    lines.join("\n")
}

#[cfg(test)]
mod tests;
