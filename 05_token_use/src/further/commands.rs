//! Commands over the tokens that are kept for an MCP server (lesson 04's `authorize`, or this
//! one's).

use authorization_code::further::stored_tokens::{self, Kept};
use authorization_code::user_agent::SignInOptions;
use clap::Subcommand;
use dynamic_client_registration::further::administration::Administration;
use dynamic_client_registration::further::options::Plan;
use keycloak::Lifetime;
use protected_resource_discovery::further::select::Wanted;
use protected_resource_discovery::setup::{McpServer, Setup};
use rmcp::model::JsonObject;
use serde_json::Value;
use shared::http::Http;
use shared::kept::Home;
use shared::mcp::client::Connection;
use shared::{Failure, Side, spec};

use crate::authorized_client::AuthorizedClient;
use crate::client;
use crate::error::TokenUseError;
use crate::further::error::FurtherError;
use crate::further::rules;
use crate::further::token_endpoints::{self, Hint};
use crate::further::tools_table::tools_table;

/// What can be done with kept tokens.
#[derive(Subcommand)]
pub enum KeptCommand {
    /// Sign in at the IdP of an MCP server, and store the tokens
    Authorize(McpServer),
    /// List the MCP server's tools with the stored tokens
    ListTools(McpServer),
    /// Call a tool with the stored tokens
    CallTool {
        /// The tool's name
        name: String,
        /// Its arguments, a JSON object
        #[arg(long, value_name = "JSON", default_value = "{}")]
        args: String,
        /// The MCP server.
        #[command(flatten)]
        server: McpServer,
    },
    /// Refresh the stored tokens
    Refresh(McpServer),
    /// Have the IdP revoke the stored tokens, and delete them
    Logout(McpServer),
}

/// Runs the command. `plan` is for a client that has to register first.
pub async fn run(setup: &Setup<'_>, command: &KeptCommand, plan: Plan, sign_in: &SignInOptions) -> Result<(), Failure> {
    let (KeptCommand::Authorize(at)
    | KeptCommand::ListTools(at)
    | KeptCommand::Refresh(at)
    | KeptCommand::Logout(at)
    | KeptCommand::CallTool { server: at, .. }) = command;
    no_break(setup)?;
    let url = at.server_url.as_str();
    setup.run.announce_client(url);
    let http = setup.run.http(url, &[]).await?;
    let home = Home::of_user(&setup.run.reporter)?;
    let tokens = stored_tokens::find(&home, url).await?;
    // Who authorizes, asks for new tokens.
    let tokens = tokens.filter(|_| !matches!(command, KeptCommand::Authorize(_)));
    // Where the user has to sign in again, it is where the tokens are from, unless the user says
    // otherwise.
    let from = tokens.as_ref().map(|kept| Wanted::Preferably(kept.issuer.clone()));
    let wanted = if plan.wanted == Wanted::Any { from.unwrap_or_default() } else { plan.wanted };
    let plan = Plan { wanted, ..plan }.for_server(at);
    if tokens.is_some() && sign_in.login.is_some() {
        let note = "The stored tokens are used. --login applies only if the user has to sign in again. To change the user, run -- logout first.";
        setup.run.reporter.note(note);
    }
    let authorized = AuthorizedClient::new(http.clone(), url, plan, sign_in.clone(), Some(home), tokens, false);
    match command {
        KeptCommand::Authorize(_) => authorized.sign_in_first(&[]).await,
        KeptCommand::ListTools(_) => list_tools(&http, authorized, url).await,
        KeptCommand::CallTool { name, args, .. } => call_tool(&http, authorized, url, name, args).await,
        KeptCommand::Refresh(_) => refresh(&authorized, url).await,
        KeptCommand::Logout(_) => logout(&http, &authorized, url).await,
    }
}

/// What is broken on purpose is one request of the story.
pub fn no_break(setup: &Setup<'_>) -> Result<(), Failure> {
    let Some(breakage) = setup.run.breakage else { return Ok(()) };
    let message =
        format!("--break {} breaks one request of the whole lesson, and this command runs only a part.", breakage.name);
    Err(Failure::new("configuration.break", message, "Leave the command out, or use client."))
}

/// The arguments of a tool, as `--args` has them.
pub fn arguments(text: &str) -> Result<JsonObject, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(FurtherError::Arguments { got: "another JSON value".to_owned() }.into()),
        Err(error) => Err(FurtherError::Arguments { got: format!("not JSON ({error})") }.into()),
    }
}

