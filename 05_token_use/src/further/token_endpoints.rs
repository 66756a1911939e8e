//! Asking the authorization server about a token: revocation (RFC 7009,
//! <https://www.rfc-editor.org/rfc/rfc7009#section-2>) and introspection (RFC 7662,
//! <https://www.rfc-editor.org/rfc/rfc7662#section-2>). The client revokes its own tokens; a
//! resource server introspects those that it was sent.

use as_metadata::AuthorizationServerMetadata;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client_authentication::authenticated;
use serde_json::{Map, Value, json};
use shared::http::{Http, Request, Response};
use shared::mcp::client::Connection;
use shared::{Failure, Secret, Side, spec};

use crate::client::Story;
use crate::further::error::FurtherError;
use crate::further::rules;

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

/// Two stages of the story: what the authorization server knows of a token, and this MCP server,
/// which asks nobody, does not.
pub async fn introspect_and_revoke(story: &Story<'_>, connection: &Connection) -> Result<(), Failure> {
    let reporter = story.http.reporter();
    let Some(resource_server) = &story.resource_server else {
        reporter.note(
            "Introspection needs the resource server's credentials, which this run does not have. It is left out.",
        );
        return Ok(());
    };
    let (Some(kept), Some(ready)) = (story.authorized.tokens().await, story.authorized.ready().await) else {
        return Ok(());
    };
    let (token, metadata) = (kept.tokens.access_token, &ready.authorization_server);
    if metadata.introspection_endpoint.is_none() || metadata.revocation_endpoint.is_none() {
        reporter.note("This IdP's metadata names no endpoints for introspection and revocation, so both are left out.");
        return Ok(());
    }
    let server = story.http.clone().telling(reporter.on(Side::Server));
    reporter.aside("the MCP server asks the IdP about the token (introspection)", &spec::RFC7662_2_2).await;
    introspect(&server, metadata, resource_server, &token).await?;

    reporter.aside("the client asks the IdP to revoke the token", &spec::RFC7009_2_1).await;
    revoke(story.http, metadata, &ready.client, &token, Hint::AccessToken).await?;
    let known = introspect(&server, metadata, resource_server, &token).await?;
    let active = known.get("active") == Some(&Value::Bool(true));
    let (expected, seen) = ("the IdP calls the token inactive at once", format!("active is {active}"));
    reporter.on(Side::Idp).require(&rules::IDP_REVOKES_AT_ONCE, !active, expected, seen).ok();

    reporter.aside("use the revoked token", &spec::RFC9068_4_EXP).await;
    story.call(connection, "get_weather", &json!({"city": "Tokyo"})).await?;
    reporter.note(
        "The server accepted it. It verifies tokens by itself, so it does not learn of the revocation: the token works until it expires. That is why \
         access tokens are short-lived. A server that needs to know at once introspects every token, and then depends on the IdP with every call.",
    );
    Ok(())
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
    let url = server.revocation_endpoint.as_deref().ok_or(FurtherError::NoEndpoint { name })?;
    let response = http.send(&request(url, client, token, hint)).await?;
    let idp = http.reporter().on(Side::Idp);
    let got = format!("HTTP {}", response.status);
    let checked =
        idp.require(&rules::IDP_REVOKES, response.status == 200, "the IdP accepts the revocation: HTTP 200", got);
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
    let url = server.introspection_endpoint.as_deref().ok_or(FurtherError::NoEndpoint { name })?;
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

fn refused(name: &'static str, response: &Response) -> FurtherError {
    // Too many requests, a fault of the authorization server or a page in between can pass.
    let is_final = (400..500).contains(&response.status) && response.status != 429;
    FurtherError::Endpoint { name, code: response.error_code(), got: response.refusal(), is_final }
}
