//! The client's requests to the MCP server: a token on every one, and what happens when the server
//! asks for another.
//!
//! 401: refresh once, else the user signs in. 403 `insufficient_scope`: the user is asked for more
//! (step-up), a few times at the most. Lesson 04 does the signing in.

use std::path::PathBuf;
use std::sync::Arc;

use as_metadata::client::{DiscoveredServer, resource};
use as_metadata::requirements::Needs;
use authorization_code::client::{Ready, SignIn, get_ready};
use authorization_code::further::grant::{Grant, GrantRequest};
use authorization_code::further::refresh::USED;
use authorization_code::further::stored_tokens::{Kept, Tokens};
use authorization_code::sabotage::Sabotage;
use authorization_code::token_request::{Decision, TokenRequest, request_tokens};
use authorization_code::user_agent::SignInOptions;
use authorization_code::{AuthorizationError, TokenResponse, token_response};
use dynamic_client_registration::further::options::Plan;
use dynamic_client_registration::redirect::LoopbackRedirect;
use shared::http::{Http, Request, Response};
use shared::mcp::client::Send;
use shared::{Failure, Secret, Side, now, spec};
use tokio::sync::{Mutex, MutexGuard};

use crate::error::TokenUseError;
use crate::further::dpop;
use crate::issued_by::{self, IssuedBy};
use crate::rules;
use crate::server_demand::Asked;

/// How often a request is tried with more and more scopes: "no more than a few times" (MCP
/// 2026-07-28, Step-Up Authorization Flow).
const MAX_TRIES: usize = 3;

/// A client of one MCP server. Clones share their tokens.
#[derive(Clone)]
pub struct Authorized(Arc<Inner>);

struct Inner {
    http: Http,
    server_url: String,
    plan: Plan,
    options: SignInOptions,
    /// Where tokens are kept; `None`: nowhere.
    folder: Option<PathBuf>,
    /// Nobody opens a browser for a rule that is broken on purpose.
    needs_script: bool,
    /// A way to tokens without a user; `None`: the user signs in.
    grant: Option<Arc<dyn Grant>>,
    state: Mutex<State>,
}

/// What this client has.
#[derive(Default)]
pub struct State {
    /// The tokens.
    pub tokens: Option<Kept>,
    /// What lessons 01 to 03 brought.
    pub ready: Option<Ready>,
    /// How often the MCP server has answered 401 and 403 to a token.
    pub refusals: Refusals,
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
        match &self.tokens {
            Some(kept) => dpop::presenting(request.clone(), &kept.tokens),
            None => request.clone(),
        }
    }

    /// The refresh token.
    fn refresh_token(&self) -> Option<Secret> {
        self.tokens.as_ref()?.tokens.refresh_token.clone()
    }

    fn count(&mut self, asked: &Asked) {
        match asked {
            Asked::Token { .. } if self.tokens.is_some() => self.refusals.bad_token += 1,
            Asked::Scopes { .. } => self.refusals.too_little += 1,
            _ => {}
        }
    }

    fn allows(&self, scopes: &[String]) -> bool {
        self.tokens.as_ref().is_some_and(|kept| {
            let granted = kept.tokens.scopes(&kept.requested);
            scopes.iter().all(|scope| granted.contains(&scope.as_str()))
        })
    }

    fn granted(&self) -> String {
        let granted = self.tokens.as_ref().map(|kept| kept.tokens.scopes(&kept.requested).join(" "));
        granted.filter(|granted| !granted.is_empty()).unwrap_or_else(|| "nothing".to_owned())
    }
}

impl Send for Authorized {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let mut state = self.state().await;
        let (mut renewed, mut signed_in, mut tries) = (false, false, 1);
        loop {
            let response = self.0.http.send(&state.with_token(&request)).await?;
            let Some(asked) = Asked::by(&response) else { return Ok(response) };
            state.count(&asked);
            match asked {
                // Neither a refresh nor a sign-in would bring what the server wants.
                Asked::Token { said, bound: true, .. } if !self.0.options.dpop => {
                    return Err(TokenUseError::WantsBoundToken { got: said }.into());
                }
                Asked::Token { scopes, .. } if !renewed && state.refresh_token().is_some() => {
                    renewed = true;
                    signed_in = !self.renew(&mut state).await?;
                    if signed_in {
                        self.sign_in_anew(&mut state, &scopes).await?;
                    }
                }
                Asked::Token { scopes, .. } if !signed_in => {
                    signed_in = true;
                    self.sign_in_anew(&mut state, &scopes).await?;
                }
                // More of what is there already would bring the same answer.
                Asked::Scopes { scopes } if tries < MAX_TRIES && !state.allows(&scopes) => {
                    tries += 1;
                    self.step_up(&mut state, &scopes).await?;
                }
                asked => return Err(given_up(asked, tries)),
            }
        }
    }

    async fn send_once(&self, request: Request) -> Result<Response, Failure> {
        Ok(self.0.http.send(&self.state().await.with_token(&request)).await?)
    }
}

