//! What happens between an authorization request and a token: sign-ins under way, sessions, consents, codes, refresh tokens.

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
    /// `prompt` has `consent`: ask even where the user has agreed before.
    pub asks_again: bool,
    /// The session of the user who has signed in.
    pub session: Option<String>,
    /// The cookie by which the browser will be known when this sign-in has ended well; `None` where it is known already.
    pub identity: Option<String>,
}

/// A user who is signed in, with one browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub username: String,
    /// When, in seconds since 1970.
    pub auth_time: u64,
    /// The clients that have tokens of this session, each with the refresh token that is good.
    pub clients: BTreeMap<String, Granted>,
}

/// What a client has been given in a session.
#[derive(Clone, Debug, Default)]
pub struct Granted {
    /// The refresh token that is good, by its identifier.
    pub refresh: String,
    /// What was granted at the sign-in.
    pub scope: String,
    /// The resource that was asked for at the sign-in.
    pub resource: Option<String>,
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

/// A refresh token, by its identifier.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The session that it belongs to.
    pub session: String,
    /// The client that it was given to.
    pub client_id: String,
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
    /// Browsers that are signed in: cookie to session.
    pub browsers: BTreeMap<String, String>,
    /// Codes that can still be redeemed.
    pub codes: BTreeMap<String, Code>,
    /// Codes that were redeemed, and what for: a second use ends it.
    pub used_codes: BTreeMap<String, Refresh>,
    /// Refresh tokens that were ever given out.
    pub refresh_tokens: BTreeMap<String, Refresh>,
    /// Assertions that clients have authenticated with, by client and `jti`, and the second at which each ends by itself.
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

    /// Ends a client's part in a session: its refresh tokens die.
    pub fn detach(&mut self, session: &str, client_id: &str) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.clients.remove(client_id);
        }
    }
}
