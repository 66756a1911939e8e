//! What a person sees of a run: the stages of earlier lessons fold into one line for each lesson,
//! and the marks on the screen are counted for the last line.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::breakage::Breakage;
use crate::event::{Event, Expected, Keyword, Side};
use crate::lesson::LessonId;
use crate::person::View;
use crate::reporter::{Format, Options, WIDTH};

/// Bytes of a body that is printed once only.
const LONG_BODY: usize = 200;
/// Long bodies that are remembered, of at most a megabyte each.
const MOST_BODIES: usize = 20;

/// The marks of checks, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// ✔: a check passed, or a refusal that the lesson provoked.
    pub passed: usize,
    /// ✘ on a MUST.
    pub failed: usize,
    /// ✘ on a SHOULD.
    pub missed: usize,
    /// ⚠: something wrong was shown on purpose.
    pub shown: usize,
}

impl Marks {
    fn count(&mut self, event: &Event) {
        let Event::Checked { passed, keyword, failure_expected, .. } = event else { return };
        *match (passed, failure_expected, keyword) {
            (true, ..) | (_, Some(Expected::Refusal(_)), _) => &mut self.passed,
            (_, Some(Expected::Demonstration(_)), _) => &mut self.shown,
            (_, None, Keyword::Must) => &mut self.failed,
            (_, None, Keyword::Should) => &mut self.missed,
        } += 1;
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.missed += other.missed;
        self.shown += other.shown;
    }
}

impl std::fmt::Display for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ✔", self.passed)?;
        for (n, mark) in [(self.failed, "✘ MUST"), (self.missed, "✘ SHOULD"), (self.shown, "⚠")] {
            if n > 0 {
                write!(f, ", {n} {mark}")?;
            }
        }
        Ok(())
    }
}

/// Whose stages fold together: a lesson's straight path, or what is beside it.
type Whose = (LessonId, bool);

/// A stage that is folded until it turns out that something is wrong in it.
struct Folded {
    whose: Whose,
    text: String,
    marks: Marks,
}

/// The stages of one lesson that stay folded.
struct Fold {
    whose: Whose,
    stages: usize,
    marks: Marks,
}

/// The person's view of a run.
pub struct LessonView {
    view: View,
    options: Options,
    /// Long bodies that were printed.
    bodies: HashSet<String>,
    /// Sentences that were quoted.
    quoted: HashSet<&'static str>,
    /// Checks of a server that passed: it makes the same ones with every request.
    told: HashSet<(&'static str, String)>,
    marks: Marks,
    folded: Option<Folded>,
    fold: Option<Fold>,
    hinted: bool,
    interrupted: bool,
    results: BTreeMap<LessonId, String>,
    /// Whether anything was printed.
    begun: bool,
}

impl LessonView {
    /// A view without anything in it.
    pub fn new(options: &Options) -> Self {
        let (color, width) = match options.format {
            Format::Person { color, width } => (color, width),
            Format::Json | Format::Silent => (false, WIDTH),
        };
        Self {
            view: View { color, width, full: options.full, curl: options.curl },
            options: *options,
            bodies: HashSet::new(),
            quoted: HashSet::new(),
            told: HashSet::new(),
            marks: Marks::default(),
            folded: None,
            fold: None,
            hinted: false,
            interrupted: false,
            results: BTreeMap::new(),
            begun: false,
        }
    }

    /// What is printed now that this has happened.
    pub fn show(&mut self, side: Side, event: &Event, breakage: Option<&Breakage>) -> String {
        let text = match event {
            Event::Stage { lesson, is_aside, .. } => {
                let whose = lesson.map(|lesson| (lesson, *is_aside));
                self.begin_stage(
                    whose.filter(|_| self.options.folds(*lesson, *is_aside)),
                    self.view.render(side, event, false),
                )
            }
            Event::Checked { spec, lesson, passed, .. } => {
                if self.was_told(side, event) {
                    return String::new();
                }
                // Each sentence is quoted once, where its rule is taught or not followed.
                let is_taught = !spec.url.is_empty()
                    && lesson.is_none_or(|lesson| lesson.number() >= self.options.first_shown)
                    || !passed;
                let quotes = is_taught && (self.folded.is_some() || self.quoted.insert(spec.quote));
                let text = self.view.render(side, event, quotes);
                self.folded.as_mut().map_or(&mut self.marks, |folded| &mut folded.marks).count(event);
                self.push(text)
            }
            Event::Note { is_urgent: true, .. } => self.close_fold() + &self.view.render(side, event, false),
            Event::Result { lesson, text } => {
                self.results.insert(*lesson, text.clone());
                String::new()
            }
            Event::Error { id, .. } => {
                self.interrupted = id == "interrupted";
                self.unfold() + &self.view.render(side, event, false)
            }
            Event::Outcome { ok, stages, .. } => {
                let before = self.end_stage() + &self.close_fold();
                before + &self.last_lines(*ok, *stages, breakage)
            }
            Event::Received { body, .. } if self.was_printed(body) => {
                let mut event = event.clone();
                if let Event::Received { headers, body, .. } = &mut event {
                    headers.retain(|(name, _)| name != "content-type");
                    *body = "(the same body as before)".into();
                }
                let text = self.view.render(side, &event, false);
                self.push(text)
            }
            Event::Carried { .. } | Event::Token { .. } => String::new(),
            Event::Sent { .. } | Event::Received { .. } | Event::Note { .. } => {
                let text = self.view.render(side, event, false);
                self.push(text)
            }
        };
        // The empty line before a stage parts it from what came before.
        let text = if self.begun { text } else { text.trim_start_matches('\n').to_owned() };
        self.begun |= !text.is_empty();
        text
    }

