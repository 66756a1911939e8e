//! Every `--break` switch, as a user runs it: who caught it, and at which check.

use as_metadata::rules;
use as_metadata::sabotage::Switch;
use shared::breakage::Switch as _;
use shared::testing::{Transcript, assert_breakages_are_caught, assert_events_hold, assert_names_are_unique};

const LESSON: &str = env!("CARGO_BIN_EXE_02_as_metadata");

#[test]
fn every_breakage_is_caught_by_the_side_and_the_check_that_the_lesson_names() {
    assert_breakages_are_caught(LESSON, &Switch::breakages());
}

#[test]
fn names_and_ids_are_unique() {
    assert_names_are_unique(&Switch::breakages(), rules::ALL);
}

#[test]
fn line_one_says_why_it_is_the_embedded_idp() {
    let run = Transcript::of(LESSON, &["--json", "--break", "no-pkce"]);
    let first = assert_events_hold(&run.stdout).remove(0);
    assert!(first["text"].as_str().unwrap().contains("since this --break needs it"), "{first}");
}

#[test]
fn another_idp_cannot_be_made_to_misbehave() {
    for idp in ["keycloak", "http://localhost:9000/realms/mcp-oauth"] {
        let run = Transcript::of(LESSON, &["--json", "--break", "no-pkce", "--idp", idp]);
        let events = assert_events_hold(&run.stdout);
        assert_eq!((run.exit, &events[0]["id"]), (Some(1), &"idp.defect".into()), "{events:?}");
    }
}
