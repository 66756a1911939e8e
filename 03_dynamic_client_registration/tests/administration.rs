//! The administrator's commands, with the right password and without.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use keycloak::watched::administrator::{OtherRealm, command_is_safe};

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
