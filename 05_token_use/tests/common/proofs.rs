//! A client whose token is bound to its key, and the proofs that it makes: RFC 9449.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use serde_json::{Value, json};

use super::{RESOURCE, SigningKey, base64url, claims, patched, weather, with_authorization};

/// A client with a key, and a token that is bound to it.
pub struct Client {
    pub key: SigningKey,
    pub token: String,
}

impl Client {
    pub fn new(idp: &SigningKey, issuer: &str, key: SigningKey) -> Self {
        let bound = json!({"cnf": {"jkt": thumbprint(&key.jwk)}});
        Self { token: idp.token(&patched(claims(issuer), &bound)), key }
    }

    /// The header of a proof, but for these members.
    pub fn header(&self, patch: &Value) -> Value {
        let alg = self.key.header(&json!({}))["alg"].clone();
        patched(json!({"typ": "dpop+jwt", "alg": alg, "jwk": self.key.jwk}), patch)
    }

    /// The claims of a proof for a call, but for these.
    pub fn claims(&self, patch: &Value) -> Value {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let honest = json!({
            "jti": format!("proof-{}", COUNT.fetch_add(1, Ordering::Relaxed)),
            "htm": "POST",
            "htu": RESOURCE,
            "iat": shared::now(),
            "ath": base64url(digest(&SHA256, self.token.as_bytes())),
        });
        patched(honest, patch)
    }

    /// A proof, but for these members.
    pub fn proof(&self, header: &Value, claims: &Value) -> String {
        let header = self.header(header);
        let alg = self.key.header(&json!({}))["alg"].as_str().unwrap().to_owned();
        self.key.signs(&alg, &header.to_string(), &self.claims(claims).to_string())
    }

    pub fn call(&self, proof: &str) -> Request<Body> {
        with_proof(with_authorization(weather(), format!("DPoP {}", self.token)), proof)
    }
}

pub fn with_proof(mut request: Request<Body>, proof: &str) -> Request<Body> {
    request.headers_mut().append("dpop", HeaderValue::from_str(proof).unwrap());
    request
}

/// RFC 7638 §3: the required members in the order of their names, without any whitespace.
pub fn thumbprint(jwk: &Value) -> String {
    let names: &[&str] = match jwk["kty"].as_str().unwrap() {
        "RSA" => &["e", "kty", "n"],
        "OKP" => &["crv", "kty", "x"],
        _ => &["crv", "kty", "x", "y"],
    };
    let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":{}", jwk[name])).collect();
    base64url(digest(&SHA256, format!("{{{}}}", members.join(",")).as_bytes()))
}
