//! Whose sessions are whose. Sessions are MCP 2025-11-25's and older; with 2026-07-28 they are
//! gone.
//!
//! A session is no proof of anything ("MCP Servers MUST NOT use sessions for authentication"):
//! every request is judged by its own token. What this adds is that nobody goes on with, listens
//! to, or ends another user's session, even with a good token of his own.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;

use crate::access_token::AccessToken;
use crate::further::rules;
use crate::refusal::{Checks, Refusal, RefusalKind};

/// The header that names a session.
const SESSION_ID: &str = "mcp-session-id";
/// Sessions that are remembered; the oldest make room, and their clients begin anew.
const MAX_SESSIONS: usize = 10_000;

/// The sessions that were begun here, each with the `sub` of the token that began it.
#[derive(Default)]
pub struct Sessions(Mutex<Begun>);

#[derive(Default)]
struct Begun {
    owners: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Sessions {
    /// A request in a session has to be its user's. Else it is as if there were no such session.
    pub fn check(&self, checks: &Checks<'_>, headers: &HeaderMap, token: &AccessToken) -> Result<(), Refusal> {
        let Some(id) = id(headers) else { return Ok(()) };
        // "MCP servers SHOULD bind session IDs to user-specific information." (MCP 2025-11-25,
        // Session Hijacking)
        let is_own = self.lock().owners.get(id).is_some_and(|owner| owner == token.subject());
        let got = if is_own { "it belongs to this user" } else { "this user has no such session" };
        let kind = RefusalKind::NoSuchSession;
        checks.require(&rules::SESSION_OWNER, is_own, "the session belongs to this user", got, kind)
    }

    /// A response that begins a session makes it the user's.
    pub fn remember(&self, headers: &HeaderMap, token: &AccessToken) {
        let Some(id) = id(headers) else { return };
        let mut begun = self.lock();
        if begun.owners.contains_key(id) {
            return;
        }
        begun.owners.insert(id.to_owned(), token.subject().to_owned());
        begun.order.push_back(id.to_owned());
        if begun.order.len() > MAX_SESSIONS
            && let Some(oldest) = begun.order.pop_front()
        {
            begun.owners.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id(headers: &HeaderMap) -> Option<&str> {
    headers.get(SESSION_ID)?.to_str().ok()
}
