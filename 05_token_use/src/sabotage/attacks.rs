//! `--break`: one request with one rule broken, after a valid sign-in.

use authorization_code::TokenResponse;
use authorization_code::further::refresh::{USED, replay};
use authorization_code::token_request::{Decision, TokenRequest, request_tokens};
use serde_json::{Value, json};
use shared::breakage::Switch as _;
use shared::http::{Http, Request};
use shared::{Failure, Secret, Side, mcp, spec};

use crate::authorized_client::AuthorizedClient;
use crate::error::TokenUseError;
use crate::further::dpop::{self, Dpop};
use crate::further::error::FurtherError;
use crate::further::rules;
use crate::sabotage::{Switch, forgeries};
use crate::token_store::TAKES_REFRESH_TOKEN;

/// A client that has signed in, and attacks the MCP server or the IdP.
pub struct Attacker<'a> {
    /// Shows every request.
    pub http: &'a Http,
    /// The client.
    pub authorized: &'a AuthorizedClient,
    /// The MCP server.
    pub server_url: &'a str,
    /// The key that the tokens are bound to, if they are.
    pub dpop: Option<&'a Dpop>,
    /// Whether the MCP server is in another process: then its response is all that there is to see.
    pub is_alone: bool,
}

/// For which a proof may have been made that somebody found.
const ANOTHER_SERVER: &str = "https://another.example/mcp";

