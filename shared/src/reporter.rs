//! Counts the events of a run and prints them: for a person on a terminal, plain, or as JSON Lines.

use std::collections::{HashMap, HashSet};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::breakage::Breakage;
use crate::event::{Event, Rule, Side, VERSION};
use crate::person;
use crate::redact;
use crate::spec::SpecRef;

mod checks;
mod choice;

pub use checks::Advised;

/// In which form the events are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person; in colour or plain.
    Person {
        /// Colour and symbols.
        color: bool,
        /// Columns after which text is wrapped.
        width: usize,
    },
    /// One JSON object a line.
    Json,
    /// Nothing is printed, and only counted.
    Silent,
}

/// How much a run prints, and when it waits.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The form of the events.
    pub format: Format,
    /// Whole bodies instead of their beginnings (the JSON form always has them).
    pub verbose: bool,
    /// A line for a shell with every request.
    pub curl: bool,
    /// Wait for Enter before each stage but the first.
    pub pause: bool,
}

/// What the run has counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Stages begun.
    pub stages: usize,
    /// Checks made.
    pub checks: usize,
    /// Failed checks on a MUST.
    pub failed: usize,
    /// Failed checks on a SHOULD.
    pub missed: usize,
}

struct State {
    out: Box<dyn Write + Send>,
    seq: u64,
    counts: Counts,
    results: HashMap<&'static str, bool>,
    quoted: HashSet<&'static str>,
    told: HashSet<(&'static str, String)>,
    shown: Vec<Shown>,
    breakage: Option<&'static Breakage>,
    caught: bool,
}

/// A failure that is expected: on which side, of which rule, and why.
type Shown = (Side, &'static str, &'static str);

impl State {
    /// Why a failure of this rule on this side is expected; `None` where it is not.
    fn why_expected(&mut self, side: Side, rule: &Rule) -> Option<String> {
        let provoked = self.breakage.filter(|breakage| breakage.caught_as.id == rule.id && breakage.caught_by == side);
        if let Some(breakage) = provoked {
            self.caught = true;
            return Some(format!("This is the rule that --break {} breaks.", breakage.name));
        }
        let shown = self.shown.iter().find(|(by, id, _)| *by == side && *id == rule.id);
        shown.map(|(_, _, why)| (*why).to_owned())
    }
}

pub struct Expecting {
    reporter: Reporter,
    shown: Shown,
}

impl Drop for Expecting {
    fn drop(&mut self) {
        let mut state = self.reporter.state();
        if let Some(n) = state.shown.iter().position(|shown| *shown == self.shown) {
            state.shown.remove(n);
        }
    }
}

/// Everything that a run says goes through here. Clones share one output; each speaks for one
/// [`Side`].
#[derive(Clone)]
pub struct Reporter {
    side: Side,
    options: Options,
    state: Arc<Mutex<State>>,
}

impl Reporter {
    /// A reporter that speaks for the client; [`Reporter::on`] gives the other sides.
    pub fn new(options: Options, out: impl Write + Send + 'static) -> Self {
        let state = State {
            out: Box::new(out),
            seq: 0,
            counts: Counts::default(),
            results: HashMap::new(),
            quoted: HashSet::new(),
            told: HashSet::new(),
            shown: Vec::new(),
            breakage: None,
            caught: false,
        };
        Self { side: Side::Client, options, state: Arc::new(Mutex::new(state)) }
    }

    /// A reporter that prints nothing, for requests that are no part of the story.
    pub fn silent() -> Self {
        Self::new(Options { format: Format::Silent, verbose: false, curl: false, pause: false }, std::io::sink())
    }

    /// Whether nobody hears it: then nothing has to be said.
    pub fn is_silent(&self) -> bool {
        self.options.format == Format::Silent
    }

    /// The same output, speaking for `side`.
    pub fn on(&self, side: Side) -> Self {
        Self { side, ..self.clone() }
    }

    /// From now on the failure that this breakage should provoke is expected, and not counted.
    pub fn expect(&self, breakage: &'static Breakage) {
        self.state().breakage = Some(breakage);
    }

    /// A failure of `rule` on `side` is what the story shows now: until what this returns is
    /// dropped, it is expected, and not counted. `why` is a sentence for a person.
    #[must_use = "the expectation ends when this is dropped"]
    pub fn expecting(&self, side: Side, rule: &'static Rule, why: &'static str) -> Expecting {
        let shown = (side, rule.id, why);
        self.state().shown.push(shown);
        Expecting { reporter: self.clone(), shown }
    }

