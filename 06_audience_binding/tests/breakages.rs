//! Every `--break` switch, as a user runs it: who caught it, and at which check.

use audience_binding::sabotage::Switch;
use audience_binding::{further, rules};
use shared::breakage::Switch as _;
use shared::testing::{assert_breakages_are_caught, assert_names_are_unique};

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

#[test]
fn every_breakage_is_caught_by_the_side_and_the_check_that_the_lesson_names() {
    assert_breakages_are_caught(LESSON, &Switch::breakages());
}

#[test]
fn names_and_ids_are_unique() {
    let all: Vec<_> = rules::ALL.iter().chain(further::rules::ALL).chain(token_use::rules::ALL).copied().collect();
    assert_names_are_unique(&Switch::breakages(), &all);
}
