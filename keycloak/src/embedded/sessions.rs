//! What happens between an authorization request and a token: sign-ins under way, sessions,
//! consents, codes, refresh tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{now, random};

/// Seconds within which a sign-in has to end.
const SIGN_IN_SECONDS: u64 = 1800;
/// Sign-ins that are under way at most; more are forgotten, the oldest first.
const SIGN_INS: usize = 1000;

/// An authorization request that was found good, and how far its user has come.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// When it was asked, in seconds since 1970.
    pub begun: u64,
    /// The browser that asked: it has a cookie with this value.
    pub browser: String,
    /// Who asked.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// `scope`, as it came.
    pub scope: String,
    /// `state`.
    pub state: Option<String>,
    /// `nonce` (OpenID Connect).
    pub nonce: Option<String>,
    /// `code_challenge`.
    pub code_challenge: String,
    /// `resource` (RFC 8707).
    pub resource: Option<String>,
    /// `dpop_jkt` (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// `prompt` has `consent`: ask even where the user has agreed before.
    pub asks_again: bool,
    /// The session of the user who has signed in.
    pub session: Option<String>,
    /// The cookie by which the browser will be known when this sign-in has ended well; `None` where
    /// it is known already.
    pub identity: Option<String>,
}

/// A user who is signed in, with one browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub username: String,
    /// When, in seconds since 1970.
    pub auth_time: u64,
    /// The clients that have tokens of this session.
    pub clients: BTreeMap<String, Granted>,
}

impl Session {
    /// How well the user was authenticated for this client, where it has a part.
    pub fn acr(&self, client_id: &str) -> Option<&'static str> {
        self.clients.get(client_id).map(Granted::acr)
    }
}

/// What is remembered of a client in a session.
#[derive(Clone, Debug, Default)]
pub struct Granted {
    /// Since when it has a part in the session, in seconds since 1970.
    pub since: u64,
    /// Whether its last sign-in needed no password, since the browser was signed in already.
    pub silently: bool,
    /// The refresh token that was used last, for each sign-in.
    pub used: BTreeMap<String, Used>,
}

impl Granted {
    /// How well the user was authenticated: 1 for a password, 0 where the browser was signed in
    /// already.
    pub fn acr(&self) -> &'static str {
        if self.silently { "0" } else { "1" }
    }
}

/// A refresh token that was used.
#[derive(Clone, Debug)]
pub struct Used {
    /// Its identifier.
    pub token: String,
    /// When, in seconds since 1970.
    pub at: u64,
}

/// A client's part in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The session.
    pub session: String,
    /// The client.
    pub client_id: String,
    /// Whether it outlives the user's session at the browser (`offline_access`).
    pub offline: bool,
}

/// A code that has been given out, for one use.
#[derive(Clone, Debug)]
pub struct Code {
    /// When, in seconds since 1970.
    pub issued: u64,
    /// The session that it belongs to.
    pub session: String,
    /// The request that it answers.
    pub request: SignIn,
}

/// A refresh token that was given out.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// What it belongs to.
    pub part: Part,
    /// When, in seconds since 1970.
    pub issued: u64,
    /// The sign-in that it descends from.
    pub sign_in: String,
    /// What was granted at the sign-in.
    pub scope: String,
    /// The resource that was asked for at the sign-in.
    pub resource: Option<String>,
    /// The thumbprint of the key that it is bound to, if to any (RFC 9449 §5).
    pub jkt: Option<String>,
}

/// All of it.
#[derive(Default)]
pub struct Sessions(Mutex<State>);

