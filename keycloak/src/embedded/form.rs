//! The parameters of a request, from its query or its form.

use url::form_urlencoded;

use super::refusal::{IdpRefusal, invalid_request};

/// Bytes of a parameter's value at most, and of its name.
const PARAMETER_BYTES: usize = 4_000;

pub struct FormFields(Vec<(String, String)>);

impl FormFields {
    pub fn read(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Whether a parameter is longer than any that is needed: what a request brings may have to be
    /// remembered.
    pub fn has_oversized(&self) -> bool {
        self.0.iter().any(|(name, value)| name.len().max(value.len()) > PARAMETER_BYTES)
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first parameter of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// "Request and response parameters MUST NOT be included more than once." (RFC 6749 §3.1)
    pub fn check_duplicates_beside(&self, repeatable: &[&str]) -> Result<(), IdpRefusal> {
        let is_twice = |name: &str| !repeatable.contains(&name) && self.all(name).count() > 1;
        if self.0.iter().any(|(name, _)| is_twice(name)) {
            Err(invalid_request("duplicated parameter"))
        } else {
            Ok(())
        }
    }
}
