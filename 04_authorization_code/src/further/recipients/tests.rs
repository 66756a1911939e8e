use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use shared::testing::Captured;

use super::Recipient::{Named, OtherServers, Server, Unknown};
use super::*;

const SERVER: &str = "https://mcp.example/mcp";

fn jwt(claims: &Value) -> Secret {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    Secret::new(format!("{}.{}.c2ln", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims)))
}

fn with_aud(aud: &Value) -> Secret {
    jwt(&json!({"aud": aud}))
}

#[test]
fn a_token_is_for_the_server_that_its_aud_names_to_the_letter() {
    for aud in [
        json!(SERVER),
        json!([SERVER]),
        json!(["account", SERVER]),
        json!(["https://other.example/mcp", SERVER]),
        json!("https://mcp.example"),
        json!(["https://mcp.example", "account"]),
    ] {
        assert_eq!(recipient(&with_aud(&aud), SERVER, &[]), Server, "{aud}");
    }
}

#[test]
fn what_names_only_other_urls_is_for_other_servers() {
    for aud in [
        "https://other.example/mcp",
        // A slash, a path, a query, a fragment.
        "https://mcp.example/mcp/",
        "https://mcp.example/",
        "https://mcp.example/mcp2",
        "https://mcp.example/MCP",
        "https://mcp.example/other/../mcp",
        "https://mcp.example/mcp?",
        "https://mcp.example/mcp#",
        "https://mcp.example/%6dcp",
        // The scheme, the host, the port.
        "http://mcp.example/mcp",
        "HTTPS://mcp.example/mcp",
        "https://MCP.example/mcp",
        "https://mcp.example./mcp",
        "https://mcp.example:443/mcp",
        "https://mcp.example:8443/mcp",
        "https://mcp.example:8443",
        "https://mcp.example.other.example/mcp",
        "https://other.example/https://mcp.example/mcp",
        // User information, and what browsers make of other characters.
        "https://mcp.example@other.example/mcp",
        "https://mcp.example:x@other.example",
        "https://x@mcp.example/mcp",
        "https://mcp.example\\@other.example/mcp",
        "https:other.example",
        "https:\\\\other.example\\mcp",
        "ht\ttps://other.example/mcp",
        " https://other.example/mcp",
        " https://mcp.example/mcp",
        "https://mcp.example/mcp https://other.example/mcp",
        "https://",
        "https://[::1",
        "HTTP:",
    ] {
        let seen = recipient(&with_aud(&json!(aud)), SERVER, &[]);
        assert!(matches!(&seen, OtherServers(urls) if urls == &[aud.to_owned()]), "{aud}: {seen:?}");
        let seen = recipient(&with_aud(&json!(["account", aud, 1])), SERVER, &[]);
        assert!(matches!(&seen, OtherServers(urls) if urls == &[aud.to_owned()]), "{aud}: {seen:?}");
    }
}

#[test]
fn urls_count_wherever_they_stand_and_the_server_only_where_it_belongs() {
    let other = "https://other.example/mcp";
    for (aud, urls) in [
        (json!([[other]]), vec![other]),
        (json!([[[[other]], 7]]), vec![other]),
        (json!({"aud": other}), vec![other]),
        (json!([{"aud": [other]}, "account"]), vec![other]),
        (json!([[SERVER]]), vec![SERVER]),
        (json!({"aud": SERVER}), vec![SERVER]),
        (json!([SERVER, null]), vec![SERVER]),
        (json!([SERVER, [other]]), vec![SERVER, other]),
    ] {
        let expected = OtherServers(urls.into_iter().map(str::to_owned).collect());
        assert_eq!(recipient(&with_aud(&aud), SERVER, &[]), expected, "{aud}");
    }
}

