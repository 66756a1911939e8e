//! Tokens for an assertion, without a user's sign-in at the MCP server's
//! authorization server. RFC 7523 §2.1,
//! <https://www.rfc-editor.org/rfc/rfc7523#section-2.1>, and two extensions of MCP that use it:
//!
//! - workload identity: a platform has given the program a JWT about itself, and that is the
//!   assertion;
//! - enterprise-managed authorization: the company's IdP, where the user has signed in already,
//!   trades the user's ID token for an *Identity Assertion Authorization Grant* (ID-JAG) for the
//!   MCP server's authorization server, and that is the assertion. The company decides who may use
//!   which server.
//!
//! Left out: renewing the ID token, and where a platform keeps its JWT.

use as_metadata::AuthorizationServerMetadata;
use authorization_code::TokenResponse;
use authorization_code::further::grant::{Grant, GrantRequest, TokenFuture};
use authorization_code::further::token_tables;
use authorization_code::token_request::{TokenEndpoint, TokenRequest, send_token_request};
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client_authentication::authenticated;
use shared::http::Http;
use shared::{Failure, Secret, Side, spec};

use crate::further::error::AssertionError;
use crate::further::rules;
use crate::token_exchange::{GRANT_TYPE, check_issued_token_type};

/// `grant_type` (RFC 7523 §2.1).
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Types of tokens (RFC 8693 §3; MCP, Enterprise-Managed Authorization).
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";

/// A program that its platform vouches for.
pub struct WorkloadIdentity {
    /// What the program is at the MCP server's authorization server.
    pub client: ClientInformation,
    /// The platform's JWT about it, for that authorization server.
    pub assertion: Secret,
}

impl Grant for WorkloadIdentity {
    fn client_id(&self) -> &str {
        &self.client.client_id
    }

    fn tokens<'a>(&'a self, http: &'a Http, wanted: GrantRequest<'a>) -> TokenFuture<'a> {
        Box::pin(redeem(http, wanted, &self.client, &self.assertion))
    }
}

/// A user of a company, whose IdP decides.
pub struct EnterpriseManaged {
    /// What the client is at the MCP server's authorization server.
    pub client: ClientInformation,
    /// The company's IdP: its token endpoint.
    pub idp_token_endpoint: String,
    /// What the client is at the company's IdP.
    pub idp_client: ClientInformation,
    /// The user's ID token, from the sign-in at the company's IdP.
    pub id_token: Secret,
}

impl Grant for EnterpriseManaged {
    fn client_id(&self) -> &str {
        &self.client.client_id
    }

    fn tokens<'a>(&'a self, http: &'a Http, wanted: GrantRequest<'a>) -> TokenFuture<'a> {
        Box::pin(async move {
            let assertion = self.assertion(http, wanted).await?;
            redeem(http, wanted, &self.client, &assertion).await
        })
    }
}

impl EnterpriseManaged {
    /// The ID-JAG: for this authorization server (`audience`) and this MCP server (`resource`).
    async fn assertion(&self, http: &Http, wanted: GrantRequest<'_>) -> Result<Secret, Failure> {
        let reporter = http.reporter();
        reporter.stage("exchange the user's ID token for an authorization grant (ID-JAG)", &spec::RFC8693_2_1).await;
        let scope = wanted.scopes.join(" ");
        let mut fields = vec![
            ("grant_type", GRANT_TYPE),
            ("requested_token_type", ID_JAG),
            ("subject_token", self.id_token.expose()),
            ("subject_token_type", ID_TOKEN),
            ("audience", wanted.authorization_server.issuer.as_str()),
            ("resource", wanted.resource),
        ];
        fields.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
        let response = http.send(&authenticated(&self.idp_token_endpoint, &fields, &self.idp_client)).await?;
        let expected = "the company's IdP allows this user's client to use the MCP server";
        reporter
            .on(Side::Idp)
            .require(&rules::IDP_GIVES_GRANT, response.status == 200, expected, response.refusal())
            .map_err(|failed| AssertionError::NoGrant { got: failed.seen })?;
        // Anything else than an ID-JAG opens nothing at the other authorization server.
        check_issued_token_type(reporter, &response, ID_JAG).map_err(|got| AssertionError::NoGrant { got })?;
        let tokens = TokenResponse::from_json(&response.body)
            .map_err(|error| AssertionError::NoGrant { got: error.to_string() })?;
        Ok(tokens.access_token)
    }
}

/// The assertion becomes an access token: RFC 7523 §2.1. A refusal is final: nothing else is tried.
async fn redeem(
    http: &Http,
    wanted: GrantRequest<'_>,
    client: &ClientInformation,
    assertion: &Secret,
) -> Result<TokenResponse, Failure> {
    let reporter = http.reporter();
    reporter.stage("exchange the assertion for an access token", &spec::RFC7523_2_1).await;
    reporter.note(token_tables::table("assertion", assertion));
    let url = token_endpoint(wanted.authorization_server)?.to_owned();
    let endpoint = TokenEndpoint { url, client: client.clone() };
    let request = TokenRequest::new(JWT_BEARER)
        .with("assertion", assertion.expose())
        // "MCP clients MUST include the resource parameter in authorization and token requests"
        // (MCP 2026-07-28)
        .with("resource", wanted.resource)
        .with_scopes(wanted.scopes);
    wanted.parameter.report(reporter);
    let response = send_token_request(http, &endpoint, &wanted.parameter.token_request(request)).await?;
    let refused = |got| AssertionError::Refused { code: response.error_code(), got };
    let expected = "the IdP accepts the assertion";
    reporter
        .on(Side::Idp)
        .require(&rules::IDP_TAKES_ASSERTION, response.status == 200, expected, response.refusal())
        .map_err(|failed| refused(failed.seen))?;
    Ok(TokenResponse::from_json(&response.body).map_err(|error| refused(error.to_string()))?)
}

fn token_endpoint(server: &AuthorizationServerMetadata) -> Result<&str, Failure> {
    let missing = AssertionError::Refused { code: String::new(), got: "its metadata has no token_endpoint".to_owned() };
    server.token_endpoint.as_deref().ok_or_else(|| missing.into())
}
