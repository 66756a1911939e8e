//! The tools of the two MCP servers.

use std::sync::{Arc, LazyLock};

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};
use shared::{Failure, Secret};
use token_use::bearer;
use token_use::refusal::Checks;
use token_use::tools::{Caller, SampleTools, Toolbox, profile, tool};
use token_use::tools::{Needs, Table};

use crate::reports::Reports;

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
        let description = "The reports that the downstream API has for this user";
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

/// The calendar's tools.
pub struct Calendar;

static CALENDAR_TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    vec![
        reading("get_user_profile", "What the access token says of its user"),
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
