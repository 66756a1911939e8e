//! The administrator's command, with the right password and without.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use keycloak::watched::administrator::{OtherRealm, command_is_safe};

#[test]
fn keys_are_rotated_by_an_administrator_only() {
    let lesson = env!("CARGO_BIN_EXE_05_token_use");
    command_is_safe(lesson, &["rotate-keys"], "signs tokens with a new key", &OtherRealm::Served).unwrap();
}
