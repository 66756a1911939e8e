//! Going further: which of the authorization server's keys a token may be signed with.
//!
//! A token names its key with `kid`. Some sets have the same `kid` twice, such as once for each
//! algorithm, and some tokens name no key. So there may be several candidates, and each one that
//! fits the algorithm is tried.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use crate::refusal::short;

/// Members of a JWK that only the owner of the key may know (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
pub(crate) const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Keys that are tried for one token: an untrusted client decides how often that is done.
pub(crate) const MAX_TRIES: usize = 8;

/// A key, as a token's header names it.
#[derive(Clone, Copy, Debug)]
pub struct NamedKey<'a> {
    /// `kid`, which is optional.
    pub kid: Option<&'a str>,
    /// `alg`.
    pub algorithm: Algorithm,
}

impl NamedKey<'_> {
    /// The keys with this `kid`. "When used with a JWK, the "kid" value is used to match a JWK
    /// "kid" parameter value." (RFC 7515 §4.1.4) Without a `kid`, the one key that fits the
    /// algorithm: with two, the token would have to say which (OpenID Connect Core §10.1).
    pub fn candidates(self, list: &KeyList) -> Option<Vec<Arc<Key>>> {
        let found = self.matching(list);
        let is_clear = if self.kid.is_some() { !found.is_empty() } else { found.len() == 1 };
        is_clear.then_some(found)
    }

    fn matching(self, list: &KeyList) -> Vec<Arc<Key>> {
        let matches = |key: &&Arc<Key>| match self.kid {
            Some(kid) => key.kid.as_deref() == Some(kid),
            None => key.is_for(self.algorithm),
        };
        list.keys.iter().filter(matches).cloned().collect()
    }

    /// Why none of these keys, which were fetched at this time, can be the token's.
    pub(crate) fn why_none(self, list: &KeyList, when: &str) -> String {
        let algorithm = self.algorithm;
        let why = match (self.kid, self.matching(list).len()) {
            (Some(_), _) => format!("which is not among the keys that were fetched {when}"),
            (None, 0) => format!("and no key that was fetched {when} fits {algorithm:?}"),
            (None, number) => format!("and {number} keys that were fetched {when} fit {algorithm:?}"),
        };
        let unusable = match list.unusable {
            0 => String::new(),
            1 => "; 1 key of the set could not be read".to_owned(),
            number => format!("; {number} keys of the set could not be read"),
        };
        format!("{}, {why}{unusable}", self.kid_shown())
    }

    pub(crate) fn kid_shown(self) -> String {
        self.kid.map_or("no kid".to_owned(), |kid| format!("kid {}", short(kid)))
    }
}

/// For a check that passed.
impl fmt::Display for NamedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kid {
            Some(kid) => write!(f, "kid {kid}"),
            None => write!(f, "no kid, and one key fits {:?}", self.algorithm),
        }
    }
}

/// The keys of a set that verify signatures.
#[derive(Default)]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<Arc<Key>>,
    /// How many others are for signatures too, and cannot be used.
    pub unusable: usize,
}

impl KeyList {
    /// The keys of a JWK Set; `None` where the document is not one.
    pub fn read(document: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(document).ok()?;
        // "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" (key type) values
        // that are not understood by them, that are missing required members, or for which values
        // are out of the supported ranges." (RFC 7517 §5)
        let signing: Vec<_> = document["keys"].as_array()?.iter().filter(|jwk| is_for_signatures(jwk)).collect();
        let keys: Vec<_> = signing.iter().filter_map(|jwk| Key::read(jwk)).map(Arc::new).collect();
        Some(Self { unusable: signing.len() - keys.len(), keys })
    }
}

/// Whether the key is for signatures, as far as it says: `use` (RFC 7517 §4.2), `key_ops` (§4.3).
fn is_for_signatures(jwk: &Value) -> bool {
    let signs = jwk.get("use").is_none_or(|purpose| purpose == "sig");
    let operations = jwk.get("key_ops").and_then(Value::as_array);
    signs && operations.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"))
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
        // A private key, or a shared secret, verifies nothing: any reader can sign with it.
        if !is_for_signatures(jwk) || PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
            return None;
        }
        let parsed: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let decoding = DecodingKey::from_jwk(&parsed).ok()?;
        Some(Self { kid: parsed.common.key_id, algorithm: parsed.common.key_algorithm, decoding, jwk: jwk.clone() })
    }

    /// Whether the other one is the same key, with all that its document says.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }

    /// Whether it is for this algorithm: of its kind, and the one that it names, if it names one.
    /// "each key MUST be used with exactly one algorithm" (RFC 8725 §3.1). A key that names none is
    /// good for the algorithms of its kind.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        let (kty, crv) = match algorithm {
            Algorithm::ES256 => ("EC", Some("P-256")),
            Algorithm::ES384 => ("EC", Some("P-384")),
            Algorithm::EdDSA => ("OKP", None),
            _ => ("RSA", None),
        };
        let is_of_kind = self.jwk["kty"] == kty && crv.is_none_or(|crv| self.jwk["crv"] == crv);
        is_of_kind && self.algorithm.is_none_or(|own| own.to_string() == format!("{algorithm:?}"))
    }
}

#[cfg(test)]
mod tests;
