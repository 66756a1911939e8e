//! Who holds which secret: whoever sent it or got it in a message of this run.
//!
//! Events show a secret as `<name, N characters, hashed 8 hex digits>`. Equal digits mean equal
//! secrets, so each can be followed from party to party without knowing it.

use std::collections::BTreeMap;

use serde_json::Value;

/// Secrets that are worth following.
const FOLLOWED: &[(&str, &str)] = &[
    ("code", "code"),
    ("code_verifier", "verifier"),
    ("access_token", "access token"),
    ("subject_token", "access token"),
    ("refresh_token", "refresh token"),
    ("id_token", "ID token"),
    ("client_secret", "client secret"),
    ("client_assertion", "client assertion"),
    ("registration_access_token", "registration token"),
];

/// A secret, and who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub name: &'static str,
    /// The lanes of its holders.
    pub lanes: Vec<usize>,
}

/// All secrets of a run so far, by the digits of their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings(BTreeMap<String, Held>);

impl Holdings {
    /// A message with these texts went between these lanes.
    pub fn see<'a>(&mut self, lanes: &[usize], texts: impl IntoIterator<Item = &'a str>) {
        for (name, hash) in texts.into_iter().flat_map(masked) {
            let known = FOLLOWED.iter().find(|(masked, _)| *masked == name).map(|(_, shown)| *shown);
            let held = match (self.0.get_mut(hash), known) {
                (Some(held), _) => held,
                (None, Some(name)) => self.0.entry(hash.to_owned()).or_insert(Held { name, lanes: Vec::new() }),
                (None, None) => continue,
            };
            for lane in lanes {
                if !held.lanes.contains(lane) {
                    held.lanes.push(*lane);
                }
            }
        }
    }

    /// This request had its response: a code and its verifier can be used once.
    pub fn forget<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        for (name, hash) in texts.into_iter().flat_map(masked) {
            if name == "code" || name == "code_verifier" {
                self.0.remove(hash);
            }
        }
    }

    /// What this lane holds: names and hashes.
    pub fn of(&self, lane: usize) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().filter(move |(_, held)| held.lanes.contains(&lane)).map(|(hash, held)| (held.name, hash.as_str()))
    }
}

/// Every masked secret in a text: its name and its hash.
pub fn masked(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices("hashed ") {
        let hash =
            text.get(at + mark.len()..at + mark.len() + 8).filter(|hash| hash.bytes().all(|b| b.is_ascii_hexdigit()));
        let name = text[..at].rsplit('<').next().and_then(|inner| inner.split(',').next());
        if let (Some(hash), Some(name)) = (hash, name) {
            found.push((name, hash));
        }
    }
    found
}

/// Every string in a JSON value.
pub fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_followed_by_its_hash_whatever_it_is_called() {
        let mut holdings = Holdings::default();
        holdings.see(&[0, 2], ["<access_token, 812 characters, hashed 1a2b3c4d>"]);
        holdings.see(&[0, 1], ["Bearer <secret, 812 characters, hashed 1a2b3c4d>", "<state, hashed 00000000>"]);
        assert_eq!(holdings.of(1).collect::<Vec<_>>(), [("access token", "1a2b3c4d")]);
        assert_eq!(holdings.0["1a2b3c4d"].lanes, [0, 2, 1]);
        assert_eq!(holdings.of(3).count(), 0);
    }

    #[test]
    fn a_code_is_gone_once_it_was_used() {
        let mut holdings = Holdings::default();
        let form =
            "grant_type=authorization_code&code=<code, hashed 0000aaaa>&code_verifier=<code_verifier, hashed 0000bbbb>";
        holdings.see(&[0, 1], [form]);
        assert_eq!(holdings.of(0).count(), 2);
        holdings.forget([form]);
        assert_eq!(holdings, Holdings::default());
    }

    #[test]
    fn a_text_that_only_looks_masked_holds_nothing() {
        for text in ["hashed ", "<hashed 1234567>", "hashed \u{1F600}\u{1F600}", "<code, hashed xyzxyzxy>", "<,hashed"]
        {
            assert_eq!(masked(text), [], "{text}");
        }
    }
}
