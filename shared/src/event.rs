//! What a run can say. Code emits events; the [`Reporter`](crate::Reporter) prints them.
//!
//! The JSON form of each event is described by `events.schema.json` beside this crate's
//! `Cargo.toml`.

use std::panic::Location;

use serde::Serialize;
use serde_json::Value;

use crate::lesson::LessonId;
use crate::spec::SpecRef;

/// The version of the JSON form. It rises when a member is renamed or removed.
pub const VERSION: u32 = 1;

/// Who speaks: each of the three parties sees the flow from its own side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The MCP client: in OAuth, the client.
    Client,
    /// The MCP server: in OAuth, the resource server.
    Server,
    /// The identity provider: in OAuth, the authorization server.
    Idp,
}

impl Side {
    /// The name that a person reads.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
            Side::Idp => "IdP",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How strongly a standard asks for something (RFC 2119). "MUST NOT" and "SHOULD NOT" count as
/// their positive forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Keyword {
    /// Missing it ends the story.
    Must,
    /// Missing it is shown, and the story goes on.
    Should,
}

impl std::fmt::Display for Keyword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Keyword::Must => "MUST",
            Keyword::Should => "SHOULD",
        })
    }
}

/// One decision that a lesson takes. It has the same id whether it passes or fails.
#[derive(Debug)]
pub struct Rule {
    /// For example `metadata.resource-identical`.
    pub id: &'static str,
    /// How strongly the standard asks for it.
    pub keyword: Keyword,
    /// The sentence that asks for it.
    pub spec: &'static SpecRef,
    /// Where it is written down: see [`Rule::lesson`].
    defined_at: &'static Location<'static>,
}

impl Rule {
    /// A rule that a standard requires.
    #[track_caller]
    pub const fn must(id: &'static str, spec: &'static SpecRef) -> Self {
        Self { id, keyword: Keyword::Must, spec, defined_at: Location::caller() }
    }

    /// A rule that a standard recommends.
    #[track_caller]
    pub const fn should(id: &'static str, spec: &'static SpecRef) -> Self {
        Self { id, keyword: Keyword::Should, spec, defined_at: Location::caller() }
    }

    /// The lesson that teaches it; `None` for a rule outside the lessons.
    pub fn lesson(&self) -> Option<LessonId> {
        LessonId::of(self.defined_at)
    }
}

/// A check that failed: the rule, what it requires, what was seen, and what to do about it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The rule.
    pub rule: &'static Rule,
    /// What it requires.
    pub expected: String,
    /// What was seen instead.
    pub seen: String,
    /// What to do about it; empty where the check gives no advice.
    pub fix: String,
}

/// A header of a request or a response, redacted.
pub type Header = (String, String);

/// Why a failure is expected, and therefore not counted. The text is for a person.
#[derive(Clone, Debug)]
pub enum Expected {
    /// The lesson provokes a refusal: the party that refuses does what it must.
    Refusal(String),
    /// The lesson, or `--break`, shows what happens when a rule is not followed.
    Demonstration(String),
}