impl Attacker<'_> {
    /// Sends what the switch says, and reports how the server responds.
    pub async fn attack(&self, switch: Switch) -> Result<(), Failure> {
        if switch == Switch::StolenRefresh {
            return self.use_refresh_token_twice().await;
        }
        let Self { http, server_url, .. } = self;
        http.reporter().stage("use a token with one rule broken", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
        let tokens = self.authorized.tokens().await.ok_or_else(forgeries::impossible)?.tokens;
        let name = switch.breakage().name;
        if self.is_alone || self.dpop.is_some() {
            try_honestly(http, server_url, &tokens, name).await?;
        }
        let request = self.broken_request(switch, &tokens).await?;
        let status = http.send(&request).await?.status;
        let due = due_status(switch);
        let verb = match status {
            status if status == due => "refuses it, as it must".to_owned(),
            200..=299 => "accepts it".to_owned(),
            _ => format!("does not respond with {due}"),
        };
        http.reporter().note(format!("The server {verb}: HTTP {status}."));
        if status == due || !self.is_alone {
            return Ok(());
        }
        let message = format!("The server did not refuse with {due} what --break {name} sent: HTTP {status}.");
        Err(Failure::new("break.slipped-through", message, "Tell the server's operator which check is missing."))
    }

    async fn broken_request(&self, switch: Switch, tokens: &TokenResponse) -> Result<Request, Failure> {
        let valid = mcp::discover_request(self.server_url);
        let token = &tokens.access_token;
        let request = match switch {
            Switch::AlgNone => forgeries::with_alg_none(token).map(|forged| valid.bearer(&forged)),
            Switch::UnknownKid => forgeries::with_unknown_kid(token).map(|forged| valid.bearer(&forged)),
            Switch::Hs256WithPublicKey => {
                let keys = self.fetch_keys().await?;
                forgeries::with_public_key_as_secret(token, &keys).map(|forged| valid.bearer(&forged))
            }
            Switch::IdToken => tokens.id_token.as_ref().map(|id_token| valid.bearer(id_token)),
            Switch::TokenInQuery => Some(forgeries::in_query(valid, token)),
            Switch::TwoHeaders => Some(forgeries::in_two_headers(valid, token)),
            Switch::MissingScope => {
                let note = json!({"name": "from-the-attacker", "text": "hello"});
                Some(mcp::call_tool_request(self.server_url, "save_note", &note).bearer(token))
            }
            Switch::OtherKey => Dpop::generate()?.with_proof_of(valid.clone(), &valid, token),
            Switch::ProofForOtherUrl => self.prove(&valid, &valid.clone().to(ANOTHER_SERVER), token),
            Switch::ReplayedProof => {
                let overheard = self.prove(&valid, &valid, token).ok_or_else(forgeries::impossible)?;
                self.http.send(&overheard).await?;
                self.http
                    .reporter()
                    .note("That was the client. Now an attacker who recorded the request sends it again:");
                Some(overheard)
            }
            // The token as it is, without a proof of its key.
            Switch::BoundAsBearer => Some(valid.bearer(token)),
            // What the IdP breaks, the client passes on.
            Switch::Expired | Switch::NotYet | Switch::WrongIss | Switch::JwksDown => Some(valid.bearer(token)),
            // No request to the MCP server is broken here.
            Switch::StolenRefresh => None,
        };
        request.ok_or_else(forgeries::impossible)
    }

    /// The request with a proof that the client made for another one.
    fn prove(&self, request: &Request, signed: &Request, token: &Secret) -> Option<Request> {
        self.dpop?.with_proof_of(request.clone(), signed, token)
    }

    /// The authorization server's keys, which are public.
    async fn fetch_keys(&self) -> Result<Value, Failure> {
        let ready = self.authorized.ready().await;
        let jwks_uri = ready.and_then(|ready| ready.authorization_server.jwks_uri.clone());
        let jwks_uri = jwks_uri.ok_or(FurtherError::NoEndpoint { name: "jwks_uri" })?;
        let response = self.http.send(&Request::get(&jwks_uri)).await?;
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// "If a refresh token is compromised and subsequently used by both the attacker and the
    /// legitimate client, one of them will present an invalidated refresh token" (RFC 6749 §10.4):
    /// here the thief comes late.
    async fn use_refresh_token_twice(&self) -> Result<(), Failure> {
        let Self { http, authorized, server_url, .. } = self;
        let kept = authorized.tokens().await.ok_or_else(forgeries::impossible)?;
        let no_refresh = || TokenUseError::NoRefresh("the IdP gave no refresh token".to_owned());
        let stolen = kept.tokens.refresh_token.clone().ok_or_else(no_refresh)?;
        let endpoint = authorized.issued_by(&kept).await?.token_endpoint()?;
        let request = TokenRequest::refresh(&stolen, server_url);
        let reporter = http.reporter();
        reporter.stage("refresh, as the user's client does", &spec::RFC6749_6).await;
        let renewed = request_tokens(http, &endpoint, &request, TAKES_REFRESH_TOKEN).await?;

        reporter.stage("use the old refresh token, as a thief would", &spec::OAUTH_REFRESH_REPLAY).await;
        let expected = "the refresh token was not used before";
        let once = Decision { rule: &rules::IDP_TAKES_REFRESH_TOKEN_ONCE, expected, fix: USED };
        let thief = request_tokens(http, &endpoint, &request, once).await;

        reporter.stage("use the new refresh token, as the user's client would next", &spec::RFC9700_4_14_2_REUSE).await;
        let newest = renewed.refresh_token.unwrap_or(stolen);
        let refused = replay(http, &endpoint, &TokenRequest::refresh(&newest, server_url)).await?;
        let idp = reporter.on(Side::Idp);
        let advised = idp.with_fix(
            "revoke every token of the family when a refresh token is used twice (Keycloak: Revoke Refresh Token).",
        );
        advised.recommend(
            &rules::IDP_ENDS_FAMILY,
            refused.is_some(),
            "the new refresh token is no longer valid either",
            refused.as_deref().unwrap_or("the IdP accepts it"),
        );
        thief.map(|_| ()).map_err(Failure::from)
    }
}

/// Nothing follows from a refusal by a server that refuses what is valid, too.
pub async fn try_honestly(http: &Http, server_url: &str, tokens: &TokenResponse, name: &str) -> Result<(), Failure> {
    http.reporter().note("First the client sends the valid request, so that a refusal means something:");
    let response = http.send(&dpop::presenting(mcp::discover_request(server_url), tokens)).await?;
    // An older server may not know this request, and has looked at the token all the same.
    if !matches!(response.status, 401 | 403 | 500..) {
        return Ok(());
    }
    let message =
        format!("Cannot test --break {name}: the server also refuses the valid request (HTTP {}).", response.status);
    Err(Failure::new("break.unknown", message, "Run client without --break first: it shows what the server requires."))
}

/// The status by which a server shows that it noticed: RFC 6750 §3.1.
fn due_status(switch: Switch) -> u16 {
    match switch {
        Switch::TokenInQuery | Switch::TwoHeaders => 400,
        Switch::MissingScope => 403,
        Switch::Expired
        | Switch::NotYet
        | Switch::AlgNone
        | Switch::Hs256WithPublicKey
        | Switch::UnknownKid
        | Switch::WrongIss
        | Switch::IdToken
        | Switch::BoundAsBearer
        | Switch::OtherKey
        | Switch::ReplayedProof
        | Switch::ProofForOtherUrl
        | Switch::StolenRefresh => 401,
        // The token may be valid: nobody can tell while the keys are away.
        Switch::JwksDown => 503,
    }
}