/// What [`Sessions`] guards.
#[derive(Default)]
pub struct State {
    /// Sign-ins under way, by the code in their forms.
    pub sign_ins: BTreeMap<String, SignIn>,
    /// Sessions, by their identifier.
    pub sessions: BTreeMap<String, Session>,
    /// What `offline_access` made of sessions, by the same identifier.
    pub offline_sessions: BTreeMap<String, Session>,
    /// Browsers that are signed in: cookie to session.
    pub browsers: BTreeMap<String, String>,
    /// Codes that can still be redeemed.
    pub codes: BTreeMap<String, Code>,
    /// Codes that were redeemed, and what for: a second use ends it.
    pub used_codes: BTreeMap<String, Part>,
    /// Access tokens that were revoked, by their identifier, and the second at which each ends by
    /// itself.
    pub revoked: BTreeMap<String, u64>,
    /// Access tokens that were exchanged for others, by their identifier, and the second at which
    /// each ends by itself.
    pub exchanged: BTreeMap<String, u64>,
    /// Refresh tokens that were ever given out, by their identifier.
    pub refresh_tokens: BTreeMap<String, Refresh>,
    /// Assertions that clients have authenticated with, by client and `jti`, and the second at
    /// which each ends by itself.
    pub assertions: BTreeMap<(String, String), u64>,
    /// What a user has agreed to for a client.
    pub consents: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Sessions {
    /// Everything, for one request alone.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Remembers a sign-in; the code by which its forms name it.
    pub fn begin(&mut self, sign_in: SignIn) -> Option<String> {
        self.sign_ins.retain(|_, known| known.begun + SIGN_IN_SECONDS > now());
        while self.sign_ins.len() >= SIGN_INS {
            let oldest = self.sign_ins.iter().min_by_key(|(_, known)| known.begun).map(|(code, _)| code.clone())?;
            self.sign_ins.remove(&oldest);
        }
        let code = random::secret()?;
        self.sign_ins.insert(code.clone(), sign_in);
        Some(code)
    }

    /// The sign-in of this code, if the browser is the one that began it.
    pub fn sign_in(&self, code: &str, browser: Option<&str>) -> Option<&SignIn> {
        let sign_in = self.sign_ins.get(code)?;
        (browser == Some(sign_in.browser.as_str()) && sign_in.begun + SIGN_IN_SECONDS > now()).then_some(sign_in)
    }

    /// Gives a client a part in a session; the session. One for `offline_access` replaces the
    /// client's part in the session at the browser.
    pub fn join(&mut self, part: &Part, silently: bool) -> Option<Session> {
        let session = self.sessions.get(&part.session)?;
        let session = match part.offline {
            true => {
                let empty = Session { clients: BTreeMap::new(), ..session.clone() };
                self.end(&Part { offline: false, ..part.clone() });
                self.offline_sessions.entry(part.session.clone()).or_insert(empty)
            }
            false => self.sessions.get_mut(&part.session)?,
        };
        let granted = || Granted { since: now(), ..Granted::default() };
        session.clients.entry(part.client_id.clone()).or_insert_with(granted).silently = silently;
        Some(session.clone())
    }

    /// The session of this part, where the part is still there.
    pub fn session(&self, part: &Part) -> Option<&Session> {
        let sessions = if part.offline { &self.offline_sessions } else { &self.sessions };
        sessions.get(&part.session).filter(|session| session.clients.contains_key(&part.client_id))
    }

    /// Whether the client of this session still has the part that a token was given out for.
    pub fn holds(&self, part: &Part, issued: u64) -> bool {
        let granted = self.session(part).and_then(|session| session.clients.get(&part.client_id));
        // A second is no difference, since both were measured in whole ones.
        granted.is_some_and(|granted| issued + 1 >= granted.since)
    }

    /// Ends a client's part in a session, and with it all its tokens.
    pub fn leave(&mut self, part: &Part) {
        if let Some(session) = self.all(part.offline).get_mut(&part.session) {
            session.clients.remove(&part.client_id);
        }
    }

    /// The same, and the session ends where no other client has a part.
    pub fn end(&mut self, part: &Part) {
        self.leave(part);
        let sessions = self.all(part.offline);
        if sessions.get(&part.session).is_some_and(|session| session.clients.is_empty()) {
            sessions.remove(&part.session);
        }
    }

    /// Ends the session, for all its clients.
    pub fn log_out(&mut self, part: &Part) {
        self.all(part.offline).remove(&part.session);
    }

    fn all(&mut self, offline: bool) -> &mut BTreeMap<String, Session> {
        if offline { &mut self.offline_sessions } else { &mut self.sessions }
    }

    /// The session of the refresh token of this identifier, where it can be used; the error is
    /// Keycloak's sentence.
    pub fn refreshable(&self, id: &str) -> Result<Session, &'static str> {
        let token = self.refresh_tokens.get(id).ok_or("Invalid refresh token")?;
        let Part { session, client_id, offline } = &token.part;
        let sessions = if *offline { &self.offline_sessions } else { &self.sessions };
        let gone = if *offline { "Offline user session not found" } else { "Session not active" };
        let session = sessions.get(session).ok_or(gone)?;
        let granted = session.clients.get(client_id).ok_or("Session doesn't have required client")?;
        if token.issued + 1 < granted.since {
            return Err("refresh token issued before the client session started");
        }
        match granted.used.get(&token.sign_in) {
            Some(used) if used.token == id => Err(REUSED),
            // Keycloak compares whole seconds: what was given out in the second of the last use
            // passes.
            Some(used) if token.issued < used.at => Err(STALE),
            _ => Ok(session.clone()),
        }
    }

    /// Remembers that this refresh token was used.
    pub fn used(&mut self, id: &str, token: &Refresh) {
        let session = self.all(token.part.offline).get_mut(&token.part.session);
        if let Some(granted) = session.and_then(|session| session.clients.get_mut(&token.part.client_id)) {
            granted.used.insert(token.sign_in.clone(), Used { token: id.to_owned(), at: now() });
        }
    }

    /// The session of this identifier, whoever has a part in it.
    pub fn any_session(&self, id: &str) -> Option<&Session> {
        self.sessions.get(id).or_else(|| self.offline_sessions.get(id))
    }

    /// Remembers that this access token came from an exchange.
    pub fn exchanged(&mut self, jti: String, exp: u64) {
        self.exchanged.retain(|_, ends| *ends > now());
        self.exchanged.insert(jti, exp);
    }

    /// Revokes an access token, which ends by itself at `exp`.
    pub fn revoke(&mut self, jti: &str, exp: u64) {
        self.revoked.retain(|_, ends| *ends > now());
        self.revoked.insert(jti.to_owned(), exp);
    }
}

/// Keycloak's sentence for a refresh token that was used before.
pub const REUSED: &str = "Maximum allowed refresh token reuse exceeded";
/// Keycloak's sentence for a refresh token that is older than the one that was used last.
pub const STALE: &str = "Stale token";
