//! The realm's signing keys, their public form (RFC 7517), and what they sign (RFC 7515, RS256). As
//! Keycloak's, each has a provider with a priority: the highest signs, and all of them are
//! published, so that what an older one signed can still be verified.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rsa::PrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use tokio::sync::SetOnce;

use super::further::jwk;
use super::jws::{self, Jws};
use super::random;

/// How these keys sign (RFC 7518 §3.3).
const ALGORITHM: &str = "RS256";
/// Bits of the modulus of a key, as Keycloak makes it.
const BITS: usize = 2048;

/// Keys at most. Only an administrator adds one.
const KEYS: usize = 100;

/// A key: its public half ready to be served, its private half to sign with.
pub struct RealmKey {
    /// The JSON Web Key.
    pub jwk: Value,
    kid: String,
    pair: KeyPair,
}

/// A key that is being made or is there; `None` in it where it could not be made.
type PendingKey = Arc<SetOnce<Option<Arc<RealmKey>>>>;

/// Where a key comes from: an entry of the realm that an administrator can add.
#[derive(Clone)]
struct KeyProvider {
    /// The provider with the highest priority signs.
    priority: i64,
    key: PendingKey,
}

/// The keys. Each is made in the background, away from the server's path, and awaited where it is
/// first needed: making one takes a good part of a second without optimisation.
pub struct RealmKeys {
    /// The one that signs comes first.
    providers: Mutex<Vec<KeyProvider>>,
}

impl RealmKeys {
    /// Begins to make a first key.
    pub fn made_in_the_background() -> Self {
        let keys = Self { providers: Mutex::default() };
        keys.add(100);
        keys
    }

    /// Adds a provider and begins to make its key; the identifier. `None` where there are too many,
    /// or the system has no randomness to give.
    pub fn add(&self, priority: i64) -> Option<String> {
        let id = random::uuid()?;
        let mut providers = self.providers();
        if providers.len() >= KEYS {
            return None;
        }
        let key = begin();
        // Keycloak promises no order among equals. Here the newest comes first.
        let place = providers.iter().position(|known| known.priority <= priority).unwrap_or(providers.len());
        providers.insert(place, KeyProvider { priority, key });
        Some(id)
    }

    /// The key that signs; `None` where none could be made.
    async fn current(&self) -> Option<Arc<RealmKey>> {
        let pending = self.providers().first()?.key.clone();
        pending.wait().await.clone()
    }

    pub async fn published(&self) -> Vec<Arc<RealmKey>> {
        let mut keys = Vec::new();
        let providers = self.providers().clone();
        for provider in providers {
            keys.extend(provider.key.wait().await.clone());
        }
        keys
    }

    /// A JWT with these claims; `None` where no key could be made.
    pub async fn sign(&self, claims: &Value) -> Option<String> {
        let key = self.current().await?;
        let header = json!({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid});
        jws::write(&header, claims, |input| {
            let mut signature = vec![0; key.pair.public().modulus_len()];
            key.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature).ok()?;
            Some(signature)
        })
    }

    /// The claims of a JWT that one of these keys has signed, whatever they say.
    pub async fn verified(&self, jwt: &str) -> Option<Value> {
        let jws = Jws::read(jwt).filter(|jws| jws.algorithm() == Some(ALGORITHM))?;
        let keys = self.published().await;
        let key = keys.iter().find(|key| Some(key.kid.as_str()) == jws.key_id())?;
        jws.is_signed_by(key.jwk.as_object()?).then_some(jws.claims)
    }

    fn providers(&self) -> MutexGuard<'_, Vec<KeyProvider>> {
        self.providers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn begin() -> PendingKey {
    let key = PendingKey::default();
    let made = key.clone();
    let thread = thread::Builder::new().name("signing key".to_owned());
    if thread.spawn(move || drop(made.set(make().map(Arc::new)))).is_err() {
        let _ = key.set(None);
    }
    key
}

/// Makes a key. The library that signs makes none itself, so another one does.
fn make() -> Option<RealmKey> {
    let private = PrivateKey::new(&mut SysRng, BITS).ok()?;
    let pair = KeyPair::from_der(private.to_pkcs1_der().ok()?.as_bytes()).ok()?;
    let public = private.to_public_key();
    let [n, e] = [public.n_bytes(), public.e_bytes()].map(|part| URL_SAFE_NO_PAD.encode(part));
    let kid = jwk::thumbprint(&json!({"e": e, "kty": "RSA", "n": n}));
    Some(RealmKey { jwk: json!({"kid": kid, "kty": "RSA", "alg": ALGORITHM, "use": "sig", "n": n, "e": e}), kid, pair })
}

#[cfg(test)]
mod tests;
