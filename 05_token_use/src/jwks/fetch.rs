//! One fetch of the keys: metadata, then the JWK Set, within a time.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use as_metadata::find;
use shared::http::Request;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::jwks::key_set::{Key, KeySet, read};
use crate::jwks::{Attempt, Jwks, Latest};

/// Within which metadata and keys have to be there.
const FETCH_TIME: Duration = Duration::from_secs(5);

impl Jwks {
    /// Has an old set fetched again. Nobody waits for it: the keys at hand are good meanwhile. Only
    /// where nobody has needed them for long, the one who does waits.
    pub(super) async fn keep_fresh(self: &Arc<Self>) {
        let Some(age) = self.current().fetched.map(|fetched| fetched.elapsed()) else { return };
        if age <= self.limits.max_age {
            return;
        }
        let Ok(attempt) = Arc::clone(&self.attempt).try_lock_owned() else { return };
        if self.may_fetch(attempt.as_ref()) {
            let fetch = self.begin(attempt);
            if age > 2 * self.limits.max_age {
                let _ = fetch.await;
            }
        }
    }

    /// Begins a fetch, which gives the lock back when it has ended. A client that hangs up ends its
    /// own request and not the fetch, which would not count then: the next unknown `kid` would
    /// begin another one.
    pub(super) fn begin(self: &Arc<Self>, mut attempt: Latest) -> JoinHandle<Latest> {
        let own = Arc::clone(self);
        tokio::spawn(async move {
            *attempt = Some(own.fetch().await);
            attempt
        })
    }

    async fn fetch(&self) -> Attempt {
        let started = Instant::now();
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let late = |_| Err(format!("they did not come within {} s", FETCH_TIME.as_secs()));
        match timeout(FETCH_TIME, self.fetch_keys()).await.unwrap_or_else(late) {
            Ok(keys) => {
                let set = Arc::new(KeySet { keys, fetched: Some(started) });
                *self.set.write().unwrap_or_else(PoisonError::into_inner) = set;
                Attempt { began: started, ended: Instant::now(), failed: None }
            }
            Err(reason) => {
                self.http.reporter().note(format!("The authorization server's keys cannot be fetched: {reason}."));
                Attempt { began: started, ended: Instant::now(), failed: Some(reason) }
            }
        }
    }

    async fn fetch_keys(&self) -> Result<Vec<Arc<Key>>, String> {
        let metadata = find::inspect(&self.silent, &self.issuer).await.map_err(|error| trimmed(&error))?;
        // Keys of somebody else would verify somebody else's tokens.
        if metadata.issuer != self.issuer {
            return Err(format!("the metadata found for {} names the issuer {}", self.issuer, metadata.issuer));
        }
        let jwks_uri = metadata.jwks_uri.ok_or("its metadata has no jwks_uri")?;
        let response = self.http.send(&Request::get(&jwks_uri)).await.map_err(|error| trimmed(&error))?;
        if response.status != 200 {
            return Err(format!("{jwks_uri} answers HTTP {}", response.status));
        }
        read(&response.body).ok_or_else(|| format!("{jwks_uri} holds no JWK Set"))
    }
}

/// A sentence within a sentence.
fn trimmed(error: &dyn std::fmt::Display) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}
