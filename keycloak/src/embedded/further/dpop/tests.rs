use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::http::{HeaderValue, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

const URI: &str = "http://localhost:9100/realms/mcp-oauth/protocol/openid-connect/token";
const NOW: u64 = 1_700_000_000;

pub struct ProofSigner {
    pair: EcdsaKeyPair,
    pub jwk: Value,
}

impl ProofSigner {
    pub fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        Self { pair, jwk: json!({"crv": "P-256", "kty": "EC", "x": x, "y": y}) }
    }

    /// A JWT of these texts, whatever they are.
    fn sign(&self, header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let message = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A valid proof, except for these members of its header and claims.
    pub fn proof(&self, header: &Value, claims: &Value) -> String {
        let usual_header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk});
        let usual_claims = json!({"jti": "1", "htm": "POST", "htu": URI, "iat": NOW});
        self.sign(&changed(usual_header, header).to_string(), &changed(usual_claims, claims).to_string())
    }
}

fn changed(mut members: Value, changes: &Value) -> Value {
    members.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    members
}

fn check_now(proof: &str) -> Result<CheckedProof, IdpRefusal> {
    check(proof, "POST", URI, NOW)
}

fn sentence(proof: &str) -> String {
    let refusal = check_now(proof).unwrap_err();
    assert_eq!((refusal.status, refusal.error.as_str()), (StatusCode::BAD_REQUEST, "invalid_request"), "{refusal:?}");
    refusal.description.unwrap()
}

#[test]
fn a_valid_proof_names_the_key() {
    let key = ProofSigner::new();
    let proof = check_now(&key.proof(&json!({}), &json!({}))).unwrap();
    assert_eq!((proof.jkt, proof.ends), (jwk::thumbprint(&key.jwk), NOW + 26));
    let more = changed(key.jwk.clone(), &json!({"use": "sig", "kid": "x"}));
    assert!(check_now(&key.proof(&json!({"kid": "x", "jwk": more}), &json!({"nonce": "x", "ath": "x"}))).is_ok());
}

