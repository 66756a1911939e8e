//! The steps that a client takes on a server's demand: refresh, sign-in, step-up.

use std::sync::Arc;

use authorization_code::client::{Ready, SignIn, get_ready};
use authorization_code::further::stored_tokens::Kept;
use dynamic_client_registration::redirect::LoopbackRedirect;
use shared::{Failure, Side, now, spec};

use crate::authorized_client::{AuthorizedClient, Inner, State};
use crate::error::TokenUseError;
use crate::further::issued_by::is_still_named;
use crate::further::without_a_user;
use crate::rules;
use crate::server_demand::union;
use crate::token_store::Refreshed;

impl AuthorizedClient {
    pub(crate) async fn refresh(&self, state: &mut State) -> Result<Refreshed, Failure> {
        let State { store, ready, .. } = state;
        store.refresh(&self.0.http, &self.0.plan, ready.as_deref()).await
    }

    /// A refusal is not a failure here, since then the user signs in.
    pub(super) async fn refresh_after_401(&self, state: &mut State) -> Result<Refreshed, Failure> {
        let (http, server_url) = (&self.0.http, &self.0.server_url);
        http.reporter().stage("401: refresh the tokens", &spec::RFC6749_6).await;
        if let (None, Some(Kept { issuer, .. })) = (&state.ready, state.store.tokens())
            && !is_still_named(http, server_url, issuer).await?
        {
            return Ok(Refreshed::Refused);
        }
        let why = "Then the user signs in again.";
        let _expecting = http.reporter().expecting(Side::Idp, &rules::IDP_TAKES_REFRESH_TOKEN, why);
        match self.refresh(state).await {
            // The client that the tokens were given to is gone: its refresh token is worth nothing.
            Err(failure) if matches!(failure.cause(), Some(TokenUseError::NoRefresh { .. })) => {
                http.reporter().note(failure.message);
                Ok(Refreshed::Refused)
            }
            refreshed => refreshed,
        }
    }

    /// The user signs in, for these scopes and those of before; without either, for what the
    /// server's challenge names.
    pub(super) async fn sign_in(&self, state: &mut State, scopes: &[String]) -> Result<(), Failure> {
        let Inner { http, server_url, options, grant, .. } = &*self.0;
        if let Some(grant) = grant {
            let kept = without_a_user::request(http, server_url, options, grant.as_ref(), &state.store, scopes).await?;
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
        let resource = ready.resource(server_url).to_owned();
        let (_, tokens) = ready.sign_in(http, SignIn::new(&requested, &resource, options), redirect).await?;
        state.store.check_user(&issuer, &tokens)?;
        let client_id = Some(ready.client.client_id.clone());
        let kept = Kept { issuer, client_id, resource: Some(resource), requested, obtained_at: now(), tokens };
        state.store.keep(http.reporter(), kept).await
    }

    /// What lessons 01 to 03 bring, once, and the address that the user comes back to.
    async fn get_ready(&self, state: &mut State) -> Result<(Arc<Ready>, LoopbackRedirect), Failure> {
        if let Some(ready) = &state.ready {
            return Ok((Arc::clone(ready), LoopbackRedirect::bind_again(&ready.redirect_uri).await?));
        }
        let Inner { http, server_url, plan, options, needs_script, .. } = &*self.0;
        let (ready, redirect) = get_ready(http, server_url, plan, options, *needs_script).await?;
        let ready = Arc::new(ready);
        state.ready = Some(Arc::clone(&ready));
        Ok((ready, redirect))
    }

    /// "computing the union of the client's previously requested scope set and the scopes from the
    /// current challenge" (MCP 2026-07-28, Step-Up Authorization Flow)
    pub(super) async fn step_up(&self, state: &mut State, scopes: &[String]) -> Result<(), Failure> {
        let reporter = self.0.http.reporter();
        reporter.stage("403: ask the user for more (step-up)", &spec::MCP_STEP_UP_UNION).await;
        let before = state.store.tokens().map(|kept| kept.requested.clone()).unwrap_or_default();
        reporter.note(format!(
            "The server wants {}. Asked for before: {}. Now both are asked for: {}.",
            scopes.join(" "),
            before.join(" "),
            union(&before, scopes).join(" ")
        ));
        self.sign_in(state, scopes).await?;
        if state.store.allows(scopes) {
            return Ok(());
        }
        let granted = state.store.granted().join(" ");
        let granted = if granted.is_empty() { "nothing".to_owned() } else { granted };
        Err(TokenUseError::NotGranted { asked: scopes.join(" "), granted }.into())
    }
}
