//! The client's part, top to bottom: lessons 01 to 04, then the token is used until it is no longer
//! valid.

use std::sync::Arc;

use dynamic_client_registration::ClientInformation;
use rmcp::model::JsonObject;
use serde_json::{Value, json};
use shared::http::Http;
use shared::mcp::client::Connection;
use shared::{Failure, Rule, Side, marked_lines, spec};

use crate::authorized_client::AuthorizedClient;
use crate::error::TokenUseError;
use crate::further::dpop::Dpop;
use crate::further::token_endpoints;
use crate::further::tools_table::tools_table;
use crate::rules;
use crate::token_store::TAKES_REFRESH_TOKEN;

/// The client of one MCP server, and what the story needs beside it.
pub struct Story<'a> {
    /// Shows every request.
    pub http: &'a Http,
    /// The MCP server.
    pub server_url: &'a str,
    /// The client.
    pub authorized: AuthorizedClient,
    /// Whether the MCP server is this lesson's, in this process; `client` runs against anybody's.
    pub is_own_server: bool,
    /// Going further: how the MCP server authenticates to the authorization server, where that is
    /// known.
    pub resource_server: Option<ClientInformation>,
    /// Going further: the key that the tokens are bound to, if they are.
    pub dpop: Option<Arc<Dpop>>,
}

impl Story<'_> {
    /// From the first token to the last.
    pub async fn tell(&self) -> Result<(), Failure> {
        self.authorized.sign_in_first(&[]).await?;
        let reporter = self.http.reporter();
        if let Some(dpop) = &self.dpop {
            dpop.look_at_the_binding(reporter, &self.authorized).await;
        }

        reporter.stage("list the tools, with the token", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
        let connection = Connection::open(self.authorized.clone(), self.server_url).await?;
        let tools = connection.list_tools().await?;
        let has_token = self.authorized.tokens().await.is_some();
        reporter.note(tools_table(&tools, has_token));
        if !has_token {
            reporter.note(
                "The server required no token so far. call-tool NAME calls a tool, and signs in when the server requires it.",
            );
            connection.close().await;
            return Ok(());
        }

        // An untrusted server's tools are called only by a user who asks for that.
        let is_ours = tools.iter().any(|tool| tool.name == "get_weather");
        if is_ours {
            self.call_tools(&connection).await?;
            self.step_up(&connection).await?;
        } else {
            reporter.note(
                "These are not this lesson's tools, so this run calls none of them. Call one with call-tool NAME.",
            );
        }
        self.refresh(&connection, is_ours).await?;
        token_endpoints::introspect_and_revoke(self, &connection).await?;
        if self.is_own_server {
            self.use_a_token_for_another_server().await?;
        }
        connection.close().await;
        Ok(())
    }

    async fn call_tools(&self, connection: &Connection) -> Result<(), Failure> {
        self.http.reporter().stage("call tools that the token allows", &spec::MCP_TOOLS_VARY).await;
        self.call(connection, "get_user_profile", &json!({})).await?;
        self.call(connection, "get_weather", &json!({"city": "Oslo"})).await?;
        self.call(connection, "list_files", &json!({})).await
    }

    /// A tool that writes: 403, the user is asked for more, and the same call is made again.
    async fn step_up(&self, connection: &Connection) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("call a tool that the token does not allow", &spec::MCP_STEP_UP).await;
        let before = self.authorized.refusals().await.too_little;
        let why = "This is how a client learns which scope it lacks.";
        let expecting = reporter.expecting_refusal(Side::Server, &rules::SCOPE, why);
        let note = json!({"name": format!("shopping-{}", shared::now()), "text": "Umbrella for Oslo"});
        let called = self.call(connection, "save_note", &note).await;
        drop(expecting);
        let refused = self.authorized.refusals().await.too_little > before;
        self.check_refused(&rules::SERVER_WANTS_SCOPE, refused, "403 to a token without the tool's scope");
        match called {
            // Who may not write cannot be given more by signing in again; the rest of the story
            // goes on with less.
            Err(failure) if matches!(failure.cause(), Some(TokenUseError::NotGranted { .. })) => {
                reporter
                    .note(format!("{failure} The client gives up on this tool and continues with its present access."));
                return Ok(());
            }
            result => result?,
        }
        reporter.stage("list the tools once more", &spec::MCP_TOOLS_VARY).await;
        reporter.note(tools_table(&connection.list_tools().await?, true));
        Ok(())
    }

    /// A token that the server takes no more: 401, a new one for the refresh token, and the same
    /// request is made again.
    async fn refresh(&self, connection: &Connection, is_ours: bool) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("use a token that is no longer valid", &spec::MCP_INVALID_TOKEN_401).await;
        reporter.note("Instead of waiting until the token expires, the client changes its last characters.");
        self.authorized.spoil_access_token().await;
        let before = self.authorized.refusals().await.bad_token;
        let why = "This is how a client learns that it needs another token.";
        let expecting = reporter.expecting_refusal(Side::Server, &rules::SIGNATURE, why);
        if is_ours {
            self.call(connection, "get_weather", &json!({"city": "Lisbon"})).await?;
        } else {
            connection.list_tools().await?;
        }
        drop(expecting);
        let refused = self.authorized.refusals().await.bad_token > before;
        self.check_refused(&rules::SERVER_REFUSES_BAD_TOKEN, refused, "401 to a token with a wrong signature");
        // The refresh token was minutes old at the most. That the user could sign in again does not
        // make up for it.
        if reporter.result_of(&rules::IDP_TAKES_REFRESH_TOKEN) == Some(false) {
            let got = "the IdP refused it, and the user had to sign in again";
            let expected = TAKES_REFRESH_TOKEN.expected;
            reporter.on(Side::Idp).require(&rules::IDP_TAKES_REFRESH_TOKEN, false, expected, got).ok();
        }
        Ok(())
    }

    /// What the server had to refuse, seen from the client.
    fn check_refused(&self, rule: &'static Rule, refused: bool, expected: &str) {
        let got = if refused { "it did" } else { "it accepted it" };
        self.http.reporter().require(rule, refused, format!("the server responds with {expected}"), got).ok();
    }

    /// Calls a tool, and reports what it says.
    pub async fn call(&self, connection: &Connection, name: &str, arguments: &Value) -> Result<(), Failure> {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let said = call_tool(connection, name, arguments).await?;
        self.http.reporter().note(format!("{name} says: {said}"));
        self.http.reporter().result(format!("{name}: {said}"));
        Ok(())
    }
}

/// Calls a tool; what it says, where it worked.
pub async fn call_tool(connection: &Connection, name: &str, arguments: JsonObject) -> Result<String, Failure> {
    let result = connection.call_tool(name, arguments).await?;
    let texts = result.content.iter().filter_map(|block| block.as_text().map(|text| text.text.as_str()));
    let said = marked_lines(&texts.collect::<Vec<_>>().join("\n"));
    match result.is_error {
        Some(true) => Err(TokenUseError::Tool { name: name.to_owned(), said }.into()),
        _ => Ok(said),
    }
}
