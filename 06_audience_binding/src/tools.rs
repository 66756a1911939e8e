//! The tools of the two MCP servers. One of them asks the API behind the first server: with a token
//! of the server's own, or, done wrong, with the one that its client sent.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};
use shared::http::{Http, Request};
use shared::{Failure, Secret};
use token_use::bearer;
use token_use::further::sample_tools::mcp_server::{Caller, Toolbox};
use token_use::further::sample_tools::{SampleTools, profile, tool};
use token_use::refusal::Checks;
use token_use::tools::{Needs, Table};

use crate::further::token_tables::side_by_side;
use crate::token_exchange::TokenExchange;

/// What the tools of the first server need: lesson 05's, and one that asks the API behind the
/// server.
pub const OFFICE: Table = &[
    ("get_user_profile", Needs::Token),
    ("get_weather", Needs::Read),
    ("list_files", Needs::Read),
    ("save_note", Needs::Write),
    // What there is for a user is the business of the API behind it.
    (LIST_REPORTS, Needs::Token),
];

/// What the calendar's tools need.
pub const CALENDAR: Table = &[("get_user_profile", Needs::Token), ("list_events", Needs::Read)];

/// The tool that needs a token for another server.
pub const LIST_REPORTS: &str = "list_reports";

/// The first server's tools.
pub struct Office {
    sample: SampleTools,
    reports: Arc<Reports>,
    tools: Vec<Tool>,
}

impl Office {
    /// Lesson 05's tools, and the reports.
    pub fn create(reports: Arc<Reports>) -> Result<Self, Failure> {
        let sample = SampleTools::create()?;
        let description = "The downstream API's reports for this user";
        let mut tools = sample.tools().to_vec();
        tools.push(reading(LIST_REPORTS, description));
        Ok(Self { sample, reports, tools })
    }
}

impl Toolbox for Office {
    fn tools(&self) -> &[Tool] {
        &self.tools
    }

    async fn call(&self, name: &str, arguments: &JsonObject, caller: &Caller<'_>) -> Result<String, String> {
        match name {
            LIST_REPORTS => {
                let presented = presented(caller).ok_or("There is no token, so there is no user.")?;
                self.reports.list(&presented).await
            }
            _ => self.sample.call(name, arguments, caller).await,
        }
    }
}

/// The token as the client sent it; that it is good, was seen before.
fn presented(caller: &Caller<'_>) -> Option<Secret> {
    bearer::credentials(&Checks::quiet(), caller.request?).ok().map(|credentials| Secret::new(credentials.token))
}

/// The tools of the calendar, which need no other server.
pub struct Calendar;

static CALENDAR_TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    vec![
        reading("get_user_profile", "What the access token says about its user"),
        reading("list_events", "What is in the calendar (a sample, always the same)"),
    ]
});

impl Toolbox for Calendar {
    fn tools(&self) -> &[Tool] {
        &CALENDAR_TOOLS
    }

    async fn call(&self, name: &str, _: &JsonObject, caller: &Caller<'_>) -> Result<String, String> {
        match name {
            "list_events" => Ok("09:00 Umbrella fitting\n12:00 Lunch".to_owned()),
            _ => profile(caller.token.as_deref()),
        }
    }
}

fn reading(name: &'static str, description: &'static str) -> Tool {
    let nothing: Value = json!({});
    tool(name, description, nothing, &[]).with_annotations(ToolAnnotations::new().read_only(true))
}

/// Which token the MCP server sends to the API behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSent {
    /// One of its own, by token exchange.
    Exchanged,
    /// The one that the client sent. "The MCP server MUST NOT pass through the token it received
    /// from the MCP client." (MCP 2026-07-28)
    PassedThrough,
}

/// The MCP server's way to the API behind it.
pub struct Reports {
    pub http: Http,
    pub url: String,
    /// `None` where the MCP server has no credentials at the authorization server.
    pub exchange: Option<TokenExchange>,
    sends: Mutex<TokenSent>,
}

impl Reports {
    /// The way to the API's document at `url`.
    pub fn new(http: Http, url: String, exchange: Option<TokenExchange>, sends: TokenSent) -> Self {
        Self { http, url, exchange, sends: Mutex::new(sends) }
    }

    /// Sends this token from now on.
    pub fn set(&self, sends: TokenSent) {
        *self.sends.lock().unwrap_or_else(PoisonError::into_inner) = sends;
    }

    /// The reports, for the user whose token the client sent; an error is in words for the caller.
    pub async fn list(&self, presented: &Secret) -> Result<String, String> {
        let sends = *self.sends.lock().unwrap_or_else(PoisonError::into_inner);
        let token = match sends {
            TokenSent::PassedThrough => presented.clone(),
            TokenSent::Exchanged => self.exchanged(presented).await?,
        };
        let response = self.http.send(&Request::get(&self.url).without_redirects().bearer(&token)).await;
        let response = response.map_err(|error| format!("The downstream API does not respond: {error}"))?;
        match response.status {
            200 => Ok(String::from_utf8_lossy(&response.body).into_owned()),
            status => Err(format!("The downstream API refuses this server's token: HTTP {status}.")),
        }
    }

    async fn exchanged(&self, presented: &Secret) -> Result<Secret, String> {
        let exchange = self.exchange.as_ref().ok_or(NO_CREDENTIALS)?;
        let response = exchange.exchange(presented).await;
        let token = response.map_err(|error| format!("The reports are not available: {error}."))?.access_token;
        if let Some(table) = side_by_side(presented, &token) {
            self.http.reporter().note(table);
        }
        Ok(token)
    }
}

const NO_CREDENTIALS: &str = "This MCP server has no client at its authorization server, so it cannot get a token for the API behind it. Its operator \
                              has to set MCP_SERVER_CLIENT_ID and MCP_SERVER_CLIENT_SECRET.";
