//! Going further: a token without a user. RFC 6749 §4.4,
//! <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>, and MCP's extension OAuth Client
//! Credentials. The client shows its secret, or signs (RFC 7523).

use as_metadata::AuthorizationServerMetadata;
use as_metadata::client::{DiscoveredServer, resource};
use as_metadata::requirements::Needs;
use dynamic_client_registration::client_metadata::{AuthMethod, CLIENT_NAME};
use dynamic_client_registration::further::options::Plan;
use dynamic_client_registration::further::preregistered::StaticClient;
use dynamic_client_registration::further::{manage, no_endpoint};
use dynamic_client_registration::refusal::Refusal;
use dynamic_client_registration::{ClientInformation, RegistrationError};
use protected_resource_discovery::further::select::Wanted;
use serde_json::json;
use shared::http::{Http, Request};
use shared::{Failure, now, spec};

use crate::further::client_assertion::{ClientKey, JWT_BEARER};
use crate::further::grant::{Grant, GrantRequest, TokenFuture};
use crate::further::resource_parameter::ResourceParameter;
use crate::further::rules as further_rules;
use crate::further::token_tables;
use crate::token_request::{Decision, TokenEndpoint, TokenRequest, request_tokens};
use crate::user_agent::SignInOptions;
use crate::{TokenResponse, scopes, token_response};

const OWN_TOKEN: Decision = Decision {
    rule: &further_rules::IDP_GIVES_OWN_TOKEN,
    expected: "the IdP takes the client's credentials",
    fix: "Use a confidential client with the right credentials, and allow it the grant client_credentials (Keycloak: Client authentication and Service \
          accounts roles).",
};

/// From an MCP server's URL to a token for the client itself; with a key of its own, or with a
/// secret.
///
/// The extension wants the client to be registered by hand. Where `known` names none, one is
/// registered for this run and deleted again.
pub async fn run(
    http: &Http,
    server_url: &str,
    known: Option<&StaticClient>,
    signs: bool,
    parameter: &ResourceParameter,
) -> Result<(), Failure> {
    let DiscoveredServer { discovery, authorization_server } =
        as_metadata::client::run(http, server_url, &Wanted::Any, Needs::OtherGrant).await?;
    let requested = scopes::select(discovery.as_ref(), &[], false).values;
    let reporter = http.reporter();
    let key = if signs { Some(ClientKey::generate().ok_or_else(no_randomness)?) } else { None };
    let client = match known {
        Some(client) => client.information(reporter, &authorization_server)?,
        None => {
            reporter.stage("register a client that acts for itself", &spec::RFC6749_4_4_CONFIDENTIAL).await;
            register(http, &authorization_server, key.as_ref(), &requested).await?
        }
    };
    let asked = OwnTokenRequest {
        authorization_server: &authorization_server,
        client: &client,
        requested,
        resource: resource(discovery.as_ref(), server_url),
        parameter,
    };
    let result = asked.ask(http, key.as_ref()).await;
    if known.is_none() {
        match manage::delete(http, &client).await {
            Ok(()) => reporter.note("The client existed for this run only, so it was deleted at the IdP."),
            Err(error) => reporter.note(format!("The client stays at the IdP: {error}")),
        }
    }
    result
}

/// The grant, for a client that was registered by hand, as the extension wants it.
pub struct ClientCredentials {
    /// The client, with its secret if it has one.
    pub client: ClientInformation,
    /// Its key, if it signs instead.
    pub key: Option<ClientKey>,
}

impl Grant for ClientCredentials {
    fn client_id(&self) -> &str {
        &self.client.client_id
    }

    fn tokens<'a>(&'a self, http: &'a Http, wanted: GrantRequest<'a>) -> TokenFuture<'a> {
        let asked = OwnTokenRequest {
            authorization_server: wanted.authorization_server,
            client: &self.client,
            requested: wanted.scopes.to_vec(),
            resource: wanted.resource,
            parameter: wanted.parameter,
        };
        Box::pin(async move { asked.tokens(http, self.key.as_ref()).await })
    }
}

/// What a token is asked for with.
struct OwnTokenRequest<'a> {
    authorization_server: &'a AuthorizationServerMetadata,
    client: &'a ClientInformation,
    requested: Vec<String>,
    resource: &'a str,
    parameter: &'a ResourceParameter,
}

