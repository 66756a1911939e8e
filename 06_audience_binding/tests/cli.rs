//! The command line of this lesson, where it differs from those before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use shared::testing::Run;

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

fn run(arguments: &[&str], home: &Path) -> Output {
    Command::new(LESSON)
        .args(arguments)
        .envs([("KEYCLOAK_URL", "http://localhost:1"), ("EMBEDDED_IDP_URL", "http://localhost:2")])
        .env("MCP_OAUTH_HOME", home)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, sentence) in [
        (&["lab", "everything"][..], "invalid value 'everything'"),
        (&["client", "--args", "{}"], "--call <NAME>"),
        (&["client", "--second-port", "1"], "--second-port is the MCP server's, which takes no part in this run"),
        (&["client", "--audience", "x"], "--audience is the MCP server's"),
        (&["lab", "--port", "1"], "--port is the MCP server's"),
        (&["client", "--break", "passthrough"], "is done by the server, which takes no part in this run"),
        (&["lab", "--break", "passthrough"], "is done by the server, which takes no part in this run"),
        (&["client", "--break", "audience-slash"], "is done by the IdP, which takes no part in this run"),
        (&["server", "--break", "other-servers-token"], "is done by the client, which takes no part in this run"),
        (&["client", "--idp", "embedded"], "--idp is for the whole story and for the server"),
        (&["lab", "--indicators", "nonsense"], "an issuer URL such as https://idp.example"),
        (&["lab", "--resource", "nonsense"], "a URL such as https://mcp.example.com/mcp"),
        (&["lab", "--second-resource", "https://mcp.example.com/#a"], "a URL without the part behind #"),
        (&["matrix", "--resource", "https://mcp.example.com/mcp"], "unexpected argument '--resource'"),
        (&["--second-scopes", "a\"b"], "a scope cannot have the character '\"'"),
    ] {
        let output = run(arguments, home.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[test]
fn what_is_missing_gets_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, id, sentence) in [
        (&["client", "--call", "x", "--args", "["][..], "tool.arguments", "no JSON"),
        (&["client", "--server-url", "http://localhost:3/mcp"], "http.unreachable", "cannot be reached"),
        (&["lab", "--indicators", "http://localhost:3/realms/x"], "idp.issuer", "nothing answers at"),
        (&["lab", "--break", "other-servers-token"], "configuration.break", "this command is not that"),
        (&["list-tools", "--break", "other-servers-token"], "configuration.break", "this command is not that"),
        (&["--require-dpop"], "configuration.dpop", "has the servers refuse them"),
        (
            &["client", "--dpop", "--break", "other-servers-token"],
            "configuration.dpop",
            "asks for tokens that are none",
        ),
        (&["logout"], "tokens.none", "No tokens are kept"),
    ] {
        let run = Run::of(&run(&[&["--json"], arguments].concat(), home.path()));
        assert!(!run.success, "{arguments:?}");
        let (seen, message, _) = run.error();
        assert_eq!(seen, id, "{arguments:?}: {message}");
        assert!(message.contains(sentence), "{arguments:?}: {message}");
    }
}
