//! The person's view of an event.
//!
//! Much of what is shown comes from strangers (headers, bodies, error texts), so control characters
//! never reach the terminal.

use colored::{Color, Colorize};
use serde_json::{Map, Value};
use unicode_general_category::{GeneralCategory, get_general_category};

use crate::breakage::Breakage;
use crate::event::{Event, Side};
use crate::page;
use crate::spec::SpecRef;

/// Lines of a body that are shown without `--verbose`.
const BODY_LINES: usize = 24;
/// Characters of one line of a body that are shown without `--verbose`.
const BODY_COLUMNS: usize = 400;

/// Headers of the transport, and those that tell a browser to be careful: they are shown with
/// `--verbose` only (the JSON form always has them).
const TRANSPORT_HEADERS: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "connection",
    "content-language",
    "content-length",
    "content-security-policy",
    "date",
    "keep-alive",
    "pragma",
    "referrer-policy",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "x-robots-tag",
];

/// How events are drawn.
pub struct View {
    pub color: bool,
    /// Columns after which text is wrapped; URLs are never broken.
    pub width: usize,
    pub verbose: bool,
    pub curl: bool,
}

impl View {
    /// `quoted`: the sentence of this check was printed before.
    pub fn render(&self, side: Side, event: &Event, breakage: Option<&Breakage>, quoted: bool) -> String {
        match event {
            Event::Stage { n, title, spec } => self.stage(*n, title, spec),
            Event::Sent { method, url, headers, body, curl } => {
                let mut text = self.line(side, "→", &self.bold(&format!("{method} {}", printable(url))));
                text += &self.headers_and_body(headers, body);
                if self.curl {
                    // A person pastes this line whole, so it is never wrapped.
                    text += &format!("           {}\n", printable(curl));
                }
                text
            }
            Event::Received { status, headers, body, ms } => {
                let reason = axum::http::StatusCode::from_u16(*status).ok().and_then(|code| code.canonical_reason());
                let title = format!("{status} {} ({ms} ms)", reason.unwrap_or_default());
                self.line(side, "←", &self.bold(&title)) + &self.headers_and_body(headers, body)
            }
            Event::Checked { keyword, passed, expected, got, spec, fix, expected_failure, why_expected, .. } => {
                let mark = self.mark(*passed, *expected_failure);
                let title = format!("{keyword}: {}", printable(expected));
                let mut text = self.wrapped(side, &mark, &title);
                text += &self.indented(&format!("seen: {}", printable(got)));
                text += &self.quote(spec, quoted);
                if !fix.is_empty() {
                    text += &self.indented(&format!("fix: {}", printable(fix)));
                }
                if *expected_failure {
                    text += &self.tinted(&self.indented(why_expected), Color::Yellow);
                }
                text
            }
            Event::Note { text } => {
                let mut lines = text.lines();
                let first = self.wrapped(side, "·", &printable(lines.next().unwrap_or_default()));
                lines.fold(first, |text, line| text + "           " + &printable(line) + "\n")
            }
            Event::Error { message, fix, .. } => {
                let mut text = self.tinted(&self.wrapped(side, "✘", &printable(message)), Color::Red);
                if !fix.is_empty() {
                    text += &self.indented(&format!("What to do: {}", printable(fix)));
                }
                text
            }
            Event::Outcome { .. } => self.outcome(event, breakage.is_some()),
        }
    }

    /// The last line of a run.
    fn outcome(&self, outcome: &Event, broken: bool) -> String {
        let &Event::Outcome { ok, stages, checks, failed, missed, .. } = outcome else { return String::new() };
        let color = if ok { Color::Green } else { Color::Red };
        // A program that tells no story, such as a server until Ctrl-C, has no verdict.
        if ok && stages == 0 {
            return String::new();
        }
        // Where nothing was checked, there is nothing to count.
        if checks == 0 {
            return format!("\n{}\n", self.tinted(if ok { "Done." } else { "It did not work." }, color));
        }
        let verdict = if ok { "The story holds" } else { "The story does not hold" };
        let count = |n: usize, thing: &str| format!("{n} {thing}{}", if n == 1 { "" } else { "s" });
        // A run can end by something that is no check: a wrong password, an IdP that is down.
        let failures = if failed == 0 && !ok {
            "no check failed, but see the error above".to_owned()
        } else {
            format!("{failed} failed")
        };
        let title = format!(
            "{verdict}: {}, {}, {failures}, {missed} SHOULD missed{}.",
            count(stages, "stage"),
            count(checks, "check"),
            if broken && ok { ", beside the one that was broken on purpose" } else { "" },
        );
        format!("\n{}\n", self.tinted(&title, color))
    }

    pub fn prompt(&self, text: &str) -> String {
        self.tinted(&format!("\n[{text}]\n"), Color::BrightBlack)
    }

    fn stage(&self, n: usize, title: &str, spec: &SpecRef) -> String {
        let symbol = if self.color { "🔎 " } else { "" };
        let title = self.bold(&format!("{symbol}Stage {n}: {}", printable(title)));
        let mut place = format!("{} {}", spec.id, spec.section);
        // A rule of this tutorial's own has no link.
        if !spec.url.is_empty() {
            place += &format!("\n{}", spec.url);
        }
        format!("\n{title}\n{}\n", self.tinted(&place, Color::BrightBlack))
    }