    /// Whether the expected failure has been seen on the side that should see it.
    pub fn caught(&self) -> bool {
        self.state().caught
    }

    /// How the latest check of `rule` ended; `None` where this run made no such check.
    pub fn result_of(&self, rule: &Rule) -> Option<bool> {
        self.state().results.get(rule.id).copied()
    }

    /// What the run has counted so far.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Begins a stage; with `--pause`, after Enter.
    pub async fn stage(&self, title: impl Into<String>, spec: &'static SpecRef) {
        if self.options.pause && self.counts().stages > 0 {
            self.prompt("Enter for the next stage");
            choice::typed_line().await;
        }
        let n = {
            let mut state = self.state();
            state.counts.stages += 1;
            state.counts.stages
        };
        self.emit(&Event::Stage { n, title: title.into(), spec });
    }

    /// Says something worth knowing.
    pub fn note(&self, text: impl Into<String>) {
        self.emit(&Event::Note { text: text.into() });
    }

    /// Says why the run cannot go on.
    pub fn error(&self, id: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) {
        self.emit(&Event::Error { id: id.into(), message: message.into(), fix: fix.into() });
    }

    /// The last line of a run.
    pub fn outcome(&self, ok: bool) {
        let Counts { stages, checks, failed, missed } = self.counts();
        self.emit(&Event::Outcome { ok, stages, checks, failed, missed, exit: u8::from(!ok) });
    }

    /// Prints one event. A reader that has gone away (a closed pipe) does not end the run.
    pub fn emit(&self, event: &Event) {
        if self.is_silent() {
            self.state().seq += 1;
            return;
        }
        // The last step: whatever this run knows to be a secret is masked, wherever it stands.
        let event = &redact::redacted(event);
        let mut state = self.state();
        state.seq += 1;
        let text = match self.options.format {
            Format::Silent => return,
            Format::Json => json_line(state.seq, self.side, event),
            Format::Person { .. } if !self.options.verbose && self.was_told(&mut state, event) => return,
            Format::Person { color, width } => {
                let view = person::View { color, width, verbose: self.options.verbose, curl: self.options.curl };
                let quoted = matches!(event, Event::Checked { spec, .. } if !state.quoted.insert(spec.quote));
                let text = view.render(self.side, event, state.breakage, quoted);
                // The empty line before a stage parts it from what came before.
                if state.seq == 1 { text.trim_start_matches('\n').to_owned() } else { text }
            }
        };
        let _ = state.out.write_all(text.as_bytes()).and_then(|()| state.out.flush());
    }

    /// Whether a person has read this before: a server makes the same checks with every request,
    /// and one that goes on holding is no news. After a failure it is.
    fn was_told(&self, state: &mut State, event: &Event) -> bool {
        match event {
            Event::Checked { id, passed, expected, .. } if self.side == Side::Server => {
                let check = (*id, expected.clone());
                if *passed {
                    return !state.told.insert(check);
                }
                state.told.remove(&check);
                false
            }
            _ => false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn json_line(seq: u64, side: Side, event: &Event) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        v: u32,
        seq: u64,
        side: Side,
        #[serde(flatten)]
        event: &'a Event,
    }
    // Events hold strings, numbers and JSON values with string keys: writing them cannot fail.
    let line = serde_json::to_string(&Line { v: VERSION, seq, side, event }).unwrap_or_default();
    let mut shown = String::with_capacity(line.len() + 1);
    for c in line.chars() {
        // Such a character can only stand in a string, where an escape says the same.
        if person::is_invisible(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown += &format!("\\u{unit:04x}"));
        } else {
            shown.push(c);
        }
    }
    shown + "\n"
}

/// Columns of the person's view where there is no terminal, and at the most where there is one.
pub const WIDTH: usize = 110;

impl Format {
    /// The person's view that suits standard output: in colour on a terminal, unless `plain` or
    /// `NO_COLOR` (<https://no-color.org>) ask for none, and no wider than the terminal.
    pub fn for_stdout(plain: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let no_color = plain || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let width = if is_terminal { textwrap::termwidth().clamp(50, WIDTH) } else { WIDTH };
        Format::Person { color: is_terminal && !no_color, width }
    }
}

#[cfg(test)]
mod tests;
