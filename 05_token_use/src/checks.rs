//! One check after the other: each is told, and the first that fails ends the request.

use std::fmt::Display;

use shared::Reporter;
use shared::event::Rule;

use crate::refusal::{Failed, Refusal, RefusalKind};

/// Where the checks of one request are told, if anywhere: what was told of a token once is not told
/// again. What fails is told by whoever refuses the request.
#[derive(Clone, Copy)]
pub struct Checks<'a>(Option<&'a Reporter>);

impl<'a> Checks<'a> {
    /// Tells what holds.
    pub fn told(reporter: &'a Reporter) -> Self {
        Self(Some(reporter).filter(|reporter| !reporter.is_silent()))
    }

    /// Tells nothing.
    pub fn quiet() -> Self {
        Self(None)
    }

    /// Goes on where the rule holds; else `kind` is what the client gets.
    pub fn holds(
        &self,
        rule: &'static Rule,
        passed: bool,
        expected: impl Display,
        got: impl Display,
        kind: RefusalKind,
    ) -> Result<(), Refusal> {
        if passed {
            if let Some(reporter) = self.0 {
                reporter.check(rule, true, expected, got);
            }
            return Ok(());
        }
        let failed = Failed { rule, expected: expected.to_string(), got: short(&got.to_string()) };
        Err(Refusal { failed: Some(failed), kind })
    }

    /// [`Checks::holds`] for what is there or not; gives it.
    pub fn some<T>(
        &self,
        rule: &'static Rule,
        value: Option<T>,
        expected: impl Display,
        got: impl Display,
        kind: RefusalKind,
    ) -> Result<T, Refusal> {
        let refusal = || Refusal { failed: None, kind: kind.clone() };
        self.holds(rule, value.is_some(), expected, got, kind.clone())?;
        value.ok_or_else(refusal)
    }

    /// Says something, where anybody listens.
    pub fn note(&self, text: impl FnOnce() -> String) {
        if let Some(reporter) = self.0 {
            reporter.note(text());
        }
    }
}

/// Characters of a stranger's value that are shown.
const SHOWN: usize = 120;

/// A stranger's value, cut where it gets long.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
