//! What a token's claims say about where it belongs, claim by claim: for a server that refuses it,
//! and for a client that wants to know why.
//!
//! A client has no business with the inside of an access token; but whoever tries out an IdP wants
//! to see what it gave. Nothing is verified here.

use serde_json::{Map, Value};
use shared::clock::rfc3339;
use token_use::refusal::short;

use crate::audience;

/// A table with a line for each claim: ✔ and ✘ where it has to fit, · where it is worth knowing.
pub fn table(title: &str, claims: &Map<String, Value>, issuer: &str, accepted: &[String]) -> String {
    let text = |name: &str| claims.get(name).map_or("absent".to_owned(), |value| short(&audience::shown(value)));
    let exp = claims.get("exp").and_then(Value::as_u64);
    let is_alive = exp.is_some_and(|exp| exp > shared::now());
    let until = exp.map_or_else(|| text("exp"), rfc3339);
    let is_issuer = claims.get("iss").is_some_and(|iss| iss == issuer);
    let is_meant = audience::is_meant(claims, accepted);
    let mark = |holds: bool| if holds { '✔' } else { '✘' };
    let but = |holds: bool, expected: &str| if holds { String::new() } else { format!("   (not {expected})") };
    [
        title.to_owned(),
        format!("  {} iss    {}{}", mark(is_issuer), text("iss"), but(is_issuer, issuer)),
        format!("  {} aud    {}{}", mark(is_meant), text("aud"), but(is_meant, &accepted.join(" or "))),
        format!("  {} exp    {until}{}", mark(is_alive), but(is_alive, "ahead")),
        format!("  · sub    {}", text("sub")),
        format!("  · azp    {}", text("azp")),
        format!("  · scope  {}", text("scope")),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_claim_gets_its_mark() {
        let Value::Object(claims) = json!({"iss": "I", "aud": ["B"], "exp": 1, "scope": "s"}) else { unreachable!() };
        let told = table("T", &claims, "I", &["A".to_owned()]);
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(
            lines[..4],
            ["T", "  ✔ iss    I", "  ✘ aud    [\"B\"]   (not A)", "  ✘ exp    1970-01-01T00:00:01Z   (not ahead)"]
        );
        assert!(lines[4].ends_with("absent") && lines[6].ends_with("scope  s"), "{told}");
    }
}
