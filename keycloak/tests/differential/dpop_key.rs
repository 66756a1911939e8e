//! A client's key and the proofs that it signs (RFC 9449).

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A client's key; its public half as a JSON Web Key, and the algorithm that it signs by.
pub struct DpopKey {
    signer: DpopSigner,
    pub jwk: Value,
    pub algorithm: &'static str,
}

enum DpopSigner {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Okp(Ed25519KeyPair),
}

/// The algorithms of RSA keys.
pub const RSA: [(&str, &dyn RsaEncoding); 6] = [
    ("RS256", &RSA_PKCS1_SHA256),
    ("RS384", &RSA_PKCS1_SHA384),
    ("RS512", &RSA_PKCS1_SHA512),
    ("PS256", &RSA_PSS_SHA256),
    ("PS384", &RSA_PSS_SHA384),
    ("PS512", &RSA_PSS_SHA512),
];

impl DpopKey {
    pub fn new() -> Self {
        Self::ec("ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    pub fn ec(algorithm: &'static str, curve: &str, signing: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = EcdsaKeyPair::generate(signing).unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let jwk = json!({"crv": curve, "kty": "EC", "x": encoded(x), "y": encoded(y)});
        Self { signer: DpopSigner::Ec(pair), jwk, algorithm }
    }

    pub fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let [n, e] = [public.modulus(), public.exponent()].map(|part| encoded(part.big_endian_without_leading_zero()));
        Self { signer: DpopSigner::Rsa(pair), jwk: json!({"e": e, "kty": "RSA", "n": n}), algorithm: "RS256" }
    }

    pub fn okp() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let jwk = json!({"crv": "Ed25519", "kty": "OKP", "x": encoded(pair.public_key().as_ref())});
        Self { signer: DpopSigner::Okp(pair), jwk, algorithm: "EdDSA" }
    }

    /// RFC 7638: the members above are in order.
    pub fn thumbprint(&self) -> String {
        encoded(digest::digest(&digest::SHA256, self.jwk.to_string().as_bytes()))
    }

    /// Whether an answer's access token is bound to this key.
    pub fn binds(&self, response: &Value) -> bool {
        let token = response["access_token"].as_str().unwrap_or_default();
        let jkt = token.split('.').nth(1).and_then(|claims| {
            let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
            Some(claims["cnf"]["jkt"].as_str()?.to_owned())
        });
        jkt == Some(self.thumbprint())
    }

    /// A JWT of these texts.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let random = SystemRandom::new();
        let signature = match &self.signer {
            DpopSigner::Ec(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            DpopSigner::Rsa(pair) => {
                let named = RSA.iter().find(|(name, _)| header.contains(&format!("\"{name}\"")));
                let encoding = named.map_or(&RSA_PKCS1_SHA256 as &dyn RsaEncoding, |(_, encoding)| *encoding);
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            DpopSigner::Okp(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", encoded(signature))
    }

    /// A proof for the token endpoint, with these changes; one to null leaves a member out.
    pub fn proof_with(&self, issuer: &str, header: &Value, claims: &Value) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let jti = format!("proof-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let usual_header = json!({"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk});
        let url = format!("{issuer}/protocol/openid-connect/token");
        let usual_claims = json!({"jti": jti, "htm": "POST", "htu": url, "iat": shared::now()});
        self.sign(&changed(usual_header, header).to_string(), &changed(usual_claims, claims).to_string())
    }

    pub fn proof(&self, issuer: &str) -> String {
        self.proof_with(issuer, &json!({}), &json!({}))
    }
}

pub fn changed(mut members: Value, changes: &Value) -> Value {
    let all = members.as_object_mut().unwrap();
    all.extend(changes.as_object().unwrap().clone());
    all.retain(|_, value| !value.is_null());
    members
}

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
