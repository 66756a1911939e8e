//! What happens between an authorization request and a token: login attempts, sessions, consents,
//! codes, refresh tokens.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::bounded::BoundedTable;
use super::{now, random};

/// Seconds within which a login attempt has to end.
const LOGIN_SECONDS: u64 = 1800;
/// Entries of a table at most. Each is of a user who has signed in: what anybody can send without a
/// password is not stored.
const ENTRIES: usize = 1_000;
/// The same for refresh tokens: a session has many, since those that were used are remembered.
const REFRESH_TOKENS: usize = 10_000;

/// A valid authorization request, and how far its user has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginAttempt {
    /// When the request came, in seconds since 1970.
    pub begun: u64,
    /// The browser that sent the request has a cookie with this value.
    pub browser: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub scope: String,
    pub state: Option<String>,
    pub code_challenge: String,
    /// RFC 8707.
    pub resource: Option<String>,
    /// RFC 9449 §10.
    pub dpop_jkt: Option<String>,
    /// `prompt` has `consent`: ask even if the user has agreed before.
    pub asks_again: bool,
    /// The session of the user who has signed in.
    pub session: Option<String>,
    /// The cookie that the browser gets when this attempt has succeeded; `None` where the browser
    /// is signed in already.
    pub identity: Option<String>,
}

/// A user who is signed in with one browser.
#[derive(Clone, Debug)]
pub struct UserSession {
    pub username: String,
    /// Seconds since 1970.
    pub auth_time: u64,
    /// The clients that have tokens of this session, and when each joined it, in seconds since
    /// 1970.
    pub clients: SessionTable<u64>,
}

/// A client's part in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPart {
    pub session: String,
    pub client_id: String,
}

/// A code that the server has issued, for one use.
#[derive(Clone, Debug)]
pub struct IssuedCode {
    /// Seconds since 1970.
    pub issued: u64,
    pub session: String,
    pub request: LoginAttempt,
}

/// What the server remembers of a refresh token.
#[derive(Clone, Debug)]
pub struct RefreshGrant {
    pub part: SessionPart,
    /// Seconds since 1970.
    pub issued: u64,
    /// The scope that the user granted at the sign-in.
    pub scope: String,
    /// Whether it does not expire (`offline_access`).
    pub offline: bool,
    /// The resource that the client asked for at the sign-in.
    pub resource: Option<String>,
    /// The thumbprint of the key that it is bound to (RFC 9449 §5).
    pub jkt: Option<String>,
    pub used: bool,
}

/// Entries by a random value.
type SessionTable<V> = BoundedTable<String, V, ENTRIES>;

#[derive(Default)]
pub struct IdpSessions(Mutex<SessionStore>);

#[derive(Default)]
pub struct SessionStore {
    /// Login attempts whose user has signed in, by the code in their forms. Before that, the form
    /// has the whole attempt.
    pub logins: SessionTable<LoginAttempt>,
    pub sessions: SessionTable<UserSession>,
    /// Browsers that are signed in: cookie to session.
    pub browsers: SessionTable<String>,
    pub codes: SessionTable<IssuedCode>,
    /// Codes that were redeemed. A second use ends what the first one began.
    pub used_codes: SessionTable<SessionPart>,
    /// Every refresh token, used or not, by `jti`.
    pub refresh_tokens: BoundedTable<String, RefreshGrant, REFRESH_TOKENS>,
    /// The scopes that a user has granted to a client.
    pub consents: BoundedTable<(String, String), BTreeSet<String>, ENTRIES>,
}

impl LoginAttempt {
    /// Whether this browser began it, and not too long ago.
    pub fn is_of(&self, browser: Option<&str>) -> bool {
        browser == Some(self.browser.as_str()) && self.begun + LOGIN_SECONDS > now()
    }
}

impl IdpSessions {
    pub fn lock(&self) -> MutexGuard<'_, SessionStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore {
    /// Remembers the login attempt of a user who has signed in; its forms name it by this code.
    pub fn remember(&mut self, attempt: LoginAttempt) -> Option<String> {
        let code = random::secret()?;
        self.logins.insert(code.clone(), attempt);
        Some(code)
    }

    /// Forgets the sessions that are older than this many seconds, and all that depends on them. A
    /// session with an offline token does not end.
    pub fn end_sessions_older_than(&mut self, lifespan: u64) {
        let now = now();
        let offline = self.refresh_tokens.values().filter(|token| token.offline);
        let offline: BTreeSet<_> = offline.map(|token| token.part.session.as_str()).collect();
        let is_young = |session: &UserSession| session.auth_time.saturating_add(lifespan) > now;
        self.sessions.retain(|sid, session| is_young(session) || offline.contains(sid.as_str()));
        let sessions = &self.sessions;
        self.browsers.retain(|_, session| sessions.contains_key(session));
        self.codes.retain(|_, code| sessions.contains_key(&code.session));
        self.used_codes.retain(|_, part| sessions.contains_key(&part.session));
        self.refresh_tokens.retain(|_, token| token.offline || token.issued.saturating_add(lifespan) > now);
    }

    /// Gives a client a part in a session; the session.
    pub fn join(&mut self, part: &SessionPart) -> Option<UserSession> {
        let session = self.sessions.get_mut(&part.session)?;
        if !session.clients.contains_key(&part.client_id) {
            session.clients.insert(part.client_id.clone(), now());
        }
        Some(session.clone())
    }

    /// Whether the client still has the part that a token was issued for.
    pub fn holds(&self, part: &SessionPart, issued: u64) -> bool {
        let since = self.sessions.get(&part.session).and_then(|session| session.clients.get(&part.client_id));
        // Both times are whole seconds, so one second is no difference.
        since.is_some_and(|since| issued + 1 >= *since)
    }

    /// Ends a client's part in a session, and with it all its tokens.
    pub fn leave(&mut self, part: &SessionPart) {
        if let Some(session) = self.sessions.get_mut(&part.session) {
            session.clients.remove(&part.client_id);
        }
    }

    /// Does the same, and ends the session if no other client has a part in it.
    pub fn end(&mut self, part: &SessionPart) {
        self.leave(part);
        if self.sessions.get(&part.session).is_some_and(|session| session.clients.values().next().is_none()) {
            self.sessions.remove(&part.session);
        }
    }

    /// The session of a refresh token that can be used; the error is Keycloak's sentence.
    pub fn refreshable(&mut self, token: &RefreshGrant) -> Result<UserSession, &'static str> {
        let session = self.sessions.get(&token.part.session).cloned();
        let session = session.filter(|_| self.holds(&token.part, token.issued));
        let session = session.ok_or("Session doesn't have required client")?;
        // "If a refresh token is compromised and subsequently used by both the attacker and the
        // legitimate client, one of them will present an invalidated refresh token, which will
        // inform the authorization server of the breach." (RFC 6749 §10.4)
        if token.used {
            self.leave(&token.part);
            return Err("Maximum allowed refresh token reuse exceeded");
        }
        Ok(session)
    }
}
