//! What the README shows is what the lesson prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use authorization_code::AuthorizationError;
use shared::breakage::Switch as _;
use token_use::error::TokenUseError;
use token_use::further::error::FurtherError;
use token_use::sabotage::Switch;

const LESSON: &str = env!("CARGO_BIN_EXE_05_token_use");

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_transcripts_are_true() {
    keycloak::trials::on_embedded(|issuer| {
        for page in ["README.md", "FURTHER.md"] {
            shared::testing::check_readme_at(issuer, &folder().join(page), "token_use", LESSON);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_readme_lists_every_switch() {
    shared::testing::check_switches(folder(), &Switch::breakages());
}

/// The IdPs' own words in these rows are those that the end-to-end test sees on Keycloak, the MCP
/// server's those of `tests/bad_tokens.rs`.
#[test]
fn the_errors_under_troubleshooting_read_as_they_really_do() {
    let text = shared::testing::troubleshooting(folder());
    let refused = |why: &str| TokenUseError::Refused(format!("HTTP 401 invalid_token: {why}"));
    let (asked, granted) = ("mcp:write".to_owned(), "mcp:read".to_owned());
    let role = "HTTP 403 insufficient_scope: The user lacks the role that this operation needs";
    let sentences = [
        refused("The token is from another authorization server"),
        refused("The token's key is unknown"),
        refused("The token's typ is JWT, which this server accepts only with --accept-typ JWT"),
        refused("The token is opaque, but this server accepts only JWT access tokens"),
        refused("The token has no user (sub)"),
        refused("The token is not an access token"),
        TokenUseError::NotGranted { asked: asked.clone(), granted },
        TokenUseError::NeverEnough { asked, tries: 2 },
        TokenUseError::Forbidden(role.to_owned()),
        TokenUseError::OtherUser { before: "A".to_owned(), now: "B".to_owned() },
        TokenUseError::CannotCheck("1".to_owned()),
        TokenUseError::NoRefresh("the IdP refuses the refresh token".to_owned()),
    ]
    .map(|error| error.to_string());
    let further = [
        FurtherError::NoTokens { server_url: "http://localhost:8000/mcp".to_owned() },
        FurtherError::WantsBoundToken {
            got: "HTTP 401 invalid_token: This server accepts only tokens that are bound to a key (DPoP)".to_owned(),
        },
        FurtherError::Endpoint {
            name: "introspection_endpoint",
            code: "invalid_client".to_owned(),
            got: "HTTP 401 invalid_client Client authentication failed".to_owned(),
            is_final: true,
        },
    ]
    .map(|error| error.to_string());
    let token_type = AuthorizationError::NotBound { got: "its token_type is Bearer".to_owned() };
    let bound = AuthorizationError::WantsBoundTokens;
    let for_others = AuthorizationError::ForOtherServers {
        others: "https://other.example/mcp".to_owned(),
        server_url: keycloak::SERVERS[0].to_owned(),
    };
    let tokens = [token_type, bound, for_others].map(|error| error.to_string());
    let sentences = [&sentences[..], &further, &tokens].concat();
    for sentence in &sentences {
        assert!(text.contains(&format!("| `{sentence}` |")), "no table shows: {sentence}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, sentences.len(), "every row of the tables is tested");
}
