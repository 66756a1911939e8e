//! `cargo learn`: what runs record, and what it says of that.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Stdio};

use shared::testing::any_ports;

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

/// What the program prints; `records` is the value of the variable that turns recording on.
fn printed(arguments: &[&str], home: &Path, records: Option<&str>) -> String {
    let mut command = Command::new(LESSON);
    command
        .args(any_ports(LESSON, arguments))
        .args(arguments)
        .env("MCP_OAUTH_HOME", home)
        .env_remove("MCP_OAUTH_LEARN")
        .stdin(Stdio::null());
    command.envs([("KEYCLOAK_URL", "http://localhost:1"), ("EMBEDDED_IDP_URL", "http://localhost:2")]);
    command.envs(records.map(|value| ("MCP_OAUTH_LEARN", value)));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

#[test]
fn a_story_that_passes_is_recorded_for_a_person_at_a_terminal() {
    let home = shared::testing::private_folder();
    let learned = home.path().join("learned.json");
    // Nobody sits at this pipe, so nothing is recorded unless it is asked for.
    printed(&[], home.path(), None);
    assert!(!learned.exists());
    printed(&["--break", "audience-slash"], home.path(), Some("on"));
    printed(&[], home.path(), Some("on"));
    // Commands of their own are no story.
    printed(&["--break", "list"], home.path(), Some("on"));
    let lines = std::fs::read_to_string(&learned).unwrap();
    assert_eq!(
        lines,
        "{\"lesson\":\"06_audience_binding\",\"break\":\"audience-slash\"}\n{\"lesson\":\"06_audience_binding\"}\n"
    );
    let shown = printed(&["learn"], home.path(), None);
    for says in ["01  Protected resource discovery", "06  Audience binding", "✔ passed", "Next lesson: cargo 01"] {
        assert!(shown.contains(says), "{shown}");
    }
    assert!(shown.lines().any(|line| line.contains("06  Audience") && line.contains("1 of ")), "{shown}");
}

#[test]
fn a_quiz_has_five_questions_and_explanations() {
    let home = shared::testing::private_folder();
    let shown = printed(&["learn", "quiz", "05"], home.path(), None);
    assert_eq!((shown.matches("Question ").count(), shown.matches("The answer is ").count()), (5, 5), "{shown}");
}