impl Authorized {
    /// A client that has these tokens, or none yet.
    pub fn new(
        http: Http,
        server_url: &str,
        plan: Plan,
        options: SignInOptions,
        folder: Option<PathBuf>,
        tokens: Option<Kept>,
        needs_script: bool,
    ) -> Self {
        let state = Mutex::new(State { tokens, ..State::default() });
        let server_url = server_url.to_owned();
        Self(Arc::new(Inner { http, server_url, plan, options, folder, needs_script, grant: None, state }))
    }

    /// A client that acts for itself, or has something to show for its user already: nobody signs
    /// in, and nothing is kept.
    pub fn by_grant(http: Http, server_url: &str, plan: Plan, options: SignInOptions, grant: Arc<dyn Grant>) -> Self {
        let (server_url, state) = (server_url.to_owned(), Mutex::default());
        let grant = Some(grant);
        Self(Arc::new(Inner { http, server_url, plan, options, folder: None, needs_script: true, grant, state }))
    }

    /// What this client has; other requests wait meanwhile.
    pub async fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().await
    }

    /// The first sign-in, before anything is asked: lessons 01 to 04. `more` is asked for beyond
    /// what the server wants.
    pub async fn sign_in_first(&self, more: &[String]) -> Result<(), Failure> {
        let mut state = self.state().await;
        self.sign_in(&mut state, more).await
    }

    /// The user signs in after a 401: the MCP server may name another authorization server by now.
    async fn sign_in_anew(&self, state: &mut State, scopes: &[String]) -> Result<(), Failure> {
        state.ready = None;
        self.sign_in(state, scopes).await
    }

    /// The user signs in, for these scopes and those of before; without either, for what the
    /// server's challenge names.
    async fn sign_in(&self, state: &mut State, scopes: &[String]) -> Result<(), Failure> {
        let Inner { http, options, grant, .. } = &*self.0;
        if let Some(grant) = grant {
            return self.ask_by_grant(state, scopes, grant.as_ref()).await;
        }
        let redirect = match &state.ready {
            Some(ready) => LoopbackRedirect::bind_again(&ready.redirect_uri).await?,
            None => self.get_ready(state, http).await?,
        };
        let Some(ready) = &state.ready else { return Ok(()) };
        let issuer = ready.authorization_server.issuer.clone();
        // What was asked of another authorization server is no business of this one's.
        let before = state.tokens.as_ref().filter(|kept| kept.issuer == issuer).map(|kept| kept.requested.clone());
        let base = match before {
            Some(before) => before,
            None => ready.choose_scopes(http, options).await,
        };
        let requested = union(&base, scopes);
        let resource = ready.resource(&self.0.server_url).to_owned();
        let sign_in = SignIn {
            requested: &requested,
            resource: &resource,
            options,
            sabotage: Sabotage::default(),
            announced: None,
        };
        let (_, tokens) = ready.sign_in(http, sign_in, redirect).await?;
        // Another authorization server has other names for the same user.
        check_user(state.tokens.as_ref().filter(|kept| kept.issuer == issuer), &tokens)?;
        let client_id = Some(ready.client.client_id.clone());
        let kept = Kept { issuer, client_id, resource: Some(resource), requested, obtained_at: now(), tokens };
        let opened = self.open().await?;
        self.keep(state, opened, kept)
    }

    /// Lessons 01 and 02, then the grant.
    async fn ask_by_grant(&self, state: &mut State, scopes: &[String], grant: &dyn Grant) -> Result<(), Failure> {
        let Inner { http, server_url, options, .. } = &*self.0;
        let DiscoveredServer { discovery, authorization_server } =
            as_metadata::client::run(http, server_url, Needs::OtherGrant).await?;
        options.check_key(discovery.as_ref())?;
        let before = state.tokens.as_ref().filter(|kept| kept.issuer == authorization_server.issuer);
        let base = match before {
            Some(kept) => kept.requested.clone(),
            None => authorization_code::scopes::select(discovery.as_ref(), &[], false).values,
        };
        let requested = union(&base, scopes);
        let resource = resource(discovery.as_ref(), server_url).to_owned();
        let wanted =
            GrantRequest { authorization_server: &authorization_server, resource: &resource, scopes: &requested };
        let tokens = grant.tokens(http, wanted).await?;
        http.reporter().stage("look at the tokens", &spec::RFC6749_7_1).await;
        token_response::check(http.reporter(), &tokens, &requested, &resource, options.dpop)?;
        let (issuer, client_id) = (authorization_server.issuer, Some(grant.client_id().to_owned()));
        state.tokens =
            Some(Kept { issuer, client_id, resource: Some(resource), requested, obtained_at: now(), tokens });
        Ok(())
    }

    /// The user signs in for another resource, with the same client: the token is not kept, and not
    /// used by [`Send::send`].
    pub async fn token_for(&self, http: &Http, resource: &str, scopes: &[String]) -> Result<TokenResponse, Failure> {
        let state = self.state().await;
        let Some(ready) = &state.ready else {
            return Err(TokenUseError::NoTokens { server_url: resource.to_owned() }.into());
        };
        ready.tokens_for(http, &self.0.options, resource, scopes).await
    }

    /// Lessons 01 to 03.
    async fn get_ready(&self, state: &mut State, http: &Http) -> Result<LoopbackRedirect, Failure> {
        let Inner { server_url, plan, options, needs_script, .. } = &*self.0;
        let (ready, redirect) = get_ready(http, server_url, plan, options, *needs_script).await?;
        state.ready = Some(ready);
        Ok(redirect)
    }

    /// "computing the union of the client's previously requested scope set and the scopes from the
    /// current challenge" (MCP 2026-07-28, Step-Up Authorization Flow)
    async fn step_up(&self, state: &mut State, scopes: &[String]) -> Result<(), Failure> {
        let reporter = self.0.http.reporter();
        reporter.stage("403: ask the user for more (step-up)", &spec::MCP_STEP_UP_UNION).await;
        let before = state.tokens.as_ref().map(|kept| kept.requested.clone()).unwrap_or_default();
        reporter.note(format!(
            "The server wants {}. Asked for before: {}. Now both are asked for: {}.",
            scopes.join(" "),
            before.join(" "),
            union(&before, scopes).join(" ")
        ));
        self.sign_in(state, scopes).await?;
        match state.allows(scopes) {
            true => Ok(()),
            // Another try would bring the same.
            false => Err(TokenUseError::NotGranted { asked: scopes.join(" "), granted: state.granted() }.into()),
        }
    }

    /// After a 401: new tokens for the refresh token, if it is still good for anything. A refusal
    /// is no failure, since then the user signs in.
    async fn renew(&self, state: &mut State) -> Result<bool, Failure> {
        let (http, server_url) = (&self.0.http, &self.0.server_url);
        http.reporter().stage("401: refresh the tokens", &spec::RFC6749_6).await;
        if let (None, Some(kept)) = (&state.ready, &state.tokens) {
            let issuer = &kept.issuer;
            if !issued_by::is_still_named(http, server_url, issuer).await? {
                let note = format!(
                    "The tokens are from {issuer}, which {server_url} does not name any more: they are sent nowhere."
                );
                http.reporter().note(note);
                return Ok(false);
            }
        }
        let why = "Then the user signs in again.";
        let _expecting = http.reporter().expecting(Side::Idp, &rules::IDP_TAKES_REFRESH_TOKEN, why);
        match self.refresh(state).await {
            // The client that the tokens were given to is gone: its refresh token is good for
            // nobody.
            Err(failure) if failure.id == "refresh.none" => {
                http.reporter().note(failure.message);
                Ok(false)
            }
            renewed => renewed,
        }
    }

    /// `-- refresh`: new tokens, whether the old ones are good or not.
    pub async fn refresh_now(&self) -> Result<(), Failure> {
        let mut state = self.state().await;
        self.0.http.reporter().stage("refresh the tokens", &spec::RFC6749_6).await;
        let no_token = state.refresh_token().is_none();
        let got = if no_token { "there is no refresh token" } else { "the IdP refuses the refresh token" };
        match self.refresh(&mut state).await? {
            true => Ok(()),
            false => Err(TokenUseError::NoRefresh { got: got.to_owned() }.into()),
        }
    }

    /// RFC 6749 §6; `false` where the refresh token is no good any more. The file of the tokens is
    /// locked from before the refresh until the new tokens are in it.
    async fn refresh(&self, state: &mut State) -> Result<bool, Failure> {
        let opened = self.open().await?;
        if let Some(opened) = &opened {
            let newest = opened.find(&self.0.server_url);
            if newest != state.tokens.as_ref() {
                self.0.http.reporter().note("Another run has changed the kept tokens meanwhile: what it left is used.");
                state.tokens = newest.cloned();
                return Ok(state.tokens.is_some());
            }
        }
        let (Some(token), Some(kept)) = (state.refresh_token(), state.tokens.clone()) else { return Ok(false) };
        let endpoint = self.issued_by(state, &kept).await?.token_endpoint()?;
        let resource = kept.resource.as_deref().unwrap_or(&self.0.server_url);
        let renewed =
            request_tokens(&self.0.http, &endpoint, &TokenRequest::refresh(&token, resource), TAKES_REFRESH_TOKEN)
                .await;
        let tokens = match renewed {
            Ok(tokens) => tokens,
            // invalid_grant: "The provided … refresh token is invalid, expired, revoked";
            // invalid_client: "Client authentication failed (e.g., unknown client …)" (RFC 6749
            // §5.2): both are over. Any other error says nothing about the token.
            Err(AuthorizationError::Token { code, .. }) if ["invalid_grant", "invalid_client"].contains(&&*code) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        // "The authorization server MAY issue a new refresh token" (RFC 6749 §6): else the old one
        // stays.
        let refresh_token = tokens.refresh_token.clone().or(Some(token));
        let tokens = TokenResponse { refresh_token, ..tokens };
        self.keep(state, opened, Kept { obtained_at: now(), tokens, ..kept })?;
        Ok(true)
    }

    /// Who gave the tokens, and to which client.
    pub async fn issued_by(&self, state: &State, kept: &Kept) -> Result<IssuedBy, Failure> {
        match &state.ready {
            Some(ready) if ready.authorization_server.issuer == kept.issuer => {
                Ok(IssuedBy { server: ready.authorization_server.clone(), client: ready.client.clone() })
            }
            _ => {
                let note = format!(
                    "The client is the kept one, and {} is asked where its endpoints are (not shown).",
                    kept.issuer
                );
                self.0.http.reporter().note(note);
                IssuedBy::find(&self.0.http, kept, &self.0.plan).await
            }
        }
    }

    /// The kept tokens, for this run alone; `None` where nothing is kept.
    pub async fn open(&self) -> Result<Option<Tokens>, Failure> {
        match &self.0.folder {
            Some(folder) => Tokens::open(folder).await.map(Some),
            None => Ok(None),
        }
    }

    fn keep(&self, state: &mut State, opened: Option<Tokens>, kept: Kept) -> Result<(), Failure> {
        state.tokens = Some(kept.clone());
        if let Some(mut opened) = opened {
            let place = opened.keep(&self.0.server_url, kept)?;
            self.0.http.reporter().note(format!("The tokens are kept in {place} (only you can read that)."));
        }
        Ok(())
    }
}

