//! Going further: when the authorization server's keys are fetched again.
//!
//! An unknown `kid` may mean that the keys were rotated, so the set is fetched again: at most once
//! in [`Limits::window`], however many unknown ones come. Keys that are known go on working while
//! the authorization server is away, for [`Limits::max_stale`] at most. A set that is older than
//! [`Limits::max_age`] is fetched again beside the requests, and before the next one where it is
//! older than twice that: so a key which the authorization server has removed is not trusted for
//! long after.

use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shared::Failed;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::access_token::KNOWN_KEY;
use crate::further::candidate_keys::{Key, KeyList, NamedKey};
use crate::jwks::Jwks;
use crate::refusal::{Refusal, RefusalKind};
use crate::rules;

/// How long a request waits for the next fetch.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// Within which metadata and keys have to be there.
const FETCH_TIME: Duration = Duration::from_secs(5);

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

/// The keys at hand, and the latest fetch.
pub struct Rotation {
    limits: Limits,
    set: RwLock<Option<KeySet>>,
    /// Held while a fetch is under way, so that there is one at a time.
    attempt: Arc<Mutex<Option<Attempt>>>,
}

/// The keys at one moment.
#[derive(Clone)]
struct KeySet {
    list: Arc<KeyList>,
    fetched: Instant,
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

impl Rotation {
    pub fn new(limits: Limits) -> Self {
        Self { limits, set: RwLock::default(), attempt: Arc::default() }
    }

    /// The keys that may still be used.
    pub fn keys(&self) -> Arc<KeyList> {
        let usable = self.set().filter(|set| set.fetched.elapsed() <= self.limits.max_stale);
        usable.map(|set| set.list).unwrap_or_default()
    }

    fn set(&self) -> Option<KeySet> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An unknown `kid` may belong to a key that was created after the latest fetch. Requests that
    /// arrived after that fetch began wait for the next one, if it is close; one fetch serves them
    /// all.
    async fn wait_for_window(&self, last: Option<&Attempt>, came: Instant) {
        let Some(Attempt { began, ended, failed: None }) = last else { return };
        let left = self.limits.window.saturating_sub(ended.elapsed());
        if *began < came && left <= MAX_WAIT {
            sleep(left).await;
        }
    }

    fn may_fetch(&self, last: Option<&Attempt>) -> bool {
        last.is_none_or(|last| last.ended.elapsed() >= self.limits.window)
    }

    /// Why there is no such key: the set does not have it, or cannot be fetched, so that nobody
    /// knows.
    fn refusal(&self, named: NamedKey<'_>, last: Option<&Attempt>) -> Refusal {
        match last {
            Some(Attempt { ended, failed: Some(reason), .. }) => {
                let left = self.limits.window.saturating_sub(ended.elapsed());
                // Rounded up: a second too early is a second try for nothing.
                unavailable(named, reason, left.as_secs() + 1)
            }
            _ => {
                let when = match last.map_or(0, |last| last.ended.elapsed().as_secs()) {
                    0 => "just now".to_owned(),
                    seconds => format!("{seconds} s ago, too recently for another fetch"),
                };
                no_key(
                    named.why_none(&self.keys(), &when),
                    RefusalKind::InvalidToken("The token's key is unknown".into()),
                )
            }
        }
    }
}

fn unavailable(named: NamedKey<'_>, reason: &str, retry_after: u64) -> Refusal {
    let seen = format!("{}; the IdP's keys cannot be fetched: {reason}", named.kid_shown());
    no_key(seen, RefusalKind::Unavailable { retry_after })
}

fn no_key(seen: String, kind: RefusalKind) -> Refusal {
    let failed = Failed { rule: &rules::KEY, expected: KNOWN_KEY.to_owned(), seen, fix: String::new() };
    Refusal { failed: vec![failed], kind }
}

impl Jwks {
    /// Fetches the set again where that may bring the key of this name.
    pub(crate) async fn fetch_again_for(self: &Arc<Self>, named: NamedKey<'_>) -> Result<Vec<Arc<Key>>, Refusal> {
        let rotation = &self.rotation;
        let came = Instant::now();
        let mut attempt = Arc::clone(&rotation.attempt).lock_owned().await;
        if named.candidates(&rotation.keys()).is_none() {
            rotation.wait_for_window(attempt.as_ref(), came).await;
        }
        if named.candidates(&rotation.keys()).is_none() && rotation.may_fetch(attempt.as_ref()) {
            attempt = match self.begin_fetch(attempt).await {
                Ok(attempt) => attempt,
                Err(error) => return Err(unavailable(named, &error.to_string(), 1)),
            };
        }
        named.candidates(&rotation.keys()).ok_or_else(|| rotation.refusal(named, attempt.as_ref()))
    }

    /// Has an old set fetched again. Nobody waits for it: the keys at hand are good meanwhile. Only
    /// where nobody has needed them for long, the one who does waits.
    pub(crate) async fn keep_fresh(self: &Arc<Self>) {
        let Some(age) = self.rotation.set().map(|set| set.fetched.elapsed()) else { return };
        let max_age = self.rotation.limits.max_age;
        if age <= max_age {
            return;
        }
        let Ok(attempt) = Arc::clone(&self.rotation.attempt).try_lock_owned() else { return };
        if self.rotation.may_fetch(attempt.as_ref()) {
            let fetch = self.begin_fetch(attempt);
            if age > 2 * max_age {
                let _ = fetch.await;
            }
        }
    }

    /// Whether this very key is still one of the set's.
    pub(crate) async fn has(self: &Arc<Self>, key: &Key) -> bool {
        self.keep_fresh().await;
        self.rotation.keys().keys.iter().any(|known| ptr::eq(known.as_ref(), key) || known.is_same(key))
    }

    /// Begins a fetch, which gives the lock back when it has ended. A client that hangs up ends its
    /// own request and not the fetch, which would not count then: the next unknown `kid` would
    /// begin another one.
    fn begin_fetch(self: &Arc<Self>, mut attempt: Latest) -> JoinHandle<Latest> {
        let own = Arc::clone(self);
        tokio::spawn(async move {
            *attempt = Some(own.try_fetch().await);
            attempt
        })
    }

    async fn try_fetch(&self) -> Attempt {
        let began = Instant::now();
        let late = |_| Err(format!("no response within {} s", FETCH_TIME.as_secs()));
        let fetched = timeout(FETCH_TIME, self.fetch()).await.unwrap_or_else(late);
        let failed = match fetched {
            Ok(list) => {
                let set = KeySet { list: Arc::new(list), fetched: began };
                *self.rotation.set.write().unwrap_or_else(PoisonError::into_inner) = Some(set);
                None
            }
            Err(reason) => {
                self.http.reporter().note(format!("The authorization server's keys cannot be fetched: {reason}."));
                Some(reason)
            }
        };
        Attempt { began, ended: Instant::now(), failed }
    }
}
