//! A JWK Set, and the keys in it that verify signatures: RFC 7517.

use std::sync::Arc;

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::time::Instant;

/// Keys of a set that are kept at most.
const MAX_KEYS: usize = 100;

/// A key to verify with.
pub struct Key {
    /// Its `kid`.
    pub kid: Option<String>,
    /// The algorithm that it says it is for.
    pub algorithm: Option<KeyAlgorithm>,
    /// Ready to verify with.
    pub decoding: DecodingKey,
    jwk: Value,
}

/// The keys at one moment.
#[derive(Default)]
pub struct KeySet {
    /// The keys that verify signatures.
    pub keys: Vec<Arc<Key>>,
    /// When the set was fetched.
    pub fetched: Option<Instant>,
}

/// The key with this `kid`; without one, the only key of the set.
pub fn pick(set: &KeySet, kid: Option<&str>) -> Option<Arc<Key>> {
    match (kid, set.keys.as_slice()) {
        (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)).cloned(),
        (None, [only]) => Some(Arc::clone(only)),
        (None, _) => None,
    }
}

/// The keys of a set that verify signatures; `None` where it is no set.
pub fn read(document: &[u8]) -> Option<Vec<Arc<Key>>> {
    let document: Value = serde_json::from_slice(document).ok()?;
    // "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" (key type) values that
    // are not understood by them, that are missing required members, or for which values are out of
    // the supported ranges." (RFC 7517 §5)
    Some(document["keys"].as_array()?.iter().filter_map(key).take(MAX_KEYS).map(Arc::new).collect())
}

/// A key that verifies signatures; `None` where it does not, or cannot be read.
pub fn key(jwk: &Value) -> Option<Key> {
    let parsed: Jwk = serde_json::from_value(jwk.clone()).ok()?;
    let signs = matches!(parsed.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let verifies =
        parsed.common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    // A shared secret verifies nothing: whoever can read it can sign with it.
    if !signs || !verifies || jwk["kty"] == "oct" {
        return None;
    }
    let decoding = DecodingKey::from_jwk(&parsed).ok()?;
    Some(Key { kid: parsed.common.key_id, algorithm: parsed.common.key_algorithm, decoding, jwk: jwk.clone() })
}

/// The key's thumbprint, by which a token that is bound to it names it: RFC 7638.
pub fn thumbprint(jwk: &Value) -> Option<String> {
    let parsed: Jwk = serde_json::from_value(jwk.clone()).ok()?;
    parsed.thumbprint(ThumbprintHash::SHA256).ok()
}

impl Key {
    /// Whether the other one is the same key, with all that its document says.
    pub fn is_same(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }

    /// Whether it is for this algorithm, as far as it says what it is for: "each key MUST be used
    /// with exactly one algorithm" (RFC 8725 §3.1). A key that says nothing is good for the
    /// algorithms of its kind.
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own.to_string() == format!("{algorithm:?}"))
    }
}

#[cfg(test)]
mod tests;
