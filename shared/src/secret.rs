//! A value that must not be seen.

use serde::{Deserialize, Serialize};

use crate::redact::Mask;

/// A password, a token, a key: printing it shows its fingerprint only.
///
/// It can be serialised, since it has to be kept; who writes it down sees to who can read that.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The fingerprint by which equal secrets are seen to be equal.
    pub fn fingerprint(&self) -> String {
        Mask::Fingerprint.secret("secret", &self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("s3cr3t-value");
        assert!(!format!("{secret:?} {:#?}", Some(&secret)).contains("s3cr3t"));
        assert_eq!(secret.expose(), "s3cr3t-value");
    }
}