    /// Whether a person has seen this long body before.
    fn was_printed(&mut self, body: &Value) -> bool {
        let is_long = matches!(body, Value::Object(_) | Value::Array(_)) && body.to_string().len() > LONG_BODY;
        if !is_long || self.options.full || self.folded.is_some() {
            return false;
        }
        // A server that stays up for months remembers no more than these.
        if self.bodies.len() > MOST_BODIES {
            self.bodies.clear();
        }
        !self.bodies.insert(body.to_string())
    }

    fn push(&mut self, text: String) -> String {
        match &mut self.folded {
            Some(folded) => {
                folded.text += &text;
                String::new()
            }
            None => text,
        }
    }

    /// `folds`: whose fold this stage belongs to.
    fn begin_stage(&mut self, folds: Option<Whose>, heading: String) -> String {
        let mut text = self.end_stage();
        if self.fold.as_ref().map(|fold| fold.whose) != folds {
            text += &self.close_fold();
        }
        match folds {
            Some(whose) => self.folded = Some(Folded { whose, text: heading, marks: Marks::default() }),
            None => text += &heading,
        }
        text
    }

    /// A folded stage stays folded where no check failed.
    fn end_stage(&mut self) -> String {
        if self.folded.as_ref().is_some_and(|folded| folded.marks.failed + folded.marks.missed > 0) {
            return self.unfold();
        }
        let Some(Folded { whose, marks, .. }) = self.folded.take() else { return String::new() };
        let fold = self.fold.get_or_insert(Fold { whose, stages: 0, marks: Marks::default() });
        fold.stages += 1;
        fold.marks.add(marks);
        String::new()
    }

    /// Prints the stage at hand, which was folded.
    fn unfold(&mut self) -> String {
        let before = self.close_fold();
        let Some(Folded { text, marks, .. }) = self.folded.take() else { return before };
        self.marks.add(marks);
        before + &text
    }

    /// The line for the folded stages of a lesson.
    fn close_fold(&mut self) -> String {
        let Some(Fold { whose: (lesson, is_aside), stages, marks }) = self.fold.take() else { return String::new() };
        self.marks.add(marks);
        let hint = if is_aside {
            " (FURTHER.md; --full shows them)".to_owned()
        } else if std::mem::replace(&mut self.hinted, true) {
            String::new()
        } else {
            format!(" (--from {:02} shows them)", lesson.number())
        };
        self.view.fold(lesson.folder(), stages, marks, &hint)
    }

    /// Whether a person has read this before: a server makes the same checks with every request,
    /// and one that goes on passing is no news. After a failure it is.
    fn was_told(&mut self, side: Side, event: &Event) -> bool {
        let Event::Checked { id, passed, expected, .. } = event else { return false };
        if side != Side::Server || self.view.full || self.folded.is_some() {
            return false;
        }
        let check = (*id, expected.clone());
        if *passed {
            return !self.told.insert(check);
        }
        self.told.remove(&check);
        false
    }

    /// What each lesson has come to, and how the run ended.
    fn last_lines(&self, ok: bool, stages: usize, breakage: Option<&Breakage>) -> String {
        // A program that tells no story, such as a server until Ctrl-C, has no verdict.
        if ok && stages == 0 && self.marks == Marks::default() {
            return String::new();
        }
        let width = self.results.keys().map(|lesson| lesson.folder().len()).max().unwrap_or_default();
        let rows = self.results.iter().map(|(lesson, text)| (format!("{:width$}", lesson.folder()), text.as_str()));
        let what = self.options.lesson.map(|lesson| format!("Lesson {:02}", lesson.number()));
        let verdict = match (what, ok, self.interrupted) {
            (Some(lesson), true, _) => format!("{lesson} passed"),
            (Some(lesson), false, true) => format!("{lesson} was interrupted"),
            (Some(lesson), false, false) => format!("{lesson} failed"),
            (None, true, _) => "Done".to_owned(),
            (None, false, true) => "Interrupted".to_owned(),
            (None, false, false) => "Failed".to_owned(),
        };
        let caught = breakage.filter(|_| ok).map(|breakage| format!("--break {} was caught", breakage.name));
        self.view.last_lines(rows, ok, &verdict, caught.as_deref(), self.marks)
    }
}

#[cfg(test)]
mod tests;