impl OwnTokenRequest<'_> {
    async fn tokens(&self, http: &Http, key: Option<&ClientKey>) -> Result<TokenResponse, Failure> {
        let reporter = http.reporter();
        let endpoint = TokenEndpoint::new(self.authorization_server, self.client)?;
        let request =
            TokenRequest::new("client_credentials").with_scopes(&self.requested).with("resource", self.resource);
        self.parameter.report(reporter);
        let mut request = self.parameter.token_request(request);
        if let Some(key) = key {
            reporter.stage("sign a JWT instead of sending a secret", &spec::RFC7523_3).await;
            let assertion = key.assertion(&self.client.client_id, &self.authorization_server.issuer, now());
            let assertion = assertion.ok_or_else(no_randomness)?;
            reporter.note(token_tables::table("client_assertion", &assertion));
            request = request.with("client_assertion_type", JWT_BEARER).with("client_assertion", assertion.expose());
        }
        reporter.stage("request a token for the client itself", &spec::RFC6749_4_4).await;
        Ok(request_tokens(http, &endpoint, &request, OWN_TOKEN).await?)
    }

    async fn ask(&self, http: &Http, key: Option<&ClientKey>) -> Result<(), Failure> {
        let reporter = http.reporter();
        let tokens = self.tokens(http, key).await?;
        reporter.stage("look at the token", &spec::RFC6749_7_1).await;
        token_response::check(reporter, &tokens, &self.requested, self.resource, false)?;
        let got = if tokens.refresh_token.is_some() { "the response has one" } else { "the response has none" };
        let expected = "no refresh token: the client can request another token at any time";
        reporter.recommend(&further_rules::NO_REFRESH_TOKEN, tokens.refresh_token.is_none(), expected, got);
        reporter.note(token_tables::table("access_token", &tokens.access_token));
        reporter.note(
            "This token has no user: sub is the client's own account at the IdP. An administrator gives this account its roles. A client that has just \
             registered itself has none.",
        );
        Ok(())
    }
}

/// RFC 7591 §3.1: neither redirect URIs nor codes, and a way to prove who it is.
async fn register(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    key: Option<&ClientKey>,
    scopes: &[String],
) -> Result<ClientInformation, Failure> {
    let Some(endpoint) = &authorization_server.registration_endpoint else {
        return Err(no_endpoint::error(http, authorization_server, None).await.into());
    };
    let mut document = json!({
        "client_name": format!("{CLIENT_NAME}: a client without a user"),
        "grant_types": ["client_credentials"],
        "response_types": [],
        "token_endpoint_auth_method": if key.is_some() { "private_key_jwt" } else { AuthMethod::with_secret(authorization_server).as_str() },
        "scope": scopes.join(" "),
    });
    if let Some(key) = key {
        document["jwks"] = json!({"keys": [key.jwk]});
    }
    let response = http.send(&Request::post_json(endpoint, &document).header("accept", "application/json")).await?;
    if let Some(refusal) = Refusal::in_response(&response, false) {
        return Err(RegistrationError::Refused(refusal).into());
    }
    let client = ClientInformation::from_json(&response.body).map_err(RegistrationError::Document)?;
    Ok(client.0)
}

fn no_randomness() -> Failure {
    Failure::new(
        "client-key",
        "The system provided no random numbers, so the client has no key.",
        "Read the system's log.",
    )
}

/// Refuses options that would change nothing, and says what is missing.
pub fn check_options(sign_in: &SignInOptions, plan: &Plan) -> Result<(), Failure> {
    if let Some(option) = option_about_signing_in(sign_in, plan) {
        let message =
            format!("{option} is about a user's sign-in or a client's registration. client-credentials has neither.");
        return Err(Failure::new("configuration.grant", message, "Leave one of the two out."));
    }
    match &plan.static_client {
        Some(client) if client.client_secret.is_none() => {
            let message = format!("The client {} has no secret.", client.client_id);
            Err(Failure::new("configuration.client-secret", message, "Set CLIENT_SECRET in the environment."))
        }
        _ => Ok(()),
    }
}

/// An option that is for a user who signs in, or for a client that registers itself: where neither
/// happens, it would change nothing.
pub fn option_about_signing_in(sign_in: &SignInOptions, plan: &Plan) -> Option<&'static str> {
    [
        ("--login", sign_in.login.is_some()),
        ("--browser", sign_in.browser),
        ("--deny", sign_in.deny),
        ("--offline-access", sign_in.offline_access),
        ("--register", plan.options.register.is_some()),
        ("--confidential", plan.options.confidential),
        ("--authorization-endpoint", plan.options.endpoints.authorization_endpoint.is_some()),
    ]
    .into_iter()
    .find_map(|(option, given)| given.then_some(option))
}
