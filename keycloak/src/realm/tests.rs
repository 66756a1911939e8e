use super::*;

fn none(_: &str) -> Option<String> {
    None
}

#[test]
fn the_shipped_realm_can_be_read() {
    let realm = Realm::from_json(SHIPPED, none).unwrap();
    assert_eq!(realm.name, "mcp-oauth");
    let listed: Vec<_> =
        realm.client_scopes.iter().filter(|scope| scope.is_in_metadata()).map(|scope| &*scope.name).collect();
    assert_eq!(listed, ["mcp:read", "mcp:write", "calendar:read", "calendar:write"]);
}

#[test]
fn placeholders_are_filled_as_keycloak_fills_them() {
    let value = |name: &str| (name == "SET").then(|| "a\"b".to_owned());
    assert_eq!(
        filled("${SET} ${SET:x} ${UNSET:http://h:1/p} ${UNSET} ${open", value),
        "a\\\"b a\\\"b http://h:1/p ${UNSET} ${open"
    );
}

#[test]
fn a_file_that_is_no_realm_gets_a_sentence() {
    for text in [
        "",
        "[]",
        "{}",
        "{\"realm\": 1}",
        "{\"realm\": \"r\", \"clientScopes\": [{}]}",
        "{\"realm\": [\"s3cr3t\"]}",
        "{\"users\": \"s3cr3t\"}",
    ] {
        let error = Realm::from_json(text, none).unwrap_err().to_string();
        assert!(error.starts_with("The realm file cannot be read: ") && !error.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn passwords_of_the_tutorials_realm_alone_are_for_everybody() {
    let shipped = Realm::shipped().unwrap();
    let users: Vec<_> = shipped.demo_users().map(|(user, password)| (&*user.username, password)).collect();
    assert_eq!(users, [("mcpuser", "password123"), ("mcpreader", "password123")]);
    let roles: Vec<_> = shipped.user("mcpreader").unwrap().own_roles().collect();
    assert_eq!(roles, ["mcp-reader"]);
    // The same text from anywhere else may have been changed.
    let foreign = Realm::from_json(SHIPPED, |_| None).unwrap();
    assert_eq!(foreign.demo_users().count(), 0);
}
