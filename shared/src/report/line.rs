//! The JSON form of events, read back: `events.schema.json` describes it.

use serde::Deserialize;
use serde_json::Value;

/// The person's word for a side, and which lane its events belong to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    Client,
    Server,
    Idp,
}

impl Speaker {
    /// The party's name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "MCP client",
            Self::Server => "MCP server",
            Self::Idp => "identity provider",
        }
    }
}

/// One line of a run.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    pub seq: u64,
    pub side: Speaker,
    #[serde(flatten)]
    pub said: Said,
}

/// What a line says: see [`Event`](crate::event::Event).
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Said {
    Stage(Heading),
    Sent(Request),
    Received(Response),
    Carried { is_response: bool, url: String },
    Checked(Check),
    Token(Token),
    Note { text: String },
    Result { lesson: String, text: String },
    Error(Problem),
    Outcome(Outcome),
}

#[derive(Clone, Debug, Deserialize)]
pub struct Heading {
    pub n: usize,
    pub title: String,
    pub lesson: Option<String>,
    pub spec: Spec,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    pub curl: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    pub ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Check {
    pub id: String,
    pub keyword: String,
    pub passed: bool,
    pub expected: String,
    pub got: String,
    pub spec: Spec,
    #[serde(default)]
    pub fix: String,
    pub expected_as: Option<ExpectedAs>,
    #[serde(default)]
    pub why: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ExpectedAs {
    Refusal,
    Demonstration,
}

impl Check {
    /// Whether the check counts as a failure.
    pub fn is_failure(&self) -> bool {
        !self.passed && self.expected_as.is_none()
    }

    /// ✔, ✘ or ⚠, as in the terminal.
    pub fn mark(&self) -> &'static str {
        match self.expected_as {
            _ if self.passed => "✔",
            Some(ExpectedAs::Refusal) => "✔",
            Some(ExpectedAs::Demonstration) => "⚠",
            None => "✘",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct Spec {
    pub id: String,
    pub section: String,
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub quote: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Token {
    pub name: String,
    pub token: String,
    pub header: Vec<Claim>,
    pub claims: Vec<Claim>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Claim {
    pub name: String,
    pub value: String,
    #[serde(default)]
    pub meaning: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Problem {
    pub id: String,
    pub message: String,
    pub fix: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Outcome {
    pub ok: bool,
    pub stages: usize,
    pub checks: usize,
    pub failed: usize,
    pub missed: usize,
    #[serde(rename = "break")]
    pub broken: Option<Broken>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Broken {
    pub name: String,
    pub broken_by: Speaker,
    pub what: String,
    pub caught_by: Speaker,
    pub caught_as: String,
    pub is_caught: bool,
}
