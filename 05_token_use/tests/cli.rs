//! The command line of this lesson, where it differs from those before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;
use shared::testing::Run;

const LESSON: &str = env!("CARGO_BIN_EXE_05_token_use");

fn run(arguments: &[&str], home: &Path) -> Output {
    Command::new(LESSON)
        .args(arguments)
        .envs([("KEYCLOAK_URL", "http://localhost:1"), ("EMBEDDED_IDP_URL", "http://localhost:2")])
        .env("MCP_OAUTH_HOME", home)
        .env_remove("MCP_OAUTH_PASSPHRASE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    let home = shared::testing::private_folder();
    for (arguments, sentence) in [
        (&["call-tool"][..], "<NAME>"),
        (&["--remember-tokens", "-1"], "unexpected argument"),
        (&["--remember-tokens", "100001"], "is not in 0..=100000"),
        (&["call-tool", "x", "--port", "8010"], "--port is the MCP server's, which takes no part in this run"),
        (&["list-tools", "--accept-typ", "JWT"], "--accept-typ is the MCP server's"),
        (&["server", "--dpop"], "--dpop is the client's, which takes no part in this run"),
        (&["client", "--require-dpop"], "--require-dpop is the MCP server's, which takes no part in this run"),
        (&["client", "--break", "expired"], "is done by the IdP, which takes no part in this run"),
        (&["server", "--break", "alg-none"], "is done by the client, which takes no part in this run"),
        (&["list-tools", "--idp", "embedded"], "--idp is for the whole lesson and for the server"),
    ] {
        let output = run(arguments, home.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[test]
fn what_is_missing_gets_a_sentence() {
    let home = shared::testing::private_folder();
    for (arguments, id, sentence) in [
        (&["refresh"][..], "tokens.none", "No tokens are stored for http://localhost:8000/mcp"),
        (&["logout"], "tokens.none", "No tokens are stored"),
        (&["call-tool", "x", "--args", "{"], "tool.arguments", "not JSON"),
        (&["call-tool", "x", "--args", "[1]"], "tool.arguments", "another JSON value"),
        (&["list-tools", "--server-url", "http://localhost:3/mcp"], "http.unreachable", "cannot be reached"),
        (&["list-tools", "--server-url", "ftp://localhost/mcp"], "http.bad-url", "ftp"),
        (&["list-tools", "--break", "alg-none"], "configuration.break", "this command runs only a part"),
        (&["authorize", "--dpop"], "configuration.dpop", "this command stores tokens for later runs"),
        (&["--break", "missing-scope", "--require-dpop"], "configuration.dpop", "is about bearer tokens"),
    ] {
        let run = Run::of(&run(&[&["--json"], arguments].concat(), home.path()));
        assert!(!run.success, "{arguments:?}");
        let (seen, message, _) = run.error();
        assert_eq!(seen, id, "{arguments:?}: {message}");
        assert!(message.contains(sentence), "{arguments:?}: {message}");
    }
}

#[test]
fn a_file_that_holds_no_tokens_is_left_alone() {
    let home = shared::testing::private_folder();
    let file = home.path().join("tokens.json");
    for text in ["{", "[]", &json!({"version": 7, "servers": {}}).to_string()] {
        std::fs::write(&file, text).unwrap();
        for command in ["list-tools", "refresh", "logout"] {
            let run = Run::of(&run(&["--json", command], home.path()));
            assert_eq!((run.success, run.error().0.as_str()), (false, "tokens.file"), "{text} {command}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn a_plain_run_fits_on_a_few_screens_and_counts_its_marks() {
    shared::testing::assert_plain_run_fits(env!("CARGO_BIN_EXE_05_token_use"), 260);
}
