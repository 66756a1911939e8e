//! Going further: tokens that are remembered (`--remember-tokens`), and what that must not change.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use common::{Authority, CALM, EAGER, Server, SigningKey, claims, patched, tool_call, until, with_token};
use serde_json::json;
use shared::Reporter;
use shared::http::Http;
use shared::reach::{Privacy, Reach};
use token_use::access_token::{AccessToken, Verifier};
use token_use::further::key_rotation::Limits;
use token_use::further::remembered_tokens::VerifiedTokens;
use token_use::jwks::Jwks;
use token_use::jwt::LEEWAY;
use token_use::options::CheckOptions;
use token_use::refusal::Checks;
use token_use::rules;

fn key(kid: &str) -> SigningKey {
    SigningKey::rsa(kid, Some("RS256"))
}

fn remembering(issuer: &str, limits: Limits) -> Server {
    Server::with(issuer, limits, &CheckOptions { remember_tokens: 10, ..CheckOptions::default() })
}

fn verifier(issuer: &str) -> Verifier {
    let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
    let keys = Arc::new(Jwks::new(http, issuer, CALM));
    Verifier { issuer: issuer.to_owned(), keys, header_types: Vec::new(), audience: None }
}

async fn verified(verifier: &Verifier, token: &str) -> Arc<AccessToken> {
    let checked = verifier.verify(&Checks::quiet(), token).await;
    Arc::new(checked.ok().unwrap())
}

/// Whether the server looked at the token once more, seen by what it says.
async fn is_verified_again(server: &Server, token: &str) -> bool {
    let said = server.captured.text().len();
    assert!(server.weather(token).await.has_weather());
    let text = server.captured.text()[said..].to_owned();
    text.contains(rules::SIGNATURE.id)
}

#[tokio::test]
async fn there_is_room_for_so_many_and_the_oldest_go() {
    let key = key("key");
    let authority = Authority::start(&[&key]).await;
    let verifier = verifier(&authority.issuer);
    let room = VerifiedTokens::with_room_for(3);
    assert!(room.is_empty());
    let token = |n: usize| key.token(&patched(claims(&authority.issuer), &json!({"jti": n})));
    let tokens: Vec<_> = (0..10).map(token).collect();
    for token in &tokens {
        let verified = verified(&verifier, token).await;
        room.remember(token, &verified);
        room.remember(token, &verified);
        assert!(room.len() <= 3, "{}", room.len());
        assert!(room.find(token, &verifier.keys).await.is_some());
    }
    let mut found = Vec::new();
    for token in &tokens {
        found.push(room.find(token, &verifier.keys).await.is_some());
    }
    assert_eq!(found, [false, false, false, false, false, false, false, true, true, true]);
    let other = room.find(&tokens[9], &verifier.keys).await.unwrap();
    assert_eq!(other.claims["jti"], 9, "each token has its own claims");
}

#[tokio::test]
async fn what_is_found_no_more_makes_room() {
    let key = key("key");
    let authority = Authority::start(&[&key]).await;
    let verifier = verifier(&authority.issuer);
    let room = VerifiedTokens::with_room_for(2);
    let good = key.token(&claims(&authority.issuer));
    let verified = verified(&verifier, &good).await;
    let mut claims = verified.claims.clone();
    claims["exp"] = json!(shared::now() as f64 - LEEWAY);
    let ended = AccessToken { claims, scopes: Vec::new(), roles: None, key: verified.key.clone() };
    room.remember("ended", &Arc::new(ended));
    room.remember(&good, &verified);
    assert_eq!(room.len(), 2);
    assert!(room.find("ended", &verifier.keys).await.is_none() && room.find(&good, &verifier.keys).await.is_some());
    assert_eq!(room.len(), 1);
}

