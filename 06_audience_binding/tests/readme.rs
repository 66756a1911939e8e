//! The pages show what the lesson prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use audience_binding::error::{AudienceError, ExchangeError};
use audience_binding::further::error::{AssertionError, GrantError};
use audience_binding::sabotage::Switch;
use audience_binding::sabotage::attacks::slipped_through;
use authorization_code::AuthorizationError;
use keycloak::SERVERS;
use shared::breakage::Switch as _;
use shared::testing::{ReservedPort, Running};

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_transcripts_are_true() {
    let reserved = [ReservedPort::take(), ReservedPort::take()];
    let ports = reserved.each_ref().map(ReservedPort::to_string);
    let urls = ports.each_ref().map(|port| format!("http://localhost:{port}/mcp"));
    keycloak::trials::on_embedded_for(&[&urls[0], &urls[1]], |issuer| {
        // The server of the commands that want one in another terminal.
        let mut server = Command::new(LESSON);
        let [first, second] = &ports;
        server.args(["--json", "server", "--idp", issuer, "--port", first, "--second-port", second]);
        server.args(["--downstream-port", "0"]).stdin(Stdio::null());
        let (_server, url) = Running::server(server);
        let addresses = [(SERVERS[0], url.as_str()), ("http://localhost:9100/realms/mcp-oauth", issuer)];
        for name in ["README.md", "FURTHER.md"] {
            shared::testing::check_readme_with(&page(name), "audience_binding", LESSON, &[], &addresses);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_one_line_that_the_readme_names_is_the_line() {
    let text = std::fs::read_to_string(page("README.md")).unwrap();
    let server = include_str!("../src/server.rs");
    let line = server.lines().find(|line| line.contains("verifier.audience = ")).unwrap().trim();
    assert!(text.contains(line), "the README does not show: {line}");
    let lesson_05 = include_str!("../../05_token_use/src/server.rs");
    assert!(!lesson_05.contains("verifier.audience = "));
}

#[test]
fn the_readme_lists_every_switch() {
    shared::testing::check_switches(Path::new(env!("CARGO_MANIFEST_DIR")), &Switch::breakages());
}

#[test]
fn the_errors_under_troubleshooting_read_as_they_really_do() {
    let text = shared::testing::troubleshooting(Path::new(env!("CARGO_MANIFEST_DIR")));
    let exchange =
        |got: &str| format!("The reports are not available: {}.", ExchangeError::Refused { got: got.to_owned() });
    let refused =
        token_use::error::TokenUseError::Refused("HTTP 401 invalid_token: The token is not for this server".to_owned());
    let assertion =
        |got: &str| AssertionError::Refused { code: String::new(), got: format!("HTTP 400 {got}") }.to_string();
    let for_others = AuthorizationError::ForOtherServers {
        others: "https://other.example/mcp".to_owned(),
        server_url: SERVERS[0].to_owned(),
    };
    let sentences = [
        refused.to_string(),
        for_others.to_string(),
        assertion("invalid_grant: No Identity Provider for provided issuer"),
        assertion("invalid_grant: Token reuse detected"),
        assertion("unsupported_grant_type: Unsupported grant_type"),
        GrantError::NoIssuer.to_string(),
        exchange("HTTP 403 access_denied: Client is not within the token audience"),
        exchange("HTTP 400 invalid_request: Requested audience not available: downstream-api"),
        exchange("HTTP 400 invalid_request: Standard token exchange is not enabled for the requested client"),
        exchange("HTTP 400 invalid_client: Audience not found"),
        AudienceError::AnotherIssuer { named: "A".to_owned(), expected: "B".to_owned() }.to_string(),
        AudienceError::NoSample.to_string(),
        slipped_through("other-servers-token", 200).message,
    ];
    for sentence in &sentences {
        assert!(text.contains(&format!("| `{sentence}` |")), "no table shows: {sentence}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, sentences.len(), "every row of the tables is tested");
}

/// `.ci/conformance` makes the list; what the root README says of it cannot be something else.
#[test]
fn the_root_readme_counts_what_the_conformance_suite_passed() {
    let text = include_str!("../../README.md");
    let passed = include_str!("../../.ci/conformance.passed");
    let script = include_str!("../../.ci/conformance");
    let count = |what: &str| passed.lines().filter(|line| line.starts_with(&format!("{what} "))).count();
    let tools = |name: &str| {
        let start = format!("readonly {name}=\"");
        let list = script.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        list.trim_end_matches('"').split(' ').count()
    };
    let (older, newer) = (tools("OF_2025_11_25"), tools("OF_2026_07_28"));
    for row in [
        format!(
            "| the complete client (lesson 06) | {} of 33 | {} of 25 |",
            count("client default"),
            count("client 2026-07-28")
        ),
        format!("| MCP server (lesson 06), 2025-11-25 | {} of {older} |", count("server 2025-11-25")),
        format!("| MCP server (lesson 06), 2026-07-28 | {} of {newer} |", count("server 2026-07-28")),
        format!("| embedded IdP as authorization server | {} of 2 |", count("authorization embedded")),
        format!("| Keycloak 26.7.3 as authorization server | {} of 2 |", count("authorization keycloak")),
    ] {
        assert!(text.contains(&row), "the root README does not show: {row}");
    }
}
