//! Asking the authorization server about a token: revocation (RFC 7009,
//! <https://www.rfc-editor.org/rfc/rfc7009#section-2>) and introspection (RFC 7662,
//! <https://www.rfc-editor.org/rfc/rfc7662#section-2>). The client revokes its own tokens; a
//! resource server introspects those that it was sent.

use as_metadata::AuthorizationServerMetadata;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client_authentication::authenticated;
use serde_json::{Map, Value};
use shared::http::{Http, Request, Response};
use shared::{Failure, Secret, Side};

use crate::error::TokenUseError;
use crate::rules;

/// What a token is, for an endpoint that has to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// `access_token`
    AccessToken,
    /// `refresh_token`
    RefreshToken,
}

impl Hint {
    fn name(self) -> &'static str {
        match self {
            Hint::AccessToken => "access_token",
            Hint::RefreshToken => "refresh_token",
        }
    }
}

/// Revokes a token of this client's: RFC 7009 §2.1. An unknown token is no error: "the
/// authorization server responds with HTTP status code 200 … if the client submitted an invalid
/// token" (§2.2).
pub async fn revoke(
    http: &Http,
    server: &AuthorizationServerMetadata,
    client: &ClientInformation,
    token: &Secret,
    hint: Hint,
) -> Result<(), Failure> {
    let name = "revocation_endpoint";
    let url = server.revocation_endpoint.as_deref().ok_or(TokenUseError::NoEndpoint { name })?;
    let response = http.send(&request(url, client, token, hint)).await?;
    let idp = http.reporter().on(Side::Idp);
    let got = format!("HTTP {}", response.status);
    let checked =
        idp.require(&rules::IDP_REVOKES, response.status == 200, "the IdP takes the revocation: HTTP 200", got);
    checked.map_err(|_| refused(name, &response).into())
}

/// What the authorization server says about a token: RFC 7662 §2.2. The members beside `active` are
/// there for a token that is good.
pub async fn introspect(
    http: &Http,
    server: &AuthorizationServerMetadata,
    resource_server: &ClientInformation,
    token: &Secret,
) -> Result<Map<String, Value>, Failure> {
    let name = "introspection_endpoint";
    let url = server.introspection_endpoint.as_deref().ok_or(TokenUseError::NoEndpoint { name })?;
    let response = http.send(&request(url, resource_server, token, Hint::AccessToken)).await?;
    let document = serde_json::from_slice(&response.body).ok();
    let members: Option<Map<String, Value>> = document.filter(|_| response.status == 200);
    let members = members.filter(|members| members.get("active").is_some_and(Value::is_boolean));
    let got = members
        .as_ref()
        .map_or_else(|| format!("HTTP {}", response.status), |members| format!("active is {}", members["active"]));
    let idp = http.reporter().on(Side::Idp);
    idp.require(&rules::IDP_INTROSPECTS, members.is_some(), "the IdP says whether the token is active", got).ok();
    members.ok_or_else(|| refused(name, &response).into())
}

/// The request that both endpoints take.
fn request(url: &str, client: &ClientInformation, token: &Secret, hint: Hint) -> Request {
    authenticated(url, &[("token", token.expose()), ("token_type_hint", hint.name())], client)
}

fn refused(name: &'static str, response: &Response) -> TokenUseError {
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = document["error"].as_str().unwrap_or_default().to_owned();
    TokenUseError::Endpoint { name, code, got: response.refusal() }
}
