//! Failures that a lesson provokes on purpose: they are what should happen, and are not counted.

use super::Reporter;
use crate::event::{Expected, Rule, Side};

pub struct Expecting {
    reporter: Reporter,
    side: Side,
    rule: &'static str,
}

impl Drop for Expecting {
    fn drop(&mut self) {
        let mut state = self.reporter.state();
        if let Some(n) = state.expecting.iter().position(|(side, rule, _)| (*side, *rule) == (self.side, self.rule)) {
            state.expecting.remove(n);
        }
    }
}

impl Reporter {
    /// The story provokes a refusal: until what this returns is dropped, a failure of `rule` on
    /// `side` is what should happen, and not counted. `why` is a sentence for a person.
    #[must_use = "the expectation ends when this is dropped"]
    pub fn expecting_refusal(&self, side: Side, rule: &'static Rule, why: &'static str) -> Expecting {
        self.expecting(side, rule, Expected::Refusal(why.to_owned()))
    }

    /// The story shows what happens when `rule` is not followed: until what this returns is
    /// dropped, its failure on `side` is not counted. `why` is a sentence for a person.
    #[must_use = "the expectation ends when this is dropped"]
    pub fn demonstrating(&self, side: Side, rule: &'static Rule, why: &'static str) -> Expecting {
        self.expecting(side, rule, Expected::Demonstration(why.to_owned()))
    }

    fn expecting(&self, side: Side, rule: &'static Rule, expected: Expected) -> Expecting {
        self.state().expecting.push((side, rule.id, expected));
        Expecting { reporter: self.clone(), side, rule: rule.id }
    }
}
