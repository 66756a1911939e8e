//! Going further: tokens that were verified and need no second look. Off unless `--remember-tokens
//! N` asks for it.
//!
//! What it costs: a token that is revoked meanwhile, by the authorization server or by a removed
//! key that this server has not heard of, goes on working until it ends; but a server that verifies
//! by itself learns of no revocation before `exp` anyway. What it must not do: keep a token past
//! its `exp` or its key, or grow without bound. The tokens themselves are not kept, only their
//! SHA-256.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{self, SHA256};

use crate::access_token::{AccessToken, Verifier};
use crate::jwks::Jwks;
use crate::jwt::{is_ahead, number};
use crate::refusal::{Checks, Refusal};

/// Why the server believes a token.
#[derive(Clone, Copy)]
pub enum Trust {
    /// Every check was made now.
    Verified,
    /// Every check was made before.
    Remembered,
}

impl Trust {
    /// The reason, for the server's terminal.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Verified => "every check of its token passed",
            Self::Remembered => "this server verified its token before",
        }
    }
}

/// Verified tokens, at most as many as were asked for; the oldest make room.
pub struct VerifiedTokens {
    capacity: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    tokens: HashMap<[u8; 32], Arc<AccessToken>>,
    order: VecDeque<[u8; 32]>,
}

impl VerifiedTokens {
    /// Room for this many. Without room, every token is verified every time.
    pub fn with_room_for(tokens: u32) -> Self {
        Self { capacity: usize::try_from(tokens).unwrap_or_default(), known: Mutex::default() }
    }

    /// The token, remembered to be valid, or verified now.
    pub async fn verify(
        &self,
        verifier: &Verifier,
        checks: &Checks<'_>,
        token: &str,
    ) -> Result<(Arc<AccessToken>, Trust), Refusal> {
        if self.capacity == 0 {
            return Ok((Arc::new(verifier.verify(checks, token).await?), Trust::Verified));
        }
        if let Some(remembered) = self.find(token, &verifier.keys).await {
            return Ok((remembered, Trust::Remembered));
        }
        let valid = Arc::new(verifier.verify(checks, token).await?);
        self.remember(token, &valid);
        Ok((valid, Trust::Verified))
    }

    /// The token, where it was verified before, has not ended since, and its key is still the
    /// authorization server's.
    pub async fn find(&self, token: &str, keys: &Arc<Jwks>) -> Option<Arc<AccessToken>> {
        let hash = hash(token);
        let found = self.lock().tokens.get(&hash).cloned()?;
        let is_alive = number(&found.claims, "exp").is_some_and(is_ahead);
        if is_alive && keys.has(&found.key).await {
            return Some(found);
        }
        let mut known = self.lock();
        known.tokens.remove(&hash);
        known.order.retain(|kept| *kept != hash);
        None
    }

    /// Remembers a token that was verified.
    pub fn remember(&self, token: &str, verified: &Arc<AccessToken>) {
        let hash = hash(token);
        let mut known = self.lock();
        if known.tokens.insert(hash, Arc::clone(verified)).is_none() {
            known.order.push_back(hash);
        }
        while known.order.len() > self.capacity {
            if let Some(oldest) = known.order.pop_front() {
                known.tokens.remove(&oldest);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.lock().tokens.len()
    }

    /// Whether no token is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&SHA256, token.as_bytes()).as_ref());
    hash
}
