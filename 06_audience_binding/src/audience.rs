//! The check that lesson 05's server lacks: is the token for this server? RFC 9068 §4,
//! <https://www.rfc-editor.org/rfc/rfc9068#section-4>.

use std::sync::Arc;

use serde_json::{Map, Value};
use shared::event::Rule;
use token_use::access_token::ClaimsCheck;
use token_use::refusal::RefusalKind;
use token_use::refusal::short;

use crate::verdict;

/// The check, for a server (`who`, for people) that goes by these names. It is told as `rule`;
/// where it fails, so is every claim that says where the token belongs.
pub fn check(rule: &'static Rule, who: &str, issuer: &str, accepted: &[String]) -> ClaimsCheck {
    let (issuer, accepted) = (issuer.to_owned(), accepted.to_vec());
    let expected = format!("aud names {who}: {}", accepted.join(" or "));
    Arc::new(move |checks, claims| {
        let is_meant = is_meant(claims, &accepted);
        if !is_meant {
            checks.note(|| verdict::table("The token, claim by claim:", claims, &issuer, &accepted));
        }
        let got = claims.get("aud").map_or("absent".to_owned(), |aud| short(&shown(aud)));
        checks.require(rule, is_meant, &expected, got, RefusalKind::InvalidToken("The token is not for this server"))
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

/// A claim for a person.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWN: &str = "http://localhost:8000/mcp";

    fn is_for_us(aud: Value) -> bool {
        let Value::Object(claims) = json!({"aud": aud}) else { unreachable!() };
        is_meant(&claims, &[OWN.to_owned()])
    }

    #[test]
    fn a_token_is_for_who_stands_in_it_exactly() {
        for aud in [json!(OWN), json!([OWN]), json!(["account", OWN]), json!([OWN, OWN])] {
            assert!(is_for_us(aud.clone()), "{aud}");
        }
        for aud in [
            json!(null),
            json!(""),
            json!([]),
            json!([""]),
            json!("account"),
            json!(["account", "http://localhost:8001/mcp"]),
            json!("http://localhost:8001/mcp"),
            json!("http://localhost:8000/mcp/"),
            json!("http://localhost:8000/MCP"),
            json!("HTTP://localhost:8000/mcp"),
            json!("http://LOCALHOST:8000/mcp"),
            json!("http://127.0.0.1:8000/mcp"),
            json!("http://localhost:8000"),
            json!("http://localhost:8000/mcp?x"),
            json!("http://localhost:8000/mcp#x"),
            json!("http://localhost:8000/mcp http://localhost:8001/mcp"),
            json!(" http://localhost:8000/mcp"),
            json!("*"),
            json!(["*"]),
            json!([[OWN]]),
            json!([OWN, 7]),
            json!([OWN, null]),
            json!({"0": OWN}),
            json!(true),
            json!(8000),
        ] {
            assert!(!is_for_us(aud.clone()), "{aud}");
        }
        assert!(!is_meant(&Map::new(), &[OWN.to_owned()]), "no aud");
        let Value::Object(claims) = json!({"aud": ""}) else { unreachable!() };
        assert!(!is_meant(&claims, &[]), "a server without a name");
    }

    #[test]
    fn a_server_can_go_by_several_names() {
        let Value::Object(claims) = json!({"aud": "api://weather"}) else { unreachable!() };
        assert!(is_meant(&claims, &[OWN.to_owned(), "api://weather".to_owned()]));
    }
}
