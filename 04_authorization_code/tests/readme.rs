//! What the README shows is what the lesson prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use authorization_code::sabotage::Switch;
use authorization_code::{AuthorizationError, further, rules};
use shared::breakage::Switch as _;

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_transcripts_are_true() {
    keycloak::trials::on_embedded(|issuer| {
        for page in ["README.md", "FURTHER.md"] {
            shared::testing::check_readme_at(issuer, &folder().join(page), "authorization_code", LESSON);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_readme_lists_every_switch() {
    shared::testing::check_switches(folder(), &Switch::breakages());
}

/// The IdPs' own words in these rows are those that the end-to-end test sees on Keycloak.
#[test]
fn the_errors_under_troubleshooting_read_as_they_really_do() {
    let text = shared::testing::troubleshooting(folder());
    let token =
        |rule, got: &str| AuthorizationError::Token { rule, is_final: true, got: got.to_owned(), fix: String::new() };
    let denied = |error: &str, description: &str| AuthorizationError::Denied {
        error: error.to_owned(),
        description: description.to_owned(),
    };
    let sentences = [
        AuthorizationError::RedirectUri { got: "HTTP 400 “Invalid parameter: redirect_uri”".to_owned() },
        denied("invalid_scope", "Invalid scopes: mcp:read mcp:write"),
        denied("access_denied", ""),
        AuthorizationError::SignIn { got: "the IdP says “Invalid username or password.”".to_owned() },
        AuthorizationError::UnknownPage {
            got: "the IdP shows “Choose an account” with “Next”, which --login does not recognise as a sign-in or consent form"
                .to_owned(),
            fix: "Sign in with --browser, where a person reads the page.",
        },
        AuthorizationError::LoginOfNobody,
        AuthorizationError::LoginElsewhere {
            named: "https://idp.example".to_owned(),
            discovered: "https://other.example".to_owned(),
        },
        AuthorizationError::Form {
            got: "the page is at https://idp.example, but its form posts to https://other.example".to_owned(),
        },
        AuthorizationError::WantsBoundTokens,
        AuthorizationError::Nobody { issuer: "https://idp.example".to_owned() },
        AuthorizationError::TimedOut { seconds: 300, redirect_uri: "http://127.0.0.1:8888/callback".to_owned() },
        token(&rules::IDP_TAKES_CODE, "HTTP 400 invalid_grant: Code not valid"),
        token(&rules::IDP_CHECKS_VERIFIER, "HTTP 400 invalid_grant: PKCE verification failed: Code mismatch"),
        token(
            &further::rules::IDP_GIVES_OWN_TOKEN,
            "HTTP 401 unauthorized_client: Invalid client or Invalid client credentials",
        ),
        AuthorizationError::Url { name: "authorization_endpoint", got: "javascript:alert(1)".to_owned() },
    ]
    .map(|error| error.to_string());
    for sentence in &sentences {
        assert!(text.contains(&format!("| `{sentence}` |")), "no table shows: {sentence}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, sentences.len(), "every row of the tables is tested");
}
