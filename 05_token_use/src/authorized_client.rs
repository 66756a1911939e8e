//! The client's requests to the MCP server: a token on every one, and what happens when the server
//! demands another ([`next_step()`] decides that).
//!
//! 401: refresh once, else the user signs in. 403 `insufficient_scope`: the user is asked for more
//! (step-up), a few times at most. Lesson 04 does the sign-in.

use std::sync::Arc;

use authorization_code::client::{Ready, SignIn, get_ready_after};
use authorization_code::further::grant::Grant;
use authorization_code::further::stored_tokens::Kept;
use authorization_code::user_agent::SignInOptions;
use dynamic_client_registration::further::options::Plan;
use dynamic_client_registration::redirect::LoopbackRedirect;
use protected_resource_discovery::DiscoveryError;
use shared::http::{Http, Request, Response};
use shared::kept::Home;
use shared::mcp::client::Send;
use shared::{Failure, Secret, Side, now, spec};
use tokio::sync::Mutex;

use crate::error::TokenUseError;
use crate::further::issued_by::is_still_named;
use crate::further::kept_tokens::TokenFile;
use crate::further::refused_token::{attempts_with, explain};
use crate::further::{dpop, without_a_user};
use crate::rules;
use crate::server_demand::{Attempts, Holdings, ServerDemand, Step, next_step, union};
use crate::token_store::{Refreshed, TokenStore};

/// A client of one MCP server. Clones share their tokens.
#[derive(Clone)]
pub struct AuthorizedClient {
    pub(crate) http: Http,
    pub(crate) server_url: String,
    pub(crate) plan: Plan,
    pub(crate) options: SignInOptions,
    /// Nobody opens a browser for a demonstration.
    needs_script: bool,
    /// Going further: a way to tokens without a user. `None`: the user signs in.
    pub(crate) grant: Option<Arc<dyn Grant>>,
    pub(crate) state: Arc<Mutex<State>>,
}

/// What changes while the client works.
pub(crate) struct State {
    pub(crate) store: TokenStore,
    /// What lessons 01 to 03 brought.
    ready: Option<Arc<Ready>>,
    refusals: Refusals,
    /// The token that may be sent: it was looked at.
    looked_at: Option<Secret>,
    /// The tokens are from a sign-in of this run, and the server has not yet served a request with
    /// them.
    pub(crate) is_new: bool,
    /// The latest 401: its challenge says where the metadata is.
    refusal: Option<Response>,
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
    /// "Note that authorization MUST be included in every HTTP request from client to server." (MCP
    /// 2026-07-28, Token Requirements)
    fn with_token(&mut self, client: &AuthorizedClient, request: &Request) -> Result<Request, Failure> {
        let Some(Kept { tokens, refused: false, .. }) = &self.store.tokens else { return Ok(request.clone()) };
        if self.looked_at.as_ref() != Some(&tokens.access_token) {
            client.check_recipient(tokens)?;
            self.looked_at = Some(tokens.access_token.clone());
        }
        Ok(dpop::presenting(request.clone(), tokens))
    }

    fn count(&mut self, demand: &ServerDemand) {
        match demand {
            ServerDemand::Token { .. } if self.store.tokens.as_ref().is_some_and(|kept| !kept.refused) => {
                self.refusals.bad_token += 1
            }
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
        let mut state = self.state.lock().await;
        let mut attempts = Attempts::default();
        loop {
            let response = self.http.send(&state.with_token(self, &request)?).await?;
            let Some(demand) = ServerDemand::read(&response) else {
                state.is_new = false;
                return Ok(response);
            };
            state.count(&demand);
            attempts = attempts_with(&demand, attempts, state.store.tokens.as_ref().filter(|_| state.is_new));
            dpop::check_demand(&demand, self.options.dpop)?;
            if let ServerDemand::Token { .. } = demand {
                state.store.mark_refused().await?;
                state.refusal = Some(response);
            }
            self.satisfy(&demand, &mut attempts, &mut state).await?;
        }
    }

    async fn send_once(&self, request: Request) -> Result<Response, Failure> {
        let request = self.state.lock().await.with_token(self, &request)?;
        Ok(self.http.send(&request).await?)
    }
}

impl AuthorizedClient {
    /// A client that has these tokens, or none yet. In the folder they outlive the run.
    pub fn new(
        http: Http,
        server_url: &str,
        plan: Plan,
        options: SignInOptions,
        home: Option<Home>,
        tokens: Option<Kept>,
        needs_script: bool,
    ) -> Self {
        let store = TokenStore { tokens, file: TokenFile::new(server_url, home) };
        let state = Arc::new(Mutex::new(State {
            store,
            ready: None,
            refusals: Refusals::default(),
            looked_at: None,
            is_new: false,
            refusal: None,
        }));
        Self { http, server_url: server_url.to_owned(), plan, options, needs_script, grant: None, state }
    }

    /// The tokens that this client has now.
    pub async fn tokens(&self) -> Option<Kept> {
        self.state.lock().await.store.tokens.clone()
    }

    /// What lessons 01 to 03 brought in this run.
    pub async fn ready(&self) -> Option<Arc<Ready>> {
        self.state.lock().await.ready.clone()
    }

