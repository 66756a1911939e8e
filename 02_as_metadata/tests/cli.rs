//! The command line of this lesson, where it differs from lesson 01's.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::Command;

use shared::testing::{Transcript, assert_events_hold};

const LESSON: &str = env!("CARGO_BIN_EXE_02_as_metadata");

#[test]
fn an_idp_that_is_not_there_gets_a_sentence() {
    let output = Command::new(LESSON).args(["--json", "inspect", "http://localhost:1/realms/x"]).output().unwrap();
    let events = assert_events_hold(&String::from_utf8(output.stdout).unwrap());
    let errors: Vec<_> = events.iter().filter(|event| event["event"] == "error").collect();
    assert_eq!((errors.len(), &errors[0]["id"]), (1, &"http.unreachable".into()));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    for (arguments, sentence) in [
        (&["inspect"][..], "<ISSUER_URL>"),
        (&["inspect", "http://localhost:1", "--idp", "embedded"], "--idp is for the whole lesson and for the server"),
        (
            &["inspect", "http://localhost:1", "--break", "no-pkce"],
            "is done by the IdP, which takes no part in this run",
        ),
        (&["client", "--break", "wrong-issuer"], "is done by the IdP, which takes no part in this run"),
        (&["--break", "wrong-resource"], "invalid value 'wrong-resource'"),
    ] {
        let output = Command::new(LESSON).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[test]
fn the_whole_story_runs_where_nothing_is_up() {
    let run = Transcript::of(LESSON, &["--json"]);
    let events = assert_events_hold(&run.stdout);
    assert_eq!((run.exit, &events.last().unwrap()["stages"]), (Some(0), &8.into()));
}

#[test]
fn a_plain_run_fits_on_a_few_screens_and_counts_its_marks() {
    shared::testing::assert_plain_run_fits(env!("CARGO_BIN_EXE_02_as_metadata"), 110);
}
