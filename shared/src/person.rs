//! The person's view of an event.
//!
//! Much of what is shown comes from strangers (headers, bodies, error texts), so control characters
//! never reach the terminal.

use colored::{Color, Colorize};
use serde_json::{Map, Value};

mod headers;
mod printable;

pub use printable::{is_invisible, marked_lines, one_line, printable};

use crate::event::{Event, Expected, Side};
use crate::lesson_view::Marks;
use crate::page;
use crate::spec::SpecRef;

/// Lines of a body that are shown without `--full`.
const BODY_LINES: usize = 11;
/// Characters of one line of a body that are shown without `--full`.
const BODY_COLUMNS: usize = 400;
/// The mark of an error. It is not the mark of a failed check, whose number is in the last line.
const ERROR: &str = "!";

/// How events are drawn.
pub struct View {
    pub color: bool,
    /// Columns after which text is wrapped; URLs are never broken.
    pub width: usize,
    pub full: bool,
    pub curl: bool,
}

impl View {
    /// `quotes`: the sentence that asks for this check is printed, too.
    pub fn render(&self, side: Side, event: &Event, quotes: bool) -> String {
        match event {
            Event::Stage { n, title, spec, .. } => self.stage(*n, title, spec),
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
            Event::Checked { .. } => self.check(side, event, quotes),
            Event::Note { text, .. } => {
                let mut lines = text.lines();
                let first = self.wrapped(side, "·", &printable(lines.next().unwrap_or_default()));
                lines.fold(first, |text, line| text + "           " + &printable(line) + "\n")
            }
            Event::Error { message, fix, .. } => {
                let mut text = self.tinted(&self.wrapped(side, ERROR, &printable(message)), Color::Red);
                if !fix.is_empty() {
                    text += &self.indented(&format!("What to do: {}", printable(fix)));
                }
                text
            }
            // Notes say it in words.
            Event::Carried { .. } | Event::Token { .. } => String::new(),
            // The view puts these together.
            Event::Result { .. } | Event::Outcome { .. } => String::new(),
        }
    }

    /// One line where a check passed; where it did not, what was seen, and what to do.
    fn check(&self, side: Side, event: &Event, quotes: bool) -> String {
        let Event::Checked { id, keyword, passed, expected, got, spec, fix, failure_expected, .. } = event else {
            return String::new();
        };
        let (mark, refused, why) = match failure_expected {
            _ if *passed => (self.tinted("✔", Color::Green), "", None),
            Some(Expected::Refusal(why)) => (self.tinted("✔", Color::Green), " – refused, as it must be", Some(why)),
            Some(Expected::Demonstration(why)) => (self.tinted("⚠", Color::Yellow), "", Some(why)),
            None => (self.tinted("✘", Color::Red), "", None),
        };
        let title = format!("{keyword} {}{refused} [{id}] {}", printable(expected), spec.id);
        let with_section = format!("{title} {}", spec.section);
        // A section's title is left out where it would take a line of its own.
        let fits = self.full
            || spec.section.starts_with('§')
            || textwrap::core::display_width(&with_section) <= self.width - 11;
        let mut text = self.wrapped(side, &mark, if fits { &with_section } else { &title });
        // What was refused is said beside the reason for which it was.
        let is_one_line = !self.full && !refused.is_empty();
        if self.full || !passed && !is_one_line {
            text += &self.indented(&format!("seen: {}", printable(got)));
        }
        if !fix.is_empty() {
            text += &self.indented(&format!("fix: {}", printable(fix)));
        }
        if let Some(why) = why {
            let seen = if is_one_line { format!(" Seen: {}", printable(got)) } else { String::new() };
            text += &self.tinted(&self.indented(&format!("{why}{seen}")), Color::Yellow);
        }
        if quotes {
            let is_cut = !self.full && (*passed || failure_expected.is_some());
            text += &self.tinted(&self.quote(spec.quote, is_cut), Color::BrightBlack);
        }
        text
    }

    /// A sentence of a standard, or as much of it as fits into a line.
    fn quote(&self, sentence: &str, is_cut: bool) -> String {
        let sentence = format!("“{sentence}”");
        let lines = textwrap::wrap(&sentence, options(self.width - 13));
        match lines.as_slice() {
            [first, _, ..] if is_cut => format!("           {first} …\n"),
            _ => self.indented(&sentence),
        }
    }