/// Figure 2 of RFC 9449, at the time of its `iat`.
#[test]
fn the_rfcs_own_proof_is_valid_at_its_time() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let checked = check(proof, "POST", "https://server.example.com/token", 1_562_262_616).unwrap();
    assert_eq!(checked.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn a_wrong_header_is_refused() {
    let (key, other) = (ProofSigner::new(), ProofSigner::new());
    let jwk = |changes: Value| json!({"jwk": changed(key.jwk.clone(), &changes)});
    for (header, expected) in [
        (json!({"typ": "JWT"}), "Invalid or missing type in DPoP header"),
        (json!({"typ": null}), "Invalid or missing type in DPoP header"),
        (json!({"typ": ["dpop+jwt"]}), "Invalid or missing type in DPoP header"),
        (json!({"alg": "none"}), "Unsupported DPoP algorithm"),
        (json!({"alg": "HS256"}), "Unsupported DPoP algorithm"),
        (json!({"alg": null}), "Unsupported DPoP algorithm"),
        (json!({"alg": "RS256"}), "DPoP verification failure"),
        (json!({"jwk": null}), "DPoP verification failure"),
        (json!({"jwk": "x"}), "DPoP verification failure"),
        (json!({"jwk": {}}), "DPoP verification failure"),
        (json!({"jwk": {"kty": "oct", "k": "AAAA"}}), "Private key material must not be present in DPoP JWK"),
        (jwk(json!({"d": "AAAA"})), "Private key material must not be present in DPoP JWK"),
        (json!({"jwk": other.jwk}), "DPoP verification failure"),
        (jwk(json!({"x": "AAAA"})), "DPoP verification failure"),
    ] {
        assert_eq!(sentence(&key.proof(&header, &json!({}))), expected, "{header}");
    }
}

#[test]
fn claims_that_are_missing_or_wrong_are_refused() {
    let key = ProofSigner::new();
    for name in ["jti", "htm", "htu", "iat"] {
        for value in [json!(null), json!([]), json!(" ")] {
            let proof = key.proof(&json!({}), &json!({name: value}));
            assert_eq!(sentence(&proof), "DPoP mandatory claims are missing");
        }
    }
    for method in ["GET", "post", "POST "] {
        assert_eq!(sentence(&key.proof(&json!({}), &json!({"htm": method}))), "DPoP HTTP method mismatch");
    }
}

#[test]
fn htu_is_the_token_endpoint_without_query_and_fragment() {
    let key = ProofSigner::new();
    let with = |htu: &str| key.proof(&json!({}), &json!({"htu": htu}));
    for good in [URI.to_owned(), format!("{URI}?a=b"), format!("{URI}#a"), URI.replace("localhost", "LocalHost")] {
        assert!(check_now(&with(&good)).is_ok(), "{good}");
    }
    for bad in [
        format!("{URI}/"),
        URI.replace("token", "TOKEN"),
        URI.replace("token", "%74oken"),
        URI.replace("token", "x/../token"),
        URI.replace("http:", "https:"),
        URI.replace(":9100", ""),
        URI.replace("localhost", "localhost.evil.example"),
        URI.replace("localhost", "a@localhost"),
        URI.replace("localhost:9100", "evil.example:80/localhost:9100"),
        "/realms/mcp-oauth/protocol/openid-connect/token".to_owned(),
        "://".to_owned(),
        "\u{e9}://\u{e9}/\u{e9}".to_owned(),
    ] {
        assert_eq!(sentence(&with(&bad)), "DPoP HTTP URL mismatch", "{bad}");
    }
}

#[test]
fn a_proof_is_valid_for_a_while_around_its_iat() {
    let key = ProofSigner::new();
    let made = |iat: Value| key.proof(&json!({}), &json!({"iat": iat}));
    let now = i64::try_from(NOW).unwrap();
    for (seconds, is_valid) in [(-26, false), (-25, true), (0, true), (15, true), (16, false)] {
        assert_eq!(check_now(&made(json!(now + seconds))).is_ok(), is_valid, "{seconds}");
    }
    for iat in [json!(0), json!(-1), json!(i64::MIN), json!(u64::MAX), json!(1e300), json!(-1e300)] {
        assert_eq!(sentence(&made(iat.clone())), "DPoP proof is not active", "{iat}");
    }
}

#[test]
fn a_text_that_is_not_a_jwt_is_refused() {
    let key = ProofSigner::new();
    let good = key.proof(&json!({}), &json!({}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}).to_string();
    assert_eq!(sentence(""), "DPoP proof is missing");
    for bad in [
        "x".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{good}.x"),
        format!("{good},{good}"),
        format!("{signed}.!"),
        signed.to_owned(),
        key.sign(&header, &"[".repeat(10_000)),
        key.sign("\u{0}", "\u{0}"),
    ] {
        assert_eq!(sentence(&bad), "DPoP header verification failure", "{bad}");
    }
    assert_eq!(sentence(&key.sign("[]", "{}")), "Invalid or missing type in DPoP header");
    assert_eq!(sentence(&key.sign(&header, "null")), "DPoP mandatory claims are missing");
    // The signature of another proof, and none.
    let other = key.proof(&json!({}), &json!({"jti": "2"}));
    let (_, signature) = other.rsplit_once('.').unwrap();
    for signature in [signature, ""] {
        assert_eq!(sentence(&format!("{signed}.{signature}")), "DPoP verification failure");
    }
}

#[test]
fn there_is_one_header_or_none() {
    let headers = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        headers
    };
    assert_eq!(proof(&headers(&["x"])).unwrap(), "x");
    assert_eq!(proof(&headers(&[])).unwrap(), "");
    for bad in [&["x", "x"][..], &["x", ""], &["\u{e9}"]] {
        assert!(proof(&headers(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn a_proof_has_one_use_for_as_long_as_it_is_valid() {
    let (key, other) = (ProofSigner::new(), ProofSigner::new());
    let used = ExpiringIds::default();
    let use_at = |proof: &str, now: u64| use_once(&used, "client", &check(proof, "POST", URI, now)?, now);
    let once = key.proof(&json!({}), &json!({}));
    assert!(use_at(&once, NOW).is_ok());
    // Keycloak looks at `jti` and `htu`, and not at the key.
    for (proof, now) in [(&once, NOW), (&once, NOW + 25), (&other.proof(&json!({}), &json!({})), NOW)] {
        let refusal = use_at(proof, now).unwrap_err();
        assert_eq!(refusal.description.as_deref(), Some("DPoP proof has already been used"));
    }
    assert!(use_at(&key.proof(&json!({}), &json!({"jti": "2"})), NOW).is_ok());
}

#[test]
fn a_bound_token_needs_its_key() {
    for (bound, proven, expected) in [
        (None, Some("a"), Ok(())),
        (Some("a"), Some("a"), Ok(())),
        (Some("a"), None, Err("DPoP proof is missing")),
        (Some("a"), Some("b"), Err("DPoP confirmation doesn't match DPoP proof")),
    ] {
        assert_eq!(check_binding(bound, proven), expected, "{bound:?} {proven:?}");
    }
}
