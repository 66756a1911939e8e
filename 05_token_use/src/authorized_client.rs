//! The client's requests to the MCP server: a token on every one, and what happens when the server
//! demands another ([`next_step()`] decides that).
//!
//! 401: refresh once, else the user signs in. 403 `insufficient_scope`: the user is asked for more
//! (step-up), a few times at most. Lesson 04 does the sign-in.

mod steps;

use std::sync::Arc;

use authorization_code::client::Ready;
use authorization_code::further::grant::Grant;
use authorization_code::further::stored_tokens::Kept;
use authorization_code::user_agent::SignInOptions;
use dynamic_client_registration::further::options::Plan;
use shared::Failure;
use shared::http::{Http, Request, Response};
use shared::kept::Home;
use shared::mcp::client::Send;
use tokio::sync::Mutex;

use crate::further::dpop;
use crate::server_demand::{Attempts, Holdings, ServerDemand, Step, next_step};
use crate::token_store::{Refreshed, TokenStore};

/// A client of one MCP server. Clones share their tokens.
#[derive(Clone)]
pub struct AuthorizedClient(pub(crate) Arc<Inner>);

/// Old name, until lesson 06 has moved.
pub type Authorized = AuthorizedClient;

pub(crate) struct Inner {
    pub(crate) http: Http,
    server_url: String,
    pub(crate) plan: Plan,
    pub(crate) options: SignInOptions,
    /// Nobody opens a browser for a demonstration.
    needs_script: bool,
    /// Going further: a way to tokens without a user. `None`: the user signs in.
    pub(crate) grant: Option<Arc<dyn Grant>>,
    pub(crate) state: Mutex<State>,
}

impl Inner {
    pub(crate) fn new(
        http: Http,
        server_url: &str,
        plan: Plan,
        options: SignInOptions,
        store: TokenStore,
        needs_script: bool,
    ) -> Self {
        let state = Mutex::new(State { store, ready: None, refusals: Refusals::default() });
        Self { http, server_url: server_url.to_owned(), plan, options, needs_script, grant: None, state }
    }
}

pub(crate) struct State {
    pub(crate) store: TokenStore,
    /// What lessons 01 to 03 brought.
    ready: Option<Arc<Ready>>,
    refusals: Refusals,
}

/// How often the MCP server has refused a token.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals {
    /// 401
    pub bad_token: usize,
    /// 403 `insufficient_scope`
    pub too_little: usize,
}

impl State {
    fn with_token(&self, request: &Request) -> Request {
        // "Note that authorization MUST be included in every HTTP request from client to server."
        // (MCP 2026-07-28, Token Requirements)
        match self.store.tokens() {
            Some(kept) => dpop::presenting(request.clone(), &kept.tokens),
            None => request.clone(),
        }
    }

    fn count(&mut self, demand: &ServerDemand) {
        match demand {
            ServerDemand::Token { .. } if self.store.tokens().is_some() => self.refusals.bad_token += 1,
            ServerDemand::Scopes { .. } => self.refusals.too_little += 1,
            _ => {}
        }
    }

    fn holdings(&self, demand: &ServerDemand) -> Holdings {
        let scopes = matches!(demand, ServerDemand::Scopes { scopes } if self.store.allows(scopes));
        Holdings { refresh_token: self.store.refresh_token().is_some(), scopes }
    }
}

impl Send for AuthorizedClient {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let mut state = self.0.state.lock().await;
        let mut attempts = Attempts::default();
        loop {
            let response = self.0.http.send(&state.with_token(&request)).await?;
            let Some(demand) = ServerDemand::read(&response) else { return Ok(response) };
            state.count(&demand);
            dpop::check_demand(&demand, self.0.options.dpop)?;
            self.satisfy(&demand, &mut attempts, &mut state).await?;
        }
    }

    async fn send_once(&self, request: Request) -> Result<Response, Failure> {
        Ok(self.0.http.send(&self.0.state.lock().await.with_token(&request)).await?)
    }
}

impl AuthorizedClient {
    /// A client that has these tokens, or none yet.
    pub fn new(
        http: Http,
        server_url: &str,
        plan: Plan,
        options: SignInOptions,
        home: Option<Home>,
        tokens: Option<Kept>,
        needs_script: bool,
    ) -> Self {
        let store = TokenStore::new(server_url, home, tokens);
        Self(Arc::new(Inner::new(http, server_url, plan, options, store, needs_script)))
    }

    /// The tokens that this client has now.
    pub async fn tokens(&self) -> Option<Kept> {
        self.0.state.lock().await.store.tokens().cloned()
    }

    /// What lessons 01 to 03 brought in this run.
    pub async fn ready(&self) -> Option<Arc<Ready>> {
        self.0.state.lock().await.ready.clone()
    }

    /// How often the MCP server has responded 401 and 403 to a token.
    pub async fn refusals(&self) -> Refusals {
        self.0.state.lock().await.refusals
    }

    /// The first sign-in, before anything is requested: lessons 01 to 04. `more` is asked for
    /// beyond what the server wants.
    pub async fn sign_in_first(&self, more: &[String]) -> Result<(), Failure> {
        let mut state = self.0.state.lock().await;
        self.sign_in(&mut state, more).await
    }

    /// Takes steps until the request is worth another try.
    async fn satisfy(&self, demand: &ServerDemand, attempts: &mut Attempts, state: &mut State) -> Result<(), Failure> {
        loop {
            match next_step(demand, *attempts, state.holdings(demand)) {
                Step::Refresh => {
                    attempts.refreshed = true;
                    if self.refresh_after_401(state).await? == Refreshed::Renewed {
                        return Ok(());
                    }
                }
                Step::SignIn(scopes) => {
                    attempts.signed_in = true;
                    // The MCP server may name another authorization server by now.
                    state.ready = None;
                    return self.sign_in(state, scopes).await;
                }
                Step::StepUp(scopes) => {
                    attempts.step_ups += 1;
                    return self.step_up(state, scopes).await;
                }
                Step::GiveUp(error) => return Err(error.into()),
            }
        }
    }
}
