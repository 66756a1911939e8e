//! The command line of this lesson, where it differs from those before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

fn run(arguments: &[&str]) -> Output {
    Command::new(LESSON)
        .args(arguments)
        .envs([("KEYCLOAK_URL", "http://localhost:1"), ("EMBEDDED_IDP_URL", "http://localhost:2")])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_ends_with_exit_code_2_and_repeats_no_password() {
    for (arguments, sentence) in [
        (&["--login", "mcpuser"][..], "USER:PASSWORD is expected"),
        (&["--login", "a:b", "--browser"], "cannot be used with"),
        (&["--browser", "--deny"], "cannot be used with"),
        (&["--sign-in-timeout", "0"], "0 is not in 1..=3600"),
        (&["client", "--break", "bad-state"], "is done by the IdP, which takes no part in this run"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
    let text = String::from_utf8(run(&["--login", "hunter2"]).stderr).unwrap();
    assert!(text.contains("USER:PASSWORD is expected"), "{text}");
}

#[test]
fn another_idp_cannot_be_made_to_misbehave() {
    for name in ["bad-state", "resource-differs"] {
        let output = run(&["--port", "0", "--break", name, "--idp", "keycloak"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8(output.stdout).unwrap().contains("Leave --idp out."), "{name}");
    }
}

#[test]
fn a_client_that_acts_for_itself_takes_no_options_about_users() {
    let start = ["--json", "--port", "0", "--idp", "embedded", "client-credentials"];
    for (arguments, sentence) in [
        (&["--login", "a:b"][..], "--login is about a user's sign-in"),
        (&["--deny"], "--deny is about a user's sign-in"),
        (&["--register", "cimd"], "--register is about a user's sign-in or how a client registers"),
        (&["--client-id", "mcp-demo-service"], "The client mcp-demo-service has no secret to show."),
    ] {
        let output = run(&[&start, arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}
