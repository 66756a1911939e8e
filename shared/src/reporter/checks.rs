//! The two ways to check something: [`Reporter::require`] and [`Reporter::recommend`].

use std::fmt::Display;

use super::Reporter;
use crate::event::{Event, Failed, Keyword, Rule};

impl Reporter {
    /// Reports a check without which the run cannot go on: `require(…)?` ends it where the check
    /// fails. (What another party decides is reported with `.ok()`: the run sees what comes of it.)
    pub fn require(
        &self,
        rule: &'static Rule,
        passed: bool,
        expected: impl Display,
        seen: impl Display,
    ) -> Result<(), Failed> {
        self.with_fix("").require(rule, passed, expected, seen)
    }

    /// Reports a check after which the run goes on however it ends; returns whether it passed.
    pub fn recommend(&self, rule: &'static Rule, passed: bool, expected: impl Display, seen: impl Display) -> bool {
        self.with_fix("").recommend(rule, passed, expected, seen)
    }

    /// The next check comes with this advice, which is printed where it fails.
    pub fn with_fix(&self, fix: impl Into<String>) -> Advised<'_> {
        Advised { reporter: self, fix: fix.into() }
    }

    /// Reports a failure that was found before.
    pub fn report_failed(&self, failed: &Failed) {
        self.report(failed.rule, false, &failed.expected, &failed.seen, &failed.fix);
    }

    fn report(&self, rule: &'static Rule, passed: bool, expected: &dyn Display, seen: &dyn Display, fix: &str) {
        let failure_expected = {
            let mut state = self.state();
            let expected = if passed { None } else { state.why_expected(self.side, rule) };
            state.counts.checks += 1;
            state.results.insert(rule.id, passed);
            match rule.keyword {
                _ if passed || expected.is_some() => {}
                Keyword::Must => state.counts.failed += 1,
                Keyword::Should => state.counts.missed += 1,
            }
            expected
        };
        if self.is_silent() {
            return;
        }
        self.emit(&Event::Checked {
            id: rule.id,
            keyword: rule.keyword,
            lesson: rule.lesson(),
            passed,
            expected: expected.to_string(),
            got: seen.to_string(),
            spec: rule.spec,
            fix: if passed { String::new() } else { fix.to_owned() },
            failure_expected,
        });
    }
}

/// A reporter whose next check comes with advice: see [`Reporter::with_fix`].
pub struct Advised<'a> {
    reporter: &'a Reporter,
    fix: String,
}

impl Advised<'_> {
    /// Does what [`Reporter::require`] does, with the advice.
    pub fn require(
        self,
        rule: &'static Rule,
        passed: bool,
        expected: impl Display,
        seen: impl Display,
    ) -> Result<(), Failed> {
        self.reporter.report(rule, passed, &expected, &seen, &self.fix);
        if passed {
            return Ok(());
        }
        Err(Failed { rule, expected: expected.to_string(), seen: seen.to_string(), fix: self.fix })
    }

    /// Does what [`Reporter::recommend`] does, with the advice.
    pub fn recommend(self, rule: &'static Rule, passed: bool, expected: impl Display, seen: impl Display) -> bool {
        self.reporter.report(rule, passed, &expected, &seen, &self.fix);
        passed
    }
}