#[tokio::test]
async fn every_token_is_verified_every_time_unless_asked_otherwise() {
    let key = key("key");
    let authority = Authority::start(&[&key]).await;
    let good = key.token(&claims(&authority.issuer));
    let (plain, remembering) = (Server::new(&authority.issuer, CALM), remembering(&authority.issuer, CALM));
    for server in [&plain, &remembering] {
        assert!(is_verified_again(server, &good).await, "the first time");
    }
    for _ in 0..3 {
        assert!(is_verified_again(&plain, &good).await);
        assert!(!is_verified_again(&remembering, &good).await);
    }
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_ends() {
    let key = key("key");
    let authority = Authority::start(&[&key]).await;
    let server = remembering(&authority.issuer, CALM);
    // Five seconds from now it is as long over as clocks may differ.
    let exp = shared::now() as f64 - LEEWAY + 5.0;
    let token = key.token(&patched(claims(&authority.issuer), &json!({"exp": exp})));
    assert!(server.weather(&token).await.has_weather());
    until("the token has ended", async || server.weather(&token).await.status == 401).await;
    assert!(shared::now() as f64 >= exp + LEEWAY);
    assert_eq!(server.captured.checks(rules::EXPIRY.id).last().unwrap(), &("server".to_owned(), false));
}

/// Nobody but the remembered token calls, so its calls alone have to keep the keys fresh.
#[tokio::test]
async fn a_remembered_token_ends_with_its_key() {
    let (own, new) = (key("own"), key("new"));
    let authority = Authority::start(&[&own]).await;
    let server = remembering(&authority.issuer, EAGER);
    let token = own.token(&claims(&authority.issuer));
    assert!(server.weather(&token).await.has_weather());
    authority.publish(&[&new]);
    until("the removed key's token is refused", async || server.weather(&token).await.status == 401).await;
    assert_eq!(server.captured.checks(rules::KEY.id).last().unwrap(), &("server".to_owned(), false));
    // The same key comes back under its kid: the token is good again, as it would be without a
    // memory.
    authority.publish(&[&own]);
    until("the key is back", async || server.weather(&token).await.has_weather()).await;
}

#[tokio::test]
async fn another_key_under_the_same_kid_ends_it_too() {
    let (own, other) = (key("same"), key("same"));
    let authority = Authority::start(&[&own]).await;
    let server = remembering(&authority.issuer, EAGER);
    let token = own.token(&claims(&authority.issuer));
    assert!(server.weather(&token).await.has_weather());
    authority.publish(&[&other]);
    until("the token is refused", async || server.weather(&token).await.status == 401).await;
    assert_eq!(server.captured.checks(rules::SIGNATURE.id).last().unwrap(), &("server".to_owned(), false));
}

#[tokio::test]
async fn a_token_that_differs_in_one_character_is_verified() {
    let key = key("key");
    let authority = Authority::start(&[&key]).await;
    let server = remembering(&authority.issuer, CALM);
    let good = key.token(&claims(&authority.issuer));
    assert!(server.weather(&good).await.has_weather());
    let signature = good.rfind('.').unwrap() + 1;
    for at in [signature, signature + 100, signature + 300] {
        let other = if &good[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
        for _ in 0..2 {
            assert_eq!(server.weather(&changed).await.status, 401, "a bad one is not remembered either");
        }
    }
    assert!(server.weather(&good).await.has_weather());
}

#[tokio::test]
async fn what_a_remembered_token_allows_is_looked_at_every_time() {
    let key = key("key");
    let authority = Authority::start(&[&key]).await;
    let server = remembering(&authority.issuer, CALM);
    let good = key.token(&claims(&authority.issuer));
    for _ in 0..2 {
        assert!(server.weather(&good).await.has_weather());
        let said = server.captured.text().len();
        let note = tool_call("save_note", &json!({"name": "n", "text": "t"}));
        assert_eq!(server.ask(with_token(note, &good)).await.status, 403);
        assert_eq!(server.failed_since(said), [rules::SCOPE.id]);
    }
}
