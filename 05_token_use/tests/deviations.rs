//! Tokens with more than one fault, and sets with more than one key of a name: what the client
//! gets, what the server's operator reads, and the twin that is accepted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Authority, CALM, Server, SigningKey, claims, patched};
use serde_json::{Value, json};
use shared::testing::assert_events_hold;
use token_use::options::CheckOptions;

/// What the server says about a token: its status, the description, and every failed check with
/// what was seen and advised.
async fn refused(server: &Server, token: &str) -> (u16, String, Vec<String>) {
    let said = server.captured.text().len();
    let reply = server.weather(token).await;
    let description = reply.challenge().and_then(|field| field.split("error_description=\"").nth(1));
    let description = description.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    let events = assert_events_hold(&server.captured.text()[said..]);
    let failed = events.iter().filter(|event| event["event"] == "checked" && event["passed"] == false);
    let failed = failed.map(|event| format!("{}: {} {}", event["id"], event["got"], event["fix"])).collect();
    (reply.status, description, failed)
}

/// The claims and header of a good token with these members set, `null` included.
fn claims_with(issuer: &str, patch: &Value) -> Value {
    let mut claims = claims(issuer);
    patch.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
    claims
}

#[tokio::test]
async fn one_refusal_names_all_that_is_wrong_with_a_token() {
    let key = SigningKey::rsa("key", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    let server = Server::new(&authority.issuer, CALM);
    let now = shared::now();
    assert_eq!(server.weather(&key.token(&claims(&authority.issuer))).await.status, 200);
    for (header, patch, descriptions, words) in [
        (json!({}), json!({"exp": null}), &["The token's exp is not a number"][..], &["token.exp", "null"][..]),
        (json!({}), json!({"exp": "4102444800"}), &["The token's exp is not a number"], &["a string and not a number"]),
        (json!({}), json!({"exp": [1]}), &["The token's exp is not a number"], &["an array and not a number"]),
        (json!({}), json!({"iat": "now"}), &["The token's iat is not a number"], &["token.iat", "a string and not"]),
        (json!({}), json!({"iat": null}), &["The token's iat is not a number"], &["token.iat", "null"]),
        (json!({}), json!({"nbf": null}), &["The token's nbf is not a number"], &["token.nbf", "null"]),
        (json!({}), json!({"exp": now - 4000}), &["The token has expired"], &["s behind this server's clock", "NTP"]),
        (
            json!({}),
            json!({"nbf": now + 4000}),
            &["The token is not valid yet"],
            &["s ahead of this server's clock", "clock of this server or of the IdP"],
        ),
        (json!({}), json!({"sub": null}), &["The token has no user (sub)"], &["absent", "client scope basic"]),
        (
            json!({"typ": null}),
            json!({"typ": "Bearer", "iss": "https://other.example", "exp": "x", "sub": 7}),
            &[
                "The token has no typ (at+jwt is required)",
                "The token is from another authorization server",
                "The token's exp is not a number",
                "The token has no user (sub)",
            ],
            &["--accept-typ TYP", "https://other.example", "token.typ", "token.iss", "token.exp", "token.sub"],
        ),
        (
            json!({"typ": "JWT"}),
            json!({"typ": "", "iss": 7}),
            &["The token's typ is JWT, which this server accepts only with --accept-typ JWT", "from another"],
            &["token.typ", "token.iss"],
        ),
    ] {
        let token = key.token_with(&header, &claims_with(&authority.issuer, &patch));
        let (status, description, failed) = refused(&server, &token).await;
        assert_eq!(status, 401, "{patch}: {description}");
        let failed = failed.join("\n");
        assert!(descriptions.iter().all(|text| description.contains(text)), "{patch}: {description}");
        assert_eq!(description.split("; ").count(), descriptions.len(), "{patch}: {description}");
        assert!(words.iter().all(|word| failed.contains(word)), "{patch}: {failed}");
    }
    let ahead = key.token(&claims_with(&authority.issuer, &json!({"iat": now + 4000})));
    assert_eq!(server.weather(&ahead).await.status, 200);
    assert!(server.captured.text().contains("s ahead of this server's clock: the clocks differ"));
    // The good twin of the last one.
    let options = CheckOptions { accept_typ: vec!["JWT".to_owned()], ..CheckOptions::default() };
    let server = Server::with(&authority.issuer, CALM, &options);
    assert_eq!(server.weather(&key.token(&claims_with(&authority.issuer, &json!({"typ": ""})))).await.status, 200);
}

#[tokio::test]
async fn every_key_that_a_token_may_be_signed_with_is_tried() {
    let (own, other, ec) = (SigningKey::rsa("a", None), SigningKey::rsa("a", Some("RS256")), SigningKey::es256("a"));
    let rsa = |patch: Value| {
        let mut jwk = patched(own.jwk.clone(), &patch);
        jwk["use"] = json!("sig");
        jwk
    };
    let (rs256, rs512) = (rsa(json!({"alg": "RS256"})), rsa(json!({"alg": "RS512"})));
    let (encrypts, padded) = (patched(rs256.clone(), &json!({"use": "enc"})), rsa(json!({"e": "AQAB=="})));
    let strangers: Vec<_> = std::iter::repeat_n(other.jwk.clone(), 7).collect();
    let many = |last: &Value| json!([strangers.clone(), vec![last.clone()]].concat());
    let no_kid = json!({"kid": null});
    let hundreds: Vec<_> = (0..300).map(|n| patched(other.jwk.clone(), &json!({"kid": format!("{n}")}))).collect();
    for (keys, header, status, word) in [
        (json!([rs512, rs256]), json!({}), 200, ""),
        (json!([rs256, rs512]), json!({}), 200, ""),
        (json!([other.jwk, rs256]), json!({}), 200, ""),
        (json!([ec.jwk, rs256]), json!({}), 200, ""),
        (json!([encrypts, rs256]), json!({}), 200, ""),
        (many(&rs256), json!({}), 200, ""),
        (json!([hundreds, vec![rs256.clone()]].concat()), json!({}), 200, ""),
        (json!([rs512, ec.jwk]), json!({}), 401, "The token's algorithm is not the algorithm of its key"),
        (json!([other.jwk, other.jwk]), json!({}), 401, "it matches none of the 2 candidate keys"),
        (json!([padded]), json!({}), 401, "1 key of the set could not be read"),
        (json!([rs256, ec.jwk]), no_kid.clone(), 200, ""),
        (json!([rs512, rs256]), no_kid.clone(), 200, ""),
        (json!([rs256, other.jwk]), no_kid.clone(), 401, "no kid, and 2 keys that were fetched just now fit RS256"),
        (json!([ec.jwk]), no_kid, 401, "no kid, and no key that was fetched just now fits RS256"),
    ] {
        let authority = Authority::start(&[]).await;
        authority.publish_jwks(&keys);
        let server = Server::new(&authority.issuer, CALM);
        let token = own.token_with(&header, &claims(&authority.issuer));
        let (found, description, failed) = refused(&server, &token).await;
        assert_eq!(found, status, "{keys}: {description} {failed:?}");
        assert!(format!("{description} {failed:?}").contains(word), "{keys}: {description} {failed:?}");
    }
}
