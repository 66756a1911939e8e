//! A client that signs instead of showing a secret: `private_key_jwt`, RFC 7523 §2.2 and §3,
//! <https://www.rfc-editor.org/rfc/rfc7523#section-3>.
//!
//! The key never leaves the client, and what goes over the wire is good once, for a minute, at one
//! authorization server.

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, crypto, encode};
use serde_json::{Value, json};
use shared::Secret;

/// The value of `client_assertion_type`.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Seconds for which an assertion is good: long enough for one request.
const LIFETIME: u64 = 60;

/// A key for ES256 (RFC 7518 §3.4), and its public half.
pub struct ClientKey {
    key: EncodingKey,
    /// Its name, by which the authorization server finds the public half among several. One that
    /// was made elsewhere has none here: whatever name it was registered by, a wrong one would be
    /// worse.
    kid: Option<String>,
    /// The public half, as a registration brings it: a JSON Web Key (RFC 7517).
    pub jwk: Value,
}

impl ClientKey {
    /// Makes a key; `None` where the system has no randomness.
    pub fn generate() -> Option<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
        Self::of(&pair, Some(random()?))
    }

    /// A key that was made elsewhere: the private half in PKCS #8, as PEM. `None` where it is none
    /// for ES256.
    pub fn from_pem(pem: &str) -> Option<Self> {
        Self::of(&EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der(pem)?).ok()?, None)
    }

    fn of(pair: &EcdsaKeyPair, kid: Option<String>) -> Option<Self> {
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().ok()?.as_ref());
        // The uncompressed point is a 4, and then both coordinates, 32 octets each.
        let (x, y) = pair.public_key().as_ref().get(1..65)?.split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        let mut jwk = json!({"kid": kid, "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "x": x, "y": y});
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        Some(Self { key, kid, jwk })
    }

    /// A JWT with this header and these claims, signed by this key; the header has to say ES256.
    pub fn sign(&self, header: &Value, claims: &Value) -> Option<Secret> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256).ok()?;
        Some(Secret::new(format!("{message}.{signature}")))
    }

    /// An assertion that this client made at `now` (seconds since 1970) for this authorization
    /// server.
    ///
    /// "For client authentication, the subject MUST be the "client_id" of the OAuth client." (RFC
    /// 7523 §3) The audience is the issuer and nothing else: an assertion for the token endpoint's
    /// URL could be taken by whoever makes a client believe that the URL is another's (MCP, OAuth
    /// Client Credentials).
    pub fn assertion(&self, client_id: &str, issuer: &str, now: u64) -> Option<Secret> {
        let header = Header { kid: self.kid.clone(), ..Header::new(Algorithm::ES256) };
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": issuer,
            "iat": now,
            "exp": now + LIFETIME,
            // So that the authorization server can tell a second use.
            "jti": random()?,
        });
        encode(&header, &claims, &self.key).ok().map(Secret::new)
    }
}

/// What stands between the lines of a PEM file (RFC 7468 §10).
fn der(pem: &str) -> Option<Vec<u8>> {
    let inner = pem.split_once("-----BEGIN PRIVATE KEY-----")?.1.split_once("-----END PRIVATE KEY-----")?.0;
    STANDARD.decode(inner.split_whitespace().collect::<String>()).ok()
}

pub fn random() -> Option<String> {
    let mut octets = [0; 32];
    rand::fill(&mut octets).ok()?;
    Some(URL_SAFE_NO_PAD.encode(octets))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode};

    use super::*;

    #[test]
    fn the_public_half_fits_the_signature_and_no_other_does() {
        let (key, other) = (ClientKey::generate().unwrap(), ClientKey::generate().unwrap());
        let assertion = key.assertion("me", "https://idp.example", 1_000).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.set_audience(&["https://idp.example"]);
        let read = |jwk: &Value| {
            let jwk = serde_json::from_value(jwk.clone()).unwrap();
            decode::<Value>(assertion.expose(), &DecodingKey::from_jwk(&jwk).unwrap(), &validation)
        };
        let claims = read(&key.jwk).unwrap().claims;
        assert_eq!((&claims["iss"], &claims["sub"], &claims["exp"]), (&json!("me"), &json!("me"), &json!(1_060)));
        assert!(read(&other.jwk).is_err());
        assert!(key.jwk.get("d").is_none(), "the private half stays here");
        assert!(
            ClientKey::from_pem("").is_none()
                && ClientKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_none()
        );
        let again = key.assertion("me", "https://idp.example", 1_000).unwrap();
        assert_ne!(again, assertion, "each has its own jti");
    }

    #[test]
    fn a_key_from_a_file_claims_no_name() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let inner = STANDARD.encode(pair.to_pkcs8v1().unwrap());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{inner}\n-----END PRIVATE KEY-----\n");
        let key = ClientKey::from_pem(&pem).unwrap();
        let kid = |key: &ClientKey| {
            let assertion = key.assertion("me", "https://idp.example", 1_000).unwrap();
            jsonwebtoken::decode_header(assertion.expose()).unwrap().kid
        };
        assert_eq!((kid(&key), key.jwk.get("kid")), (None, None));
        assert!(kid(&ClientKey::generate().unwrap()).is_some());
        // What `openssl ecparam -genkey` writes is no PKCS #8.
        assert!(ClientKey::from_pem(&pem.replace("PRIVATE KEY", "EC PRIVATE KEY")).is_none());
    }
}
