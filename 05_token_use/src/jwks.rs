//! The authorization server's keys: a JWK Set (RFC 7517 §5,
//! <https://www.rfc-editor.org/rfc/rfc7517#section-5>), fetched when it is first needed and kept.
//!
//! An unknown `kid` may mean that the keys were rotated, so the set is fetched again: at most once
//! in [`Limits::window`], however many unknown ones come. Keys that are known go on working while
//! the authorization server is away, for [`Limits::max_stale`] at most. A set that is older than
//! [`Limits::max_age`] is fetched again beside the requests, and before the next one where it is
//! older than twice that: so a key which the authorization server has removed is not trusted for
//! long after.
//!
//! Never followed: keys, or URLs of keys, that a token itself names (`jwk`, `jku`, `x5c`, `x5u`).

mod fetch;
mod key_set;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shared::http::Http;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinError;
use tokio::time::Instant;

pub use key_set::Key;
pub(crate) use key_set::{key, thumbprint};

use crate::jwks::key_set::{KeySet, pick};

/// How long a request waits for the next fetch.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// How often the keys are fetched.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Between two fetches lies at least this.
    pub window: Duration,
    /// A set older than this is fetched again.
    pub max_age: Duration,
    /// A set older than this is worth nothing, whether the authorization server can be reached or
    /// not.
    pub max_stale: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let hours = |n: u64| Duration::from_secs(n * 3600);
        Self { window: Duration::from_secs(1), max_age: Duration::from_secs(300), max_stale: hours(24) }
    }
}

/// How the latest fetch ended.
struct Attempt {
    began: Instant,
    /// From here the window counts: whoever waited while it was slow does not begin the next one.
    ended: Instant,
    failed: Option<String>,
}

/// The latest fetch, locked.
type Latest = OwnedMutexGuard<Option<Attempt>>;

/// Why there is no key for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The set does not have it.
    Unknown {
        /// Seconds since the set was fetched; it was not asked for anew where that was in the same
        /// window.
        fetched_ago: u64,
    },
    /// The set is not to be had, so nobody knows.
    Unavailable {
        /// Why not.
        reason: String,
        /// Seconds until it is asked for again.
        retry_after: u64,
    },
}

/// The keys of one authorization server.
pub struct Jwks {
    /// What an operator sees: the fetch of the keys.
    http: Http,
    /// The same without a word, for the metadata: lesson 02 shows that.
    silent: Http,
    issuer: String,
    limits: Limits,
    set: RwLock<Arc<KeySet>>,
    /// Held while a fetch is under way, so that there is one at a time.
    attempt: Arc<Mutex<Option<Attempt>>>,
    fetches: AtomicUsize,
}

impl Jwks {
    /// The keys of the authorization server with this issuer identifier; nothing is fetched yet.
    pub fn new(http: Http, silent: Http, issuer: &str, limits: Limits) -> Self {
        Self {
            http,
            silent,
            issuer: issuer.to_owned(),
            limits,
            set: RwLock::default(),
            attempt: Arc::default(),
            fetches: AtomicUsize::default(),
        }
    }

    /// The key with this `kid`; without one, the only key of the set that there is.
    pub async fn find(self: &Arc<Self>, kid: Option<&str>) -> Result<Arc<Key>, NoKey> {
        self.keep_fresh().await;
        if let Some(key) = self.pick(kid) {
            return Ok(key);
        }
        let came = Instant::now();
        // "The verifier knows to go back to the jwks_uri location to re-retrieve the keys when it
        // sees an unfamiliar kid value." (OpenID Connect Core §10.1.1)
        let mut attempt = Arc::clone(&self.attempt).lock_owned().await;
        if self.pick(kid).is_none() {
            self.wait_for_window(attempt.as_ref(), came).await;
        }
        if self.pick(kid).is_none() && self.may_fetch(attempt.as_ref()) {
            let lost = |error: JoinError| NoKey::Unavailable { reason: error.to_string(), retry_after: 1 };
            attempt = self.begin(attempt).await.map_err(lost)?;
        }
        match (self.pick(kid), attempt.as_ref()) {
            (Some(key), _) => Ok(key),
            (None, Some(Attempt { ended, failed: Some(reason), .. })) => {
                let left = self.limits.window.saturating_sub(ended.elapsed());
                // Rounded up: a second too early is a second try for nothing.
                Err(NoKey::Unavailable { reason: reason.clone(), retry_after: left.as_secs() + 1 })
            }
            (None, attempt) => {
                let fetched_ago = attempt.map_or(0, |attempt| attempt.ended.elapsed().as_secs());
                Err(NoKey::Unknown { fetched_ago })
            }
        }
    }

    /// Whether this very key is still one of the set's.
    pub async fn has(self: &Arc<Self>, key: &Key) -> bool {
        self.keep_fresh().await;
        let set = self.current();
        self.is_usable(&set) && set.keys.iter().any(|known| std::ptr::eq(known.as_ref(), key) || known.is_same(key))
    }

    /// How often the set was fetched, or tried to be.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }

    fn current(&self) -> Arc<KeySet> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An unknown `kid` may belong to a key that was created after the latest fetch. Requests that
    /// arrived after that fetch began wait for the next one, if it is close; one fetch serves them
    /// all.
    async fn wait_for_window(&self, last: Option<&Attempt>, came: Instant) {
        let Some(Attempt { began, ended, failed: None }) = last else { return };
        let left = self.limits.window.saturating_sub(ended.elapsed());
        if *began < came && left <= MAX_WAIT {
            tokio::time::sleep(left).await;
        }
    }

    fn may_fetch(&self, last: Option<&Attempt>) -> bool {
        last.is_none_or(|last| last.ended.elapsed() >= self.limits.window)
    }

    fn pick(&self, kid: Option<&str>) -> Option<Arc<Key>> {
        let set = self.current();
        pick(&set, kid).filter(|_| self.is_usable(&set))
    }

    fn is_usable(&self, set: &KeySet) -> bool {
        set.fetched.is_some_and(|fetched| fetched.elapsed() <= self.limits.max_stale)
    }
}
