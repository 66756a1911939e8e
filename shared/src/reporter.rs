//! Counts the events of a run and prints them: for a person on a terminal, plain, or as JSON Lines.

use std::collections::HashMap;
use std::io::Write;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::breakage::Breakage;
use crate::event::{Broken, Event, Expected, Rule, Side};
use crate::lesson::LessonId;
use crate::lesson_view::LessonView;
use crate::redact;
use crate::spec::SpecRef;
use recording::Recording;

mod checks;
mod choice;
mod expecting;
mod format;
mod json;
mod recording;
#[cfg(feature = "kept")]
mod waiting;

pub use checks::Advised;
pub use format::{Format, WIDTH};

/// How much a run prints, and when it waits.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The form of the events.
    pub format: Format,
    /// Everything: whole bodies, all headers, every stage and every check (the JSON form always
    /// has them).
    pub full: bool,
    /// A line for a shell with every request.
    pub curl: bool,
    /// Wait for Enter before each stage but the first.
    pub pause: bool,
    /// Stages of lessons before this one fold into a line for each lesson; 0 folds none.
    pub first_shown: u8,
    /// The lesson whose whole story this run is.
    pub lesson: Option<LessonId>,
}

impl Options {
    /// Nothing but the form of the events: no stage folds, and nothing waits.
    pub fn in_form(format: Format) -> Self {
        Self { format, full: false, curl: false, pause: false, first_shown: 0, lesson: None }
    }

    /// Whether a stage folds, unless something is wrong in it.
    pub fn folds(&self, lesson: Option<LessonId>, is_aside: bool) -> bool {
        let is_earlier = lesson.is_some_and(|lesson| lesson.number() < self.first_shown);
        !self.full && (is_earlier || is_aside && self.lesson.is_some())
    }
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
    view: LessonView,
    expecting: Vec<Shown>,
    breakage: Option<&'static Breakage>,
    caught: bool,
    recording: Option<Recording>,
    /// The line at the bottom of the terminal.
    #[cfg(feature = "kept")]
    waiting: Option<indicatif::ProgressBar>,
}

/// A failure that is expected: on which side, of which rule, and why.
type Shown = (Side, &'static str, Expected);

impl State {
    /// Prints above the line of a wait.
    fn print(&mut self, text: &str) {
        let out = &mut self.out;
        let mut print = || drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
        #[cfg(feature = "kept")]
        if let Some(line) = &self.waiting {
            return line.suspend(print);
        }
        print();
    }

    /// Why a failure of this rule on this side is expected; `None` where it is not.
    fn why_expected(&mut self, side: Side, rule: &Rule) -> Option<Expected> {
        let provoked = self.breakage.filter(|breakage| breakage.caught_as.id == rule.id && breakage.caught_by == side);
        if let Some(breakage) = provoked {
            self.caught = true;
            return Some(Expected::Demonstration(format!("This is the rule that --break {} breaks.", breakage.name)));
        }
        let shown = self.expecting.iter().find(|(by, id, _)| *by == side && *id == rule.id);
        shown.map(|(_, _, expected)| expected.clone())
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
            view: LessonView::new(&options),
            expecting: Vec::new(),
            breakage: None,
            caught: false,
            recording: None,
            #[cfg(feature = "kept")]
            waiting: None,
        };
        Self { side: Side::Client, options, state: Arc::new(Mutex::new(state)) }
    }

    /// A reporter that prints nothing, for requests that are no part of the story.
    pub fn silent() -> Self {
        Self::new(Options::in_form(Format::Silent), std::io::sink())
    }

    /// Whether nobody hears it: then nothing has to be said.
    pub fn is_silent(&self) -> bool {
        self.options.format == Format::Silent
    }

    /// The lesson whose whole story this run is.
    pub fn story(&self) -> Option<LessonId> {
        self.options.lesson
    }

    /// The same output, speaking for `side`.
    pub fn on(&self, side: Side) -> Self {
        Self { side, ..self.clone() }
    }

    /// From now on the failure that this breakage should provoke is expected, and not counted.
    pub fn expect(&self, breakage: &'static Breakage) {
        self.state().breakage = Some(breakage);
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

    /// Begins a stage of the lesson whose source calls this; with `--pause`, after Enter.
    #[track_caller]
    pub fn stage(&self, title: impl Into<String>, spec: &'static SpecRef) -> impl Future<Output = ()> {
        self.begin(title.into(), LessonId::of(Location::caller()), false, spec)
    }

    /// Begins a stage beside the lesson's straight path. A lesson's whole story folds it; commands
    /// of its own show it.
    #[track_caller]
    pub fn aside(&self, title: impl Into<String>, spec: &'static SpecRef) -> impl Future<Output = ()> {
        self.begin(title.into(), LessonId::of(Location::caller()), true, spec)
    }

    async fn begin(&self, title: String, lesson: Option<LessonId>, is_aside: bool, spec: &'static SpecRef) {
        if self.options.pause && !self.options.folds(lesson, is_aside) && self.counts().stages > 0 {
            self.prompt("Enter for the next stage");
            choice::typed_line().await;
        }
        let n = {
            let mut state = self.state();
            state.counts.stages += 1;
            state.counts.stages
        };
        self.emit(&Event::Stage { n, title, lesson, is_aside, spec });
    }

    /// Says something worth knowing.
    pub fn note(&self, text: impl Into<String>) {
        self.emit(&Event::Note { text: text.into(), is_urgent: false });
    }

    /// Says something that a person must not miss, in a folded stage either.
    pub fn announce(&self, text: impl Into<String>) {
        self.emit(&Event::Note { text: text.into(), is_urgent: true });
    }

    /// Says in one line what the lesson whose source calls this has come to; where it says so
    /// again, the latest line counts.
    #[track_caller]
    pub fn result(&self, text: impl Into<String>) {
        if let Some(lesson) = LessonId::of(Location::caller()) {
            self.emit(&Event::Result { lesson, text: text.into() });
        }
    }

    /// Says why the run cannot go on.
    pub fn error(&self, id: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) {
        self.emit(&Event::Error { id: id.into(), message: message.into(), fix: fix.into() });
    }

    /// The last line of a run; before it, its report is written. Whether the run succeeded, which
    /// it did not where the report could not be written.
    pub fn outcome(&self, ok: bool) -> bool {
        let ok = self.write_report(ok) && ok;
        self.emit(&self.outcome_event(ok));
        ok
    }

    fn outcome_event(&self, ok: bool) -> Event {
        let state = self.state();
        let Counts { stages, checks, failed, missed } = state.counts;
        let broken = state.breakage.map(|breakage| Broken {
            name: breakage.name,
            broken_by: breakage.broken_by,
            what: breakage.what,
            caught_by: breakage.caught_by,
            caught_as: breakage.caught_as.id,
            is_caught: state.caught,
        });
        Event::Outcome { ok, stages, checks, failed, missed, exit: u8::from(!ok), broken }
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
        let seq = state.seq;
        if let Some(recording) = &mut state.recording {
            recording.record(json::line(seq, self.side, event));
        }
        let text = match self.options.format {
            Format::Silent => return,
            Format::Json => json::line(state.seq, self.side, event),
            Format::Person { .. } => {
                let breakage = state.breakage;
                state.view.show(self.side, event, breakage)
            }
        };
        state.print(&text);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
