//! The complete client of all six lessons, against any MCP server: discovery, metadata,
//! registration and sign-in (lessons 01 to 04), the token's audience (this lesson), and calls with
//! refresh and step-up (lesson 05).

use authorization_code::token_response;
use authorization_code::user_agent::SignInOptions;
use clap::Args;
use protected_resource_discovery::setup::{McpServer, Setup};
use rmcp::model::JsonObject;
use serde_json::{Map, Value};
use shared::http::Http;
use shared::mcp::client::Connection;
use shared::{Failure, Side, spec};
use token_use::authorized_client::AuthorizedClient;
use token_use::client::call_tool;
use token_use::error::TokenUseError;
use token_use::further::commands;
use token_use::further::dpop::{Dpop, proving};
use token_use::further::tools_table::tools_table;
use token_use::options::UseOptions;

use crate::client::own_token;
use crate::further::audience_probe;
use crate::further::grant_options::GrantOptions;
use crate::parties::LessonOptions;
use crate::{audience, rules};

/// Arguments of `-- client`.
#[derive(Args)]
pub struct ClientArguments {
    /// The MCP server.
    #[command(flatten)]
    pub server: McpServer,
    /// Call this tool
    #[arg(long, value_name = "NAME")]
    call: Option<String>,
    /// Its arguments, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}", requires = "call")]
    args: String,
    /// Test whether the server checks aud: send it a token that does not name it
    #[arg(long, conflicts_with = "grant")]
    probe_audience: bool,
    /// How tokens are used.
    #[command(flatten)]
    pub uses: UseOptions,
    /// Tokens without a sign-in.
    #[command(flatten)]
    pub grant: GrantOptions,
}

/// Runs `-- client`: prepares the client that the arguments describe, and lets it do its task.
pub async fn run(setup: &Setup<'_>, options: &LessonOptions, arguments: &ClientArguments) -> Result<(), Failure> {
    let server_url = arguments.server.server_url.as_str();
    let call = match &arguments.call {
        Some(name) => Some((name.as_str(), commands::arguments(&arguments.args)?)),
        None => None,
    };
    let plan = options.plan(None, true)?.for_server(&arguments.server);
    let chosen = arguments.grant.choose(&plan, &options.sign_in)?;
    let dpop = arguments.uses.key()?;
    let company_idp = arguments.grant.company_idp.as_deref();
    setup.run.announce_client(server_url);
    let http = proving(&setup.run.http(server_url, company_idp.as_slice()).await?, dpop.as_ref());
    let sign_in = SignInOptions { dpop: dpop.is_some(), ..options.sign_in.clone() };
    let authorized = match chosen {
        Some(chosen) => {
            let grant = chosen.prepare(&http).await?;
            AuthorizedClient::by_grant(http.clone(), server_url, plan, sign_in, grant)
        }
        None => AuthorizedClient::new(http.clone(), server_url, plan, sign_in, None, None, false),
    };
    let task = ClientTask { call, probe: arguments.probe_audience, dpop: dpop.as_deref() };
    complete(&http, server_url, &authorized, task).await
}

/// What the complete client is asked to do.
pub struct ClientTask<'a> {
    /// The tool to call, and its arguments.
    pub call: Option<(&'a str, JsonObject)>,
    /// Find out whether the server looks at `aud`.
    pub probe: bool,
    /// The key that the tokens are to be bound to, if any.
    pub dpop: Option<&'a Dpop>,
}

/// The client of all six lessons, against any MCP server: discovery, metadata, registration,
/// sign-in (lessons 01 to 04), for whom the token is, and calls with it, with refresh and step-up
/// as they come (lesson 05).
pub async fn complete(
    http: &Http,
    server_url: &str,
    authorized: &AuthorizedClient,
    task: ClientTask<'_>,
) -> Result<(), Failure> {
    authorized.sign_in_first(&[]).await?;
    let has_token = authorized.tokens().await.is_some();
    if has_token {
        check_bound(http, authorized, server_url).await?;
    }
    let reporter = http.reporter();
    if let (Some(dpop), Some(stored)) = (task.dpop, authorized.tokens().await) {
        reporter.stage("check that the token is bound to the client's key", &spec::RFC9449_7).await;
        dpop.check_bound(reporter, &stored.tokens.access_token);
    }
    reporter.stage("list the tools, with the token", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
    let opened = Connection::open(authorized.clone(), server_url).await;
    let refused = opened.as_ref().err().and_then(|failure| failure.cause());
    if let Some(TokenUseError::Refused(_)) = refused {
        show_claims(http, authorized, server_url).await?;
    }
    let connection = opened?;
    reporter.announce(tools_table(&connection.list_tools().await?, has_token));
    match task.call {
        Some((name, arguments)) => {
            reporter.stage(format!("call {name}, with the token"), &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
            let said = call_tool(&connection, name, arguments).await?;
            reporter.announce(format!("{name} says: {said}"));
            reporter.result(format!("{name}: {said}"));
        }
        // The client calls an untrusted server's tools only when the user asks for it.
        None => reporter.announce("This run calls no tool. To call one, pass --call NAME --args JSON."),
    }
    connection.close().await;
    if task.probe { audience_probe::run(http, server_url, authorized).await } else { Ok(()) }
}

/// Checks that the authorization server has bound the token to the MCP server, and to no other.
pub async fn check_bound(http: &Http, authorized: &AuthorizedClient, server_url: &str) -> Result<(), Failure> {
    let reporter = http.reporter();
    reporter.stage("check the token's audience", &spec::MCP_AUDIENCE_BINDING).await;
    let claims = show_claims(http, authorized, server_url).await?;
    if claims.is_empty() {
        return Ok(());
    }
    let audiences = token_response::audiences(&claims);
    let expected = format!("aud is {server_url} and no other server");
    let got = token_response::named(&audiences);
    let fix = "have the IdP follow resource (RFC 8707), or give each MCP server's scopes their own audience. Each server that a token names can use it \
               at the others.";
    let idp = reporter.on(Side::Idp);
    idp.with_fix(fix).recommend(&rules::IDP_BINDS, audiences == [server_url], expected, got);
    Ok(())
}

/// Shows the client's token, claim by claim; returns its claims, where it can be read.
async fn show_claims(
    http: &Http,
    authorized: &AuthorizedClient,
    server_url: &str,
) -> Result<Map<String, Value>, Failure> {
    let reporter = http.reporter();
    let Some(claims) = token_response::claims(&own_token(authorized).await?) else {
        reporter.announce(
            "Only the IdP can read this token. The server has to ask the IdP for the token's audience (introspection, lesson 05).",
        );
        return Ok(Map::new());
    };
    let issuer = authorized.tokens().await.map(|stored| stored.issuer).unwrap_or_default();
    reporter.announce(audience::verdict("The token, claim by claim:", &claims, &issuer, &[server_url.to_owned()]));
    Ok(claims)
}