/// `-- list-tools`: what the server offers to the stored token.
pub async fn list_tools(http: &Http, authorized: AuthorizedClient, server_url: &str) -> Result<(), Failure> {
    http.reporter().stage("list the tools, with the token", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
    let connection = Connection::open(authorized.clone(), server_url).await?;
    let tools = connection.list_tools().await?;
    http.reporter().announce(tools_table(&tools, authorized.tokens().await.is_some()));
    connection.close().await;
    Ok(())
}

/// `-- call-tool NAME --args JSON`
pub async fn call_tool(
    http: &Http,
    authorized: AuthorizedClient,
    server_url: &str,
    name: &str,
    arguments: &str,
) -> Result<(), Failure> {
    let arguments = self::arguments(arguments)?;
    http.reporter().stage(format!("call {name}, with the token"), &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
    let connection = Connection::open(authorized, server_url).await?;
    let said = client::call_tool(&connection, name, arguments).await?;
    http.reporter().announce(format!("{name} says: {said}"));
    connection.close().await;
    Ok(())
}

/// `-- refresh`: new tokens in place of the stored ones.
pub async fn refresh(authorized: &AuthorizedClient, server_url: &str) -> Result<(), Failure> {
    if authorized.tokens().await.is_none() {
        return Err(FurtherError::NoTokens { server_url: server_url.to_owned() }.into());
    }
    authorized.refresh_now().await
}

/// `-- logout`: "the authorization server SHOULD also invalidate all access tokens based on the
/// same authorization grant" (RFC 7009 §2.1), so the refresh token is the one to revoke, at the
/// authorization server that gave it. Tokens that could not be revoked because nobody was there
/// stay, for another try.
pub async fn logout(http: &Http, authorized: &AuthorizedClient, server_url: &str) -> Result<(), Failure> {
    let mut opened = authorized.open_store().await?;
    let kept = opened.as_ref().and_then(|opened| opened.find(server_url)).cloned();
    let (Some(kept), Some(opened)) = (kept, &mut opened) else {
        return Err(FurtherError::NoTokens { server_url: server_url.to_owned() }.into());
    };
    http.reporter().stage("ask the IdP to revoke the tokens", &spec::RFC7009_2_1_CASCADE).await;
    if let Err(failure) = revoke(http, authorized, &kept).await {
        if !is_for_ever(&failure) {
            let fix = format!("{} The tokens are NOT revoked, so they stay stored. Run -- logout again.", failure.fix);
            return Err(failure.with_fix(fix));
        }
        http.reporter()
            .announce(format!("{} They are deleted here without it, and they expire at the IdP.", failure.message));
    }
    let place = opened.forget(server_url)?;
    http.reporter().announce(format!("The tokens for {server_url} are deleted from {place}."));
    Ok(())
}

/// Whether no later try can revoke the tokens: there is no endpoint for it, or it refuses for good.
fn is_for_ever(failure: &Failure) -> bool {
    let is_client_gone = matches!(failure.cause(), Some(TokenUseError::NoRefresh(_)));
    match failure.cause() {
        Some(FurtherError::NoEndpoint { .. }) => true,
        Some(FurtherError::Endpoint { is_final, .. }) => *is_final,
        _ => is_client_gone,
    }
}

async fn revoke(http: &Http, authorized: &AuthorizedClient, kept: &Kept) -> Result<(), Failure> {
    let issued_by = authorized.issued_by(kept).await?;
    let (token, hint) = match &kept.tokens.refresh_token {
        Some(token) => (token, Hint::RefreshToken),
        None => (&kept.tokens.access_token, Hint::AccessToken),
    };
    // A refusal is an error, which says all; or the end of a client that is not known any more.
    let _expecting =
        http.reporter().demonstrating(Side::Idp, &rules::IDP_REVOKES, "The next lines say what follows from this.");
    token_endpoints::revoke(http, &issued_by.server, &issued_by.client, token, hint).await
}

/// `-- rotate-keys`: the IdP makes a new key, and signs with that.
pub async fn rotate_keys(setup: &Setup<'_>) -> Result<(), Failure> {
    no_break(setup)?;
    let idp = setup.find_idp(Lifetime::Lasting, &[]).await?;
    let http = setup.run.http(idp.issuer(), &[]).await?;
    http.reporter().stage("make the IdP sign with a new key", &spec::OIDC_KEY_ROTATION).await;
    let place = Administration::sign_in_where_named(&http, idp.issuer()).await?.rotate_signing_key().await?;
    http.reporter().announce(format!(
        "The IdP now signs tokens with a new key. The old key stays published, so earlier tokens stay valid. An MCP server fetches the keys again when \
         it sees the new kid. To remove the new key: DELETE {place}"
    ));
    Ok(())
}
