//! The secret values that this run has sent or received. A run is a process: its parties share
//! what is known, also where a client reports to nobody.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};

use super::views;

/// A shorter value would be found in texts that have nothing to do with it.
const FEWEST_CHARACTERS: usize = 8;
/// Bytes at the end of a secret by which it is found. The beginning of a JWT is the same for all
/// tokens of an issuer, and its end is the signature.
const TAIL: usize = 64;
/// Values that are remembered; a new one takes the place of the oldest.
const MOST_VALUES: usize = 2_000;
/// The same for values that clients have sent: more than a server serves requests at once.
const MOST_VALUES_OF_CLIENTS: usize = 512;
/// Bytes of a value that are remembered, from its end.
const MOST_BYTES_OF_A_VALUE: usize = 16 * 1024;
/// Bytes of all values of a kind that are remembered.
const MOST_BYTES: usize = 1024 * 1024;
/// Values that are taken from one request and its response, so that a response full of them does
/// not displace others.
const MOST_OF_AN_EXCHANGE: usize = 64;

/// A secret value, with the name that it was found by.
pub struct Known {
    /// Names it in its mask.
    pub kind: Arc<str>,
    /// The value.
    pub value: Arc<str>,
}

/// Values in the order in which they came.
#[derive(Default)]
struct Pool {
    values: HashSet<Arc<str>>,
    order: VecDeque<Arc<Known>>,
    bytes: usize,
}

impl Pool {
    /// Adds a value, and forgets the oldest ones where there are too many; whether it is new.
    fn add(&mut self, kind: &str, value: &str, most_values: usize) -> bool {
        if self.values.contains(value) {
            return false;
        }
        let known = Arc::new(Known { kind: kind.into(), value: value.into() });
        self.bytes += value.len();
        self.values.insert(known.value.clone());
        self.order.push_back(known);
        while self.order.len() > most_values || self.bytes > MOST_BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= oldest.value.len();
            self.values.remove(&oldest.value);
        }
        true
    }
}

#[derive(Default)]
struct Vault {
    /// What this run has sent, and what it was sent in response.
    own: Pool,
    /// What clients have sent to a server of this run. They can send as many values as they like,
    /// so these displace only each other.
    of_clients: Pool,
    of_this_exchange: usize,
    finder: Option<Arc<Finder>>,
}

static VAULT: LazyLock<Mutex<Vault>> = LazyLock::new(Mutex::default);

fn vault() -> MutexGuard<'static, Vault> {
    VAULT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new request begins, and new values may be learnt.
pub fn begin_exchange() {
    vault().of_this_exchange = 0;
}

/// From now on this value is masked wherever it appears.
pub fn learn(kind: &str, value: &str) {
    let Some(value) = end_of_value(value) else { return };
    let mut vault = vault();
    if vault.of_this_exchange < MOST_OF_AN_EXCHANGE && vault.own.add(kind, value, MOST_VALUES) {
        vault.of_this_exchange += 1;
        vault.finder = None;
    }
}

/// The same for a value that a client has sent to a server of this run.
pub fn learn_of_client(kind: &str, value: &str) {
    let Some(value) = end_of_value(value) else { return };
    let mut vault = vault();
    if vault.of_clients.add(kind, value, MOST_VALUES_OF_CLIENTS) {
        vault.finder = None;
    }
}

/// The part of a value that is remembered; `None` where it is too short.
fn end_of_value(value: &str) -> Option<&str> {
    let value = value.trim();
    if value.chars().take(FEWEST_CHARACTERS).count() < FEWEST_CHARACTERS {
        return None;
    }
    let mut start = value.len().saturating_sub(MOST_BYTES_OF_A_VALUE);
    while !value.is_char_boundary(start) {
        start += 1;
    }
    Some(&value[start..])
}

/// Finds the values that are known now; `None` where there are none.
pub fn finder() -> Option<Arc<Finder>> {
    let mut vault = vault();
    let is_empty = vault.own.order.is_empty() && vault.of_clients.order.is_empty();
    if vault.finder.is_none() && !is_empty {
        vault.finder = Finder::of(vault.own.order.iter().chain(&vault.of_clients.order)).map(Arc::new);
    }
    vault.finder.clone()
}

