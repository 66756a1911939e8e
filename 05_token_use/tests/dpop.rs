//! Tokens that are bound to a key: every rule of RFC 9449 §4.3 with a proof that breaks it, and
//! proofs that hold.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::Request;
use common::{
    Authority, CALM, Client, RESOURCE, Reply, Server, SigningKey, base64url, claims, jws, patched, thumbprint, weather,
    with_authorization, with_proof, with_token,
};
use serde_json::{Value, json};
use shared::event::Rule;
use token_use::further::dpop::unproven::ALGORITHMS;
use token_use::further::rules;
use token_use::options::CheckOptions;

fn idp() -> SigningKey {
    SigningKey::rsa("idp", Some("RS256"))
}

fn requiring() -> CheckOptions {
    CheckOptions { require_dpop: true, ..CheckOptions::default() }
}

fn nonce(reply: &Reply) -> Option<String> {
    reply.headers.get("dpop-nonce").map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn the_thumbprint_is_the_one_of_the_rfc() {
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"});
    assert_eq!(thumbprint(&jwk), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "RFC 9449 §6.1");
}

/// A request, and the check that has to fail; `None`: it is served.
struct Row {
    name: &'static str,
    request: Request<Body>,
    failing: Option<&'static Rule>,
}

fn row(name: &'static str, request: Request<Body>, failing: impl Into<Option<&'static Rule>>) -> Row {
    Row { name, request, failing: failing.into() }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn rows(idp: &SigningKey, issuer: &str) -> Vec<Row> {
    let client = Client::new(idp, issuer, SigningKey::es256("client"));
    let thief = SigningKey::es256("thief");
    let nothing = json!({});
    let header = |patch: Value| client.call(&client.proof(&patch, &json!({})));
    let claim = |patch: Value| client.call(&client.proof(&json!({}), &patch));
    let raw = |proof: &str| client.call(proof);
    let other_algorithm = |key: SigningKey| {
        let client = Client::new(idp, issuer, key);
        client.call(&client.proof(&json!({}), &json!({})))
    };
    let good = || client.proof(&nothing, &nothing);
    let by_thief = Client { key: SigningKey::es256("thief"), token: client.token.clone() };
    let with_secret_key = |name: &str| {
        let mut jwk = client.key.jwk.clone();
        jwk[name] = json!("AAAA");
        header(json!({"jwk": jwk}))
    };
    let unsigned =
        jws(&client.header(&json!({"alg": "none"})).to_string(), &client.claims(&nothing).to_string(), |_| Vec::new());
    let hs256 = client.header(&json!({"alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0"}})).to_string();
    let unbound = idp.token(&claims(issuer));
    let bound_otherwise = idp.token(&patched(claims(issuer), &json!({"cnf": {"x5t#S256": "AAAA"}})));
    let with_other_token = |token: &str| {
        let other = Client { key: SigningKey::es256("x"), token: token.to_owned() };
        other.call(&other.proof(&json!({}), &json!({})))
    };
    let now = shared::now();
    let used = good();
    let other_token =
        idp.token(&patched(claims(issuer), &json!({"cnf": {"jkt": thumbprint(&client.key.jwk)}, "jti": "other"})));
    vec![
        row("a good proof", raw(&good()), None),
        row("another good one", raw(&good()), None),
        row("RS256", other_algorithm(SigningKey::rsa("c", Some("RS256"))), None),
        row("PS256", other_algorithm(SigningKey::rsa("c", Some("PS256"))), None),
        row("EdDSA", other_algorithm(SigningKey::ed25519("c")), None),
        row("htu with a query", claim(json!({"htu": format!("{RESOURCE}?a=b#c")})), None),
        row("htu spelt otherwise", claim(json!({"htu": "HTTP://LOCALHOST:8000/./mcp"})), None),
        row("twenty seconds ahead", claim(json!({"iat": now + 20})), None),
        row("ten seconds old", claim(json!({"iat": now - 10})), None),
        row("more claims", claim(json!({"nonce": "a nonce that nobody asked for", "exp": 1})), None),
        row("no header", with_authorization(weather(), format!("DPoP {}", client.token)), &rules::PROOF_ONE),
        row("two headers", with_proof(raw(&good()), &good()), &rules::PROOF_ONE),
        row("an empty header", raw(""), &rules::PROOF_JWT),
        row("not a JWT", raw("proof"), &rules::PROOF_JWT),
        row("two JWTs", raw(&format!("{},{}", good(), good())), &rules::PROOF_JWT),
        row("20,000 bytes", raw(&"a".repeat(20_000)), &rules::PROOF_JWT),
        row(
            "claims that are a list",
            raw(&jws(&client.header(&nothing).to_string(), "[]", |_| vec![1; 64])),
            &rules::PROOF_JWT,
        ),
        row("without jti", claim(json!({"jti": null})), &rules::PROOF_CLAIMS),
        row("an empty jti", claim(json!({"jti": ""})), &rules::PROOF_CLAIMS),
        row("a jti that is a number", claim(json!({"jti": 7})), &rules::PROOF_CLAIMS),
        row("without htm", claim(json!({"htm": null})), &rules::PROOF_CLAIMS),
        row("without htu", claim(json!({"htu": null})), &rules::PROOF_CLAIMS),
        row("without iat", claim(json!({"iat": null})), &rules::PROOF_CLAIMS),
        row("iat as text", claim(json!({"iat": now.to_string()})), &rules::PROOF_CLAIMS),
        row("without ath", claim(json!({"ath": null})), &rules::PROOF_CLAIMS),
        row("without typ", header(json!({"typ": null})), &rules::PROOF_TYP),
        row("typ JWT", header(json!({"typ": "JWT"})), &rules::PROOF_TYP),
        row("typ DPOP+JWT", header(json!({"typ": "DPOP+JWT"})), &rules::PROOF_TYP),
        row("alg none", raw(&unsigned), &rules::PROOF_ALG),
        row(
            "a shared secret",
            raw(&jws(&hs256, &client.claims(&nothing).to_string(), |_| vec![1; 32])),
            &rules::PROOF_ALG,
        ),
        row("an unknown alg", header(json!({"alg": "ES999"})), &rules::PROOF_ALG),
        row("without alg", header(json!({"alg": null})), &rules::PROOF_ALG),
        row("without jwk", header(json!({"jwk": null})), &rules::PROOF_JWK),
        row("jwk as text", header(json!({"jwk": "key"})), &rules::PROOF_JWK),
        row("a private key", with_secret_key("d"), &rules::PROOF_JWK),
        row("a shared secret as jwk", header(json!({"jwk": {"kty": "oct", "k": "c2VjcmV0"}})), &rules::PROOF_JWK),
        row(
            "a point that is none",
            header(json!({"jwk": {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}})),
            &rules::PROOF_SIGNATURE,
        ),
        row("another key in the header", header(json!({"jwk": thief.jwk})), &rules::PROOF_SIGNATURE),
        row("an RSA key for ES256", header(json!({"jwk": SigningKey::rsa("r", None).jwk})), &rules::PROOF_SIGNATURE),
        row("a key for another alg", header(json!({"alg": "ES384"})), &rules::PROOF_SIGNATURE),
        row(
            "a signature that is cut off",
            raw(good().rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap().as_str()),
            &rules::PROOF_SIGNATURE,
        ),
        row("for GET", claim(json!({"htm": "GET"})), &rules::PROOF_HTM),
        row("post in small letters", claim(json!({"htm": "post"})), &rules::PROOF_HTM),
        row("for another path", claim(json!({"htu": "http://localhost:8000/"})), &rules::PROOF_HTU),
        row("for another port", claim(json!({"htu": "http://localhost:8001/mcp"})), &rules::PROOF_HTU),
        row("for https", claim(json!({"htu": "https://localhost:8000/mcp"})), &rules::PROOF_HTU),
        row("for a path that begins alike", claim(json!({"htu": format!("{RESOURCE}/")})), &rules::PROOF_HTU),
        row("for no URL", claim(json!({"htu": "mcp"})), &rules::PROOF_HTU),
        row("two minutes old", claim(json!({"iat": now - 120})), &rules::PROOF_IAT),
        row("two minutes ahead", claim(json!({"iat": now + 120})), &rules::PROOF_IAT),
        row("from 1e300", claim(json!({"iat": 1e300})), &rules::PROOF_IAT),
        row(
            "for another token",
            claim(json!({"ath": base64url(digest(&SHA256, other_token.as_bytes()))})),
            &rules::PROOF_ATH,
        ),
        row("a thief's key", by_thief.call(&by_thief.proof(&nothing, &nothing)), &rules::PROOF_KEY),
        row("a token that is bound to nothing", with_other_token(&unbound), &rules::PROOF_KEY),
        row("a token that is bound otherwise", with_other_token(&bound_otherwise), &rules::PROOF_KEY),
        row("a proof for the first time", raw(&used), None),
        row("and for the second time", raw(&used), &rules::PROOF_ONCE),
        row("a bound token as Bearer", with_token(weather(), &client.token), &rules::NOT_AS_BEARER),
        row(
            "the same with a good proof",
            with_proof(with_token(weather(), &client.token), &good()),
            &rules::NOT_AS_BEARER,
        ),
        row(
            "a token that is bound otherwise, as Bearer",
            with_token(weather(), &bound_otherwise),
            &rules::NOT_AS_BEARER,
        ),
        row("a bearer token", with_token(weather(), &unbound), None),
        row(
            "a bearer token with a proof that nobody asked for",
            with_proof(with_token(weather(), &unbound), "?"),
            None,
        ),
    ]
}

#[tokio::test]
async fn every_rule_of_proofs_is_kept() {
    let idp = idp();
    let authority = Authority::start(&[&idp]).await;
    let server = Server::new(&authority.issuer, CALM);
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for Row { name, request, failing } in rows(&idp, &authority.issuer) {
        let said = server.captured.text().len();
        let is_dpop = request.headers()["authorization"].to_str().unwrap().starts_with("DPoP");
        let reply = server.ask(request).await;
        let failed = server.failed_since(said);
        let expected: Vec<_> = failing.iter().map(|rule| rule.id.to_owned()).collect();
        let answer_fits = match failing {
            None => reply.has_weather(),
            Some(rule) => {
                let is_token = [rules::PROOF_KEY.id, rules::NOT_AS_BEARER.id].contains(&rule.id);
                let code = if is_token { "invalid_token" } else { "invalid_dpop_proof" };
                let challenge = reply.challenge().unwrap_or_default();
                let scheme = if is_dpop { "DPoP " } else { "Bearer " };
                let algs = format!("algs=\"{}\"", ALGORITHMS.join(" "));
                reply.status == 401
                    && challenge.starts_with(&format!("{scheme}error=\"{code}\""))
                    && challenge.contains("resource_metadata=")
                    && challenge.contains(&algs) == is_dpop
            }
        };
        if failed != expected || !answer_fits {
            wrong.push(format!("{name}: {} {:?}, failed {failed:?}", reply.status, reply.challenge()));
        }
        seen.extend(failed);
    }
    assert!(wrong.is_empty(), "{} of the answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let proofs = rules::ALL.iter().map(|rule| rule.id).filter(|id| id.starts_with("proof."));
    let unseen: Vec<_> = proofs.filter(|id| !seen.contains(*id) && *id != rules::BOUND.id).collect();
    assert!(unseen.is_empty(), "no row fails {unseen:?}");
}

#[tokio::test]
async fn a_server_that_wants_bound_tokens_says_so_and_gives_a_nonce() {
    let idp = idp();
    let authority = Authority::start(&[&idp]).await;
    let server = Server::with(&authority.issuer, CALM, &requiring());
    let client = Client::new(&idp, &authority.issuer, SigningKey::es256("client"));

    let document =
        server.ask(Request::get("/.well-known/oauth-protected-resource/mcp").body(Body::empty()).unwrap()).await;
    let document: Value = serde_json::from_str(&document.body).unwrap();
    assert_eq!(document["dpop_bound_access_tokens_required"], true);
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(ALGORITHMS));

    let reply = server.ask(weather()).await;
    assert!(reply.challenge().unwrap().starts_with("DPoP scope="), "{:?}", reply.challenge());
    assert!(nonce(&reply).is_none(), "who has no token needs no nonce");
    let reply = server.weather(&idp.token(&claims(&authority.issuer))).await;
    assert!(reply.challenge().unwrap().starts_with("DPoP error=\"invalid_token\""), "{:?}", reply.challenge());
    assert_eq!(server.failed_since(0), [rules::BOUND.id]);

    let said = server.captured.text().len();
    let reply = server.ask(client.call(&client.proof(&json!({}), &json!({})))).await;
    assert!(reply.challenge().unwrap().starts_with("DPoP error=\"use_dpop_nonce\""), "{:?}", reply.challenge());
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(server.failed_since(said), Vec::<String>::new(), "to have no nonce yet is no fault");
    let given = nonce(&reply).unwrap();
    let with = |nonce: &str| client.call(&client.proof(&json!({}), &json!({"nonce": nonce})));
    for _ in 0..2 {
        let reply = server.ask(with(&given)).await;
        assert!(reply.has_weather(), "{reply:?}");
        assert!(nonce(&reply).is_none(), "the nonce is still the newest");
    }
    let reply = server.ask(with("made-up")).await;
    assert_eq!((reply.status, nonce(&reply)), (401, Some(given)));
}

#[tokio::test]
async fn a_proof_that_was_refused_for_its_nonce_is_not_used_up() {
    let idp = idp();
    let authority = Authority::start(&[&idp]).await;
    let server = Server::with(&authority.issuer, CALM, &requiring());
    let client = Client::new(&idp, &authority.issuer, SigningKey::es256("client"));
    let given = nonce(&server.ask(client.call(&client.proof(&json!({}), &json!({"jti": "same"})))).await).unwrap();
    let again = client.proof(&json!({}), &json!({"jti": "same", "nonce": given}));
    assert!(server.ask(client.call(&again)).await.has_weather());
    assert_eq!(server.ask(client.call(&again)).await.status, 401, "and now it is");
}

#[tokio::test]
async fn a_remembered_token_needs_a_proof_each_time_all_the_same() {
    let idp = idp();
    let authority = Authority::start(&[&idp]).await;
    let options = CheckOptions { remember_tokens: 10, ..CheckOptions::default() };
    let server = Server::with(&authority.issuer, CALM, &options);
    let client = Client::new(&idp, &authority.issuer, SigningKey::es256("client"));
    let proof = client.proof(&json!({}), &json!({}));
    assert!(server.ask(client.call(&proof)).await.has_weather());
    assert_eq!(server.ask(client.call(&proof)).await.status, 401);
    assert_eq!(server.weather(&client.token).await.status, 401, "as Bearer");
    assert!(server.ask(client.call(&client.proof(&json!({}), &json!({})))).await.has_weather());
}
