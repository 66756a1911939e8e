use serde_json::json;

use super::*;
use crate::Reporter;
use crate::breakage::Breakage;
use crate::event::{Claim, Event, Rule, Side};
use crate::spec;
use crate::testing::Captured;

static AUD: Rule = Rule::must("token.aud", &spec::MCP_AUDIENCE_CLAIM);
static NOTHING: Rule = Rule::should("test.should", &spec::TUTORIAL_LIMITS);
static BREAKAGE: Breakage = Breakage::by_client("x", "does <b>x</b>", Side::Server, &AUD);

/// What no browser may take for markup, and no reader may miss.
const HOSTILE: &str = "</style><script>alert(1)</script>\" onload=\"x \u{202e}txt\u{200b} \u{1b}[31m &amp; --> ]]>";

fn sent(reporter: &Reporter, url: &str, body: Value) {
    let headers =
        vec![("authorization".to_owned(), "Bearer <access_token, 900 characters, hashed 1a2b3c4d>".to_owned())];
    let curl = format!("curl '{url}'");
    reporter.emit(&Event::Sent { method: "POST".to_owned(), url: url.to_owned(), headers, body, curl });
}

fn received(reporter: &Reporter, status: u16, body: Value) {
    reporter.emit(&Event::Received { status, headers: Vec::new(), body, ms: 1 });
}

/// A client calls a tool of an MCP server, which passes the token on to an API.
async fn passthrough(reporter: &Reporter) {
    let server = reporter.on(Side::Server);
    reporter.stage("find the IdP", &spec::RFC9728_3_3).await;
    sent(reporter, "http://idp/token", json!("grant_type=authorization_code&code=<code, hashed 0000aaaa>"));
    received(
        reporter,
        200,
        json!({"issuer": "http://idp", "access_token": "<access_token, 900 characters, hashed 1a2b3c4d>"}),
    );
    let claim = |name: &str, value: &str| Claim { name: name.to_owned(), value: value.to_owned(), meaning: "" };
    let claims = vec![
        claim("aud", "http://mcp/mcp"),
        claim("iat", "2026-11-21T12:00:00Z"),
        claim("exp", "2026-11-21T12:05:00Z"),
    ];
    let token = "<secret, 900 characters, hashed 1a2b3c4d>".to_owned();
    reporter.emit(&Event::Token { name: "access_token", token, header: vec![claim("alg", "RS256")], claims });
    reporter.stage("pass it on", &spec::RFC9728_3_3).await;
    sent(
        reporter,
        "http://mcp/mcp",
        json!({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "list_reports"}}),
    );
    server.require(&AUD, true, "aud names this server", "http://mcp/mcp").unwrap();
    sent(&server, "http://api/reports", Value::Null);
    server.recommend(&AUD, false, "aud names the API", "http://mcp/mcp");
    received(&server, 401, Value::Null);
    received(reporter, 200, json!({"jsonrpc": "2.0", "result": {}}));
}

