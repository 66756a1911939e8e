//! Tokens for people: claim by claim, and never the token itself.

use serde_json::{Map, Value};
use shared::clock::rfc3339;
use shared::event::{Claim, Event};
use shared::redact::Mask;
use shared::{Reporter, Secret, one_line};

use crate::token_response::{TokenResponse, audiences, claims, header};

/// Shows every token that came, as a table.
pub fn show(reporter: &Reporter, response: &TokenResponse) {
    for (name, token) in named(response) {
        reporter.note(table(name, token));
    }
}

/// The tokens that came and can be read, as events.
pub fn report(reporter: &Reporter, response: &TokenResponse) {
    for (name, token) in named(response) {
        if let Some((header, claims)) = read(token) {
            let (header, claims) = (described(&header), described(&claims));
            reporter.emit(&Event::Token { name, token: token.fingerprint(), header, claims });
        }
    }
}

fn named(response: &TokenResponse) -> impl Iterator<Item = (&'static str, &Secret)> {
    let named = [
        ("access_token", Some(&response.access_token)),
        ("refresh_token", response.refresh_token.as_ref()),
        ("id_token", response.id_token.as_ref()),
    ];
    named.into_iter().filter_map(|(name, token)| Some((name, token?)))
}

/// Header and claims of a token that is a JWT, without what is a secret by its name.
fn read(token: &Secret) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let masked = |members: Map<String, Value>| match Mask::Fingerprint.json(&Value::Object(members)) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    Some((masked(header(token)?), masked(claims(token)?)))
}

fn described(members: &Map<String, Value>) -> Vec<Claim> {
    let described = members.iter().map(|(name, value)| Claim {
        name: name.clone(),
        value: shown(name, value),
        meaning: meaning(name),
    });
    described.collect()
}

fn meaning(name: &str) -> &'static str {
    MEANINGS.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning)
}

/// The access token in one line: the servers that it names, if it can be read, and its scopes.
pub fn summary(response: &TokenResponse, scopes: &str) -> String {
    let token = match claims(&response.access_token).map(|claims| audiences(&claims).join(", ")) {
        None => "access token (opaque)".to_owned(),
        Some(aud) if aud.is_empty() => "access token without aud".to_owned(),
        Some(aud) => format!("access token for {aud}"),
    };
    format!("{token}, scopes: {scopes}")
}

/// What each claim says, for a person.
const MEANINGS: &[(&str, &str)] = &[
    ("iss", "who issued it"),
    ("sub", "the user, by the IdP's identifier"),
    ("aud", "the server that the token is for"),
    ("azp", "the client that received it"),
    ("cnf", "the key that it is bound to"),
    ("exp", "valid until"),
    ("iat", "issued"),
    ("nbf", "not before"),
    ("auth_time", "when the user signed in"),
    ("scope", "the access that it grants"),
    ("scp", "the access that it grants"),
    ("realm_access", "the user's roles that the scopes allow, as Keycloak writes them"),
    ("typ", "Keycloak's name for this kind of token"),
    ("jti", "this token's identifier"),
    ("sid", "the session"),
    ("client_id", "the client that received it"),
];

/// For an access token that does not say whose it is.
const NO_SUB: &str = "a server that follows RFC 9068 refuses the token. In Keycloak 25 or newer, the client scope basic writes sub: make it a default \
                      client scope of the client and of the realm.";

/// Times among the claims.
const TIMES: [&str; 4] = ["exp", "iat", "nbf", "auth_time"];

/// A token as a person may see it: what it is, its header, and its claims one by one; never the
/// token.
pub fn table(name: &str, token: &Secret) -> String {
    let Some((header, claims)) = read(token) else {
        return format!("{name}: {} (opaque: only the IdP can read it)", token.fingerprint());
    };
    let header: Vec<_> = header.iter().map(|(name, value)| format!("{name} {}", shown(name, value))).collect();
    let width = claims.keys().map(String::len).max().unwrap_or_default();
    let rows = claims.iter().map(|(name, value)| {
        let meaning = Some(meaning(name)).filter(|meaning| !meaning.is_empty()).map(|meaning| format!("  ({meaning})"));
        format!("  {:<width$}  {}{}", one_line(name), shown(name, value), meaning.unwrap_or_default())
    });
    // "sub REQUIRED" (RFC 9068 §2.2)
    let lacks_sub = name == "access_token" && !claims.contains_key("sub");
    let absent = lacks_sub.then(|| format!("  {:<width$}  absent: {NO_SUB}", "sub"));
    let first = format!("{name}: {}, a JWT: {}", token.fingerprint(), header.join(", "));
    [first].into_iter().chain(rows).chain(absent).collect::<Vec<_>>().join("\n")
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        // Keycloak's way to say that a token has no end.
        Value::Number(seconds) if name == "exp" && seconds.as_u64() == Some(0) => "0: never".to_owned(),
        Value::Number(seconds) if TIMES.contains(&name) => {
            seconds.as_u64().map_or_else(|| seconds.to_string(), rfc3339)
        }
        // Keycloak's session_state has the same value, and is a secret.
        Value::String(session) if name == "sid" => Secret::new(session).fingerprint(),
        Value::String(text) => one_line(text),
        Value::Array(scopes) if name == "scp" && scopes.iter().all(Value::is_string) => {
            scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn jwt(claims: &Value) -> Secret {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Secret::new(format!("{}.{}.c2ln", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims)))
    }

    #[test]
    fn a_token_is_shown_claim_by_claim_and_never_itself() {
        let token = jwt(&json!({"iss": "https://i", "exp": 1_795_262_400, "aud": ["a"], "x": {"y": 1}}));
        let table = table("access_token", &token);
        assert!(table.contains("sub  absent: a server") && table.contains("client scope basic"), "{table}");
        let whole = super::table("access_token", &jwt(&json!({"sub": "u", "scp": ["a", "b"]})));
        assert!(!whole.contains("basic") && whole.contains("scp  a b  (the access that it grants)"), "{whole}");
        for line in ["iss  https://i  (who issued it)", "exp  2026-11-21T12:00:00Z  (valid until)", "x    {\"y\":1}"] {
            assert!(table.contains(line), "{table}");
        }
        assert!(!table.contains(token.expose()) && !table.contains("c2ln"), "{table}");
        let with_secret = super::table("t", &jwt(&json!({"sub": "u", "client_secret": "hunterword"})));
        assert!(with_secret.contains("sub ") && !with_secret.contains("hunterword"), "{with_secret}");
        assert!(super::table("t", &Secret::new("opaque")).contains("only the IdP can read it"));
        for hostile in ["a.b.c", "..", "eyJ.eyJ.eyJ", "\u{1F600}.\u{1F600}.\u{1F600}"] {
            assert!(super::table("t", &Secret::new(hostile)).contains("opaque"), "{hostile}");
        }
        let strange = super::table("t", &jwt(&json!({"exp": u64::MAX, "nbf": 1_000_000_000_000_000_u64, "iat": -1})));
        for line in ["exp  18446744073709551615", "nbf  1000000000000000", "iat  -1"] {
            assert!(strange.contains(line), "{strange}");
        }
    }
}
