//! The last step before an event is printed.

use serde_json::Value;

use super::find::{self, Search};
use super::known::{self, Finder};
use super::{Mask, find::Names};
use crate::event::{Event, Header};

/// The event without any secret that this run knows. What is said about a request was masked by
/// name when the event was built; sentences may quote an untrusted server, so names count there.
pub fn redacted(event: &Event) -> Event {
    let finder = known::finder();
    let values = Search { names: None, values: finder.as_deref() };
    let sentences = Search { names: Some(Names::Sentences), values: finder.as_deref() };
    let mut event = event.clone();
    match &mut event {
        Event::Sent { url, headers, body, curl, .. } => {
            replace(url, values);
            replace(curl, values);
            replace_in(headers, body, values);
        }
        Event::Received { headers, body, .. } => replace_in(headers, body, values),
        Event::Stage { title: text, .. } | Event::Note { text, .. } | Event::Result { text, .. } => {
            replace(text, sentences);
        }
        Event::Checked { expected, got, fix, .. } => {
            for text in [expected, got, fix] {
                replace(text, sentences);
            }
        }
        Event::Error { message, fix, .. } => {
            replace(message, sentences);
            replace(fix, sentences);
        }
        Event::Carried { url, .. } => replace(url, values),
        Event::Token { token, header, claims, .. } => {
            replace(token, values);
            for claim in header.iter_mut().chain(claims) {
                replace(&mut claim.name, values);
                replace(&mut claim.value, sentences);
            }
        }
        Event::Outcome { .. } => {}
    }
    event
}

fn replace(text: &mut String, search: Search<'_>) {
    let found = find::find(text.as_bytes(), search);
    if !found.is_empty() {
        *text = Mask::Fingerprint.without(text, found);
    }
}

fn replace_in(headers: &mut [Header], body: &mut Value, search: Search<'_>) {
    let Some(finder) = search.values else { return };
    for (name, value) in headers {
        replace(name, search);
        replace(value, search);
    }
    replace_in_body(body, finder);
}

/// Replaces known values in every string, number and member name of a document.
fn replace_in_body(body: &mut Value, finder: &Finder) {
    let search = Search { names: None, values: Some(finder) };
    match body {
        Value::String(text) => replace(text, search),
        Value::Number(number) => {
            let mut text = number.to_string();
            replace(&mut text, search);
            if text != number.to_string() {
                *body = Value::String(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_in_body(item, finder)),
        Value::Object(members) => {
            let replaced = std::mem::take(members).into_iter().map(|(mut name, mut value)| {
                replace(&mut name, search);
                replace_in_body(&mut value, finder);
                (name, value)
            });
            *members = replaced.collect();
        }
        Value::Null | Value::Bool(_) => {}
    }
}
