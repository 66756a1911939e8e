//! Other readings of a text: what it says after percent-encoding, escapes, base64 or hexadecimal
//! digits are undone. Each reading knows where in the text each of its bytes comes from.

use std::ops::Range;

/// The shortest run of base64 or hexadecimal digits that is read: eight bytes in base64.
const SHORTEST_RUN: usize = 11;

/// One reading of a text.
#[derive(Default)]
pub struct View {
    /// What it says.
    pub bytes: Vec<u8>,
    sources: Vec<(u32, u32)>,
}

impl View {
    fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), sources: Vec::with_capacity(capacity) }
    }

    fn push(&mut self, byte: u8, start: usize, end: usize) {
        self.bytes.push(byte);
        // Bodies have at most a megabyte, so positions are far below the limit of the type.
        let position = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.sources.push((position(start), position(end)));
    }

    /// Where in the text these bytes of the reading come from.
    pub fn source(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.sources.get(range.start).map_or(0, |source| source.0 as usize);
        let end = range.end.checked_sub(1).and_then(|last| self.sources.get(last));
        start..end.map_or(start, |source| source.1 as usize)
    }
}

/// The text without percent-encoding, backslash escapes and HTML entities; `None` where it has
/// none.
pub fn unescaped(text: &[u8]) -> Option<View> {
    without_escapes(text, b"%\\&")
}

/// The text without those escapes that begin with one of these marks.
pub fn without_escapes(text: &[u8], marks: &[u8]) -> Option<View> {
    if !text.iter().any(|byte| marks.contains(byte)) {
        return None;
    }
    let mut view = View::with_capacity(text.len());
    let mut changed = false;
    let mut at = 0;
    while at < text.len() {
        let escape = match text[at] {
            mark if !marks.contains(&mark) => None,
            b'%' => hexadecimal(text, at + 1, 2).map(|byte| (byte, 3)),
            b'\\' => backslash(&text[at..]),
            b'&' => entity(&text[at..]),
            _ => None,
        };
        let Some((code, length)) = escape else {
            view.push(text[at], at, at + 1);
            at += 1;
            continue;
        };
        changed = true;
        // A percent sign encodes one byte, every other escape a character.
        match (text[at], u8::try_from(code), char::from_u32(code)) {
            (b'%', Ok(byte), _) => view.push(byte, at, at + length),
            (_, _, Some(character)) => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    view.push(byte, at, at + length);
                }
            }
            _ => view.push(b'?', at, at + length),
        }
        at += length;
    }
    changed.then_some(view)
}

/// The number that `digits` hexadecimal digits write from here on.
fn hexadecimal(text: &[u8], start: usize, digits: usize) -> Option<u32> {
    let text = text.get(start..start + digits)?;
    text.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

/// The character of `\n`, `\x41`, `\u0041`, `\u{41}` or a pair of surrogates, and the length of the
/// escape.
fn backslash(text: &[u8]) -> Option<(u32, usize)> {
    match *text.get(1)? {
        b'n' => Some((10, 2)),
        b'r' => Some((13, 2)),
        b't' => Some((9, 2)),
        c @ (b'"' | b'\'' | b'\\' | b'/') => Some((u32::from(c), 2)),
        b'x' => Some((hexadecimal(text, 2, 2)?, 4)),
        b'u' if text.get(2) == Some(&b'{') => {
            let digits = text[3..].iter().take(7).position(|c| *c == b'}').filter(|digits| *digits > 0)?;
            Some((hexadecimal(text, 3, digits)?, digits + 4))
        }
        b'u' => {
            let first = hexadecimal(text, 2, 4)?;
            let second = hexadecimal(text, 8, 4).filter(|_| text[6..].starts_with(b"\\u"));
            match (first, second) {
                (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
                    Some((0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12))
                }
                _ => Some((first, 6)),
            }
        }
        _ => None,
    }
}

/// The character of `&amp;`, `&#38;` or `&#x26;`, and the length of the entity. A browser reads a
/// number without its semicolon too.
fn entity(text: &[u8]) -> Option<(u32, usize)> {
    const NAMED: [(&[u8], u8); 10] = [
        (b"&amp;", b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&quot;", b'"'),
        (b"&apos;", b'\''),
        (b"&sol;", b'/'),
        (b"&plus;", b'+'),
        (b"&equals;", b'='),
        (b"&colon;", b':'),
        (b"&period;", b'.'),
    ];
    if let Some((name, character)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((u32::from(*character), name.len()));
    }
    let number = text.strip_prefix(b"&#")?;
    let (digits, radix, before) = match number.first()? {
        b'x' | b'X' => (&number[1..], 16, 3),
        _ => (number, 10, 2),
    };
    let length = digits.iter().take(8).take_while(|c| char::from(**c).is_digit(radix)).count();
    let code = u32::from_str_radix(std::str::from_utf8(&digits[..length]).ok()?, radix).ok()?;
    let end = before + length;
    Some((code, end + usize::from(text.get(end) == Some(&b';'))))
}

/// Positions of each run of digits of this kind that is long enough to hold a secret.
/// Line breaks inside a run are no part of it.
fn runs(text: &[u8], value: fn(u8) -> Option<u8>) -> Vec<Vec<(u8, usize)>> {
    let mut runs = vec![];
    let mut run = vec![];
    for (at, byte) in text.iter().enumerate() {
        match value(*byte) {
            Some(digit) => run.push((digit, at)),
            None if matches!(byte, b'\r' | b'\n') && !run.is_empty() => {}
            None if run.len() >= SHORTEST_RUN => runs.push(std::mem::take(&mut run)),
            None => run.clear(),
        }
    }
    if run.len() >= SHORTEST_RUN {
        runs.push(run);
    }
    runs
}

/// What every run of base64 digits says, from each of the four places where it can begin.
pub fn base64(text: &[u8]) -> Vec<[View; 4]> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let read = |run: &[(u8, usize)]| {
        let mut view = View::with_capacity(run.len());
        for group in run.chunks(4) {
            for pair in group.windows(2).enumerate() {
                let (n, [(first, start), (second, end)]) = (pair.0, pair.1) else { continue };
                let byte = first << (2 * (n + 1)) | second >> (4 - 2 * n);
                view.push(byte, *start, end + 1);
            }
        }
        view
    };
    runs(text, digit).iter().map(|run| [0, 1, 2, 3].map(|offset| read(&run[offset..]))).collect()
}

/// What every run of hexadecimal digits says, from both places where it can begin.
pub fn hexadecimal_runs(text: &[u8]) -> Vec<[View; 2]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let read = |run: &[(u8, usize)]| {
        let mut view = View::with_capacity(run.len() / 2);
        for pair in run.chunks_exact(2) {
            view.push(pair[0].0 << 4 | pair[1].0, pair[0].1, pair[1].1 + 1);
        }
        view
    };
    runs(text, digit).iter().map(|run| [0, 1].map(|offset| read(&run[offset..]))).collect()
}
