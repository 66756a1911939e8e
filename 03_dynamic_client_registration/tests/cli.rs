//! The command line of this lesson, where it differs from those before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

use serde_json::Value;
use shared::testing::{any_ports, assert_events_hold};

const LESSON: &str = env!("CARGO_BIN_EXE_03_dynamic_client_registration");

fn run(arguments: &[&str], home: &std::path::Path) -> Output {
    Command::new(LESSON)
        .args(arguments)
        .env("MCP_OAUTH_HOME", home)
        .env("KEYCLOAK_URL", "http://localhost:1")
        .env("EMBEDDED_IDP_URL", "http://localhost:2")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn error(arguments: &[&str], home: &std::path::Path) -> Value {
    let ports = any_ports(LESSON, arguments);
    let ports: Vec<_> = ports.iter().map(String::as_str).collect();
    let output = run(&[&["--json"], &ports[..], arguments].concat(), home);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let events = assert_events_hold(&String::from_utf8(output.stdout).unwrap());
    let errors: Vec<_> = events.iter().filter(|event| event["event"] == "error").collect();
    assert_eq!(errors.len(), 1, "{events:#?}");
    errors[0].clone()
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, sentence) in [
        (&["clients"][..], "Usage: 03_dynamic_client_registration clients"),
        (&["clients", "update"], "--client-name <NAME>"),
        (&["--register", "somehow"], "invalid value 'somehow'"),
        (&["initial-access-token", "--count", "0"], "0 is not in 1..=1000"),
        (&["initial-access-token", "--expires", "soon"], "invalid value 'soon'"),
        (&["--document-host", "http://x/"], "a host name without port and path"),
        (&["client", "--idp", "embedded"], "--idp is for the whole story and for the server"),
        (&["client", "--port", "8010"], "--port is the MCP server's, which takes no part in this run"),
        (&["clients", "list", "--scopes", "a"], "--scopes is the MCP server's"),
        (&["--registration-hint", "client"], "--registration-hint is the MCP server's"),
        (&["clients", "list", "--idp", "embedded"], "--idp is for the whole story and for the server"),
        (&["server", "--break", "reused-iat"], "is done by the client, which takes no part in this run"),
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
        (&["clients", "show"][..], "clients.which", "No client is kept in "),
        (&["enable-cimd"], "idp.lasting", "none is up"),
        (&["initial-access-token", "--idp", "embedded"], "idp.lasting", "no embedded one is up"),
        (&["--register", "preregistered"], "configuration.client-id", "needs a client that somebody registered"),
        (&["--client-id", "x", "--register", "anonymous"], "configuration.either", "--register asks for a new one"),
        (&["--client-issuer", "https://idp.example"], "credentials.issuer", "nothing is sent there"),
        (&["client", "--server-url", "http://localhost:1/mcp"], "http.unreachable", "cannot be reached"),
    ] {
        let error = error(arguments, home.path());
        assert_eq!(error["id"], id, "{arguments:?}");
        assert!(error["message"].as_str().unwrap().contains(sentence), "{arguments:?}: {error}");
        assert!(!error["fix"].as_str().unwrap().is_empty(), "{arguments:?}");
    }
    assert_eq!(error(&["enable-cimd", "--idp", "http://localhost:1/realms/x"], home.path())["id"], "idp.issuer");
}

#[test]
fn a_port_that_is_taken_gets_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = error(&["--callback-port", &port], home.path());
    assert!(error["message"].as_str().unwrap().contains(&format!("Port {port} is taken")), "{error}");
    assert!(error["fix"].as_str().unwrap().contains("--callback-port"), "{error}");
}

#[test]
fn a_store_that_cannot_be_read_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("clients.json");
    std::fs::write(&file, "{\"version\": 99}").unwrap();
    let error = error(&["clients", "list"], home.path());
    assert_eq!(error["id"], "store.readable");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"version\": 99}");
}

#[test]
fn an_idp_inside_the_process_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&[][..], &["--register", "initial-access-token"], &["--register", "cimd"]] {
        let ports = ["--port", "0", "--callback-port", "0", "--document-port", "0"];
        assert!(run(&[&ports[..], arguments].concat(), home.path()).status.success(), "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
