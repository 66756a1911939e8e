//! Identifiers that the server remembers for as long as they matter.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Each identifier with the second at which it is forgotten.
#[derive(Default)]
pub struct ExpiringIds(Mutex<BTreeMap<String, u64>>);

impl ExpiringIds {
    /// Remembers an identifier until `ends`; whether it was new.
    pub fn insert(&self, id: &str, ends: u64, now: u64) -> bool {
        let mut ids = self.lock();
        ids.retain(|_, ends| *ends > now);
        ids.insert(id.to_owned(), ends).is_none()
    }

    pub fn contains(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