/// How a value can stand in a reading of a text. A reading undoes every escape, also those that are
/// part of the value itself.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![value.as_bytes().to_vec()];
    // A form writes a space as a plus sign.
    if value.contains(' ') {
        forms.push(value.replace(' ', "+").into_bytes());
    }
    let mut read = views::unescaped(value.as_bytes());
    while let Some(view) = read.filter(|view| forms.len() < 5 && view.bytes.len() >= FEWEST_CHARACTERS) {
        read = views::unescaped(&view.bytes);
        forms.push(view.bytes);
    }
    forms
}

/// Finds many values in a text at once, in a time that grows with the text only.
pub struct Finder {
    automaton: AhoCorasick,
    by_pattern: Vec<Vec<(Vec<u8>, Arc<Known>)>>,
}

impl Finder {
    fn of<'a>(values: impl Iterator<Item = &'a Arc<Known>>) -> Option<Self> {
        let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut by_pattern: Vec<Vec<(Vec<u8>, Arc<Known>)>> = vec![];
        for known in values {
            for written in forms(&known.value) {
                let tail = written[written.len().saturating_sub(TAIL)..].to_vec();
                let number = *numbers.entry(tail).or_insert_with(|| {
                    by_pattern.push(vec![]);
                    by_pattern.len() - 1
                });
                by_pattern[number].push((written, known.clone()));
            }
        }
        let mut patterns: Vec<_> = numbers.into_iter().collect();
        patterns.sort_unstable_by_key(|(_, number)| *number);
        let patterns = patterns.into_iter().map(|(pattern, _)| pattern);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok()?;
        Some(Self { automaton, by_pattern })
    }

    /// Every place of a known value. A value whose beginning is cut off is found too.
    pub fn find(&self, text: &[u8], mut found: impl FnMut(Range<usize>, &Known)) {
        // How far all extensions to the left may go together: more only where a text was made to
        // be slow.
        let mut budget = 4 * text.len() + 64 * 1024;
        let mut last_end = 0;
        for tail in self.automaton.find_iter(text) {
            let floor = if budget > 0 { 0 } else { last_end };
            let before = &text[floor..tail.start()];
            let mut longest: Option<(usize, &Known)> = None;
            for (value, known) in self.by_pattern[tail.pattern().as_usize()].iter().rev().take(8) {
                let head = &value[..value.len().saturating_sub(TAIL)];
                let same = before.iter().rev().zip(head.iter().rev()).take_while(|(a, b)| a == b).count();
                budget = budget.saturating_sub(same);
                if longest.is_none_or(|(length, _)| same > length) {
                    longest = Some((same, known));
                }
            }
            if let Some((length, known)) = longest {
                found(tail.start() - length..tail.end(), known);
            }
            last_end = tail.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that runs for months: what strangers send displaces neither their latest values nor
    /// what the server itself has to hide.
    #[test]
    fn what_clients_send_is_bounded_and_displaces_nothing_else() {
        begin_exchange();
        learn("client_secret", "own-secret-of-the-server");
        for n in 0..3 * MOST_VALUES_OF_CLIENTS {
            learn_of_client("access_token", &format!("token-of-stranger-{n:06}"));
        }
        let large = "x".repeat(2 * MOST_BYTES_OF_A_VALUE);
        for n in 0..200 {
            learn_of_client("access_token", &format!("{large}{n:06}"));
        }
        let known = |value: &str| {
            let mut found = false;
            finder().unwrap().find(value.as_bytes(), |range, _| found |= range.start == 0);
            found
        };
        assert!(known("own-secret-of-the-server") && known(&format!("{}000199", &large[..1_000])));
        assert!(!known("token-of-stranger-000000"));
        let vault = vault();
        assert!(vault.of_clients.order.len() <= MOST_VALUES_OF_CLIENTS && vault.of_clients.bytes <= MOST_BYTES);
        assert_eq!(vault.of_clients.order.len(), vault.of_clients.values.len());
    }
}
