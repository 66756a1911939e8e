//! What every lesson does with untrusted text: keeps secrets out of it, prints it, and reads pages,
//! lists of scopes and media types. `shared::testing::fuzz` says how the inputs are made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::http::{HeaderMap, HeaderValue};
use shared::event::Event;
use shared::http::Response;
use shared::testing::Captured;
use shared::testing::fuzz::proptest::collection::vec;
use shared::testing::fuzz::proptest::prelude::*;
use shared::testing::fuzz::proptest::sample::select;
use shared::testing::fuzz::{any_json, bytes, check, nearly, nearly_json_text, odd_text, one_of};
use shared::testing::secrets::{assert_hidden, base64, percent_encoded, written_forms};
use shared::{page, redact, scope};

/// How a text can be written, so that it means the same.
const ENCODERS: &[fn(&str) -> String] = &[
    str::to_owned,
    percent_encoded,
    |text| base64(text.as_bytes()),
    |text| serde_json::Value::from(text).to_string(),
    |text| text.bytes().map(|byte| format!("{byte:02x}")).collect(),
    |text| text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect(),
    |text| text.chars().map(|c| format!("&#{};", c as u32)).collect(),
    |text| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"),
];

/// A secret of eight characters or more. The digit in front keeps it apart from ordinary words.
fn secret() -> impl Strategy<Value = String> {
    let odd = "[0-9][a-zA-Z0-9%&\\\\\"'<>+/=;:,.ü€ _~-]{6,30}[a-zA-Z0-9%&\\\\\"'<>+/=_~-]";
    prop_oneof![2 => odd, 2 => "[0-9][a-zA-Z0-9_.~-]{7,40}", 1 => "[0-9][a-zA-Z0-9+/]{9,20}={0,2}"]
}

fn words() -> impl Strategy<Value = String> {
    let words =
        &["The client", "reads", "the challenge", "HTTP status", "scope", "is absent.", "\n", "ü €", "x=y", "(\"a\")"];
    vec(select(&words[..]), 0..8).prop_map(|words| words.join(" "))
}

/// The text as the last step before printing leaves it.
fn shown(text: &str) -> String {
    match redact::redacted(&Event::Note { text: text.to_owned(), is_urgent: false }) {
        Event::Note { text, .. } => text,
        other => unreachable!("a note stays a note: {other:?}"),
    }
}

#[test]
fn redaction() {
    let encoders = || (0..ENCODERS.len()).prop_map(|n| n);
    let inputs = (secret(), words(), words(), encoders(), encoders());
    check("redaction", 100, &inputs, |(secret, before, after, inner, outer)| {
        redact::begin_exchange();
        redact::learn("token", &secret);
        assert_eq!(shown(&before), before, "a text without a secret is unchanged");
        let inner = ENCODERS[inner](&format!("{before}{secret}{after}"));
        let text = ENCODERS[outer](&format!("{after} {inner} {before}"));
        let shown = shown(&format!("{before} {text} {after}"));
        assert_hidden(&shown, &written_forms(&secret), &text);
    });
}

#[test]
fn redaction_by_name() {
    const PLACES: &[&str] = &[
        "{\"access_token\": \"SECRET\", \"scope\": \"a\"}",
        "grant_type=x&client_secret=SECRET&a=b",
        "Bearer SECRET",
        "https://h/cb?state=x&code=SECRET#access_token=SECRET",
        "<html><input type=hidden name=code value=\"SECRET\"></html>",
        "{\"keys\": [{\"id_token\": \"SECRET",
    ];
    check("redaction of odd texts", 100, &(nearly(one_of(PLACES)), any_json()), |(text, json)| {
        redact::begin_exchange();
        let mask = redact::Mask::Fingerprint;
        for kind in ["application/json", "application/x-www-form-urlencoded", "text/html", ""] {
            mask.body(kind, text.as_bytes());
        }
        for name in ["authorization", "set-cookie", "location"] {
            mask.header(name, &text);
        }
        mask.url(&text);
        mask.json(&json);
        shown(&text);
    });
}

#[test]
fn terminal() {
    check("text for a terminal", 200, &vec(odd_text(), 0..6), |texts| {
        let captured = Captured::plain();
        captured.reporter().note(texts.concat());
        let is_odd =
            |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!captured.text().contains(is_odd), "{:?}", captured.text());
    });
}

const PAGES: &[&str] = &[
    "<!doctype html><html><title>Sign in</title><h1>R</h1><div id=\"kc-error-message\"><p class=\"instruction\">Client
     not found.</p></div></html>",
    "<form id=a action=\"/login?x=1&amp;y=2\"><input name=username value=\"\"><input name=\"password\" type=PASSWORD>
     <button name=\"login\">Sign in</button></form><form></form>",
    "<p role=alert>No &amp; no</p><table><tr><td><svg><title>x</title></svg><select><option></table>",
];

#[test]
fn html_page() {
    check("HTML page", 200, &nearly(one_of(PAGES)), |html| {
        if let Some(message) = page::message(&html) {
            assert!(
                !message.is_empty() && !message.contains(['\n', '\t']) && message.len() <= html.len() * 3,
                "{message:?}"
            );
        }
        for form in page::forms(&html) {
            assert!(form.inputs.iter().all(|input| !input.kind.is_empty() && input.kind != "submit"));
        }
    });
}

#[test]
fn scope_list() {
    let lists = || nearly(one_of(&["mcp:read mcp:write", "a", "", " a  b "]));
    check("scope list", 1000, &(lists(), lists()), |(one, two)| {
        let [first, second] = [&one, &two].map(|list| scope::split(list).collect::<Vec<_>>());
        assert_eq!(first.concat(), one.replace(' ', ""), "nothing but spaces is lost");
        assert!(first.iter().all(|scope| !scope.is_empty() && !scope.contains(' ')));
        let union = scope::union(first.iter().copied(), second.iter().copied());
        let missing = scope::missing(first.iter().copied(), &second);
        for scope in first.iter().chain(&second) {
            assert_eq!(union.iter().filter(|known| known == scope).count(), 1);
            assert!(!(missing.contains(scope) && second.contains(scope)));
        }
        assert_eq!(scope::split(&union.join(" ")).collect::<Vec<_>>(), union);
    });
}

#[test]
fn response_fields() {
    let media_types = nearly(one_of(&["application/json", "Application/JSON; charset=utf-8", "text/html;x=\";\""]));
    let refusals = serde_json::json!({"error": "invalid_grant", "error_description": "Code not valid."});
    let inputs = (media_types, bytes(nearly_json_text(refusals)), 100..600_u16);
    check("response", 500, &inputs, |(media_type, body, status)| {
        let value = HeaderValue::from_bytes(media_type.as_bytes());
        let headers: HeaderMap = value.into_iter().map(|value| ("content-type".parse().unwrap(), value)).collect();
        let response = Response { url: String::new(), status, headers, body };
        let read = response.media_type();
        assert!(!read.contains([';', 'A', 'J']) && read.trim() == read, "{read}");
        assert!(response.refusal().starts_with(&format!("HTTP {status}")));
        let code = response.error_code();
        let error = || serde_json::from_slice::<serde_json::Value>(&response.body).unwrap()["error"].clone();
        assert!(code.is_empty() || error() == code || error().is_object());
    });
}
