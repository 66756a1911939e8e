//! The administrator's commands, with the right password and without.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};

use keycloak::watched::administrator::{OtherRealm, command_is_safe};
use serde_json::{Value, json};
use shared::testing::{Fake, Run, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_03_dynamic_client_registration");

#[test]
fn an_initial_access_token_is_made_and_not_shown() {
    command_is_safe(LESSON, &["initial-access-token"], "Made: ", &OtherRealm::Served).unwrap();
}

#[test]
fn documents_are_enabled_in_the_tutorials_realm_only() {
    let elsewhere = OtherRealm::Refused("enable-cimd.realm");
    command_is_safe(LESSON, &["enable-cimd"], "The realm ", &elsewhere).unwrap();
}

/// Keycloak before 26.7 responds 200 where later ones respond 201: the token is there all the same.
#[test]
fn an_initial_access_token_is_taken_from_any_successful_response() {
    let token = json!({ "id": "i", "token": "an-initial-access-token", "count": 1 });
    for (status, body, is_made) in [
        (201, token.clone(), true),
        (200, token.clone(), true),
        (202, token.clone(), true),
        (200, json!({ "id": "i" }), false),
        (200, json!({ "token": 7 }), false),
        (200, json!("<html>"), false),
        (204, Value::Null, false),
        (302, token.clone(), false),
        (400, token, false),
        (403, json!({ "error": "unknown_error" }), false),
        (500, json!("x"), false),
    ] {
        let metadata = json!({ "issuer": "http://127.0.0.1:{port}/realms/acme",
            "authorization_endpoint": "http://127.0.0.1:{port}/authorize",
            "token_endpoint": "http://127.0.0.1:{port}/token", "response_types_supported": ["code"] });
        let fake = Fake::start(&[json!({
            "GET /realms/acme/.well-known/openid-configuration": { "body": metadata.clone() },
            "GET /.well-known/oauth-authorization-server/realms/acme": { "body": metadata },
            "POST /realms/master/protocol/openid-connect/token": { "body": { "access_token": "an-administrators-token" } },
            "POST /admin/realms/acme/clients-initial-access": { "status": status, "body": body },
        })]);
        let (home, issuer) = (private_folder(), fake.url("/realms/acme"));
        let output = Command::new(LESSON)
            .args(["initial-access-token", "--json", "--idp", &issuer])
            .env("MCP_OAUTH_HOME", home.path())
            .envs([("KEYCLOAK_ADMIN", "root"), ("KEYCLOAK_ADMIN_PASSWORD", "an-administrators-password")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let run = Run::of(&output);
        let kept = std::fs::read_to_string(home.path().join("initial-access-tokens.json")).unwrap_or_default();
        assert_eq!(
            (run.success, kept.contains("an-initial-access-token")),
            (is_made, is_made),
            "{status} {body}: {run:#?}"
        );
        assert!(!run.says("an-initial-access-token") && !run.says("an-administrators-"), "{status} {body}: {run:#?}");
    }
}