    /// How often the MCP server has responded 401 and 403 to a token.
    pub async fn refusals(&self) -> Refusals {
        self.state.lock().await.refusals
    }

    /// The first sign-in, before anything is requested: lessons 01 to 04. `more` is asked for
    /// beyond what the server wants. A server that asks for no sign-in may ask for one later.
    pub async fn sign_in_first(&self, more: &[String]) -> Result<(), Failure> {
        match self.sign_in(&mut *self.state.lock().await, more).await {
            Err(failure) if matches!(failure.cause(), Some(DiscoveryError::NoSignIn { .. })) => {
                self.http
                    .reporter()
                    .announce("The client continues without a token, and signs in when the server requires it.");
                Ok(())
            }
            signed_in => signed_in,
        }
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
                Step::GiveUp(error) => {
                    return Err(explain(error.into(), state.store.tokens.as_ref(), &self.server_url));
                }
            }
        }
    }

    pub(crate) async fn refresh(&self, State { store, ready, is_new, .. }: &mut State) -> Result<Refreshed, Failure> {
        *is_new = false;
        store.refresh(self, ready.as_deref()).await
    }

    /// A refusal is not a failure here, since then the user signs in.
    async fn refresh_after_401(&self, state: &mut State) -> Result<Refreshed, Failure> {
        let reporter = self.http.reporter();
        reporter.stage("401: refresh the tokens", &spec::RFC6749_6).await;
        if let (None, Some(Kept { issuer, .. })) = (&state.ready, &state.store.tokens)
            && !is_still_named(&self.http, &self.server_url, issuer, state.refusal.as_ref()).await?
        {
            return Ok(Refreshed::Refused);
        }
        let why = "Then the user signs in again.";
        let _expecting = reporter.demonstrating(Side::Idp, &rules::IDP_TAKES_REFRESH_TOKEN, why);
        match self.refresh(state).await {
            // The client that the tokens were given to is gone: its refresh token is worth nothing.
            Err(failure) if matches!(failure.cause(), Some(TokenUseError::NoRefresh(_))) => {
                reporter.note(failure.message);
                Ok(Refreshed::Refused)
            }
            refreshed => refreshed,
        }
    }

    /// The user signs in, for these scopes and those of before; without either, for what the
    /// server's challenge names.
    async fn sign_in(&self, state: &mut State, scopes: &[String]) -> Result<(), Failure> {
        let Self { http, server_url, options, grant, .. } = self;
        state.is_new = true;
        if let Some(grant) = grant {
            let refusal = state.refusal.take();
            let kept = without_a_user::request(self, grant.as_ref(), &state.store, scopes, refusal.as_ref()).await?;
            return state.store.keep(http.reporter(), kept).await;
        }
        let (ready, redirect) = self.get_ready(state).await?;
        let issuer = ready.authorization_server.issuer.clone();
        // What was asked of another authorization server is not this one's business.
        let base = match state.store.tokens_of(&issuer) {
            Some(before) => before.requested.clone(),
            None => ready.choose_scopes(http, options).await,
        };
        let requested = union(&base, scopes);
        state.store.file.warn_of_others(http.reporter(), &issuer, &requested).await?;
        let resource = ready.resource(server_url).to_owned();
        let (_, tokens) = ready.sign_in(http, SignIn::new(&requested, &resource, options), redirect).await?;
        state.store.check_user(&issuer, &tokens)?;
        let client_id = Some(ready.client.client_id.clone());
        let kept =
            Kept { issuer, client_id, resource: Some(resource), requested, obtained_at: now(), refused: false, tokens };
        state.store.keep(http.reporter(), kept).await
    }

    /// What lessons 01 to 03 bring, once, and the address that the user comes back to.
    async fn get_ready(&self, state: &mut State) -> Result<(Arc<Ready>, LoopbackRedirect), Failure> {
        if let Some(ready) = &state.ready {
            return Ok((Arc::clone(ready), LoopbackRedirect::bind_again(&ready.redirect_uri).await?));
        }
        let Self { http, server_url, plan, options, needs_script, .. } = self;
        let refusal = state.refusal.take();
        let (ready, redirect) =
            get_ready_after(http, server_url, refusal.as_ref(), plan, options, *needs_script).await?;
        let ready = Arc::new(ready);
        state.ready = Some(Arc::clone(&ready));
        Ok((ready, redirect))
    }

    /// "computing the union of the client's previously requested scope set and the scopes from the
    /// current challenge" (MCP 2026-07-28, Step-Up Authorization Flow)
    async fn step_up(&self, state: &mut State, scopes: &[String]) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("403: ask the user for more access (step-up)", &spec::MCP_STEP_UP_UNION).await;
        let before = state.store.tokens.as_ref().map(|kept| kept.requested.clone()).unwrap_or_default();
        let [asked, both] = [scopes, &union(&before, scopes)].map(|scopes| scopes.join(" "));
        reporter.note(format!(
            "The server requires {asked}. The client requested before: {}. Now it requests both: {both}.",
            before.join(" ")
        ));
        self.sign_in(state, scopes).await?;
        if state.store.allows(scopes) {
            return Ok(());
        }
        let granted = state.store.granted().join(" ");
        let granted = if granted.is_empty() { "nothing".to_owned() } else { granted };
        Err(TokenUseError::NotGranted { asked, granted }.into())
    }
}
