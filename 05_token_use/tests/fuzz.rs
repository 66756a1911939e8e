//! What untrusted parties send to the MCP server of lesson 05: tokens, proofs, and the keys that an
//! authorization server publishes. `shared::testing::fuzz` says how the inputs are made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use aws_lc_rs::hmac;
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use common::{Authority, CALM, Client, RESOURCE, Reply, Server, SigningKey, claims, jws, protected, weather};
use serde_json::{Value, json};
use shared::Reporter;
use shared::testing::Captured;
use shared::testing::fuzz::proptest::prelude::*;
use shared::testing::fuzz::proptest::sample::select;
use shared::testing::fuzz::{bytes, changes, check, nearly, nearly_json, nearly_json_text, one_of};
use token_use::further::candidate_keys::KeyList;
use token_use::options::CheckOptions;
use token_use::server;
use tokio::runtime::Runtime;
use url::{Url, form_urlencoded};

/// An MCP server, and its authorization server with two keys.
struct World {
    runtime: Runtime,
    server: Server,
    authority: Authority,
    rsa: SigningKey,
    ec: SigningKey,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let (rsa, ec) = (SigningKey::rsa("rsa", Some("RS256")), SigningKey::es256("ec"));
        let authority = runtime.block_on(Authority::start(&[&rsa, &ec]));
        // Millions of events would fill the memory.
        let (resource, options) = (protected(&authority.issuer), CheckOptions::default());
        let app = server::app(resource, &options, CALM, Reporter::silent()).unwrap();
        let world = Self { runtime, server: Server { app, captured: Captured::json() }, authority, rsa, ec };
        assert!(world.takes(&world.ec.token(&world.claims())));
        world
    }

    fn claims(&self) -> Value {
        claims(&self.authority.issuer)
    }

    fn ask(&self, request: Request<Body>) -> Reply {
        let reply = self.runtime.block_on(self.server.ask(request));
        assert!([200, 400, 401, 403].contains(&reply.status), "{reply:?}");
        assert_eq!(reply.status == 200, reply.has_weather());
        reply
    }

    /// Whether the server serves a request with these credentials. A header has no place for some.
    fn takes_credentials(&self, credentials: &str) -> bool {
        let Ok(value) = HeaderValue::from_str(credentials) else { return false };
        let mut request = weather();
        request.headers_mut().append("authorization", value);
        self.ask(request).status == 200
    }

    fn takes(&self, token: &str) -> bool {
        self.takes_credentials(&format!("Bearer {token}"))
    }
}

/// The header of an honest token.
fn header() -> Value {
    json!({"alg": "ES256", "typ": "JWT", "kid": "ec"})
}

#[test]
fn changed_token() {
    let world = World::new();
    let honest = world.ec.token(&world.claims());
    check("changed token", 300, &nearly(Just(honest.clone())), |token| {
        assert_eq!(world.takes(&token), token.trim_start_matches(' ') == honest);
    });
}

#[test]
fn authorization_header() {
    let world = World::new();
    let honest = world.ec.token(&world.claims());
    let headers =
        one_of(&["Bearer TOKEN", "bearer   TOKEN", "DPoP TOKEN", "Basic dTpw", "TOKEN", "Bearer TOKEN, Bearer TOKEN"]);
    let queries = one_of(&["a=b&access_token=TOKEN", "access%5Ftoken=x", "a=b"]);
    check("Authorization header", 300, &(nearly(headers), nearly(queries)), |(header, query)| {
        let header = header.replace("TOKEN", &honest);
        let is_good = header.split_once(' ').is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && token.trim_start_matches(' ') == honest
        });
        assert_eq!(world.takes_credentials(&header), is_good);
        let mut request = weather();
        let Ok(uri) = format!("/mcp?{query}").parse() else { return };
        *request.uri_mut() = uri;
        request.headers_mut().append("authorization", format!("Bearer {honest}").parse().unwrap());
        let query = request.uri().query().unwrap_or_default().to_owned();
        let has_token = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token");
        assert_eq!(world.ask(request).status == 200, !has_token, "{query}");
    });
}

/// Who signs a token without the authorization server's key.
#[derive(Clone, Copy, Debug)]
enum Forger {
    /// With another key of the same name.
    OtherKey,
    /// As HS256, with one of the forms in which a public key is known.
    PublicKeyAsSecret(usize),
    /// With the signature of an honest token.
    OtherSignature,
    NoSignature,
}

#[test]
fn forged_token() {
    let world = World::new();
    let (thief, honest) = (SigningKey::es256("ec"), world.ec.token(&world.claims()));
    let forgers = [Forger::OtherKey, Forger::OtherSignature, Forger::NoSignature];
    let forgers = forgers.into_iter().chain((0..3).map(Forger::PublicKeyAsSecret)).collect::<Vec<_>>();
    let algorithms = select(&["ES256", "HS256", "none", "None", "RS256", ""][..]);
    let inputs = (nearly_json(header()), algorithms, nearly_json(world.claims()), select(forgers));
    check("forged token", 300, &inputs, |(mut header, alg, claims, forger)| {
        if let Some(header) = header.as_object_mut().filter(|_| !alg.is_empty()) {
            header.insert("alg".to_owned(), json!(alg));
        }
        let token = jws(&header.to_string(), &claims.to_string(), |message| match forger {
            Forger::OtherKey => thief.signature("ES256", message),
            Forger::PublicKeyAsSecret(form) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &world.rsa.public_forms()[form]);
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Forger::OtherSignature | Forger::NoSignature => vec![],
        });
        let token = match forger {
            Forger::OtherSignature => token + honest.rsplit_once('.').unwrap().1,
            _ => token,
        };
        assert!(token == honest || !world.takes(&token), "{token}");
    });
}

