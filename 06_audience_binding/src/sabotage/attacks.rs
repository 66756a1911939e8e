//! What the client sends for `--break`: one token where it does not belong, after a valid sign-in.

use authorization_code::further::recipients::send_anyway;
use authorization_code::user_agent::SignInOptions;
use keycloak::SERVERS;
use protected_resource_discovery::setup::Setup;
use serde_json::{Map, json};
use shared::breakage::Switch as _;
use shared::http::Http;
use shared::mcp::client::Connection;
use shared::{Failure, Secret, Side, mcp, spec};
use token_use::authorized_client::AuthorizedClient;
use token_use::sabotage::attacks::try_honestly;

use crate::client::own_token;
use crate::complete_client::ClientArguments;
use crate::error::AudienceError;
use crate::further::account_token::account_token;
use crate::further::error::GrantError;
use crate::parties::LessonOptions;
use crate::rules;
use crate::sabotage::Switch;
use crate::tools::LIST_REPORTS;

/// `-- client --break RULE`: the client alone, against any MCP server.
pub async fn run_client(
    setup: &Setup<'_>,
    options: &LessonOptions,
    arguments: &ClientArguments,
    switch: Switch,
) -> Result<(), Failure> {
    if arguments.uses.dpop {
        let message = "--break sends bearer tokens here, but --dpop requests bound tokens.";
        return Err(Failure::new(
            "configuration.dpop",
            message,
            "Leave one of the two out. Lesson 05 has switches that break DPoP.",
        ));
    }
    if arguments.grant.grant.is_some() {
        return Err(GrantError::NoBreak { name: switch.breakage().name.to_owned() }.into());
    }
    let server_url = arguments.server.server_url.as_str();
    let (plan, sign_in) = (options.plan(None, true)?.for_server(&arguments.server), &options.sign_in);
    setup.run.announce_client(server_url);
    let http = &setup.run.http(server_url, &[]).await?;
    let authorized = &AuthorizedClient::new(http.clone(), server_url, plan, sign_in.clone(), None, None, true);
    let other = (SERVERS[1], options.scopes()[1]);
    Attack { http, authorized, sign_in, server_url, other, is_alone: true }.run(switch).await
}

/// The client that attacks, and the servers that it attacks.
#[derive(Clone, Copy)]
pub struct Attack<'a> {
    pub http: &'a Http,
    pub authorized: &'a AuthorizedClient,
    pub sign_in: &'a SignInOptions,
    pub server_url: &'a str,
    /// The other one, and a scope of its own.
    pub other: (&'a str, &'a [String]),
    /// Whether the MCP server is in another process: then its response is all that there is to see.
    pub is_alone: bool,
}

impl Attack<'_> {
    /// Signs in, sends what the switch says, and reports how the server responds.
    pub async fn run(&self, switch: Switch) -> Result<(), Failure> {
        self.authorized.sign_in_first(&[]).await?;
        match switch {
            Switch::ScopesOfAnotherServer => self.open_the_connection().await,
            Switch::Passthrough => self.call_list_reports().await,
            Switch::ExchangeNotInAudience => self.have_another_token_exchanged().await,
            Switch::OtherServersToken
            | Switch::AudienceArray
            | Switch::MissingAudience
            | Switch::AudienceSlash
            | Switch::AccountAudience => self.present_token(switch).await,
        }
    }

    /// What every client does with a new token: the one of this client is for another server.
    async fn open_the_connection(&self) -> Result<(), Failure> {
        self.http.reporter().stage("list the tools, with the token", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
        let connection = Connection::open(self.authorized.clone(), self.server_url).await?;
        connection.close().await;
        Ok(())
    }

    async fn call_list_reports(&self) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("call a tool that needs the API behind the server", &spec::MCP_PASSTHROUGH).await;
        let connection = Connection::open(self.authorized.clone(), self.server_url).await?;
        let said = token_use::client::call_tool(&connection, LIST_REPORTS, Map::new()).await;
        connection.close().await;
        // What the API says is in the error; a tool that works is what should not happen.
        if let Err(failure) = said {
            reporter.note(failure.message);
        }
        Ok(())
    }

    async fn have_another_token_exchanged(&self) -> Result<(), Failure> {
        let token = self.calendars_token().await?;
        let stage = "let a server without the check exchange another server's token";
        self.http.reporter().stage(stage, &spec::RFC8693_2_1).await;
        let request = mcp::call_tool_request(self.server_url, LIST_REPORTS, &json!({}));
        self.http.send(&send_anyway(request, &token)).await?;
        Ok(())
    }

    async fn present_token(&self, switch: Switch) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let breakage = switch.breakage();
        if self.is_alone && breakage.broken_by == Side::Client {
            let stored = self.authorized.tokens().await.ok_or(AudienceError::NotSignedIn)?;
            try_honestly(self.http, self.server_url, &stored.tokens, breakage.name).await?;
        }
        let token = self.token(switch).await?;
        reporter.stage("use a token that is not for this server", &spec::MCP_AUDIENCE).await;
        let request = send_anyway(mcp::discover_request(self.server_url), &token);
        let status = self.http.send(&request).await?.status;
        let verb = if status == 401 { "refuses it, as it must" } else { "does not refuse it with 401" };
        reporter.note(format!("The server {verb}: HTTP {status}."));
        if !self.is_alone {
            return Ok(());
        }
        let expected = "the server refuses a token that does not name it: HTTP 401";
        reporter
            .require(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, format!("HTTP {status}"))
            .map_err(|_| slipped_through(breakage.name, status))
    }

    async fn token(&self, switch: Switch) -> Result<Secret, Failure> {
        let reporter = self.http.reporter();
        match switch {
            Switch::MissingAudience => {
                reporter.note("The user signs in again, and the client requests no scope (lesson 04, not shown).");
                Ok(self.authorized.token_for(self.http, self.server_url, &[]).await?.access_token)
            }
            Switch::AccountAudience => {
                let note = "The client registers with an Initial Access Token, so it has full scope. The user signs in for it (lessons 03 and 04, not \
                    shown).";
                reporter.on(Side::Client).note(note);
                let tokens = account_token(self.http, self.authorized, self.sign_in, self.server_url).await?;
                Ok(tokens.access_token)
            }
            Switch::OtherServersToken | Switch::ExchangeNotInAudience => self.calendars_token().await,
            // What the IdP breaks, the client passes on.
            Switch::AudienceArray | Switch::AudienceSlash | Switch::ScopesOfAnotherServer | Switch::Passthrough => {
                own_token(self.authorized).await
            }
        }
    }

    async fn calendars_token(&self) -> Result<Secret, Failure> {
        let (other, scopes) = self.other;
        let note = format!("The user signs in for {other}, the calendar (lesson 04, not shown).");
        self.http.reporter().note(note);
        Ok(self.authorized.token_for(self.http, other, scopes).await?.access_token)
    }
}

/// The failure of a server that did not notice what the switch of this name sent.
pub fn slipped_through(name: &str, status: u16) -> Failure {
    let message = format!("The server did not refuse what --break {name} sent with 401: HTTP {status}.");
    Failure::new("break.slipped-through", message, "Tell the server's operator which check is missing.")
}
