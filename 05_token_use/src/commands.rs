//! Commands over the tokens that are kept for an MCP server (lesson 04's `authorize`, or this one's).

use authorization_code::tokens::Kept;
use dynamic_client_registration::administration::Administration;
use serde_json::Value;
use shared::http::Http;
use shared::mcp::client::Connection;
use shared::{Failure, Side, spec};

use crate::authorized::{Authorized, State};
use crate::error::TokenUseError;
use crate::token_endpoints::{self, Hint};
use crate::{client, rules};

/// `-- list-tools`
pub async fn list_tools(http: &Http, authorized: Authorized, server_url: &str) -> Result<(), Failure> {
    http.reporter().stage("list the tools, with the token", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
    let connection = Connection::open(authorized, server_url).await?;
    http.reporter().note(client::tools_table(&connection.list_tools().await?));
    connection.close().await;
    Ok(())
}

/// `-- call-tool NAME --args JSON`
pub async fn call_tool(
    http: &Http,
    authorized: Authorized,
    server_url: &str,
    name: &str,
    arguments: &str,
) -> Result<(), Failure> {
    let arguments = match serde_json::from_str(arguments) {
        Ok(Value::Object(arguments)) => arguments,
        Ok(_) => return Err(TokenUseError::Arguments { got: "another JSON value".to_owned() }.into()),
        Err(error) => return Err(TokenUseError::Arguments { got: format!("no JSON ({error})") }.into()),
    };
    http.reporter().stage(format!("call {name}, with the token"), &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
    let connection = Connection::open(authorized, server_url).await?;
    let said = client::call_tool(&connection, name, arguments).await?;
    http.reporter().note(format!("{name} says: {said}"));
    connection.close().await;
    Ok(())
}

/// `-- refresh`
pub async fn refresh(authorized: &Authorized, server_url: &str) -> Result<(), Failure> {
    if authorized.state().await.tokens.is_none() {
        return Err(TokenUseError::NoTokens { server_url: server_url.to_owned() }.into());
    }
    authorized.refresh_now().await
}

/// `-- logout`: "the authorization server SHOULD also invalidate all access tokens based on the same authorization grant" (RFC 7009 §2.1), so the
/// refresh token is the one to revoke, at the authorization server that gave it. Tokens that could not be revoked because nobody was there stay, for
/// another try.
pub async fn logout(http: &Http, authorized: &Authorized, server_url: &str) -> Result<(), Failure> {
    let state = authorized.state().await;
    let mut opened = authorized.open().await?;
    let kept = opened.as_ref().and_then(|opened| opened.find(server_url)).cloned();
    let (Some(kept), Some(opened)) = (kept, &mut opened) else {
        return Err(TokenUseError::NoTokens { server_url: server_url.to_owned() }.into());
    };
    http.reporter().stage("have the IdP revoke the tokens", &spec::RFC7009_2_1_CASCADE).await;
    match revoke(http, authorized, &state, &kept).await {
        Ok(()) => {}
        // Nobody ever will: there is no endpoint for it, or the client is gone.
        Err(failure) if ["idp.no-endpoint", "idp.client-unknown", "refresh.none"].contains(&failure.id.as_str()) => {
            http.reporter().note(format!("{} They are forgotten without it, and end by themselves.", failure.message));
        }
        Err(failure) => {
            let fix = format!("{} The tokens are NOT revoked, so they stay kept: -- logout again.", failure.fix);
            return Err(Failure { fix, ..failure });
        }
    }
    let place = opened.forget(server_url)?;
    http.reporter().note(format!("The tokens for {server_url} are gone from {place}."));
    Ok(())
}

async fn revoke(http: &Http, authorized: &Authorized, state: &State, kept: &Kept) -> Result<(), Failure> {
    let issued_by = authorized.issued_by(state, kept).await?;
    let (token, hint) = match &kept.tokens.refresh_token {
        Some(token) => (token, Hint::RefreshToken),
        None => (&kept.tokens.access_token, Hint::AccessToken),
    };
    // A refusal is an error, which says all; or the end of a client that is not known any more.
    let _expecting = http.reporter().expecting(Side::Idp, &rules::IDP_REVOKES, "What follows from it, is said below.");
    token_endpoints::revoke(http, &issued_by.server, &issued_by.client, token, hint).await
}

/// `-- rotate-keys`
pub async fn rotate_keys(http: &Http, issuer: &str) -> Result<(), Failure> {
    http.reporter().stage("have the IdP sign with a new key", &spec::OIDC_KEY_ROTATION).await;
    let place = Administration::sign_in(http, issuer).await?.rotate_signing_key().await?;
    http.reporter().note(format!(
        "Tokens are signed with a new key from now on. The old key stays published, so tokens that are out stay good; an MCP server fetches the \
         keys again when it meets the new kid. To take the new key back: DELETE {place}"
    ));
    Ok(())
}