fn run_of(captured: &Captured) -> Run {
    captured.events();
    let lines = captured.text();
    Run::of(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn each_party_has_a_lane_and_each_message_goes_from_one_to_another() {
    let captured = Captured::json();
    passthrough(&captured.reporter()).await;
    let run = run_of(&captured);
    let lanes: Vec<_> = run.parties.lanes.iter().map(|party| (party.name(), party.origin.as_str())).collect();
    let expected =
        [("MCP client", ""), ("MCP server", "http://mcp"), ("Identity provider", "http://idp"), ("API", "http://api")];
    assert_eq!(lanes, expected);
    let rows = &run.stages[2].rows;
    let shown: Vec<_> = rows
        .iter()
        .map(|row| match &row.content {
            run::Content::Arrow { from, to, .. } => format!("{from}→{to}"),
            run::Content::Checks { lane, checks, .. } => format!("{} at {lane:?}", checks.len()),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(shown, ["0→1", "1 at Some(1)", "1→3", "1 at Some(3)", "3→1", "1→0"]);
    let holdings = run.stages[2].holdings.as_ref().unwrap();
    assert_eq!(holdings.of(3).collect::<Vec<_>>(), [("access token", "1a2b3c4d")], "passthrough is visible");
    assert_eq!(holdings.of(2).count(), 1, "the code was used");
}

#[tokio::test]
async fn the_page_begins_with_what_failed_and_says_what_each_claim_was_checked_for() {
    let captured = Captured::json();
    let reporter = captured.reporter();
    passthrough(&reporter).await;
    reporter.error("token.aud", "The API refuses the token.", "Exchange it.");
    reporter.outcome(false);
    let page = render(&captured.text(), Form::Html).unwrap();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in {page}"));
    assert!(place("This run: failed") < place("What to do: Exchange it."));
    assert!(place("Look here first") < place("aud names the API"));
    assert!(place("aud names the API") < place("id=\"diagram\""));
    let card = &page[place("class=\"card\"")..];
    assert!(card.contains("valid for 5m") && card.contains("title=\"token.aud\""), "{card}");
    assert!(page.contains(spec::RFC9728_3_3.url));
    let markdown = render(&captured.text(), Form::Markdown).unwrap();
    for text in [
        "# MCP OAuth run: This run: failed",
        "What to do: Exchange it.",
        "### MUST aud names the API",
        spec::MCP_AUDIENCE_CLAIM.url,
    ] {
        assert!(markdown.contains(text), "{text}: {markdown}");
    }
}

#[test]
fn what_was_broken_and_who_noticed_stands_at_the_top() {
    for caught in [true, false] {
        let captured = Captured::json();
        let reporter = captured.reporter();
        reporter.expect(&BREAKAGE);
        reporter.on(Side::Server).recommend(&AUD, !caught, "x", "y");
        reporter.outcome(caught);
        let not = if caught { "" } else { "not " };
        for form in [Form::Html, Form::Markdown] {
            let report = render(&captured.text(), form).unwrap();
            assert!(report.contains(&format!("--break x was {not}caught")), "{report}");
            assert!(!report.contains("<b>x"), "{report}");
        }
    }
}

#[tokio::test]
async fn a_hostile_text_stays_text_wherever_it_is() {
    let captured = Captured::json();
    let reporter = captured.reporter();
    reporter.stage(HOSTILE, &spec::RFC9728_3_3).await;
    let url = format!("http://{HOSTILE}/?{HOSTILE}=1");
    sent(&reporter, &url, json!({ HOSTILE: HOSTILE, "method": HOSTILE, "jsonrpc": 1 }));
    received(&reporter, 999, json!({ "error": HOSTILE }));
    received(&reporter, 200, json!(HOSTILE));
    reporter.with_fix(HOSTILE).recommend(&NOTHING, false, HOSTILE, HOSTILE);
    reporter.note(HOSTILE);
    reporter.emit(&Event::Carried { is_response: true, url });
    let claim = Claim { name: HOSTILE.to_owned(), value: HOSTILE.to_owned(), meaning: "" };
    let (header, claims) = (vec![claim.clone()], vec![claim]);
    reporter.emit(&Event::Token { name: "access_token", token: HOSTILE.to_owned(), header, claims });
    reporter.error("test.error", HOSTILE, HOSTILE);
    reporter.outcome(false);
    for form in [Form::Html, Form::Markdown] {
        let report = render(&captured.text(), form).unwrap();
        let is_markup = |markup: &str| match form {
            Form::Html => report.contains(markup),
            // A backslash takes the meaning from the sign behind it.
            Form::Markdown => report.replace("\\<", "").replace("\\>", "").contains(markup),
        };
        for markup in ["<script", "\" onload=\"x \u{202e}", "--> ]]>"] {
            assert!(!is_markup(markup), "{markup}: {report}");
        }
        let hidden = report.chars().find(|c| *c != '\n' && crate::person::is_invisible(*c));
        assert_eq!(hidden, None, "{report}");
    }
}

#[test]
fn what_is_no_run_gets_a_sentence() {
    for (lines, says) in [
        ("", "There are no events"),
        ("\n\n", "There are no events"),
        ("{}", "Line 1 is not an event of a run"),
        ("no JSON", "Line 1 is not an event of a run"),
        ("{\"v\":1,\"seq\":1,\"side\":\"client\",\"event\":\"dance\"}", "Line 1 is not an event of a run"),
        ("{\"v\":1,\"seq\":1,\"side\":\"client\",\"event\":\"received\",\"status\":70000}", "Line 1 is not an event"),
    ] {
        for form in [Form::Html, Form::Markdown] {
            let error = render(lines, form).unwrap_err();
            assert!(error.starts_with(says), "{lines}: {error}");
        }
    }
}

#[test]
fn the_extension_says_in_which_form() {
    for (name, form) in
        [("a.html", Some(Form::Html)), ("b/c.MD", Some(Form::Markdown)), ("a", None), ("a.txt", None), (".html", None)]
    {
        assert_eq!(name.parse::<ReportFile>().ok().map(|file| file.form), form, "{name}");
    }
}
