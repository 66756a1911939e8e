//! The realm file, which a user may have changed. `shared::testing::fuzz` says how the inputs are
//! made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use keycloak::Realm;
use serde_json::Value;
use shared::testing::fuzz::{check, nearly_json_text};

const SHIPPED: &str = include_str!("../realm-export.json");

#[test]
fn realm_file() {
    let shipped: Value = serde_json::from_str(SHIPPED).unwrap();
    let credentials = shipped["users"].as_array().unwrap().iter().flat_map(|user| user["credentials"].as_array());
    let passwords = credentials.flatten().map(|credential| credential["value"].as_str().unwrap().to_owned());
    let passwords: Vec<_> = passwords.collect();
    assert!(!passwords.is_empty());
    let variable = |name: &str| (name == "MCP_RESOURCE_URL").then(|| "http://h/\"\\\n".to_owned());
    check("realm file", 150, &nearly_json_text(shipped), |text| match Realm::from_json(&text, variable) {
        Ok(realm) => {
            for scope in &realm.client_scopes {
                assert!(realm.scope(&scope.name).is_some());
                realm.roles_for(&scope.name);
                scope.consent_text();
            }
            for user in &realm.users {
                assert!(!user.has_password("not a password of this realm"));
            }
            assert!(realm.registration_policies("anonymous").all(|policy| !policy.is_on("no such setting")));
        }
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.starts_with("The realm file cannot be read: ") && sentence.ends_with('.'), "{sentence}");
            assert!(!sentence.contains('\n') && sentence.len() < 200, "{sentence}");
            assert!(!passwords.iter().any(|password| sentence.contains(password)), "{sentence}");
        }
    });
}
