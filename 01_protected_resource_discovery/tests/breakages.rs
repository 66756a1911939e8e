//! Every `--break` switch, as a user runs it: who caught it, and at which check.

use protected_resource_discovery::rules;
use protected_resource_discovery::sabotage::Switch;
use shared::breakage::Switch as _;
use shared::testing::{Transcript, assert_breakages_are_caught, assert_events_hold, assert_names_are_unique};

const LESSON: &str = env!("CARGO_BIN_EXE_01_protected_resource_discovery");

#[test]
fn every_breakage_is_caught_by_the_side_and_the_check_that_the_lesson_names() {
    assert_breakages_are_caught(LESSON, &Switch::breakages());
}

#[test]
fn names_and_ids_are_unique() {
    assert_names_are_unique(&Switch::breakages(), rules::ALL);
}

#[test]
fn a_client_never_asks_the_address_that_a_stranger_names() {
    for name in ["private-metadata-url", "private-metadata-redirect"] {
        let run = Transcript::of(LESSON, &["--idp", "embedded", "--json", "--break", name]);
        let events = assert_events_hold(&run.stdout);
        let asked: Vec<_> = events.iter().filter(|event| event["event"] == "sent").map(|event| &event["url"]).collect();
        assert!(asked.iter().all(|url| url.as_str().unwrap().starts_with("http://localhost:")), "{asked:?}");
    }
}
