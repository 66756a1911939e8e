//! The authorization server's keys: a JWK Set (RFC 7517 §5,
//! <https://www.rfc-editor.org/rfc/rfc7517#section-5>), fetched when it is first needed and stored.
//! [`key_rotation`](crate::further::key_rotation) decides when it is fetched again.
//!
//! Never followed: keys, or URLs of keys, that a token itself names (`jwk`, `jku`, `x5c`, `x5u`).

use std::sync::Arc;

use as_metadata::find;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use shared::Reporter;
use shared::http::{Http, Request};

use crate::further::key_rotation::{Limits, Rotation};
use crate::refusal::Refusal;

/// Keys of a set that are stored at most.
const MAX_KEYS: usize = 100;

/// Members of a JWK that only the owner of the key may know (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
pub(crate) const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The keys of one authorization server.
pub struct Jwks {
    pub(crate) http: Http,
    issuer: String,
    /// The keys, and when they are fetched again.
    pub(crate) rotation: Rotation,
}

impl Jwks {
    /// The keys of the authorization server with this issuer identifier; nothing is fetched yet.
    pub fn new(http: Http, issuer: &str, limits: Limits) -> Self {
        Self { http, issuer: issuer.to_owned(), rotation: Rotation::new(limits) }
    }

    /// The key with this `kid`; without one, the only key of the set.
    pub async fn find(self: &Arc<Self>, kid: Option<&str>) -> Result<Arc<Key>, Refusal> {
        self.keep_fresh().await;
        match pick(&self.rotation.keys(), kid) {
            Some(key) => Ok(key),
            // "The verifier knows to go back to the jwks_uri location to re-retrieve the keys when
            // it sees an unfamiliar kid value." (OpenID Connect Core §10.1.1)
            None => self.fetch_again_for(kid).await,
        }
    }

    /// Fetches the metadata, and the keys that it names. An operator sees the fetch of the keys;
    /// lesson 02 shows the other one.
    pub(crate) async fn fetch(&self) -> Result<Vec<Arc<Key>>, String> {
        let silent = self.http.clone().telling(Reporter::silent());
        let metadata = find::inspect(&silent, &self.issuer).await.map_err(|error| without_period(&error))?;
        // Another issuer's keys would verify that issuer's tokens.
        if metadata.issuer != self.issuer {
            return Err(format!("the metadata found for {} names the issuer {}", self.issuer, metadata.issuer));
        }
        let jwks_uri = metadata.jwks_uri.ok_or("its metadata has no jwks_uri")?;
        let response = self.http.send(&Request::get(&jwks_uri)).await.map_err(|error| without_period(&error))?;
        if response.status != 200 {
            return Err(format!("{jwks_uri} answers HTTP {}", response.status));
        }
        read(&response.body).ok_or_else(|| format!("{jwks_uri} holds no JWK Set"))
    }
}

/// An error as a part of a longer sentence.
fn without_period(error: &dyn std::fmt::Display) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

/// The key with this `kid`; without one, the only key there is.
pub(crate) fn pick(keys: &[Arc<Key>], kid: Option<&str>) -> Option<Arc<Key>> {
    match (kid, keys) {
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
    Some(document["keys"].as_array()?.iter().filter_map(Key::read).take(MAX_KEYS).map(Arc::new).collect())
}

/// A key to verify signatures with.
pub struct Key {
    kid: Option<String>,
    algorithm: Option<KeyAlgorithm>,
    pub(crate) decoding: DecodingKey,
    jwk: Value,
}

impl Key {
    /// `None` where it verifies no signatures, or cannot be read.
    pub(crate) fn read(jwk: &Value) -> Option<Self> {
        let parsed: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let signs = matches!(parsed.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let operations = parsed.common.key_operations.as_ref();
        let verifies = operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        // A private key, or a shared secret, verifies nothing: any reader can sign with it.
        let is_private = PRIVATE.iter().any(|name| jwk.get(name).is_some());
        if !signs || !verifies || is_private {
            return None;
        }
        let decoding = DecodingKey::from_jwk(&parsed).ok()?;
        Some(Self { kid: parsed.common.key_id, algorithm: parsed.common.key_algorithm, decoding, jwk: jwk.clone() })
    }

    /// Whether the other one is the same key, with all that its document says.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }

    /// Whether it is for this algorithm, as far as it says what it is for: "each key MUST be used
    /// with exactly one algorithm" (RFC 8725 §3.1). A key that says nothing is good for the
    /// algorithms of its kind.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own.to_string() == format!("{algorithm:?}"))
    }
}

#[cfg(test)]
mod tests;
