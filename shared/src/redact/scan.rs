//! Finds secrets in one reading of a text: after their names, and by their shape.

use std::ops::Range;

use super::find::{Found, Names};
use super::names::{is_common_word, is_number_of_error, is_of_sentence, is_secret, may_be_word};

/// The longest name that is looked up.
const LONGEST_NAME: usize = 64;

fn push(found: &mut Vec<Found>, text: &[u8], range: Range<usize>, kind: &str) {
    let value = String::from_utf8_lossy(&text[range.clone()]).into();
    found.push(Found { range, kind: kind.into(), value, is_named: true });
}

/// Whatever looks like a signed token (three base64url parts or more, the first one a JSON object),
/// and the user information of a URL.
pub fn by_shape(text: &[u8], found: &mut Vec<Found>) {
    let mut at = 0;
    while at < text.len() {
        let length = run(&text[at..], |c| is_word(c) || matches!(c, b'.' | b'='));
        let length = length - run_back(&text[at..at + length], |c| c == b'.');
        let word = &text[at..at + length];
        if let Some(start) = word.windows(3).position(|part| part == b"eyJ")
            && word[start..].iter().filter(|c| **c == b'.').count() > 1
        {
            push(found, text, at + start..at + length, "token");
        }
        if let Some(start) = start_of_authority(text, at) {
            let authority = start..start + run(&text[start..], |c| c > b' ' && !b"/?#\"'<>".contains(&c));
            if let Some(end) = text[authority.clone()].iter().rposition(|c| *c == b'@') {
                push(found, text, authority.start..authority.start + end, "password");
                at = authority.end;
            }
        }
        at += length.max(1);
    }
}

/// Where a URL's authority begins, if the colon after its scheme is here. Browsers take backslashes
/// for slashes, and after `http` and `https` they need none.
fn start_of_authority(text: &[u8], at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix(b":")?;
    let slashes = run(rest, |c| matches!(c, b'/' | b'\\'));
    let is_web = [&b"http"[..], b"https"]
        .iter()
        .any(|scheme| at.checked_sub(scheme.len()).is_some_and(|start| text[start..at].eq_ignore_ascii_case(scheme)));
    (slashes > 1 || is_web).then_some(at + 1 + slashes)
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-')
}

fn run(text: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|c| !holds(*c)).unwrap_or(text.len())
}

/// How many bytes at the end are such ones.
fn run_back(text: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    text.iter().rev().position(|c| !holds(*c)).unwrap_or(text.len())
}

/// Values after a secret's name, and credentials after the name of a scheme.
pub fn by_name(text: &[u8], names: Names, found: &mut Vec<Found>) {
    let is_page = [&b"<html"[..], b"<HTML", b"<!doctype", b"<!DOCTYPE"];
    let is_page = is_page.iter().any(|mark| text.windows(mark.len()).any(|part| part == *mark));
    let mut at = 0;
    let mut tag = None;
    while at < text.len() {
        if text[at] == b'<' {
            tag = Some(at);
        }
        let length = run(&text[at..], is_word);
        if length == 0 {
            at += 1;
            continue;
        }
        let (start, end) = (at, at + length);
        at = end;
        let Some(word) = std::str::from_utf8(&text[start..end]).ok().filter(|word| word.len() <= LONGEST_NAME) else {
            continue;
        };
        if let Some(credentials) = after_scheme(text, word, end) {
            at = credentials.end;
            let kind = if word.eq_ignore_ascii_case("basic") { "credentials" } else { "access_token" };
            push(found, text, credentials, kind);
        } else if is_secret(word) {
            let mut is_certain = true;
            let value = if is_name_of_field(text, start) {
                tag.take().and_then(|tag| value_of_tag(text, tag))
            } else {
                after_name(text, word, start, names, is_page).map(|(value, is_sure)| {
                    at = at.max(value.end);
                    is_certain = is_sure;
                    value
                })
            };
            if let Some(value) = value.filter(|value| !value.is_empty() && !is_masked(&text[value.clone()])) {
                push(found, text, value, word);
                // What only looks like a secret is masked here, and not wherever it appears.
                if let Some(last) = found.last_mut() {
                    last.is_named = is_certain;
                }
            }
        }
    }
}

/// Whether what stands here is a mask already: `<code, …>` or the mark of a placeholder.
fn is_masked(value: &[u8]) -> bool {
    value.starts_with(b"<") || value.starts_with("\u{e000}".as_bytes())
}

/// The credentials in `Bearer mF_9.B5f-4.1JqM`, which are no word of a sentence and no parameter of
/// a challenge.
fn after_scheme(text: &[u8], word: &str, end: usize) -> Option<Range<usize>> {
    if !["bearer", "dpop", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
        return None;
    }
    let start = end + run(&text[end..], |c| matches!(c, b' ' | b'+')).min(8);
    let length = run(&text[start..], |c| is_word(c) || matches!(c, b'.' | b'~' | b'+' | b'/'));
    let length = length - run_back(&text[start..start + length], |c| c == b'.');
    let credentials = &text[start..start + length];
    let padding = run(&text[start + length..], |c| c == b'=');
    let follows = text.get(start + length + padding);
    let is_parameter = padding == 1 && follows.is_some_and(|c| is_word(*c) || *c == b'"');
    (start > end && !is_parameter && looks_random(credentials)).then_some(start..start + length + padding)
}

