//! A table of bounded size: a new entry takes the place of the oldest.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct BoundedTable<K, V, const MOST: usize> {
    /// Each with its number, which says how old it is.
    entries: BTreeMap<K, (u64, V)>,
    order: BTreeMap<u64, K>,
    next: u64,
}

impl<K, V, const MOST: usize> Default for BoundedTable<K, V, MOST> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), order: BTreeMap::new(), next: 0 }
    }
}

impl<K: Ord + Clone, V, const MOST: usize> BoundedTable<K, V, MOST> {
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }

    /// Adds an entry. One that is replaced becomes the youngest.
    pub fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.order.insert(self.next, key.clone());
        self.entries.insert(key, (self.next, value));
        self.next += 1;
        while self.order.len() > MOST {
            let oldest = self.order.pop_first();
            oldest.map(|(_, key)| self.entries.remove(&key));
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (number, value) = self.entries.remove(key)?;
        self.order.remove(&number);
        Some(value)
    }

    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let Self { entries, order, .. } = self;
        entries.retain(|key, (number, value)| {
            let is_kept = keep(key, value);
            if !is_kept {
                order.remove(number);
            }
            is_kept
        });
    }
}

#[cfg(test)]
mod tests;
