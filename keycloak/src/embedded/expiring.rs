//! Identifiers that the server remembers for as long as they matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use ring::digest;

use super::refusal::{IdpRefusal, described};

/// Identifiers of one client at most. Others find their place when a client has used up its own.
const OF_A_CLIENT: usize = 1_000;
/// Identifiers of all clients at most.
const OF_ALL: usize = 50_000;

/// Only a hash is stored, so that a long identifier takes no more memory than a short one.
type Hash = [u8; 32];

/// Each identifier with the second at which it is forgotten.
#[derive(Default)]
pub struct ExpiringIds(Mutex<IdTable>);

#[derive(Default)]
struct IdTable {
    ids: BTreeSet<Hash>,
    /// By the second at which each is forgotten, with the client that it is of.
    by_end: BTreeMap<(u64, Hash), Arc<str>>,
    by_client: BTreeMap<Arc<str>, usize>,
}

impl ExpiringIds {
    /// Remembers an identifier of this client until `ends`; whether it was new. One that is
    /// forgotten too early could be used again, so more than there is room for are refused.
    pub fn insert(&self, client: &str, id: &str, ends: u64, now: u64) -> Result<bool, IdpRefusal> {
        let mut table = self.lock();
        table.forget_until(now);
        let hash = hash(id);
        if table.ids.contains(&hash) {
            return Ok(false);
        }
        let of_client = table.by_client.get(client).copied().unwrap_or_default();
        if of_client >= OF_A_CLIENT || table.ids.len() >= OF_ALL {
            let sentence = "Too many requests of this client at once";
            return Err(described(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", sentence));
        }
        let client: Arc<str> = client.into();
        table.ids.insert(hash);
        table.by_client.insert(client.clone(), of_client + 1);
        table.by_end.insert((ends, hash), client);
        Ok(true)
    }

    pub fn contains(&self, id: &str) -> bool {
        self.lock().ids.contains(&hash(id))
    }

    fn lock(&self) -> MutexGuard<'_, IdTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IdTable {
    fn forget_until(&mut self, now: u64) {
        while let Some(first) = self.by_end.first_entry().filter(|first| first.key().0 <= now) {
            let ((_, hash), client) = first.remove_entry();
            self.ids.remove(&hash);
            match self.by_client.get_mut(&client) {
                Some(number) if *number > 1 => *number -= 1,
                _ => drop(self.by_client.remove(&client)),
            }
        }
    }
}

fn hash(id: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest::digest(&digest::SHA256, id.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests;
