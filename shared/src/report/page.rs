//! The report as one HTML page: it needs no network and no script.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::line::{Check, ExpectedAs, Speaker};
use super::run::{Content, Message, Row, Run, Stage};

mod messages;
mod tokens;

const STYLE: &str = include_str!("report.css");
/// Characters of a note that are shown before it is opened.
const NOTE_CHARACTERS: usize = 80;

/// The page with everything in it.
pub fn html(run: &Run) -> String {
    let lanes = run.parties.lanes.len();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing in a report comes from anywhere else, and nothing in it acts.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "MCP OAuth run: " (verdict(run)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#diagram" { "Skip to the diagram" }
                header { (summary(run)) }
                main style={ "--lanes:" (lanes) } {
                    h2 #diagram { "What happened" }
                    p.hint { "Each arrow is a message. Open it to see what was in it; open a box of checks to see what was compared, and why." }
                    (lane_names(run))
                    @for (n, stage) in run.stages.iter().enumerate().filter(|(_, stage)| !stage.rows.is_empty()) {
                        (self::stage(run, stage, run.stages[..n].iter().rev().find(|stage| stage.heading.is_some())))
                    }
                    (tokens::cards(run))
                }
                footer { "mcp-oauth-tutorial " (env!("CARGO_PKG_VERSION")) ", MCP 2026-07-28. Secrets are masked: equal digits mean equal secrets." }
            }
        }
    };
    page.into_string()
}

/// The verdict in a few words.
pub fn verdict(run: &Run) -> String {
    let last = run.stages.iter().filter_map(|stage| stage.heading.as_ref()?.lesson.as_deref()).max();
    let what = match last.and_then(|lesson| lesson.split_once('_')) {
        Some((number, title)) => format!("Lesson {number}, {}", title.replace('_', " ")),
        None => "This run".to_owned(),
    };
    let ended = match &run.outcome {
        None => "not ended yet".to_owned(),
        Some(outcome) => match &outcome.broken {
            Some(broken) if broken.is_caught => format!("--break {} was caught", broken.name),
            Some(broken) => format!("--break {} was not caught", broken.name),
            None if outcome.ok => "passed".to_owned(),
            None => "failed".to_owned(),
        },
    };
    format!("{what}: {ended}")
}

/// The verdict, what failed first, and what each lesson came to.
fn summary(run: &Run) -> Markup {
    let is_ok = run.outcome.as_ref().is_none_or(|outcome| outcome.ok);
    let shown: Vec<_> = run.checks().filter(|(_, check)| !check.passed).collect();
    html! {
        h1 { span.(if is_ok { "ok" } else { "bad" }) { (if is_ok { "✔" } else { "✘" }) } " " (verdict(run)) }
        @if let Some(outcome) = &run.outcome {
            p { (outcome.stages) " stages, " (outcome.checks) " checks, " (outcome.failed) " failed on a MUST, " (outcome.missed) " on a SHOULD." }
            @if let Some(broken) = &outcome.broken {
                p.panel.shown {
                    strong { "--break " (broken.name) } ": the " (broken.broken_by.name()) " " (broken.what) ". "
                    "The " (broken.caught_by.name()) " " (if broken.is_caught { "noticed it" } else { "did not notice it" })
                    ", at the check " code { (broken.caught_as) } "."
                }
            }
        }
        @if let Some(problem) = &run.problem {
            div.panel.bad role="alert" {
                p { strong { (problem.message) } }
                @if !problem.fix.is_empty() { p { "What to do: " (problem.fix) } }
            }
        }
        @if !shown.is_empty() {
            h2 { (if shown.iter().any(|(_, check)| check.is_failure()) { "Look here first" } else { "What this run showed" }) }
            ul.first {
                @for (row, check) in in_order(shown) {
                    li { a href={ "#e" (row.seq) } { (mark(check)) " " (check.expected) } " " (outcome(check)) }
                }
            }
        }
        @if !run.results.is_empty() {
            h2 { "Results" }
            dl.results {
                @for (lesson, result) in &run.results { dt { (lesson) } dd { (result) } }
            }
        }
    }
}

/// Failures that count come first.
fn in_order<'a>(mut shown: Vec<(&'a Row, &'a Check)>) -> Vec<(&'a Row, &'a Check)> {
    shown.sort_by_key(|(_, check)| !check.is_failure());
    shown
}

fn outcome(check: &Check) -> Markup {
    html! {
        @match check.expected_as {
            Some(ExpectedAs::Refusal) => "It was refused, as it must be. ",
            Some(ExpectedAs::Demonstration) => "It was done wrong on purpose. ",
            None => "",
        }
        "Seen: " (check.got)
    }
}

fn mark(check: &Check) -> Markup {
    let class = match check.mark() {
        "✔" => "ok",
        "⚠" => "shown",
        _ => "bad",
    };
    html! { span class=(class) { (check.mark()) } }
}

fn lane_names(run: &Run) -> Markup {
    html! {
        div.lanes {
            @for party in &run.parties.lanes {
                div { strong { (party.name()) } @if !party.origin.is_empty() { br; span.origin { (party.origin) } } }
            }
        }
    }
}

