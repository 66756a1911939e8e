//! The lesson end to end, as a user runs it: on the embedded IdP, and on a Keycloak in a container
//! where Docker is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::process::{Command, ExitCode, Stdio};

use keycloak::container::Features;
use libtest_mimic::Failed;
use serde_json::Value;
use shared::testing::assert_events_hold;

const LESSON: &str = env!("CARGO_BIN_EXE_02_as_metadata");

fn main() -> ExitCode {
    let without_cimd = keycloak::trials::on_keycloak_with("keycloak_without_cimd", Features::Stock, without_cimd);
    keycloak::trials::run(scenario, vec![without_cimd])
}

fn lesson(arguments: &[&str]) -> (Vec<Value>, bool) {
    let run = Command::new(LESSON).arg("--json").args(arguments).stdin(Stdio::null()).output().unwrap();
    (assert_events_hold(&String::from_utf8_lossy(&run.stdout)), run.status.success())
}

fn results(events: &[Value]) -> BTreeMap<String, bool> {
    let checks = events.iter().filter(|event| event["event"] == "checked");
    checks.map(|check| (check["id"].as_str().unwrap().to_owned(), check["passed"] == true)).collect()
}

/// The whole story ends with metadata that a client may use, and `inspect` says the same of the
/// IdP.
fn scenario(issuer: &str) -> Result<(), Failed> {
    let (events, success) = lesson(&["--port", "0", "--idp", issuer]);
    assert!(success, "{events:#?}");
    let last = events.last().unwrap();
    assert_eq!((&last["failed"], &last["missed"]), (&0.into(), &0.into()), "{events:#?}");
    let asked: Vec<_> =
        events.iter().filter(|event| event["event"] == "sent").map(|event| event["url"].as_str().unwrap()).collect();
    assert_eq!(asked.len(), 3, "the MCP server, its metadata, the IdP's metadata: {asked:?}");
    assert!(asked[2].contains("/.well-known/oauth-authorization-server/realms/"), "{asked:?}");

    let (events, success) = lesson(&["inspect", issuer]);
    assert!(success, "{events:#?}");
    let results = results(&events);
    for rule in as_metadata::rules::ALL {
        assert_eq!(results.get(rule.id), Some(&true), "{}", rule.id);
    }
    let (events, success) = lesson(&["inspect", &format!("{issuer}-nope")]);
    assert!(!success);
    assert!(
        events.iter().any(|event| event["event"] == "error" && event["id"] == "as-metadata.location"),
        "{events:#?}"
    );
    Ok(())
}

/// A Keycloak with no feature switched on: every MUST holds, and what differs is what the feature
/// `cimd` says in the metadata.
fn without_cimd(issuer: &str) -> Result<(), Failed> {
    let (events, success) = lesson(&["inspect", issuer]);
    assert!(success, "{events:#?}");
    let missed: Vec<_> = results(&events).into_iter().filter(|(_, passed)| !passed).collect();
    assert_eq!(missed, [("as-metadata.client-id-metadata".to_owned(), false)]);
    let row = events.iter().find(|event| event["id"] == "as-metadata.client-id-metadata").unwrap();
    assert!(row["fix"].as_str().unwrap().contains("--features=cimd"), "{row}");
    let texts = events.iter().filter_map(|event| event["text"].as_str()).flat_map(str::lines);
    let row = texts.into_iter().find(|row| row.contains("public clients")).unwrap();
    assert!(row.ends_with(" no"), "with cimd on, Keycloak also lists the method none: {row}");
    Ok(())
}