#[test]
fn signed_token() {
    let world = World::new();
    let inputs = (nearly_json(header()), nearly_json(world.claims()));
    check("signed token with odd members", 300, &inputs, |(header, claims)| {
        let token = world.ec.signs("ES256", &header.to_string(), &claims.to_string());
        if !world.takes(&token) {
            return;
        }
        // Without a kid, the one key that fits the algorithm is the token's.
        let names_key = header.get("kid").is_none_or(|kid| kid == "ec");
        assert!(header["alg"] == "ES256" && names_key && header.get("crit").is_none());
        let (typ, in_claims) = (header["typ"].as_str().unwrap_or_default(), claims["typ"].as_str().unwrap_or_default());
        assert!(typ.to_lowercase().ends_with("at+jwt") || ["Bearer", "DPoP"].contains(&in_claims), "an access token");
        let now = shared::now() as f64;
        assert_eq!(claims["iss"], world.authority.issuer);
        assert!(claims["exp"].as_f64().unwrap() > now - 60.0);
        assert!(claims.get("nbf").is_none_or(|nbf| nbf.as_f64().unwrap() < now + 60.0));
        assert!(!claims["sub"].as_str().unwrap().is_empty());
        assert!(
            claims["scope"].as_str().is_some_and(|scope| scope.split(' ').any(|one| one == "mcp:read"))
                || claims["scope"].as_array().is_some_and(|scopes| scopes.contains(&json!("mcp:read")))
        );
    });
}

/// Stand in the claims of a proof for what has to be new each time.
const NEW_JTI: &str = "a new one";
const NOW: u64 = 1_234_567;

#[test]
fn dpop_proof() {
    let world = World::new();
    let (client, thief) =
        (Client::new(&world.ec, &world.authority.issuer, SigningKey::es256("c")), SigningKey::es256("t"));
    let template = client.claims(&json!({"jti": NEW_JTI, "iat": NOW}));
    let fresh = |mut claims: Value| {
        let new = client.claims(&json!({}));
        for (name, stands_in) in [("jti", json!(NEW_JTI)), ("iat", json!(NOW))] {
            if claims.get(name) == Some(&stands_in) {
                claims[name] = new[name].clone();
            }
        }
        claims
    };
    let takes = |proof: &str| {
        let mut request = client.call("");
        let Ok(value) = HeaderValue::from_str(proof) else { return false };
        request.headers_mut().insert("dpop", value);
        world.ask(request).status == 200
    };
    assert!(takes(&client.proof(&json!({}), &json!({}))));
    let ath = template["ath"].clone();
    let inputs = (nearly_json(client.header(&json!({}))), nearly_json(template), any::<bool>(), changes());
    check("DPoP proof", 300, &inputs, |(header, claims, by_thief, changes)| {
        let honest = client.proof(&json!({}), &json!({}));
        let changed = changes.of(&honest);
        assert_eq!(takes(&changed), changed == honest, "{changed}");

        let (claims, signer) = (fresh(claims), if by_thief { &thief } else { &client.key });
        if !takes(&signer.signs("ES256", &header.to_string(), &claims.to_string())) {
            return;
        }
        assert!(!by_thief && header["typ"] == "dpop+jwt" && header["alg"] == "ES256" && header.get("crit").is_none());
        let (jwk, own) = (&header["jwk"], &client.key.jwk);
        assert!(["kty", "crv", "x", "y"].iter().all(|name| jwk[*name] == own[*name]));
        assert!(["d", "k", "p"].iter().all(|name| jwk.get(*name).is_none()), "a private key");
        let mut htu = Url::parse(claims["htu"].as_str().unwrap()).unwrap();
        htu.set_query(None);
        htu.set_fragment(None);
        assert!(htu.as_str() == RESOURCE && claims["htm"] == "POST" && claims["ath"] == ath);
        assert!((shared::now() as f64 - claims["iat"].as_f64().unwrap()).abs() < 120.0);
        assert!(!claims["jti"].as_str().unwrap().is_empty());
    });
}

/// Members of a JWK that only its owner may know (RFC 7518 §6).
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[test]
fn jwk_set() {
    let (rsa, ec) = (SigningKey::rsa("rsa", Some("RS256")).jwk, SigningKey::es256("ec").jwk);
    let mut with_private = SigningKey::es256("private").jwk;
    with_private["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    let shared = json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "shared"});
    let set = json!({"keys": [rsa, ec, SigningKey::ed25519("ed").jwk, with_private, shared]});
    assert_eq!(KeyList::read(set.to_string().as_bytes()).unwrap().keys.len(), 3);
    check("JWK Set", 500, &bytes(nearly_json_text(set)), |document| {
        let Some(KeyList { keys, .. }) = KeyList::read(&document) else { return };
        let document: Value = serde_json::from_slice(&document).unwrap();
        let listed = document["keys"].as_array().unwrap();
        let is_public = |jwk: &&Value| jwk.is_object() && PRIVATE.iter().all(|name| jwk.get(name).is_none());
        let public = listed.iter().filter(is_public).count();
        assert!(keys.len() <= public, "{} of {public} keys", keys.len());
    });
}
