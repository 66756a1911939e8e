//! What the README shows is what the lesson prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use protected_resource_discovery::DiscoveryError;
use protected_resource_discovery::further::first_response::{FirstResponse, Kind};
use protected_resource_discovery::sabotage::Switch;
use shared::breakage::Switch as _;
use shared::http::HttpError;
use shared::listen;
use shared::reach::Privacy;
use shared::testing::{Transcript, assert_events_hold};

const LESSON: &str = env!("CARGO_BIN_EXE_01_protected_resource_discovery");

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_table_of_switches_is_true() {
    shared::testing::check_switches(folder(), &Switch::breakages());
}

#[test]
fn the_transcripts_are_true() {
    for page in ["README.md", "FURTHER.md"] {
        shared::testing::check_readme(&folder().join(page), "protected_resource_discovery", LESSON, &[]);
    }
}

#[tokio::test]
async fn the_errors_under_troubleshooting_read_as_they_really_do() {
    let text = shared::testing::troubleshooting(folder());
    let url = || "https://mcp.example.com/metadata".to_owned();
    let resource = |host: &str| format!("http://{host}:8000/mcp");
    let discovery = [
        DiscoveryError::Server(HttpError::Unreachable {
            url: resource("localhost"),
            reason: "connection refused".to_owned(),
            tried: Vec::new(),
        }),
        DiscoveryError::Unexpected(FirstResponse {
            server_url: "http://localhost:8000/".to_owned(),
            status: 404,
            kind: Kind::Other,
        }),
        DiscoveryError::ResourceMismatch {
            expected: vec![resource("127.0.0.1")],
            received: resource("localhost"),
            from_challenge: true,
        },
        DiscoveryError::NotFound {
            tried: vec![
                "https://mcp.example.com/.well-known/oauth-protected-resource/mcp".to_owned(),
                "https://mcp.example.com/.well-known/oauth-protected-resource".to_owned(),
            ],
        },
        DiscoveryError::Unavailable(HttpError::Insecure { url: "http://mcp.example.com/metadata".to_owned() }),
        DiscoveryError::Unavailable(HttpError::Refused {
            url: url(),
            is_named: false,
            address: "10.0.0.5".parse().unwrap(),
            privacy: Privacy::Private,
        }),
        DiscoveryError::MediaType { url: url(), got: "text/html".to_owned() },
    ];
    let mut sentences: Vec<_> = discovery.iter().map(ToString::to_string).collect();

    let taken = listen::bind(0, "", "").await.unwrap();
    let port = listen::port(&taken);
    let refused = listen::bind(port, "the MCP server", "--port").await.unwrap_err();
    sentences.push(refused.message.replace(&port.to_string(), "8000"));

    let run = Transcript::of(LESSON, &["--idp", "keycloak", "--json"]);
    let events = assert_events_hold(&run.stdout);
    let error = events.iter().find(|event| event["event"] == "error").unwrap();
    sentences.push(error["message"].as_str().unwrap().to_owned());

    for sentence in &sentences {
        assert!(text.contains(&format!("| `{sentence}` |")), "the README does not show: {sentence}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 4).count();
    assert_eq!(rows, sentences.len(), "every row of the table is tested");
}
