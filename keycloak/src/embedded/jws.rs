//! JSON Web Signatures in their compact form (RFC 7515 §7.1), whose payload is a JWT's claims.
//!
//! Left out: extensions. A token with `crit` is refused, since none is understood here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::further::jwk;

/// A token that is well-formed. Nobody has checked its signature yet.
pub struct Jws<'a> {
    pub header: Value,
    /// The claims, whatever they are.
    pub claims: Value,
    /// The header and the claims, as they were signed: RFC 7515 §5.1.
    pub signing_input: &'a str,
    /// The signature, or the MAC.
    pub signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads the three parts of a token; `None` where it is not of this form.
    pub fn read(token: &'a str) -> Option<Self> {
        let (signing_input, signature) = token.rsplit_once('.')?;
        let (header, claims) = signing_input.split_once('.')?;
        // A fourth part leaves its dot in the claims, where base64 has no place for it.
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let read = |part: &str| serde_json::from_slice(&bytes(part)?).ok();
        let header: Value = read(header)?;
        // "If any of the listed extension Header Parameters are not understood and supported by the
        // recipient, then the JWS is invalid." (RFC 7515 §4.1.11)
        if header.get("crit").is_some() {
            return None;
        }
        Some(Self { header, claims: read(claims)?, signing_input, signature: bytes(signature)? })
    }

    /// The algorithm that the header names (RFC 7515 §4.1.1).
    pub fn algorithm(&self) -> Option<&str> {
        self.header["alg"].as_str()
    }

    /// The identifier of the key that the header names (RFC 7515 §4.1.4).
    pub fn key_id(&self) -> Option<&str> {
        self.header["kid"].as_str()
    }

    /// Whether this key has signed it, by the algorithm that the header names.
    pub fn is_signed_by(&self, key: &Map<String, Value>) -> bool {
        let algorithm = self.algorithm().unwrap_or_default();
        jwk::signer(key, algorithm, self.signing_input.as_bytes(), &self.signature).is_some()
    }
}

/// A token of this header and these claims, signed by `sign`.
pub fn write(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<String> {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signing_input = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(sign(signing_input.as_bytes())?);
    Some(format!("{signing_input}.{signature}"))
}
