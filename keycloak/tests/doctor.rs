//! `cargo doctor` as a person runs it, on a machine with good or bad programs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Programs of other names are not found: the folder is all of the path.
fn doctor(programs: &[(&str, &str)], home: &Path, more: &[&str]) -> Output {
    let path = shared::testing::private_folder();
    for (name, script) in programs {
        let file = path.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_keycloak"));
    command.arg("doctor").args(more).env("PATH", path.path()).env("MCP_OAUTH_HOME", home);
    command.env("KEYCLOAK_URL", "http://localhost:1").env("BROWSER", "firefox");
    for variable in ["CC", "RUSTC", "KEYCLOAK_IMAGE", "SSL_CERT_FILE"] {
        command.env_remove(variable);
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_machine_with_everything_has_only_good_lines_for_it() {
    let home = shared::testing::private_folder();
    let programs = [
        ("rustc", "echo rustc 1.99.0"),
        ("cc", "echo cc 14"),
        ("docker", r#"if [ "$1" = version ]; then echo 99.1; else echo sha256:1; fi"#),
    ];
    let output = text(&doctor(&programs, home.path(), &[]));
    for line in [
        "✔ Rust 1.99.0: ",
        "✔ C compiler: cc 14.",
        "✔ Docker engine 99.1.",
        "✔ Keycloak's image ",
        "✔ The embedded IdP starts",
        "✔ Browser: firefox",
        "✔ Store: ",
    ] {
        assert!(output.lines().any(|printed| printed.starts_with(line)), "{line}\n{output}");
    }
}

#[test]
fn a_machine_without_them_gets_fixes_and_an_exit_code() {
    let output =
        doctor(&[("rustc", "echo rustc 1.2.3"), ("docker", "while :; do :; done")], Path::new("/dev/null/x"), &[]);
    let printed = text(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    for line in ["✘ Rust 1.2.3: ", "✘ C compiler: cc was not found.", "⚠ Docker: ", "⚠ Keycloak is not up", "✘ Store: "]
    {
        let at = printed.lines().position(|printed| printed.starts_with(line)).expect(&printed);
        let fix = printed.lines().skip(at + 1).find(|line| !line.starts_with("  ") || line.starts_with("  Fix: "));
        assert!(fix.is_some_and(|line| line.starts_with("  Fix: ")), "{line}\n{printed}");
    }
    assert!(printed.lines().last().unwrap().starts_with("Not ready: "), "{printed}");
}

#[test]
fn the_json_form_has_a_last_line_with_the_exit_code() {
    let output = doctor(&[("rustc", "exit 1")], Path::new("/dev/null/x"), &["--json"]);
    let events: Vec<serde_json::Value> =
        text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["exit"]), (&"outcome".into(), &1.into()), "{events:#?}");
    assert!(events.iter().any(|event| event["event"] == "error" && !event["fix"].as_str().unwrap().is_empty()));
}
