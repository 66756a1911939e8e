//! What happens between an authorization request and a token: login attempts, sessions, consents,
//! codes, refresh tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{now, random};

/// Seconds within which a login attempt has to end.
const LOGIN_SECONDS: u64 = 1800;
/// Login attempts at most; more are forgotten, the oldest first.
const LOGIN_ATTEMPTS: usize = 20_000;

/// A valid authorization request, and how far its user has come.
#[derive(Clone, Debug)]
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
    pub clients: BTreeMap<String, u64>,
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

#[derive(Default)]
pub struct IdpSessions(Mutex<SessionStore>);

#[derive(Default)]
pub struct SessionStore {
    /// Login attempts, by the code in their forms.
    pub logins: BTreeMap<String, LoginAttempt>,
    pub sessions: BTreeMap<String, UserSession>,
    /// Browsers that are signed in: cookie to session.
    pub browsers: BTreeMap<String, String>,
    pub codes: BTreeMap<String, IssuedCode>,
    /// Codes that were redeemed. A second use ends what the first one began.
    pub used_codes: BTreeMap<String, SessionPart>,
    /// Every refresh token, used or not, by `jti`.
    pub refresh_tokens: BTreeMap<String, RefreshGrant>,
    /// The scopes that a user has granted to a client.
    pub consents: BTreeMap<(String, String), BTreeSet<String>>,
}

impl IdpSessions {
    pub fn lock(&self) -> MutexGuard<'_, SessionStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore {
    /// Remembers a login attempt; the code by which its forms name it.
    pub fn begin(&mut self, attempt: LoginAttempt) -> Option<String> {
        self.logins.retain(|_, known| known.begun + LOGIN_SECONDS > now());
        while self.logins.len() >= LOGIN_ATTEMPTS {
            let oldest = self.logins.iter().min_by_key(|(_, known)| known.begun).map(|(code, _)| code.clone())?;
            self.logins.remove(&oldest);
        }
        let code = random::secret()?;
        self.logins.insert(code.clone(), attempt);
        Some(code)
    }

    /// The login attempt of this code, if the browser is the one that began it.
    pub fn login(&self, code: &str, browser: Option<&str>) -> Option<&LoginAttempt> {
        let attempt = self.logins.get(code)?;
        (browser == Some(attempt.browser.as_str()) && attempt.begun + LOGIN_SECONDS > now()).then_some(attempt)
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
        session.clients.entry(part.client_id.clone()).or_insert_with(now);
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
        if self.sessions.get(&part.session).is_some_and(|session| session.clients.is_empty()) {
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
