//! The lesson end to end, as a user runs it: on the embedded IdP, and on a Keycloak in a container
//! where Docker is.

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::Failed;
use serde_json::Value;
use shared::Reporter;
use shared::http::{Http, Request};
use shared::reach::{Privacy, Reach};
use shared::testing::assert_events_hold;

const LESSON: &str = env!("CARGO_BIN_EXE_01_protected_resource_discovery");

fn main() -> ExitCode {
    keycloak::trials::run(scenario, vec![])
}

/// The whole story leads from the MCP server's URL to an authorization server that is really there,
/// under that very name.
fn scenario(issuer: &str) -> Result<(), Failed> {
    let run = Command::new(LESSON).args(["--json", "--port", "0", "--idp", issuer]).stdin(Stdio::null()).output()?;
    let events = assert_events_hold(&String::from_utf8_lossy(&run.stdout));
    assert!(run.status.success(), "{events:#?}");

    let last = events.last().ok_or("no events")?;
    assert_eq!(
        (&last["event"], &last["ok"], &last["failed"], &last["missed"]),
        (&"outcome".into(), &true.into(), &0.into(), &0.into())
    );
    assert_eq!(statuses(&events), [401, 200], "asked without a token, then for the metadata");
    for id in [
        "challenge.resource-metadata",
        "metadata.resource-of-challenge",
        "metadata.authorization-servers",
        "metadata.address",
    ] {
        assert_eq!(passed(&events, id), Some(true), "{id}");
    }

    let metadata = events.iter().rfind(|event| event["event"] == "received").ok_or("no metadata")?;
    let named = metadata["body"]["authorization_servers"][0].as_str().ok_or("no authorization server")?;
    assert_eq!(named, issuer);
    assert_eq!(issuer_at(named)?, named, "the authorization server that the MCP server names answers under that name");
    Ok(())
}

fn statuses(events: &[Value]) -> Vec<u64> {
    events.iter().filter_map(|event| event["status"].as_u64()).collect()
}

fn passed(events: &[Value], id: &str) -> Option<bool> {
    events.iter().find(|event| event["event"] == "checked" && event["id"] == id)?["passed"].as_bool()
}

fn issuer_at(issuer: &str) -> Result<String, Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    let url = format!("{issuer}/.well-known/openid-configuration");
    let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback))?;
    let response = runtime.block_on(http.send(&Request::get(&url)))?;
    let document: Value = serde_json::from_slice(&response.body)?;
    Ok(document["issuer"].as_str().unwrap_or_default().to_owned())
}
