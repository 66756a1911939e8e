//! Sign-ins beside the first one, for the later lessons: with another client, or for another
//! resource.

use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::redirect::LoopbackRedirect;
use shared::http::Http;
use shared::{Failure, Reporter};

use crate::client::{Ready, SignIn};
use crate::sabotage::Sabotage;
use crate::token_response::TokenResponse;
use crate::user_agent::SignInOptions;

impl<'a> SignIn<'a> {
    /// A sign-in as it should be, for the later lessons.
    pub fn new(requested: &'a [String], resource: &'a str, options: &'a SignInOptions) -> Self {
        Self { requested, resource, options, sabotage: Sabotage::default(), announced: None }
    }
}

impl Ready {
    /// These findings, for another client of this authorization server.
    pub fn with_client(&self, client: ClientInformation) -> Self {
        Self {
            discovery: self.discovery.clone(),
            authorization_server: self.authorization_server.clone(),
            client,
            redirect_uri: self.redirect_uri.clone(),
            user_agent: self.user_agent.clone(),
            document: None,
        }
    }

    /// One sign-in for `resource`, of which only what a person has to do is told: the tokens, which
    /// nobody keeps.
    pub async fn tokens_for(
        &self,
        http: &Http,
        options: &SignInOptions,
        resource: &str,
        scopes: &[String],
    ) -> Result<TokenResponse, Failure> {
        let redirect = LoopbackRedirect::bind_again(&self.redirect_uri).await?;
        let announced = (!self.user_agent.is_scripted()).then_some(http.reporter());
        let sign_in = SignIn { announced, ..SignIn::new(scopes, resource, options) };
        let silent = http.clone().telling(Reporter::silent());
        Ok(self.sign_in(&silent, sign_in, redirect).await?.1)
    }
}