/// One line of the JSON form, without `v`, `seq` and `side`, which the
/// [`Reporter`](crate::Reporter) adds.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A new stage of the flow begins.
    Stage {
        /// Counts from 1 within a run.
        n: usize,
        /// What happens in it.
        title: String,
        /// The lesson that teaches this stage; `None` outside the lessons.
        #[serde(skip_serializing_if = "Option::is_none")]
        lesson: Option<LessonId>,
        /// Whether it is beside the lesson's straight path: see FURTHER.md.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_aside: bool,
        /// The standard that describes it.
        spec: &'static SpecRef,
    },
    /// An HTTP request went out.
    Sent {
        /// For example `POST`.
        method: String,
        /// As it was given, with secrets masked.
        url: String,
        /// With secrets masked.
        headers: Vec<Header>,
        /// JSON where it is JSON, else a string; `null` without a body.
        body: Value,
        /// The same request as a line for a shell, with placeholders for secrets.
        curl: String,
    },
    /// The response to the request before it.
    Received {
        /// HTTP status code.
        status: u16,
        /// With secrets masked.
        headers: Vec<Header>,
        /// JSON where it is JSON, else a string; `null` without a body.
        body: Value,
        /// Milliseconds from sending the request to the last byte of the response.
        ms: u64,
    },
    /// A decision, with what it compared.
    Checked {
        /// [`Rule::id`].
        id: &'static str,
        /// [`Rule::keyword`].
        keyword: Keyword,
        /// [`Rule::lesson`].
        #[serde(skip_serializing_if = "Option::is_none")]
        lesson: Option<LessonId>,
        /// Whether the rule was kept.
        passed: bool,
        /// What the rule asks for.
        expected: String,
        /// What was seen.
        got: String,
        /// [`Rule::spec`].
        spec: &'static SpecRef,
        /// What to do about a failure.
        #[serde(skip_serializing_if = "str::is_empty")]
        fix: String,
        /// A failure that `--break` provoked, or that a stage is there to show, is not counted.
        #[serde(flatten, serialize_with = "expected_failure")]
        failure_expected: Option<Expected>,
    },
    /// The user's browser carries an OAuth message between the client and the authorization server.
    Carried {
        /// The authorization response, on its way to the client; else the authorization request.
        is_response: bool,
        /// The URL that the browser opens, with secrets masked.
        url: String,
    },
    /// An authorization server issued a token that can be read. The person's view has it in notes.
    Token {
        /// For example `access_token`.
        name: &'static str,
        /// The token as other events show it.
        token: String,
        /// The members of its JOSE header.
        header: Vec<Claim>,
        /// Its claims, in its order.
        claims: Vec<Claim>,
    },
    /// Something worth knowing.
    Note {
        /// One or more lines.
        text: String,
        /// A person must not miss it: it is printed in a folded stage too.
        #[serde(skip)]
        is_urgent: bool,
    },
    /// What a lesson has come to, in one line.
    Result {
        /// The lesson.
        lesson: LessonId,
        /// For example the authorization server that was found.
        text: String,
    },
    /// Why the run cannot go on.
    Error {
        /// Names the decision that failed.
        id: String,
        /// What was expected and what was seen.
        message: String,
        /// What to do about it.
        fix: String,
    },
    /// The last line of every run.
    Outcome {
        /// Whether the run succeeded.
        ok: bool,
        /// Stages begun.
        stages: usize,
        /// Checks made.
        checks: usize,
        /// Checks on a MUST that failed, without those that `--break` provoked.
        failed: usize,
        /// Checks on a SHOULD that failed, without those that `--break` provoked.
        missed: usize,
        /// The exit code of the process.
        exit: u8,
        /// What `--break` did, and whether it was noticed.
        #[serde(rename = "break", skip_serializing_if = "Option::is_none")]
        broken: Option<Broken>,
    },
}

/// A claim of a token, or a member of its header, for a person.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// For example `aud`.
    pub name: String,
    /// Its value; times as dates.
    pub value: String,
    /// What it says, in a few words; empty where nobody knows.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub meaning: &'static str,
}

/// What came of a `--break` switch.
#[derive(Clone, Debug, Serialize)]
pub struct Broken {
    /// The word after `--break`.
    pub name: &'static str,
    /// Who broke the rule.
    pub broken_by: Side,
    /// What that party did wrong, as a clause.
    pub what: &'static str,
    /// Who should notice.
    pub caught_by: Side,
    /// The id of the rule whose check should fail.
    pub caught_as: &'static str,
    /// Whether it did.
    pub is_caught: bool,
}

/// The JSON form of an expected failure: that it was expected, how, and why.
fn expected_failure<S: serde::Serializer>(expected: &Option<Expected>, serializer: S) -> Result<S::Ok, S::Error> {
    let members = expected.as_ref().map(|expected| {
        let (kind, why) = match expected {
            Expected::Refusal(why) => ("refusal", why),
            Expected::Demonstration(why) => ("demonstration", why),
        };
        [("expected_failure", Value::Bool(true)), ("expected_as", kind.into()), ("why", why.as_str().into())]
    });
    serializer.collect_map(members.into_iter().flatten())
}