    /// The line for the folded stages of a lesson.
    pub fn fold(&self, lesson: &str, stages: usize, marks: Marks, hint: &str) -> String {
        let text = format!("{lesson}: {stages} {}, {marks}{hint}", if stages == 1 { "stage" } else { "stages" });
        self.tinted(&format!("  {text}\n"), Color::BrightBlack)
    }

    /// One row for the result of each lesson, and the verdict with the marks that were printed.
    pub fn last_lines<'a>(
        &self,
        results: impl Iterator<Item = (String, &'a str)>,
        ok: bool,
        verdict: &str,
        caught: Option<&str>,
        marks: Marks,
    ) -> String {
        let rows =
            results.map(|(lesson, result)| format!("  {lesson}  {}\n", self.in_one_row(result, lesson.len() + 4)));
        let rows: String = rows.collect();
        let counts = if marks == Marks::default() { String::new() } else { format!(": {marks}") };
        let caught = caught.map(|caught| format!(" ({caught})")).unwrap_or_default();
        let see = if !ok && marks.failed == 0 { " See the error above." } else { "" };
        let line = self.tinted(&format!("{verdict}{caught}{counts}.{see}"), if ok { Color::Green } else { Color::Red });
        let parted = if rows.is_empty() { "" } else { "\n" };
        format!("{parted}{rows}\n{line}\n")
    }

    pub fn prompt(&self, text: &str) -> String {
        self.tinted(&format!("\n[{text}]\n"), Color::BrightBlack)
    }

    fn stage(&self, n: usize, title: &str, spec: &SpecRef) -> String {
        let symbol = if self.color { "🔎 " } else { "" };
        let title = self.bold(&format!("{symbol}Stage {n}: {}", printable(title)));
        let mut place = format!("{} {}", spec.id, spec.section);
        // A rule of this tutorial's own has no link.
        if self.full && !spec.url.is_empty() {
            place += &format!("\n{}", spec.url);
        }
        let gap = if self.full { "\n" } else { " · " };
        format!("\n{title}{gap}{}\n", self.tinted(&place, Color::BrightBlack))
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
            .filter(|(name, value)| self.full || !headers::is_quiet(name, value, body))
            .map(|(name, value)| {
                let line = format!("{name}: {}", printable(value));
                format!("           {}\n", self.tinted(&self.cut(&line), Color::BrightBlack))
            })
            .collect();
        let is_page = headers.iter().any(|(name, value)| name == "content-type" && value.starts_with("text/html"));
        let pretty = match body {
            Value::Null => return text,
            Value::String(html) if is_page && !self.full => {
                let message = page::message(html).map_or(String::new(), |message| format!(": “{message}”"));
                format!("(an HTML page{message}; --full shows it whole)")
            }
            Value::String(plain) => plain.clone(),
            Value::Object(message) if message.contains_key("jsonrpc") && !self.full => in_one_line(message),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        let lines = pretty.lines().count();
        // One more line takes no more room than saying that it is left out.
        let shown = if self.full || lines == BODY_LINES + 1 { lines } else { BODY_LINES };
        for line in pretty.lines().take(shown) {
            text += &format!("           {}\n", self.cut(&printable(line)));
        }
        let left = lines.saturating_sub(shown);
        if left > 0 {
            text += &format!("           … {left} more lines, --full\n");
        }
        text
    }

    /// The first line of a text, as far as it fits behind so many columns.
    fn in_one_row(&self, text: &str, columns: usize) -> String {
        let line = printable(text.lines().next().unwrap_or_default());
        match line.char_indices().nth(self.width.saturating_sub(columns + 2)) {
            Some((end, _)) => format!("{} …", &line[..end]),
            None => line,
        }
    }

    fn cut(&self, line: &str) -> String {
        match line.char_indices().nth(BODY_COLUMNS) {
            Some((end, _)) if !self.full => {
                format!("{}… {} more characters, --full", &line[..end], line[end..].chars().count())
            }
            _ => line.to_owned(),
        }
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

#[cfg(test)]
mod tests;
