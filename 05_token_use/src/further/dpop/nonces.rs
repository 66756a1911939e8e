//! Going further: a number of the server's own in each DPoP proof, so that nobody can make proofs
//! in advance: RFC 9449 §9,
//! <https://www.rfc-editor.org/rfc/rfc9449#section-9>.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use authorization_code::further::client_assertion::random;

/// For how long a nonce is the newest. Then it is taken for as long again, and the client gets the
/// new one with a response.
const LIFETIME: Duration = Duration::from_secs(120);

/// The nonces of one server: "servers need to keep a window of recent nonces" (RFC 9449 §8).
#[derive(Default)]
pub struct Nonces(Mutex<Option<Recent>>);

struct Recent {
    newest: String,
    since: Instant,
    former: Option<String>,
}

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the newest one.
    Newest,
    /// It is the one before, and still good.
    Former,
    /// It is none of this server's, or an old one.
    Unknown,
}

impl Nonces {
    /// The newest nonce, and what this one is worth; `None` where the system has no randomness.
    pub fn look_at(&self, nonce: &str) -> Option<(String, Standing)> {
        self.look_at_time(nonce, Instant::now())
    }

    fn look_at_time(&self, nonce: &str, now: Instant) -> Option<(String, Standing)> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = recent.as_ref().map_or(LIFETIME * 2, |recent| now.saturating_duration_since(recent.since));
        if age >= LIFETIME {
            let former = recent.take().filter(|_| age < LIFETIME * 2).map(|recent| recent.newest);
            // "Nonce values MUST be unpredictable." (RFC 9449 §8)
            *recent = Some(Recent { newest: random()?, since: now, former });
        }
        let recent = recent.as_ref()?;
        let standing = match nonce {
            nonce if nonce == recent.newest => Standing::Newest,
            nonce if recent.former.as_deref() == Some(nonce) => Standing::Former,
            _ => Standing::Unknown,
        };
        Some((recent.newest.clone(), standing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_until_the_one_after_it_is_old() {
        let (nonces, start) = (Nonces::default(), Instant::now());
        let look =
            |nonce: &str, lifetimes: f64| nonces.look_at_time(nonce, start + LIFETIME.mul_f64(lifetimes)).unwrap();
        let (first, standing) = look("", 0.0);
        assert_eq!(standing, Standing::Unknown, "a proof without a nonce");
        assert_eq!(look(&first, 0.9), (first.clone(), Standing::Newest));
        let (second, standing) = look(&first, 1.0);
        assert_eq!(standing, Standing::Former);
        assert_ne!(first, second);
        assert_eq!(look(&second, 1.5), (second.clone(), Standing::Newest));
        let (third, standing) = look(&first, 2.0);
        assert_eq!(standing, Standing::Unknown, "two lifetimes are too much");
        assert_eq!(look(&second, 2.0), (third.clone(), Standing::Former));
        // Nobody came for a long time.
        assert_eq!(look(&third, 9.0).1, Standing::Unknown);
    }
}
