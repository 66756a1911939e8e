//! Texts that are nearly valid.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What parsers stumble over: marks of every syntax, escapes, odd characters, odd numbers.
const ODD: &[&str] = &[
    "\"",
    "'",
    "\\",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "%",
    "%00",
    "%2F",
    "%2e%2e",
    "%C3%28",
    "%zz",
    "+",
    "&",
    "&&",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "=",
    "==",
    ",",
    ",,",
    ";",
    ":",
    "://",
    "/",
    "//",
    "/../",
    "?",
    "#",
    "@",
    ".",
    "..",
    "<",
    ">",
    "</",
    "<!--",
    "{",
    "}",
    "[",
    "]",
    "${",
    "(",
    ")",
    "*",
    "|",
    "$(x)",
    "`",
    "~",
    " ",
    "  ",
    "\t",
    "\r\n",
    "\n",
    "\0",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{e000}",
    "\u{fffd}",
    "\u{10ffff}",
    "é",
    "e\u{301}",
    "ß",
    "İ",
    "ﬀ",
    "１",
    "😀",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "null",
    "true",
    "[::1]",
    "localhost",
    "xn--",
];

/// One of these texts.
pub fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(texts).prop_map(str::to_owned)
}

/// Whether a text has the characters and the beginning of an absolute http URL (RFC 3986 §4.3).
pub fn is_absolute_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let is_character = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    !rest.is_empty() && !rest.starts_with(['/', '?', '#']) && rest.chars().all(is_character)
}

/// A short text of anything.
pub fn odd_text() -> impl Strategy<Value = String> {
    let long = (select(&["a", "%41", "\"", "é", "a ", "[", "a=b&"][..]), 0..3_000_usize);
    let long = long.prop_map(|(unit, times)| unit.repeat(times));
    prop_oneof![8 => one_of(ODD), 4 => "[a-zA-Z0-9_.-]{0,12}", 4 => any::<String>(), 1 => long]
}

/// A change of a text at one place.
#[derive(Clone, Debug)]
enum Change {
    Insert(String),
    Remove(usize),
    Replace(String),
    /// So many characters, that often again.
    Repeat(usize, usize),
    /// The rest is gone.
    CutOff,
    /// Only the rest is left.
    CutBefore,
    Swapcase,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => odd_text().prop_map(Change::Insert),
        3 => odd_text().prop_map(Change::Replace),
        2 => (1..20_usize).prop_map(Change::Remove),
        2 => (1..60_usize, 1..4_usize).prop_map(|(length, times)| Change::Repeat(length, times)),
        1 => Just(Change::CutOff),
        1 => Just(Change::CutBefore),
        1 => Just(Change::Swapcase),
    ]
}

/// Changes of a text that a property makes itself.
#[derive(Clone, Debug)]
pub struct Changes(Vec<(Index, Change)>);

impl Changes {
    pub fn of(self, text: &str) -> String {
        self.0.into_iter().fold(text.to_owned(), |text, (place, change)| changed(&text, place, change))
    }
}

/// Up to four changes, or none.
pub fn changes() -> impl Strategy<Value = Changes> {
    vec((any::<Index>(), change()), 0..=4).prop_map(Changes)
}

/// A valid text that was changed in up to four places, or in none.
pub fn nearly(valid: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (valid, changes()).prop_map(|(text, changes)| changes.of(&text))
}

fn changed(text: &str, place: Index, change: Change) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = place.index(characters.len() + 1);
    let (before, after): (String, String) = (characters[..at].iter().collect(), characters[at..].iter().collect());
    let skipped = |length: usize| -> String { after.chars().skip(length).collect() };
    let first = |length: usize| -> String { after.chars().take(length).collect() };
    match change {
        Change::Insert(odd) => before + &odd + &after,
        Change::Replace(odd) => before + &odd + &skipped(1),
        Change::Remove(length) => before + &skipped(length),
        Change::Repeat(length, times) => before + &first(length).repeat(times) + &after,
        Change::CutOff => before,
        Change::CutBefore => after,
        Change::Swapcase => {
            let (upper, lower) = (first(1).to_uppercase(), first(1).to_lowercase());
            before + if first(1) == upper { &lower } else { &upper } + &skipped(1)
        }
    }
}

/// The bytes of these texts, of which some are not UTF-8 any more; or any bytes.
pub fn bytes(texts: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let texts = (texts, proptest::option::weighted(0.1, any::<(Index, u8)>())).prop_map(|(text, spoilt)| {
        let mut bytes = text.into_bytes();
        if let (Some((place, byte)), false) = (spoilt, bytes.is_empty()) {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    });
    prop_oneof![9 => texts, 1 => vec(any::<u8>(), 0..200)]
}
