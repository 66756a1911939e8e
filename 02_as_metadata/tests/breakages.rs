//! Every `--break` switch, as a user runs it: who caught it, and at which check.

use as_metadata::breakages;
use shared::testing::{Transcript, assert_events_hold};

const LESSON: &str = env!("CARGO_BIN_EXE_02_as_metadata");

#[test]
fn every_breakage_is_caught_by_the_side_and_the_check_that_the_lesson_names() {
    for breakage in breakages::ALL {
        let run = Transcript::of(LESSON, &["--json", "--break", breakage.name]);
        let events = assert_events_hold(&run.stdout);
        let caught: Vec<_> = events.iter().filter(|event| event["expected_failure"] == true).collect();
        assert_eq!(caught.len(), 1, "--break {}: {events:#?}", breakage.name);
        assert_eq!(caught[0]["id"], breakage.caught_as.id, "--break {}", breakage.name);
        assert_eq!(caught[0]["side"], breakage.caught_by.to_string(), "--break {}", breakage.name);
        assert_eq!(run.exit, Some(0), "--break {}: {events:#?}", breakage.name);
        assert_eq!(events.last().unwrap()["ok"], true);
        let errors = events.iter().filter(|event| event["event"] == "error").count();
        assert!(errors <= 1, "--break {}: one error event at the most", breakage.name);
    }
}

#[test]
fn line_one_says_why_it_is_the_embedded_idp() {
    let run = Transcript::of(LESSON, &["--json", "--break", "no-pkce"]);
    let first = assert_events_hold(&run.stdout).remove(0);
    assert!(first["text"].as_str().unwrap().contains("since only that one can misbehave on purpose"), "{first}");
}

#[test]
fn another_idp_cannot_be_made_to_misbehave() {
    for idp in ["keycloak", "http://localhost:9000/realms/mcp-oauth"] {
        let run = Transcript::of(LESSON, &["--json", "--break", "no-pkce", "--idp", idp]);
        let events = assert_events_hold(&run.stdout);
        assert_eq!((run.exit, &events[0]["id"]), (Some(1), &"idp.defect".into()), "{events:?}");
    }
}

#[test]
fn the_list_names_every_switch() {
    let run = Transcript::of(LESSON, &["--break", "list"]);
    assert_eq!(run.exit, Some(0));
    for breakage in breakages::ALL {
        assert!(run.stdout.contains(breakage.name) && run.stdout.contains(breakage.caught_as.id), "{}", run.stdout);
    }
}

#[test]
fn names_and_ids_are_unique() {
    let mut names: Vec<_> = breakages::ALL.iter().map(|breakage| breakage.name).collect();
    let mut ids: Vec<_> = as_metadata::rules::ALL.iter().map(|rule| rule.id).collect();
    for list in [&mut names, &mut ids] {
        let all = list.len();
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), all);
    }
}
