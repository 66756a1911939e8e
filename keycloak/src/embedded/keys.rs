//! The realm's signing keys, their public form (RFC 7517), and what they sign (RFC 7515, RS256). As
//! Keycloak's, each has a provider with a priority: the highest signs, and all of them are
//! published, so that what an older one signed can still be verified.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rsa::PrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use tokio::sync::SetOnce;

use super::jwk::{self, PublicKey};
use super::jws::{self, Jws};
use super::random;

/// What these keys sign with (RFC 7518 §3.3).
const ALGORITHM: &str = "RS256";
/// Bits of a key's modulus; Keycloak's default.
const BITS: usize = 2048;

/// A key: its public half ready to be served, its private half to sign with.
pub struct Key {
    /// The JSON Web Key.
    pub jwk: Value,
    /// The key as X.509 SubjectPublicKeyInfo in base64, as Keycloak shows it for the realm.
    pub subject_public_key_info: String,
    kid: String,
    pair: KeyPair,
}

/// A key that is being made or is there; `None` in it where it could not be made.
type Pending = Arc<SetOnce<Option<Arc<Key>>>>;

/// Where a key comes from: an entry of the realm's, which an administrator can make and delete.
#[derive(Clone)]
pub struct Provider {
    /// Its identifier.
    pub id: String,
    /// Its name, which need not be the only one of its kind.
    pub name: Option<String>,
    /// Its settings, as they were given.
    pub config: Value,
    /// Of several the one with the most signs.
    pub priority: i64,
    key: Pending,
}

/// The keys. Each is made in the background, away from the server's path, and awaited where it is
/// first needed: making one takes a good part of a second without optimisation.
pub struct SigningKeys {
    /// The one that signs comes first.
    providers: Mutex<Vec<Provider>>,
}

impl SigningKeys {
    /// Begins to make a first key.
    pub fn made_in_the_background() -> Self {
        let keys = Self { providers: Mutex::default() };
        keys.add(Some("rsa-generated".to_owned()), json!({"priority": ["100"]}), 100);
        keys
    }

    /// Adds a provider and begins to make its key; the identifier. `None` where the system has no
    /// randomness to give.
    pub fn add(&self, name: Option<String>, config: Value, priority: i64) -> Option<String> {
        let id = random::uuid()?;
        let key = begin();
        let mut providers = self.providers();
        // Keycloak promises no order among equals; here the newest comes first.
        let place = providers.iter().position(|known| known.priority <= priority).unwrap_or(providers.len());
        providers.insert(place, Provider { id: id.clone(), name, config, priority, key });
        Some(id)
    }

    /// All providers.
    pub fn all(&self) -> Vec<Provider> {
        self.providers().clone()
    }

    /// Removes a provider, and its key with it; whether it was there.
    pub fn remove(&self, id: &str) -> bool {
        let mut providers = self.providers();
        let before = providers.len();
        providers.retain(|provider| provider.id != id);
        providers.len() < before
    }

    /// The key that signs; `None` where none could be made. Like Keycloak's realm, this one makes a
    /// key for itself where none is left.
    pub async fn current(&self) -> Option<Arc<Key>> {
        if self.providers().is_empty() {
            let config = json!({"priority": ["-100"], "algorithm": ["RS256"]});
            self.add(Some("fallback-RS256".to_owned()), config, -100);
        }
        let pending = self.providers().first()?.key.clone();
        pending.wait().await.clone()
    }

    /// All keys.
    pub async fn published(&self) -> Vec<Arc<Key>> {
        let mut keys = Vec::new();
        for provider in self.all() {
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
        let public = PublicKey::read(key.jwk.as_object()?).ok()?;
        jws.is_signed_by(&public).then_some(jws.claims)
    }

    fn providers(&self) -> MutexGuard<'_, Vec<Provider>> {
        self.providers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn begin() -> Pending {
    let key = Pending::default();
    let made = key.clone();
    let thread = thread::Builder::new().name("signing key".to_owned());
    if thread.spawn(move || drop(made.set(make().map(Arc::new)))).is_err() {
        let _ = key.set(None);
    }
    key
}

/// Makes a key. The library that signs makes none itself, so another one does.
fn make() -> Option<Key> {
    let private = PrivateKey::new(&mut SysRng, BITS).ok()?;
    let pair = KeyPair::from_der(private.to_pkcs1_der().ok()?.as_bytes()).ok()?;
    let public = private.to_public_key();
    let [n, e] = [public.n_bytes(), public.e_bytes()].map(|part| URL_SAFE_NO_PAD.encode(part));
    let info = public.to_public_key_der().ok()?;
    let kid = jwk::thumbprint(&[("e", &e), ("kty", "RSA"), ("n", &n)]);
    Some(Key {
        jwk: json!({"kid": kid, "kty": "RSA", "alg": ALGORITHM, "use": "sig", "n": n, "e": e}),
        subject_public_key_info: STANDARD.encode(info.as_bytes()),
        kid,
        pair,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kid(jwt: &str) -> Option<String> {
        Jws::read(jwt)?.key_id().map(str::to_owned)
    }

    #[tokio::test]
    async fn the_highest_priority_signs_and_what_an_older_key_signed_stays_good_until_it_is_removed() {
        let keys = SigningKeys::made_in_the_background();
        let first = keys.all().remove(0).id;
        let old = keys.sign(&json!({"x": 1})).await.unwrap();
        keys.add(None, json!({}), 0);
        let still_first = keys.sign(&json!({})).await.unwrap();
        assert_eq!(kid(&still_first), kid(&old));
        keys.add(None, json!({}), 200);
        let new = keys.sign(&json!({})).await.unwrap();
        assert_ne!(kid(&new), kid(&old));
        assert_eq!(keys.published().await.len(), 3);
        assert_eq!(keys.verified(&old).await, Some(json!({"x": 1})));
        assert!(keys.remove(&first) && !keys.remove(&first));
        assert_eq!(keys.verified(&old).await, None);
        assert!(keys.verified(&new).await.is_some());
    }

    #[tokio::test]
    async fn a_realm_without_keys_makes_one_when_it_signs() {
        let keys = SigningKeys::made_in_the_background();
        assert!(keys.remove(&keys.all().remove(0).id));
        assert!(keys.published().await.is_empty());
        assert!(keys.sign(&json!({})).await.is_some());
        assert_eq!(keys.all().remove(0).name.as_deref(), Some("fallback-RS256"));
    }
}
