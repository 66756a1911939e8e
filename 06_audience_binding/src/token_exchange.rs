//! Token exchange: RFC 8693 §2, <https://www.rfc-editor.org/rfc/rfc8693#section-2>. The MCP server
//! is the client here: it trades the token that it was sent for one of its own, for the server
//! behind it.
//!
//! Left out: an `actor_token`, by which an authorization server could name both, the user and who
//! acts for them, in the claim `act` (§4.1). Keycloak 26.7.3 ignores it; who acts is in `azp`
//! there.

use as_metadata::requirements::Needs;
use as_metadata::{AuthorizationServerMetadata, find};
use authorization_code::TokenResponse;
use authorization_code::token_response;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client_authentication::authenticated;
use serde_json::Value;
use shared::http::{Http, Response};
use shared::{Reporter, Secret, Side};
use tokio::sync::OnceCell;

use crate::error::ExchangeError;
use crate::further::exchange_advice;
use crate::rules;

/// `grant_type` (RFC 8693 §2.1).
pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// A type of token (RFC 8693 §3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A server that can trade tokens.
pub struct TokenExchange {
    pub http: Http,
    pub issuer: String,
    /// What this server is there, with its secret.
    pub client: ClientInformation,
    /// `audience`: whom the new token is to be for, by a name that the authorization server knows.
    pub audience: String,
    /// `scope`: what it is to allow.
    pub scope: String,
    /// The authorization server's metadata, once it was asked for.
    pub metadata: OnceCell<AuthorizationServerMetadata>,
}

impl TokenExchange {
    /// Trades `subject_token`, which has to be for this server, for a token for the API behind it.
    pub async fn exchange(&self, subject_token: &Secret) -> Result<TokenResponse, ExchangeError> {
        let metadata = self.metadata.get_or_try_init(|| self.find_metadata()).await?;
        let url = metadata.token_endpoint.as_deref().ok_or(ExchangeError::NoEndpoint)?;
        let fields = [
            ("grant_type", GRANT_TYPE),
            ("subject_token", subject_token.expose()),
            // "An identifier … that indicates the type of the security token in the "subject_token"
            // parameter" (RFC 8693 §2.1): REQUIRED.
            ("subject_token_type", ACCESS_TOKEN),
            ("audience", self.audience.as_str()),
            ("scope", self.scope.as_str()),
        ];
        let response = self.http.send(&authenticated(url, &fields, &self.client)).await?;
        let reporter = self.http.reporter();

        let expected = "the IdP exchanges a token only for a server in its aud";
        reporter
            .on(Side::Idp)
            .with_fix(exchange_advice::advice(&response.refusal()))
            .require(&rules::IDP_EXCHANGES, response.status == 200, expected, response.refusal())
            .map_err(|failed| ExchangeError::Refused { got: failed.seen })?;
        let tokens = TokenResponse::from_json(&response.body)
            .map_err(|error| ExchangeError::Response { got: error.to_string() })?;
        check_issued_token_type(reporter, &response, ACCESS_TOKEN).map_err(|got| ExchangeError::Response { got })?;
        self.check_audience(reporter, &tokens);
        Ok(tokens)
    }

    /// A token that only the IdP can read says nothing here, and that is allowed.
    fn check_audience(&self, reporter: &Reporter, tokens: &TokenResponse) {
        let Some(claims) = token_response::claims(&tokens.access_token) else { return };
        let audiences = token_response::audiences(&claims);
        let expected = format!("the new token is for {} and no other server", self.audience);
        let got = token_response::named(&audiences);
        reporter.recommend(&rules::EXCHANGED_AUDIENCE, audiences == [self.audience.as_str()], expected, got);
    }

    /// Lesson 02, not shown.
    async fn find_metadata(&self) -> Result<AuthorizationServerMetadata, ExchangeError> {
        let silent = self.http.clone().telling(Reporter::silent());
        find::find(&silent, &self.issuer, Needs::OtherGrant)
            .await
            .map_err(|error| ExchangeError::Metadata { got: error.to_string() })
    }
}

/// "issued_token_type REQUIRED" (RFC 8693 §2.2.1); the error says what it is instead.
pub(crate) fn check_issued_token_type(reporter: &Reporter, response: &Response, wanted: &str) -> Result<(), String> {
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let issued = document["issued_token_type"].as_str().unwrap_or("absent");
    let expected = format!("issued_token_type is {wanted}");
    reporter
        .require(&rules::ISSUED_TOKEN_TYPE, issued == wanted, expected, issued)
        .map_err(|failed| format!("its issued_token_type is {}", failed.seen))
}
