//! Keys that sign, written without the library that the server verifies with.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key and its public half.
pub struct SigningKey {
    /// The public half, as the authorization server publishes it.
    pub jwk: Value,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// An RSA key of 2048 bits that says that it is for `alg`, or for nothing in particular.
    pub fn rsa(kid: &str, alg: Option<&str>) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let n = base64url(pair.public_key().modulus().big_endian_without_leading_zero());
        let e = base64url(pair.public_key().exponent().big_endian_without_leading_zero());
        let mut jwk = json!({"kid": kid, "kty": "RSA", "use": "sig", "n": n, "e": e});
        if let Some(alg) = alg {
            jwk["alg"] = json!(alg);
        }
        Self { jwk, pair: Pair::Rsa(Box::new(pair)) }
    }

    /// A key for ES256.
    pub fn es256(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwk = json!({"kid": kid, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "x": base64url(x), "y": base64url(y)});
        Self { jwk, pair: Pair::P256(pair) }
    }

    /// A key for EdDSA.
    pub fn ed25519(kid: &str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = base64url(pair.public_key().as_ref());
        let jwk = json!({"kid": kid, "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x});
        Self { jwk, pair: Pair::Ed25519(pair) }
    }

    /// The algorithm that it signs with unless told otherwise.
    fn alg(&self) -> &str {
        self.jwk["alg"].as_str().unwrap_or("RS256")
    }

    /// A token with these claims, its header as Keycloak's.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({}), claims)
    }

    /// The same with another header: these members are set, those that are `null` are left out.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let header = self.header(header);
        self.signs(self.alg(), &header.to_string(), &claims.to_string())
    }

    pub fn header(&self, patch: &Value) -> Value {
        patched(json!({"alg": self.alg(), "typ": "JWT", "kid": self.jwk["kid"]}), patch)
    }

    /// A token of these texts, whatever they say, signed with `alg`.
    pub fn signs(&self, alg: &str, header: &str, claims: &str) -> String {
        jws(header, claims, |message| self.signature(alg, message))
    }

    pub fn signature(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding(alg), &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// An RSA key's public half in the forms in which it lies about: PKCS #1, X.509, and its
    /// modulus.
    pub fn public_forms(&self) -> [Vec<u8>; 3] {
        let Pair::Rsa(pair) = &self.pair else { return Default::default() };
        let public = pair.public_key();
        let info: PublicKeyX509Der<'_> = public.as_der().unwrap();
        let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
        [public.as_ref().to_vec(), info.as_ref().to_vec(), modulus]
    }
}

fn padding(alg: &str) -> &'static dyn RsaEncoding {
    match alg {
        "RS512" => &signature::RSA_PKCS1_SHA512,
        "PS256" => &signature::RSA_PSS_SHA256,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

/// JWS compact serialization: RFC 7515 §7.1.
pub fn jws(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", base64url(signature))
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The object with the members of `patch`; what is `null` there is left out.
pub fn patched(mut object: Value, patch: &Value) -> Value {
    for (name, value) in patch.as_object().unwrap() {
        object[name] = value.clone();
    }
    object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    object
}
