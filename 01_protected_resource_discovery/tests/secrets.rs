//! What the lesson prints has none of the secrets that pass between it and its IdP.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[test]
fn no_secret_is_printed_in_any_form() {
    let lesson = env!("CARGO_BIN_EXE_01_protected_resource_discovery");
    keycloak::watched::no_secret_is_printed(lesson, &[&[]], 0).unwrap();
}
