//! What the README shows is what the lesson prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use as_metadata::sabotage::Switch;
use as_metadata::{MetadataError, rules};
use shared::Failed;
use shared::breakage::Switch as _;
use shared::http::HttpError;

const LESSON: &str = env!("CARGO_BIN_EXE_02_as_metadata");

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
        shared::testing::check_readme(&folder().join(page), "as_metadata", LESSON, &[]);
    }
}

#[test]
fn the_errors_under_troubleshooting_read_as_they_really_do() {
    let text = shared::testing::troubleshooting(folder());
    let idp = || "https://idp.example".to_owned();
    let sentences = [
        MetadataError::Unavailable(HttpError::Unreachable {
            url: "http://localhost:9000/.well-known/oauth-authorization-server/realms/mcp-oauth".to_owned(),
            reason: "connection refused".to_owned(),
            tried: Vec::new(),
        }),
        MetadataError::NotFound {
            tried: vec![
                (format!("{}/.well-known/oauth-authorization-server", idp()), "HTTP 404".to_owned()),
                (format!("{}/.well-known/openid-configuration", idp()), "HTTP 404".to_owned()),
            ],
            is_json: false,
        },
        MetadataError::IssuerMismatch { expected: idp(), received: format!("{}/", idp()) },
        MetadataError::IssuerMismatch {
            expected: "http://127.0.0.1:9000/realms/mcp-oauth".to_owned(),
            received: "http://localhost:9000/realms/mcp-oauth".to_owned(),
        },
        MetadataError::Unfit(Failed {
            rule: &rules::PKCE_ANNOUNCED,
            expected: "code_challenge_methods_supported is there".to_owned(),
            seen: "absent".to_owned(),
            fix: String::new(),
        }),
        MetadataError::Status { url: format!("{}/.well-known/oauth-authorization-server", idp()), status: 302 },
    ];
    for sentence in &sentences {
        assert!(text.contains(&format!("| `{sentence}` |")), "the README does not show: {sentence}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 4).count();
    assert_eq!(rows, sentences.len(), "every row of the table is tested");
}