#[test]
fn other_names_are_told_and_what_says_nothing_is_unknown() {
    for name in ["account", "c7a1e9a2-1d0b-4f0e-9d3c-3c7a1e9a21d0", "api://weather", "urn:mcp", "mcp.example", "httpx"]
    {
        let named = Named(vec![name.to_owned()]);
        assert_eq!(recipient(&with_aud(&json!(name)), SERVER, &[]), named, "{name}");
        assert_eq!(recipient(&with_aud(&json!([name])), SERVER, &[]), named, "{name}");
    }
    for aud in [json!(null), json!(1), json!(true), json!(""), json!(" "), json!([]), json!([[], {}, 1, ""]), json!({})]
    {
        assert_eq!(recipient(&with_aud(&aud), SERVER, &[]), Unknown, "{aud}");
    }
    assert_eq!(recipient(&jwt(&json!({"sub": "user"})), SERVER, &[]), Unknown);
    for token in ["opaque", "", "..", "a.b", "a.b.c", "a.b.c.d.e", "\u{1F600}.\u{1F600}.\u{1F600}"] {
        assert_eq!(recipient(&Secret::new(token), SERVER, &[]), Unknown, "{token}");
    }
}

#[test]
fn the_servers_own_url_may_be_typed_in_another_spelling() {
    for (typed, aud) in [
        ("HTTP://LOCALHOST:8000/mcp", "http://localhost:8000/mcp"),
        ("HTTP://LOCALHOST:8000/mcp", "http://localhost:8000"),
        ("HTTP://LOCALHOST:8000/mcp", "HTTP://LOCALHOST:8000/mcp"),
        ("https://mcp.example:443/mcp", "https://mcp.example/mcp"),
        ("https://mcp.example", "https://mcp.example/"),
        ("https://mcp.example/", "https://mcp.example"),
    ] {
        assert_eq!(recipient(&with_aud(&json!(aud)), typed, &[]), Server, "{typed} {aud}");
    }
    for (typed, aud) in [
        ("https://good.example@evil.example/mcp", "https://good.example"),
        ("nonsense", "https://good.example"),
        ("", "https://good.example"),
        ("data:x", "https://null"),
    ] {
        let seen = recipient(&with_aud(&json!(aud)), typed, &[]);
        assert_eq!(seen, OtherServers(vec![aud.to_owned()]), "{typed} {aud}");
    }
}

#[test]
fn another_name_of_the_server_is_one_to_the_letter() {
    let also = ["https://gateway.example/mcp".to_owned(), "api://weather".to_owned()];
    for (aud, expected) in [
        (json!("https://gateway.example/mcp"), Server),
        (json!(["https://other.example", "api://weather"]), Server),
        (json!("https://gateway.example/mcp/"), OtherServers(vec!["https://gateway.example/mcp/".to_owned()])),
        (json!("https://gateway.example"), OtherServers(vec!["https://gateway.example".to_owned()])),
        (json!("api://Weather"), Named(vec!["api://Weather".to_owned()])),
    ] {
        assert_eq!(recipient(&with_aud(&aud), SERVER, &also), expected, "{aud}");
    }
}

#[test]
fn a_token_for_others_is_sent_only_where_somebody_insists() {
    let others = with_aud(&json!("https://other.example/mcp"));
    let own = with_aud(&json!(SERVER));
    let named = with_aud(&json!("account"));
    let opaque = Secret::new("opaque");
    for (token, send_anyway, is_sent, failed) in [
        (&others, false, false, 1),
        (&others, true, true, 1),
        (&own, false, true, 0),
        (&named, false, true, 0),
        (&opaque, false, true, 0),
    ] {
        let captured = Captured::json();
        let reporter = captured.reporter();
        let options = Recipients { send_anyway, ..Recipients::default() };
        let checked = check(&reporter, token, SERVER, &options);
        assert_eq!((checked.is_ok(), reporter.counts().failed), (is_sent, failed));
        if let Err(error) = checked {
            assert_eq!(error.id(), "token.recipient");
            let told = error.to_string();
            assert!(told.contains(SERVER) && told.contains("https://other.example/mcp"), "{told}");
            assert!(error.fix().contains("--send-anyway") && error.fix().contains("--audience"), "{}", error.fix());
        }
    }
}
