use serde_json::json;

use super::*;

const OWN: &str = "http://localhost:8000/mcp";

fn is_for_us(aud: Value) -> bool {
    let Value::Object(claims) = json!({"aud": aud}) else { unreachable!() };
    is_meant(&claims, &[OWN.to_owned()])
}

#[test]
fn a_token_is_for_who_stands_in_it_exactly() {
    for aud in [json!(OWN), json!([OWN]), json!(["account", OWN]), json!([OWN, OWN])] {
        assert!(is_for_us(aud.clone()), "{aud}");
    }
    for aud in [
        json!(null),
        json!(""),
        json!([]),
        json!([""]),
        json!("account"),
        json!(["account", "http://localhost:8001/mcp"]),
        json!("http://localhost:8001/mcp"),
        json!("http://localhost:8000/mcp/"),
        json!("http://localhost:8000/MCP"),
        json!("HTTP://localhost:8000/mcp"),
        json!("http://LOCALHOST:8000/mcp"),
        json!("http://127.0.0.1:8000/mcp"),
        json!("http://localhost:8000"),
        json!("http://localhost:8000/mcp?x"),
        json!("http://localhost:8000/mcp#x"),
        json!("http://localhost:8000/mcp http://localhost:8001/mcp"),
        json!(" http://localhost:8000/mcp"),
        json!("*"),
        json!(["*"]),
        json!([[OWN]]),
        json!([OWN, 7]),
        json!([OWN, null]),
        json!({"0": OWN}),
        json!(true),
        json!(8000),
    ] {
        assert!(!is_for_us(aud.clone()), "{aud}");
    }
    assert!(!is_meant(&Map::new(), &[OWN.to_owned()]), "no aud");
    let Value::Object(claims) = json!({"aud": ""}) else { unreachable!() };
    assert!(!is_meant(&claims, &[]), "a server without a name");
}

#[test]
fn a_server_can_go_by_several_names() {
    let Value::Object(claims) = json!({"aud": "api://weather"}) else { unreachable!() };
    assert!(is_meant(&claims, &[OWN.to_owned(), "api://weather".to_owned()]));
}

#[test]
fn each_claim_gets_its_mark() {
    let Value::Object(claims) = json!({"iss": "I", "aud": ["B"], "exp": 1, "scope": "s"}) else { unreachable!() };
    let told = verdict("T", &claims, "I", &["A".to_owned()]);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(
        lines[..4],
        ["T", "  iss    I", "  aud    [\"B\"]   ← not A", "  exp    1970-01-01T00:00:01Z   ← not ahead"]
    );
    assert!(lines[4].ends_with("azp    absent, scope s"), "{told}");
}
