//! The server and the authorization server's keys: how often they are fetched, and what happens
//! while they are not to be had.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::{Duration, Instant};

use common::{Authority, CALM, EAGER, Manner, Server, SigningKey, claims, of_unknown_key, until};
use token_use::further::key_rotation::Limits;
use token_use::rules;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Something that should end has ended by then, however slow the machine is.
const AMPLE: Duration = Duration::from_secs(60);

fn key(kid: &str) -> SigningKey {
    SigningKey::rsa(kid, Some("RS256"))
}

/// An authorization server with this key, the lesson's server, and a token that it takes.
async fn start(key: &SigningKey, limits: Limits) -> (Authority, Server, String) {
    let authority = Authority::start(&[key]).await;
    let server = Server::new(&authority.issuer, limits);
    let good = key.token(&claims(&authority.issuer));
    assert!(server.weather(&good).await.has_weather());
    (authority, server, good)
}

/// Calls with all these tokens at once; the statuses of the answers.
async fn all_at_once(server: &Server, tokens: impl IntoIterator<Item = String>) -> Vec<u16> {
    let mut calls = JoinSet::new();
    for token in tokens {
        let server = server.clone();
        calls.spawn(async move { server.weather(&token).await.status });
    }
    calls.join_all().await
}

fn unknown(issuer: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| of_unknown_key(issuer, &format!("unknown-{n}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_kids_causes_one_fetch_a_window() {
    let window = Duration::from_millis(500);
    for (manner, status) in [(Manner::Up, 401), (Manner::Down, 503)] {
        let authority = Authority::start(&[&key("own")]).await;
        authority.behave(manner);
        let server = Server::new(&authority.issuer, Limits { window, ..CALM });
        let started = Instant::now();
        let mut bursts = 0;
        while started.elapsed() < window * 3 || bursts < 2 {
            let statuses = all_at_once(&server, unknown(&authority.issuer, 1000)).await;
            // 503 is right, too, for a call that waited too long for the fetch: on a machine that
            // is busy with something else.
            let is_right = |found: &u16| *found == status || *found == 503;
            assert_eq!((statuses.len(), statuses.iter().all(is_right)), (1000, true), "{manner:?}: {statuses:?}");
            bursts += 1;
        }
        let windows = 1 + started.elapsed().as_millis() / window.as_millis();
        let fetches = authority.metadata_requests();
        assert!(fetches >= 2 && fetches as u128 <= windows, "{manner:?}: {fetches} fetches in {windows} windows");
        // A fetch that is under way at the end, or given up, has not come to the keys.
        let keys = authority.key_requests();
        assert!(keys <= fetches && (keys > 0) == (manner == Manner::Up), "{manner:?}: {keys} of {fetches} fetches");
    }
}

#[tokio::test]
async fn while_the_authorization_server_is_away_known_keys_work_and_others_get_503() {
    let (own, new) = (key("own"), key("new"));
    let (authority, server, good) = start(&own, EAGER).await;
    authority.behave(Manner::Down);
    // The keys are older than they may be, so each call tries to fetch them, and goes on without.
    let before = authority.metadata_requests();
    until("the keys were asked for again", async || {
        assert!(server.weather(&good).await.has_weather());
        authority.metadata_requests() > before
    })
    .await;
    let unknown = of_unknown_key(&authority.issuer, "unknown");
    let reply = server.weather(&unknown).await;
    assert_eq!((reply.status, reply.challenge(), reply.retry_after()), (503, None, Some(1)));
    assert!(server.weather(&good).await.has_weather());

    // It comes back, with another key; nobody restarts anything.
    authority.publish(&[&own, &new]);
    authority.behave(Manner::Up);
    assert!(server.weather(&new.token(&claims(&authority.issuer))).await.has_weather());
    assert_eq!(server.weather(&unknown).await.status, 401);
}

#[tokio::test]
async fn retry_after_says_when_the_keys_are_asked_for_again() {
    let authority = Authority::start(&[]).await;
    authority.behave(Manner::Down);
    let limits = Limits { window: Duration::from_secs(40), ..CALM };
    let server = Server::new(&authority.issuer, limits);
    let retry_after = server.weather(&of_unknown_key(&authority.issuer, "x")).await.retry_after().unwrap();
    assert!((30..=40).contains(&retry_after), "{retry_after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_found_with_one_fetch() {
    let (own, new) = (key("own"), key("new"));
    let (authority, server, good) = start(&own, Limits { window: Duration::ZERO, ..CALM }).await;
    authority.publish(&[&new, &own]);
    let rotated = new.token(&claims(&authority.issuer));
    let statuses = all_at_once(&server, vec![rotated; 100]).await;
    assert_eq!(statuses, [200; 100]);
    assert_eq!(authority.key_requests(), 2, "one at first, one for the new key");
    assert!(server.weather(&good).await.has_weather(), "the old key is still published");
}

#[tokio::test]
async fn a_new_keys_token_waits_for_the_next_fetch_and_is_good() {
    let (own, new) = (key("own"), key("new"));
    let (authority, server, _) = start(&own, Limits { window: Duration::from_millis(500), ..CALM }).await;
    authority.publish(&[&own, &new]);
    // The keys were fetched a moment ago. To refuse this one would be wrong, and to ask again at
    // once too often.
    assert!(server.weather(&new.token(&claims(&authority.issuer))).await.has_weather());
    assert_eq!(authority.key_requests(), 2);
}

#[tokio::test]
async fn whoever_comes_after_a_long_pause_waits_for_fresh_keys() {
    let (own, new) = (key("own"), key("new"));
    let (authority, server, good) = start(&own, EAGER).await;
    authority.publish(&[&new]);
    // Older than twice the age that they may have: not even one more request goes by the removed
    // key.
    assert_eq!(server.weather(&good).await.status, 401);
}

#[tokio::test]
async fn keys_that_nobody_could_fetch_for_too_long_are_worth_nothing() {
    let own = key("own");
    let limits = Limits { window: Duration::ZERO, max_stale: Duration::from_secs(1), ..CALM };
    let authority = Authority::start(&[&own]).await;
    let server = Server::new(&authority.issuer, limits);
    let good = own.token(&claims(&authority.issuer));
    until("the keys are fetched and still fresh", async || server.weather(&good).await.has_weather()).await;
    authority.behave(Manner::Down);
    // A leaked key must not live as long as the outage.
    until("the keys are too old", async || server.weather(&good).await.status == 503).await;
    authority.behave(Manner::Up);
    until("the keys are fresh again", async || server.weather(&good).await.has_weather()).await;
}

#[tokio::test]
async fn a_key_that_was_removed_is_not_trusted_once_the_set_is_too_old() {
    let (own, new) = (key("own"), key("new"));
    let (authority, server, good) = start(&own, EAGER).await;
    authority.publish(&[&new]);
    until("the removed key's token is refused", async || server.weather(&good).await.status == 401).await;
    assert_eq!(server.captured.checks(rules::KEY.id).last().unwrap(), &("server".to_owned(), false));
    assert!(server.weather(&new.token(&claims(&authority.issuer))).await.has_weather());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_authorization_server_costs_seconds_and_no_request_with_a_known_key() {
    let own = key("own");
    let (authority, server, good) = start(&own, Limits { window: Duration::ZERO, ..CALM }).await;
    authority.behave(Manner::Silent);
    let asked = authority.metadata_requests();
    let started = Instant::now();
    let waiting = {
        let (server, unknown) = (server.clone(), of_unknown_key(&authority.issuer, "unknown"));
        tokio::spawn(async move { server.weather(&unknown).await.status })
    };
    until("somebody waits for the keys", async || authority.metadata_requests() > asked).await;
    // They have the seconds until the fetch is given up.
    for _ in 0..10 {
        assert!(server.weather(&good).await.has_weather());
    }
    assert!(!waiting.is_finished(), "known keys do not wait for unknown ones");
    assert_eq!(timeout(AMPLE, waiting).await.unwrap().unwrap(), 503);
    assert!(started.elapsed() >= Duration::from_secs(2), "it was the time limit that ended it");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_one_fetch_does_not_begin_the_next_however_long_it_took() {
    let authority = Authority::start(&[]).await;
    authority.behave(Manner::Silent);
    let server = Server::new(&authority.issuer, Limits { window: Duration::from_secs(1), ..CALM });
    let statuses = timeout(AMPLE, all_at_once(&server, unknown(&authority.issuer, 20))).await.unwrap();
    assert_eq!(statuses, [503; 20]);
    assert_eq!(authority.metadata_requests(), 1);
}

#[tokio::test]
async fn who_hangs_up_early_does_not_make_the_next_one_fetch_again() {
    let authority = Authority::start(&[]).await;
    authority.behave(Manner::Silent);
    let server = Server::new(&authority.issuer, CALM);
    let token = of_unknown_key(&authority.issuer, "unknown");
    until("the keys are asked for", async || {
        let _ = timeout(Duration::from_millis(20), server.weather(&token)).await;
        authority.metadata_requests() > 0
    })
    .await;
    for _ in 0..5 {
        let hung_up = timeout(Duration::from_millis(20), server.weather(&token)).await;
        assert!(hung_up.is_err(), "the fetch is still under way");
    }
    assert_eq!(authority.metadata_requests(), 1);
}

#[tokio::test]
async fn keys_that_are_not_to_be_had_as_they_should_let_nobody_in() {
    let own = key("own");
    let authority = Authority::start(&[&own]).await;
    let server = Server::new(&authority.issuer, EAGER);
    let good = own.token(&claims(&authority.issuer));
    for (manner, why) in [
        (Manner::OtherIssuer, "names the issuer https://other.example/realms/test"),
        (Manner::NotJson, "has no JWK Set"),
        (Manner::Huge, "more than 1048576 bytes"),
        (Manner::LinkLocal, "http://169.254.169.254/certs is not asked"),
        (Manner::Down, "HTTP 500"),
    ] {
        authority.behave(manner);
        let said = server.captured.text().len();
        let reply = server.weather(&good).await;
        assert_eq!((reply.status, reply.challenge()), (503, None), "{manner:?}");
        assert!(reply.retry_after().is_some(), "{manner:?}");
        assert!(server.captured.text()[said..].contains(why), "{manner:?}: {}", &server.captured.text()[said..]);
        assert!(!reply.body.contains("other.example"), "{manner:?}: {}", reply.body);
    }
    authority.behave(Manner::Up);
    assert!(server.weather(&good).await.has_weather());
    // Keys that are known stay, whatever comes later in their place.
    authority.behave(Manner::NotJson);
    let fetched = authority.key_requests();
    until("the keys were fetched again", async || {
        assert!(server.weather(&good).await.has_weather());
        authority.key_requests() > fetched
    })
    .await;
    assert!(server.weather(&good).await.has_weather());
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_an_authorization_server_that_is_away() {
    // A socket that is bound and does not listen: the port is refused, and nobody else gets it.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let issuer = format!("http://127.0.0.1:{}/realms/test", socket.local_addr().unwrap().port());
    let own = key("own");
    let reply = Server::new(&issuer, CALM).weather(&own.token(&claims(&issuer))).await;
    assert_eq!(reply.status, 503);
}
