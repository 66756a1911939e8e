//! What is inside an arrow or a box of checks.

use maud::{Markup, html};

use super::super::line::{Check, Request, Response, Spec};
use super::super::run::Message;
use super::{mark, pretty};

/// What stands on an arrow.
pub fn label(message: &Message) -> Markup {
    match message {
        Message::Request(Request { method, url, body, .. }) => {
            let call = body.get("method").and_then(serde_json::Value::as_str);
            let tool = body.pointer("/params/name").and_then(serde_json::Value::as_str);
            let grant = body.as_str().and_then(grant_type);
            html! {
                (method) " " (path(url))
                @for word in [call, tool, grant.as_deref()].into_iter().flatten() { " " strong { (word) } }
            }
        }
        Message::Response(Response { status, body, .. }) => {
            let error = body.get("error").and_then(serde_json::Value::as_str);
            html! { (status) " " (reason(*status)) @if let Some(error) = error { " " strong { (error) } } }
        }
        Message::Carried { url } => html! { "opens " (path(url)) },
    }
}

fn reason(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or_default()
}

fn path(url: &str) -> String {
    match url.split_once("://").and_then(|(_, rest)| rest.split_once('/')) {
        Some((_, path)) => format!("/{}", path.split(['?', '#']).next().unwrap_or_default()),
        None => "/".to_owned(),
    }
}

fn grant_type(form: &str) -> Option<String> {
    let (_, value) = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "grant_type")?;
    Some(value.rsplit(':').next().unwrap_or_default().to_owned())
}

/// What an arrow shows when it is opened.
pub fn inside(message: &Message) -> Markup {
    match message {
        Message::Request(Request { method, url, headers, body, curl }) => html! {
            p.line { (method) " " (url) }
            (rest(headers, &pretty(body)))
            p.hint { "The same request for a shell:" }
            pre.curl tabindex="0" { (curl) }
        },
        Message::Response(Response { status, headers, body, ms }) => html! {
            p.line { (status) " " (reason(*status)) ", after " (ms) " ms" }
            (rest(headers, &pretty(body)))
        },
        Message::Carried { url } => {
            let (base, query) = url.split_once('?').unwrap_or((url, ""));
            html! {
                p.line { (base) }
                table { @for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                    tr { th scope="row" { (name) } td { (decoded(value)) } }
                } }
            }
        }
    }
}

fn decoded(value: &str) -> String {
    let pair = format!("v={value}");
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or(String::new(), |(_, value)| value.into_owned())
}

fn rest(headers: &[(String, String)], body: &str) -> Markup {
    html! {
        @if !headers.is_empty() {
            table { @for (name, value) in headers { tr { th scope="row" { (name) } td { (value) } } } }
        }
        @if !body.is_empty() { pre tabindex="0" { (body) } }
    }
}

/// A check with what it compared, and the sentence that asks for it.
pub fn check(check: &Check) -> Markup {
    let Check { id, keyword, expected, got, spec, fix, why, .. } = check;
    html! {
        div.check {
            p { (mark(check)) " " strong { (keyword) } " " (expected) " " code { (id) } " " (link(spec)) }
            p.seen { "Seen: " (got) }
            @if !why.is_empty() { p.seen { (why) } }
            @if !fix.is_empty() { p.fix { "What to do: " (fix) } }
            @if !spec.quote.is_empty() { blockquote { (spec.quote) } }
        }
    }
}

/// Where a sentence of a standard stands.
pub fn link(spec: &Spec) -> Markup {
    html! {
        // Other links could run a script.
        @if spec.url.starts_with("https://") {
            a.spec href=(spec.url) rel="noreferrer" { (spec.id) " " (spec.section) }
        } @else {
            span.spec { (spec.id) " " (spec.section) }
        }
    }
}
