//! The authorization server's keys: a JWK Set (RFC 7517 §5,
//! <https://www.rfc-editor.org/rfc/rfc7517#section-5>), fetched when it is first needed and stored.
//! [`key_rotation`](crate::further::key_rotation) decides when it is fetched again, and
//! [`candidate_keys`](crate::further::candidate_keys) which of its keys a token may be signed with.
//!
//! Never followed: keys, or URLs of keys, that a token itself names (`jwk`, `jku`, `x5c`, `x5u`).

use std::sync::Arc;

use as_metadata::find;
use shared::Reporter;
use shared::http::{Http, Request};

use crate::further::candidate_keys::{Key, KeyList, NamedKey};
use crate::further::key_rotation::{Limits, Rotation};
use crate::refusal::Refusal;

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

    /// The keys that a token may be signed with: nearly always one.
    pub async fn find(self: &Arc<Self>, named: NamedKey<'_>) -> Result<Vec<Arc<Key>>, Refusal> {
        self.keep_fresh().await;
        match named.candidates(&self.rotation.keys()) {
            Some(keys) => Ok(keys),
            // "The verifier knows to go back to the jwks_uri location to re-retrieve the keys when
            // it sees an unfamiliar kid value." (OpenID Connect Core §10.1.1)
            None => self.fetch_again_for(named).await,
        }
    }

    /// Fetches the metadata, and the keys that it names. An operator sees the fetch of the keys;
    /// lesson 02 shows the other one.
    pub(crate) async fn fetch(&self) -> Result<KeyList, String> {
        let silent = self.http.clone().telling(Reporter::silent());
        let metadata = find::inspect(&silent, &self.issuer).await.map_err(|error| without_period(&error))?;
        // Another issuer's keys would verify that issuer's tokens.
        if metadata.issuer != self.issuer {
            return Err(format!("the metadata found for {} names the issuer {}", self.issuer, metadata.issuer));
        }
        let jwks_uri = metadata.jwks_uri.ok_or("its metadata has no jwks_uri")?;
        let response = self.http.send(&Request::get(&jwks_uri)).await.map_err(|error| without_period(&error))?;
        if response.status != 200 {
            return Err(format!("{jwks_uri} responds with HTTP {}", response.status));
        }
        KeyList::read(&response.body).ok_or_else(|| format!("{jwks_uri} has no JWK Set"))
    }
}

/// An error as a part of a longer sentence.
fn without_period(error: &dyn std::fmt::Display) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}
