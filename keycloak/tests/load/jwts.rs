//! Keys of clients, and what they sign.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub struct Signer {
    pair: EcdsaKeyPair,
    pub jwk: Value,
}

impl Signer {
    pub fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        Self { pair, jwk: json!({"crv": "P-256", "kty": "EC", "x": x, "y": y}) }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A proof of this key for a request to the token endpoint (RFC 9449 §4.2).
    pub fn proof(&self, jti: &str, uri: &str) -> String {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk});
        self.sign(&header, &json!({"jti": jti, "htm": "POST", "htu": uri, "iat": now()}))
    }

    /// An assertion of this client for the server that lives as long as one may (RFC 7523 §3).
    pub fn assertion(&self, client_id: &str, issuer: &str, jti: &str) -> String {
        let (iat, exp) = (now(), now() + 290);
        let claims = json!({"iss": client_id, "sub": client_id, "aud": issuer, "jti": jti, "iat": iat, "exp": exp});
        self.sign(&json!({"alg": "ES256"}), &claims)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