/// Whether this is no word of a language and no address: at least eight characters, with a letter
/// and a digit.
fn looks_random(value: &[u8]) -> bool {
    value.len() >= 8 && value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic)
}

/// Whether the word that begins here is a field's name in a form of a page: `name="code"`.
fn is_name_of_field(text: &[u8], start: usize) -> bool {
    let before = &text[..start];
    let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    let before = &before[before.len().saturating_sub(5)..];
    before.eq_ignore_ascii_case(b"name=")
}

/// The attribute `value` of the tag that begins here.
fn value_of_tag(text: &[u8], tag: usize) -> Option<Range<usize>> {
    let inside = &text[tag..];
    // The next tag begins, where this one has no end.
    let end = inside.windows(2).skip(1).position(|pair| pair[0] == b'>' || pair[0] == b'<' && is_word(pair[1]));
    let inside = &inside[..end.map_or(inside.len(), |end| end + 1)];
    let at = inside.windows(6).position(|part| part.eq_ignore_ascii_case(b"value="))?;
    let start = tag + at + 6;
    Some(match text.get(start)? {
        quote @ (b'"' | b'\'') => start + 1..start + 1 + run(&text[start + 1..], |c| c != *quote),
        _ => start..start + run(&text[start..], |c| !c.is_ascii_whitespace() && c != b'>'),
    })
}

/// The value after `name=`, `"name":`, `<name>`, `name: ` or, in a document, `name `; and whether
/// the mark between makes it certain.
fn after_name(text: &[u8], word: &str, start: usize, names: Names, is_page: bool) -> Option<(Range<usize>, bool)> {
    let space = |at: usize| at + run(&text[at..], |c| c.is_ascii_whitespace());
    let end = start + word.len();
    let is_quoted = text.get(end).is_some_and(|c| matches!(c, b'"' | b'\''));
    let mut at = space(end + usize::from(is_quoted));
    let mark = text.get(at).copied().filter(|c| matches!(c, b'=' | b':' | b'>'));
    at += usize::from(mark.is_some());
    // `=>`, as some languages write their maps.
    at += usize::from(mark == Some(b'=') && text.get(at) == Some(&b'>'));
    let at = space(at);
    let is_element = mark == Some(b'>') && text[..start].ends_with(b"<");
    let is_doubtful = is_common_word(word) && is_page;
    let is_value_quoted = text.get(at).is_some_and(|c| matches!(c, b'"' | b'\''));
    let is_sure = match mark {
        Some(b'=') => true,
        Some(b':') if is_quoted || is_value_quoted => true,
        Some(_) => (names == Names::Document || is_element) && !is_doubtful,
        None => false,
    };
    // The number of an error after `code` is no code of a sign-in.
    let is_error = |value: &[u8]| {
        mark != Some(b'=')
            && word.eq_ignore_ascii_case("code")
            && std::str::from_utf8(value).is_ok_and(is_number_of_error)
    };
    if is_sure {
        let value = value_at(text, at);
        // A number after `code` is the number of an error.
        let is_number = mark == Some(b':') && word.eq_ignore_ascii_case("code") && value.start == at;
        let is_digit = |c: &u8| c.is_ascii_digit() || *c == b'-';
        let is_number = is_number && text[value.clone()].iter().all(is_digit);
        return (!is_number && !is_error(&text[value.clone()])).then_some((value, true));
    }
    let is_possible = !is_doubtful && at > end && (mark == Some(b':') || names == Names::Document);
    if is_possible && mark == Some(b':') && !is_element && may_be_word(word) {
        let value = word_at(text, at);
        if std::str::from_utf8(&text[value.clone()]).is_ok_and(|value| !value.is_empty() && !is_of_sentence(value)) {
            return Some((value, false));
        }
    }
    // A random value has no colon and no bracket, so a long text is scanned once only.
    let rest = &text[..at + run(&text[at..], |c| !b":[{(".contains(&c))];
    let value = word_at(rest, at);
    let is_random = |value: &[u8]| looks_random(value) && !is_error(value);
    is_possible.then_some((value, false)).filter(|(value, _)| is_random(&text[value.clone()]))
}

/// The word that begins here, without what ends a sentence.
fn word_at(text: &[u8], at: usize) -> Range<usize> {
    let at = at + usize::from(text.get(at).is_some_and(|c| matches!(c, b'"' | b'\'')));
    let length = run(&text[at..], |c| !c.is_ascii_whitespace() && !b"&\"'<>,;)}]#\\".contains(&c));
    at..at + length - run_back(&text[at..at + length], |c| b".:".contains(&c))
}

/// The value that begins here, quoted or not; a list or an object as a whole. What is cut off ends
/// with the text.
fn value_at(text: &[u8], at: usize) -> Range<usize> {
    match text.get(at) {
        Some(quote @ (b'"' | b'\'')) => {
            let mut is_escaped = false;
            let length = text[at + 1..].iter().position(|c| {
                let is_end = c == quote && !is_escaped;
                is_escaped = *c == b'\\' && !is_escaped;
                is_end
            });
            at + 1..length.map_or(text.len(), |length| at + 1 + length)
        }
        Some(b'[' | b'{') => {
            let mut depth = 0_usize;
            let length = text[at..].iter().position(|c| {
                match c {
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0
            });
            at + 1..length.map_or(text.len(), |length| at + length)
        }
        _ => word_at(text, at),
    }
}