    /// `client → …`: the side, a mark, and what it does.
    fn line(&self, side: Side, mark: &str, text: &str) -> String {
        format!("  {} {mark} {text}\n", self.side(side))
    }

    fn wrapped(&self, side: Side, mark: &str, text: &str) -> String {
        let lines = textwrap::wrap(text, options(self.width - 11));
        let mut lines = lines.iter();
        let first = self.line(side, mark, lines.next().map_or("", |line| line.as_ref()));
        lines.fold(first, |text, line| text + "           " + line + "\n")
    }

    fn headers_and_body(&self, headers: &[(String, String)], body: &Value) -> String {
        let mut text: String = headers
            .iter()
            .filter(|(name, _)| self.verbose || !TRANSPORT_HEADERS.contains(&name.as_str()))
            .map(|(name, value)| {
                let line = format!("{name}: {}", printable(value));
                format!("           {}\n", self.tinted(&self.cut(&line), Color::BrightBlack))
            })
            .collect();
        let is_page = headers.iter().any(|(name, value)| name == "content-type" && value.starts_with("text/html"));
        let pretty = match body {
            Value::Null => return text,
            Value::String(html) if is_page && !self.verbose => {
                let message = page::message(html).map_or(String::new(), |message| format!(": “{message}”"));
                format!("(an HTML page{message}; --verbose shows it whole)")
            }
            Value::String(plain) => plain.clone(),
            Value::Object(message) if message.contains_key("jsonrpc") && !self.verbose => in_one_line(message),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        let shown = if self.verbose { usize::MAX } else { BODY_LINES };
        for line in pretty.lines().take(shown) {
            text += &format!("           {}\n", self.cut(&printable(line)));
        }
        let left = pretty.lines().count().saturating_sub(shown);
        if left > 0 {
            text += &format!("           … {left} more lines (--verbose shows them)\n");
        }
        text
    }

    fn cut(&self, line: &str) -> String {
        match line.char_indices().nth(BODY_COLUMNS) {
            Some((end, _)) if !self.verbose => {
                format!("{}… {} more characters (--verbose shows them)", &line[..end], line[end..].chars().count())
            }
            _ => line.to_owned(),
        }
    }

    fn quote(&self, spec: &SpecRef, quoted: bool) -> String {
        let sentence = if quoted { "(see above)".to_owned() } else { format!("“{}”", spec.quote) };
        let text = self.indented(&format!("{} {}: {sentence}", spec.id, spec.section));
        self.tinted(&text, Color::BrightBlack)
    }

    fn side(&self, side: Side) -> String {
        let name = format!("{:6}", side.to_string());
        let color = match side {
            Side::Client => Color::Cyan,
            Side::Server => Color::Magenta,
            Side::Idp => Color::Yellow,
        };
        self.tinted(&name, color)
    }

    fn mark(&self, passed: bool, expected_failure: bool) -> String {
        match (passed, expected_failure) {
            (true, _) => self.tinted("✔", Color::Green),
            (false, true) => self.tinted("✘", Color::Yellow),
            (false, false) => self.tinted("✘", Color::Red),
        }
    }

    fn indented(&self, text: &str) -> String {
        let lines = textwrap::wrap(text, options(self.width - 11));
        lines.iter().map(|line| format!("           {line}\n")).collect()
    }

    fn bold(&self, text: &str) -> String {
        if self.color { text.bold().to_string() } else { text.to_owned() }
    }

    /// `colored` decides once for the whole process; so it is not asked at all where this view is
    /// plain.
    fn tinted(&self, text: &str, color: Color) -> String {
        if self.color { text.color(color).to_string() } else { text.to_owned() }
    }
}

/// An MCP message in one line; what it says about MCP itself (`_meta`) is no part of these lessons,
/// and cut out.
fn in_one_line(message: &Map<String, Value>) -> String {
    let mut message = message.clone();
    for part in ["params", "result"] {
        if let Some(meta) = message.get_mut(part).and_then(|part| part.get_mut("_meta")) {
            *meta = "…".into();
        }
    }
    Value::Object(message).to_string()
}

fn options<'a>(width: usize) -> textwrap::Options<'a> {
    textwrap::Options::new(width).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// Text of a stranger without what a terminal would act on, and without what nobody would see.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { format!("\\u{{{:x}}}", c as u32) } else { c.to_string() }).collect()
}

/// Whether this is a control character (DEL and C1 included), a format character, such as a mark
/// that turns the reading direction or joins nothing to nothing, or the separator of a line or a
/// paragraph: the categories Cc, Cf, Zl and Zp of Unicode.
pub fn is_invisible(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    !c.is_ascii_graphic()
        && c != ' '
        && matches!(get_general_category(c), Control | Format | LineSeparator | ParagraphSeparator)
}

#[cfg(test)]
mod tests;
