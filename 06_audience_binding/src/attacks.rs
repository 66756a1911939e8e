//! `--break`: one token where it does not belong, after an honest sign-in.

use serde_json::{Map, json};
use shared::breakage::Breakage;
use shared::http::Http;
use shared::mcp::client::Connection;
use shared::{Failure, Secret, Side, mcp, spec};
use token_use::authorized_client::Authorized;
use token_use::sabotage::attacks::try_honestly;

use crate::error::AudienceError;
use crate::other_tokens::OtherTokens;
use crate::tools::LIST_REPORTS;
use crate::{breakages, rules};

/// The servers that an attack goes to.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The MCP server.
    pub server_url: &'a str,
    /// The other one, and a scope of its own.
    pub other: (&'a str, &'a [String]),
    /// Whether the MCP server is in another process: then its answer is all that there is to see.
    pub is_alone: bool,
}

/// Sends what the switch says, and tells how the server answers.
pub async fn run(http: &Http, others: OtherTokens<'_>, target: Target<'_>, breakage: &Breakage) -> Result<(), Failure> {
    let reporter = http.reporter();
    if breakage.name == breakages::PASSTHROUGH.name {
        reporter.stage("call a tool that asks the API behind the server", &spec::MCP_PASSTHROUGH).await;
        let connection = Connection::open(others.authorized.clone(), target.server_url).await?;
        let said = token_use::client::call_tool(&connection, LIST_REPORTS, Map::new()).await;
        connection.close().await;
        return match said {
            Err(failure) if failure.id == "tool.failed" => {
                reporter.note(failure.message);
                Ok(())
            }
            said => said.map(drop),
        };
    }
    if target.is_alone && breakage.broken_by == Side::Client {
        let tokens = others.authorized.tokens().await.ok_or(AudienceError::NotSignedIn)?.tokens;
        try_honestly(http, target.server_url, &tokens, breakage.name).await?;
    }
    let token = token(others, target, breakage).await?;
    if breakage.name == breakages::EXCHANGE_NOT_IN_AUDIENCE.name {
        reporter.stage("have a careless server exchange another server's token", &spec::RFC8693_2_1).await;
        let request = mcp::call_tool_request(target.server_url, LIST_REPORTS, &json!({})).bearer(&token);
        http.send(&request).await?;
        return Ok(());
    }
    reporter.stage("use a token that is not for this server", &spec::MCP_AUDIENCE).await;
    let status = http.send(&mcp::discover_request(target.server_url).bearer(&token)).await?.status;
    let verb = if status == 401 { "refuses, as it must" } else { "does not refuse it with 401" };
    reporter.note(format!("The server {verb}: HTTP {status}."));
    if !target.is_alone {
        return Ok(());
    }
    let expected = "the server refuses a token that does not name it: HTTP 401";
    match reporter.check(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, format!("HTTP {status}")) {
        true => Ok(()),
        false => {
            Err(AudienceError::Slipped { what: format!("what --break {} sent", breakage.name), got: status }.into())
        }
    }
}

async fn token(others: OtherTokens<'_>, target: Target<'_>, breakage: &Breakage) -> Result<Secret, Failure> {
    let reporter = others.http.reporter();
    let (other, scopes) = target.other;
    let tokens = match breakage.name {
        name if name == breakages::MISSING_AUDIENCE.name => {
            reporter.note("The user signs in once more, and the client asks for no scope (lesson 04, not shown).");
            others.token(target.server_url, &[]).await?
        }
        name if name == breakages::ACCOUNT_AUDIENCE.name => {
            let note = "A client that the administrator lets register has full scope; the user signs in for it (lessons 03 and 04, not shown).";
            reporter.on(Side::Client).note(note);
            others.of_account(target.server_url).await?
        }
        // What the IdP breaks, the client passes on.
        _ if breakage.broken_by == Side::Idp => return own(others.authorized).await,
        _ => {
            reporter.note(format!("The user signs in for {other}, the calendar (lesson 04, not shown)."));
            others.token(other, scopes).await?
        }
    };
    Ok(tokens.access_token)
}

/// The token that the client has.
pub async fn own(authorized: &Authorized) -> Result<Secret, Failure> {
    Ok(authorized.tokens().await.ok_or(AudienceError::NotSignedIn)?.tokens.access_token)
}
