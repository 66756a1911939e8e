//! One check after the other: each is reported, and the first that fails ends the request.

use std::fmt::Display;

use shared::{Failed, Reporter, Rule};

use crate::refusal::{Refusal, RefusalKind};

/// The checks of one request, and where those that pass are reported, if anywhere. The one that
/// fails is reported where the request is refused.
#[derive(Clone, Copy)]
pub struct Checks<'a>(Option<&'a Reporter>);

impl<'a> Checks<'a> {
    /// Reports the checks that pass.
    pub fn told(reporter: &'a Reporter) -> Self {
        Self(Some(reporter).filter(|reporter| !reporter.is_silent()))
    }

    /// Reports none of the checks.
    pub fn quiet() -> Self {
        Self(None)
    }

    /// Goes on where the check passes; else `kind` is what the client gets.
    pub fn require(
        &self,
        rule: &'static Rule,
        passed: bool,
        expected: impl Display,
        seen: impl Display,
        kind: RefusalKind,
    ) -> Result<(), Refusal> {
        if !passed {
            let (expected, seen) = (expected.to_string(), short(&seen.to_string()));
            return Err(Refusal { failed: Some(Failed { rule, expected, seen, fix: String::new() }), kind });
        }
        if let Some(reporter) = self.0 {
            reporter.recommend(rule, true, expected, seen);
        }
        Ok(())
    }

    /// Does what [`Checks::require`] does for a value that may be absent, and returns the value.
    pub fn require_some<T>(
        &self,
        rule: &'static Rule,
        value: Option<T>,
        expected: impl Display,
        seen: impl Display,
        kind: RefusalKind,
    ) -> Result<T, Refusal> {
        self.require(rule, value.is_some(), expected, seen, kind.clone())?;
        value.ok_or_else(|| Refusal::from(kind))
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
