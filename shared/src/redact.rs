//! Keeps secrets out of events, in two steps.
//!
//! Where an event is built, [`Mask`] hides what a *name* says is a secret, and remembers its value.
//! As the last step before an event is printed, `event` hides every *value* that this run has
//! sent or received, wherever it appears and however it is encoded.
//!
//! A secret is shown as `<kind, N characters, hashed 8 hex digits>`: within a run, equal values can
//! be seen to be equal. The hash has a random key for each run, so nobody can guess a secret and
//! compare. A short secret does not show its length, and a password is just `<password>`. This
//! module knows the *names* that carry secrets; what they mean is the lessons' business.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::LazyLock;

use ring::hmac;
use serde_json::{Map, Value};
use url::form_urlencoded;

mod event;
mod find;
mod known;
mod names;
mod scan;
mod views;

pub use event::redacted;
use find::{Found, Names, Search};
pub use known::{begin_exchange, learn, learn_of_client};
use names::{is_harmless, is_number_of_error, is_secret, is_secret_header};

/// Characters of a secret from which on its length is shown.
const SHOWS_LENGTH: usize = 16;

/// How a secret is shown.
#[derive(Clone, Copy)]
pub enum Mask {
    /// `<access_token, 812 characters, hashed 1a2b3c4d>`
    Fingerprint,
    /// The name of a shell variable between [`PLACEHOLDER`] marks, for a line that a person pastes
    /// into a shell.
    Placeholder,
}

/// Stand around the name of a placeholder: two characters of the private use area, so that no shell
/// syntax is needed to tell a placeholder from what a stranger wrote.
pub const PLACEHOLDER: [char; 2] = ['\u{e000}', '\u{e001}'];

/// The key of this run's fingerprints.
static KEY: LazyLock<hmac::Key> = LazyLock::new(|| {
    let random = ring::rand::SystemRandom::new();
    hmac::Key::generate(hmac::HMAC_SHA256, &random).unwrap_or_else(|_| {
        // Without the system's random numbers, the standard library's are the next best.
        use std::hash::{BuildHasher, RandomState};
        let words: Vec<u8> = (0..4).flat_map(|n| RandomState::new().hash_one(n).to_le_bytes()).collect();
        hmac::Key::new(hmac::HMAC_SHA256, &words)
    })
});

impl Mask {
    /// The masked form of a secret of this kind.
    pub fn secret(self, kind: &str, value: &str) -> String {
        match self {
            Mask::Placeholder => {
                let [open, close] = PLACEHOLDER;
                format!("{open}{}{close}", kind.to_ascii_uppercase().replace('-', "_"))
            }
            Mask::Fingerprint if kind == "password" => "<password>".to_owned(),
            Mask::Fingerprint => {
                let hash = hmac::sign(&KEY, value.as_bytes());
                let hex: String = hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
                match value.chars().count() {
                    length @ SHOWS_LENGTH.. => format!("<{kind}, {length} characters, hashed {hex}>"),
                    _ => format!("<{kind}, hashed {hex}>"),
                }
            }
        }
    }

    /// The masked form of a secret, whose value is remembered.
    fn learnt(self, kind: &str, value: &str) -> String {
        learn(kind, value);
        self.secret(kind, value)
    }

