use serde_json::json;

use super::*;

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn a_jwt_has_three_parts_of_which_two_are_json_objects() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let good = format!("{}.{}.c2ln", part("{}"), part("{}"));
    assert!(Jwt::split(&good).is_some());
    for bad in [
        String::new(),
        "a".to_owned(),
        "..".to_owned(),
        format!("{}.{}", part("{}"), part("{}")),
        format!("{}.{}.a.b.c", part("{}"), part("{}")),
        format!("{}.{}.s", part("[]"), part("{}")),
        format!("{}.{}.s", part("{}"), part("1")),
        format!("{}=.{}.s", part("{}"), part("{}")),
        format!("{}.{}.s", part("{}"), part("{\"exp\":1e999}")),
        format!("{}.{}.s", part("{\"kid\":7}"), part("{}")),
    ] {
        assert!(Jwt::split(&bad).is_none(), "{bad}");
    }
}

#[test]
fn scopes_and_roles_are_read_in_the_forms_that_there_are() {
    for (value, expected) in [
        (json!({"scope": "a b"}), &["a", "b"][..]),
        (json!({"scope": ""}), &[]),
        (json!({"scp": ["a", 1, "b"]}), &["a", "b"]),
        (json!({"scp": "a b"}), &["a", "b"]),
        (json!({"scope": "a", "scp": "b"}), &["a"]),
        (json!({"scope": 7}), &[]),
        (json!({}), &[]),
    ] {
        assert_eq!(scopes(&claims(value)), expected);
    }
    assert_eq!(roles(&claims(json!({"realm_access": {"roles": ["r"]}}))), Some(vec!["r".to_owned()]));
    for value in [json!({}), json!({"realm_access": []}), json!({"realm_access": {"roles": "r"}})] {
        assert_eq!(roles(&claims(value)), None);
    }
}
