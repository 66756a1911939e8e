//! What the README shows is what the lesson prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use as_metadata::AuthorizationServerMetadata;
use dynamic_client_registration::further::preregistered::StaticClient;
use dynamic_client_registration::refusal::Refusal;
use dynamic_client_registration::sabotage::Switch;
use dynamic_client_registration::{RegistrationError, further, rules};
use serde_json::json;
use shared::breakage::Switch as _;
use shared::http::Response;
use shared::{Failed, Failure, Rule, Secret};

const LESSON: &str = env!("CARGO_BIN_EXE_03_dynamic_client_registration");

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_table_of_switches_is_true() {
    shared::testing::check_switches(Path::new(env!("CARGO_MANIFEST_DIR")), &Switch::breakages());
}

#[test]
fn the_transcripts_are_true() {
    keycloak::trials::on_embedded(|issuer| {
        for name in ["README.md", "FURTHER.md"] {
            shared::testing::check_readme_at(issuer, &page(name), "dynamic_client_registration", LESSON);
        }
        Ok(())
    })
    .unwrap();
}

/// A refusal that is no JSON.
fn refused_by_text(status: u16, body: &str) -> String {
    let response = Response { url: String::new(), status, headers: Default::default(), body: body.as_bytes().to_vec() };
    RegistrationError::Refused(Refusal::read(&response, false)).to_string()
}

fn refused(status: u16, error: &str, description: &str) -> String {
    let mut body = json!({"error": error});
    if !description.is_empty() {
        body["error_description"] = description.into();
    }
    let response =
        Response { url: String::new(), status, headers: Default::default(), body: body.to_string().into_bytes() };
    RegistrationError::Refused(Refusal::read(&response, true)).to_string()
}

fn policy(name: &str, details: &str) -> String {
    let sentence = format!("Policy '{name}' rejected request to client-registration service. Details: {details}");
    refused(403, "insufficient_scope", &sentence)
}

fn failed(rule: &'static Rule, expected: &str, seen: &str) -> Failed {
    Failed { rule, expected: expected.to_owned(), seen: seen.to_owned(), fix: String::new() }
}

/// The IdPs' own words in these rows are those that the end-to-end test sees on Keycloak.
#[test]
fn the_errors_under_troubleshooting_read_as_they_really_do() {
    let text = shared::testing::troubleshooting(Path::new(env!("CARGO_MANIFEST_DIR")));
    let other_issuer = {
        let client = StaticClient::from_configuration(Some("x"), None, Some("https://idp.example")).unwrap().unwrap();
        let metadata = AuthorizationServerMetadata { issuer: "https://other.example".to_owned(), ..Default::default() };
        client.information(&shared::Reporter::silent(), &metadata).unwrap_err().to_string()
    };
    let secret_alone: Failure = StaticClient::from_configuration(Some("x"), Some(Secret::new("s")), None).unwrap_err();
    let sentences = [
        policy("Trusted Hosts", "URI doesn't match any trusted host or trusted domain"),
        policy("Trusted Hosts", "Host not trusted."),
        refused_by_text(401, ""),
        refused_by_text(403, "<title>Request blocked</title>"),
        refused_by_text(503, ""),
        policy("Allowed Client Scopes", "Not permitted to use specified clientScope"),
        policy("Max Clients Limit", "It's allowed to have max 200 clients per realm"),
        refused(401, "invalid_token", "No remaining count on initial access token"),
        refused(401, "invalid_token", "Failed decode token"),
        refused(400, "invalid_redirect_uri", "A redirect URI must not contain an URL fragment"),
        refused(400, "invalid_client_metadata", "Client metadata invalid"),
        refused(
            400,
            "Invalid json representation for OIDCClientRepresentation. Unrecognized field \"resource\" at line 1 column 42.",
            "",
        ),
        RegistrationError::NoEndpoint { issuer: "https://idp.example".to_owned(), fix: String::new() }.to_string(),
        RegistrationError::Unknown {
            client_id: "mcp-demo-client".to_owned(),
            failed: failed(&rules::KNOWN, "", "HTTP 401 invalid_client: Invalid client or Invalid client credentials"),
        }
        .to_string(),
        RegistrationError::NotForCodes {
            client_id: "c1".to_owned(),
            failed: failed(&further::rules::CODE_GRANT_ALLOWED, "", "HTTP 400 unauthorized_client"),
        }
        .to_string(),
        other_issuer,
        secret_alone.message,
        RegistrationError::MetadataDocument {
            client_id: "http://localhost:8889/client.json".to_owned(),
            failed: failed(
                &further::rules::IDP_TAKES_DOCUMENT,
                "the IdP takes the document and goes on to the sign-in",
                "HTTP 400 “Client not found.”",
            ),
        }
        .to_string(),
    ];
    for sentence in &sentences {
        assert!(text.contains(&format!("| `{sentence}` |")), "the README does not show: {sentence}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 4).count();
    assert_eq!(rows, sentences.len(), "every row of the table is tested");
}
