//! The command line of this lesson, where it differs from those before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

fn run(arguments: &[&str]) -> Output {
    run_with(arguments, &[])
}

fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(LESSON)
        .args(arguments)
        .env_remove("INITIAL_ACCESS_TOKEN")
        .env_remove("LOGIN_PASSWORD")
        .envs(variables.iter().copied())
        .envs([("KEYCLOAK_URL", "http://localhost:1"), ("EMBEDDED_IDP_URL", "http://localhost:2")])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_ends_with_exit_code_2_and_repeats_no_password() {
    for (arguments, sentence) in [
        (&["--login", ":hunter2"][..], "the name of a user is expected"),
        (&["--login", "me:hunter2"], "the password in LOGIN_PASSWORD or at the prompt"),
        (&["--login", "me", "--browser"], "cannot be used with"),
        (&["--browser", "--deny"], "cannot be used with"),
        (&["client", "--authorization-endpoint", "https://idp.example/a"], "--token-endpoint <URL>"),
        (&["client", "--token-endpoint", "https://idp.example/t"], "--authorization-endpoint <URL>"),
        (&["client", "--token-endpoint", "idp.example/t"], "an http or https URL without a fragment"),
        (&["server", "--omit-resource"], "--omit-resource is the client's"),
        (&["--sign-in-timeout", "0"], "0 is not in 1..=3600"),
        (&["client", "--break", "bad-state"], "is done by the IdP, which takes no part in this run"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

/// Nothing listens at the MCP server's URL, and that is never found out.
#[test]
fn what_belongs_to_one_authorization_server_is_refused_where_none_is_named() {
    let alone = ["--json", "client", "--server-url", "http://localhost:3/mcp"];
    let named = ["--client-issuer", "https://idp.example"];
    let iat = ["--register", "initial-access-token"];
    let refused = "configuration.login-issuer";
    for (arguments, variables, id) in [
        (&["--login", "me"][..], &[("LOGIN_PASSWORD", "x")][..], refused),
        (&["--login", "me"], &[], refused),
        (&iat, &[("INITIAL_ACCESS_TOKEN", "x")], "configuration.client-issuer"),
        // Good twins get as far as the MCP server.
        (&[&["--login", "me"], &named[..]].concat(), &[("LOGIN_PASSWORD", "x")], "http.unreachable"),
        (&["--login", "mcpuser:password123"], &[], "http.unreachable"),
        (&[&iat[..], &named].concat(), &[("INITIAL_ACCESS_TOKEN", "x")], "http.unreachable"),
        (&iat, &[], "http.unreachable"),
    ] {
        let output = run_with(&[&alone[..], arguments].concat(), variables);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("\"id\":\"{id}\"")), "{arguments:?}: {text}");
        assert_eq!(text.contains("\"event\":\"sent\""), id == "http.unreachable", "{arguments:?}: {text}");
    }
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
        (&["--login", "mcpuser:password123"][..], "--login is about a user's sign-in"),
        (&["--deny"], "--deny is about a user's sign-in"),
        (&["--register", "cimd"], "--register is about a user's sign-in or a client's registration"),
        (&["--client-id", "mcp-demo-service"], "The client mcp-demo-service has no secret."),
    ] {
        let output = run(&[&start, arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[test]
fn a_plain_run_fits_on_a_few_screens_and_counts_its_marks() {
    shared::testing::assert_plain_run_fits(env!("CARGO_BIN_EXE_04_authorization_code"), 170);
}