fn stage(run: &Run, stage: &Stage, before: Option<&Stage>) -> Markup {
    let lesson = |stage: &Stage| stage.heading.as_ref().and_then(|heading| heading.lesson.clone());
    let begins = lesson(stage).filter(|own| before.and_then(lesson).as_ref() != Some(own));
    html! {
        @if let Some(lesson) = begins { h3.lesson { (lesson) } }
        section.stage {
            @if let Some(heading) = &stage.heading {
                h4 id={ "stage-" (heading.n) } {
                    span.number { (heading.n) } " " (heading.title) " " (messages::link(&heading.spec))
                }
            }
            div.diagram {
                @for row in &stage.rows { (self::row(run, row)) }
                @if let Some(holdings) = &stage.holdings { (holds(run, holdings)) }
            }
        }
    }
}

fn row(run: &Run, row: &Row) -> Markup {
    match &row.content {
        Content::Arrow { from, to, message } => arrow(run, row.seq, (*from, *to), message),
        Content::Checks { lane, side, checks } => html! {
            details.box id={ "e" (row.seq) } open[row.has_failure()] {
                summary.row { (in_lane(run, *lane, *side, "checks", &html! { (checks_in_short(checks)) })) }
                div.inside { @for check in checks { (messages::check(check)) } }
            }
        },
        Content::Note { lane, side, text } => note(run, *lane, *side, text),
        Content::Token(token) => html! {
            div.row { p.wide { "🔑 " a href={ "#t" (row.seq) } { (token.name) " " (tokens::short(&token.token)) } } }
        },
    }
}

/// A note that is long shows its first words, and the rest when it is opened.
fn note(run: &Run, lane: Option<usize>, side: Speaker, text: &str) -> Markup {
    let first = text.lines().next().unwrap_or_default();
    match first.char_indices().nth(NOTE_CHARACTERS) {
        None if first == text => {
            html! { div.row { (in_lane(run, lane, side, "text", &html! { (text) })) } }
        }
        cut => html! {
            details {
                summary.row {
                    (in_lane(run, lane, side, "text", &html! { (first[..cut.map_or(first.len(), |(at, _)| at)]) " …" }))
                }
                div.inside { pre tabindex="0" { (text) } }
            }
        },
    }
}

/// A box in the lane of a party; across all lanes where it could be one of several.
fn in_lane(run: &Run, lane: Option<usize>, side: Speaker, class: &str, content: &Markup) -> Markup {
    let (place, name) = match lane {
        Some(lane) => ((lane + 1).to_string(), run.parties.lanes[lane].name()),
        None => ("1 / -1".to_owned(), side.name()),
    };
    html! { div class=(class) style={ "grid-column:" (place) } { span.who { (name) ": " } (content) } }
}

fn checks_in_short(checks: &[Check]) -> Markup {
    let passed = checks.iter().filter(|check| check.passed).count();
    html! {
        @if passed > 0 { span.ok { "✔" } " " (passed) (if passed == 1 { " check" } else { " checks" }) }
        @for check in checks.iter().filter(|check| !check.passed) {
            " " (mark(check)) @if check.expected_as == Some(ExpectedAs::Refusal) { " refused:" } " " code { (check.id) }
        }
    }
}

fn arrow(run: &Run, seq: u64, (from, to): (usize, usize), message: &Message) -> Markup {
    let (first, last) = (from.min(to), from.max(to));
    let direction = if from < to { "right" } else { "left" };
    let is_response = matches!(message, Message::Response(_));
    let (sender, recipient) = (&run.parties.lanes[from], &run.parties.lanes[to]);
    let place = format!("grid-column:{} / {};--span:{}", first + 1, last + 2, last - first + 1);
    html! {
        details.message id={ "e" (seq) } {
            summary.row {
                div class={ "arrow " (direction) @if is_response { " response" } } style=(place) {
                    span.who { (sender.name()) " → " (recipient.name()) ": " }
                    span.label { (messages::label(message)) }
                }
            }
            div.inside { (messages::inside(message)) }
        }
    }
}

/// Who holds what now, each in its lane.
fn holds(run: &Run, holdings: &super::holdings::Holdings) -> Markup {
    html! {
        div.row.holds aria-label="Who holds what now" {
            @for (lane, party) in run.parties.lanes.iter().enumerate() {
                div style={ "grid-column:" (lane + 1) } {
                    span.who { (party.name()) " holds: " }
                    @for (name, hash) in holdings.of(lane) {
                        span.chip title={ (name) ", hashed " (hash) } style={ "--hue:" (hue(hash)) } { (name) " " (&hash[..4]) }
                    }
                }
            }
        }
    }
}

/// Equal secrets have the same colour.
fn hue(hash: &str) -> u32 {
    u32::from_str_radix(hash, 16).unwrap_or_default() % 360
}

/// The members of an object in one line each.
fn pretty(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// Checks by the claim that they look at: the last part of their id.
fn by_claim(run: &Run) -> BTreeMap<&str, Vec<(&Row, &Check)>> {
    let mut found: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (row, check) in run.checks() {
        if let Some((_, claim)) = check.id.rsplit_once('.') {
            found.entry(claim).or_default().push((row, check));
        }
    }
    found
}