/// A sign-in that a 401 or a 403 asked for is for the user who was there: whoever else is at the
/// keyboard now has asked for nothing. Tokens that cannot be read say nothing about it.
fn check_user(before: Option<&Kept>, now: &TokenResponse) -> Result<(), TokenUseError> {
    let user = |tokens: &TokenResponse| {
        let claims = token_response::claims(&tokens.access_token)?;
        claims.get("sub")?.as_str().map(str::to_owned)
    };
    match (before.and_then(|kept| user(&kept.tokens)), user(now)) {
        (Some(before), Some(now)) if before != now => Err(TokenUseError::OtherUser { before, now }),
        _ => Ok(()),
    }
}

/// What the authorization server decides when tokens are refreshed.
pub const TAKES_REFRESH_TOKEN: Decision =
    Decision { rule: &rules::IDP_TAKES_REFRESH_TOKEN, expected: "the IdP takes the refresh token", fix: USED };

/// Both, each scope once, in the order in which they came.
fn union(before: &[String], more: &[String]) -> Vec<String> {
    let mut all = before.to_vec();
    for scope in more {
        if !all.contains(scope) {
            all.push(scope.clone());
        }
    }
    all
}

fn given_up(asked: Asked, tries: usize) -> Failure {
    match asked {
        Asked::Token { said, .. } => TokenUseError::Refused { got: said },
        Asked::Scopes { scopes } => TokenUseError::NeverEnough { asked: scopes.join(" "), tries },
        Asked::OtherUser { said } => TokenUseError::Forbidden { got: said },
        Asked::Patience { retry_after } => TokenUseError::CannotCheck { retry_after },
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::union;

    #[test]
    fn what_was_asked_for_before_is_asked_for_again() {
        let list = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        for (before, more, all) in [
            (&["r"][..], &["w"][..], &["r", "w"][..]),
            (&["r", "w"], &["w"], &["r", "w"]),
            (&[], &["w", "w"], &["w"]),
            (&["r"], &[], &["r"]),
        ] {
            assert_eq!(union(&list(before), &list(more)), list(all));
        }
    }
}