    /// A header's value; the scheme of an `Authorization` header stays readable.
    pub fn header(self, name: &str, value: &str) -> String {
        let name = name.to_ascii_lowercase();
        if !is_secret_header(&name) {
            return self.text(value);
        }
        match value.split_once(' ') {
            Some((scheme, credentials)) if name.ends_with("authorization") => {
                let credentials = credentials.trim();
                let is_token = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("dpop");
                if scheme.eq_ignore_ascii_case("basic") {
                    learn_password(credentials);
                }
                let kind = if is_token { "access_token" } else { "credentials" };
                format!("{scheme} {}", self.learnt(kind, credentials))
            }
            _ => {
                if name.contains("cookie") {
                    let pairs = value.split(';').take(if name == "cookie" { 100 } else { 1 });
                    pairs.filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| learn("cookie", value));
                }
                self.learnt(&name, value)
            }
        }
    }

    /// A URL: secrets in its query, its fragment and its user information.
    pub fn url(self, url: &str) -> String {
        let (rest, fragment) = split(url, '#');
        let (base, query) = split(rest, '?');
        let mut shown = self.text(base);
        for (mark, part) in [('?', query), ('#', fragment)] {
            if let Some(part) = part {
                shown.push(mark);
                shown.push_str(&self.form(part));
            }
        }
        shown
    }

    /// `name=value&name=value`, as in a query or a form.
    pub fn form(self, form: &str) -> String {
        let masked = form.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret(name) && !value.is_empty() => {
                format!("{name}={}", self.learnt(name, &decoded(value)))
            }
            // It belongs to one sign-in, and a program that knows it can answer for the IdP. Its
            // value is not remembered, since the browser's address has to show it.
            Some(("state", value)) if matches!(self, Mask::Fingerprint) && !value.is_empty() => {
                format!("state={}", self.secret("state", &decoded(value)))
            }
            _ => self.replaced(pair, Names::Document),
        });
        masked.collect::<Vec<_>>().join("&")
    }

    /// A JSON document: secrets by their member names, at any depth, and tokens that stand anywhere
    /// else.
    pub fn json(self, value: &Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(self.members(members)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::String(text) => Value::String(self.text(text)),
            other => other.clone(),
        }
    }

    fn members(self, members: &Map<String, Value>) -> Map<String, Value> {
        let has_secret = members.iter().any(|(name, value)| is_secret(name) && value.is_string());
        let shown = members.iter().map(|(name, value)| {
            let shown = match value {
                // A JSON Schema describes a member, and is not its value.
                Value::Object(schema) if schema.get("type").is_some_and(Value::is_string) => self.json(value),
                _ if is_secret(name) => self.whole(name, value),
                Value::String(text) if has_secret && !is_harmless(name) => Value::String(self.secret(name, text)),
                _ => self.json(value),
            };
            (name.clone(), shown)
        });
        shown.collect()
    }

    /// The value of a secret's name, of whatever type it is.
    fn whole(self, name: &str, value: &Value) -> Value {
        let is_code = name.eq_ignore_ascii_case("code");
        match value {
            Value::String(text) if text.is_empty() || is_code && is_number_of_error(text) => value.clone(),
            // The code of an error is a word; the code of a sign-in is random.
            Value::String(text) if is_code && is_plain_words(text) => Value::String(self.secret(name, text)),
            Value::String(text) => Value::String(self.learnt(name, text)),
            Value::Number(number) if !is_code => Value::String(self.learnt(name, &number.to_string())),
            Value::Array(items) => items.iter().map(|item| self.whole(name, item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(inner, value)| (inner.clone(), self.whole(name, value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Any other text: secrets after their names, in the query of a URL for example, and whatever
    /// looks like a signed token.
    pub fn text(self, text: &str) -> String {
        self.replaced(text, Names::Sentences)
    }

    /// A body, by its content type: JSON, form, or text.
    pub fn body(self, content_type: &str, bytes: &[u8]) -> Value {
        if bytes.is_empty() {
            return Value::Null;
        }
        let text = String::from_utf8_lossy(bytes);
        if content_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Value::String(self.form(&text));
        }
        match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => self.json(&value),
            Err(_) => Value::String(self.replaced(&text, Names::Document)),
        }
    }

    /// The text with its secrets masked by name. A line for a shell is quoted next, which could
    /// hide a value from the last step. So known values are masked in it here.
    fn replaced(self, text: &str, names: Names) -> String {
        let finder = match self {
            Mask::Placeholder => known::finder(),
            Mask::Fingerprint => None,
        };
        let found = find::find(text.as_bytes(), Search { names: Some(names), values: finder.as_deref() });
        for secret in found.iter().filter(|secret| secret.is_named && !is_plain_words(&secret.value)) {
            learn(&secret.kind, &secret.value);
        }
        self.without(text, found)
    }

    /// The text with these secrets masked.
    fn without(self, text: &str, mut found: Vec<Found>) -> String {
        found.retain(|secret| !secret.range.is_empty());
        // Of two readings of one place, the shorter one has fewer escapes: so a secret has one
        // fingerprint, however it is written.
        found.sort_by_key(|secret| (secret.range.start, Reverse(secret.range.end), secret.value.len()));
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        let mut rest = found.iter().peekable();
        while let Some(secret) = rest.next() {
            let mut range = at_boundaries(text, &secret.range);
            while let Some(next) = rest.next_if(|next| next.range.start < range.end) {
                range.end = range.end.max(at_boundaries(text, &next.range).end);
            }
            shown.push_str(&text[at..range.start.max(at)]);
            shown.push_str(&self.secret(&secret.kind, &secret.value));
            at = range.end;
        }
        shown + &text[at..]
    }
}

/// The range, widened to whole characters.
fn at_boundaries(text: &str, range: &Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (range.start.min(text.len()), range.end.min(text.len()));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// What a form or a query says with this value.
fn decoded(value: &str) -> String {
    let form = format!("x={value}");
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Remembers the second half of `user:password` in base64 (RFC 7617 §2), which RFC 6749 §2.3.1 has
/// percent-encoded.
fn learn_password(credentials: &str) {
    let views = views::base64(credentials.as_bytes());
    let plain = views.first().map(|[view, ..]| String::from_utf8_lossy(&view.bytes).into_owned()).unwrap_or_default();
    if let Some((_, password)) = plain.split_once(':') {
        learn("password", &decoded(password));
        learn("password", password);
    }
}

/// Whether this is made of words in lower case, as the code of an error is.
fn is_plain_words(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_lowercase() || matches!(c, b'_' | b' ' | b'-' | b'.'))
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests;
