use shared::testing::Captured;

use super::*;

#[test]
fn a_client_identifier_url_is_https_with_a_path() {
    for url in ["https://app.example/client.json", "https://app.example/", "http://localhost:8889/client.json"] {
        assert_eq!(url_fault(url), None, "{url}");
    }
    for (url, fault) in [
        ("https://app.example", "it has no path"),
        ("http://app.example/client.json", "it is not https"),
        ("http://localhost.evil.example/c", "it is not https"),
        ("https://app.example/c#x", "it has a fragment"),
        ("https://user:pw@app.example/c", "it has a user name"),
        ("https://app.example/a/../c", "it has dot segments"),
        ("https://app.example/./c", "it has dot segments"),
        ("javascript:alert(1)", "it is not https"),
        ("", "it is not https"),
    ] {
        assert_eq!(url_fault(url), Some(fault), "{url}");
    }
}

#[test]
fn each_rule_of_a_document_has_its_broken_twin() {
    let url = "https://app.example/client.json";
    let good =
        r#"{"client_id":"https://app.example/client.json","client_name":"x","redirect_uris":["http://127.0.0.1/c"]}"#;
    let captured = Captured::json();
    let check = |url: &str, status: u16, media_type: &str, document: &str| {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("content-type", media_type.parse().unwrap());
        let response = Response { url: url.to_owned(), status, headers, body: document.as_bytes().to_vec() };
        check_document(&captured.reporter(), url, &response)
    };
    let json = "application/json; charset=utf-8";
    assert!(check(url, 200, json, good).is_ok());
    assert!(check(url, 200, "application/oauth-client+json", good).is_ok());
    assert!(captured.checks("cimd.response").iter().all(|(_, passed)| *passed));
    assert!(check(url, 200, "text/plain", good).is_ok(), "a document all the same");
    assert!(!captured.checks("cimd.response").last().unwrap().1);
    for status in [201, 301, 404, 500] {
        let error = check(url, status, json, good).unwrap_err();
        assert_eq!((error.id(), error.to_string().contains(&format!("HTTP {status}"))), ("cimd.response", true));
    }
    for (document, id) in [
        (good.replace("client.json", "other.json"), "cimd.client-id"),
        (good.replace("\"client_name\":\"x\",", ""), "cimd.members"),
        (good.replace("[\"http://127.0.0.1/c\"]", "[]"), "cimd.members"),
        (good.replace("[\"http://127.0.0.1/c\"]", "\"x\""), "cimd.members"),
        ("<html>".to_owned(), "cimd.response"),
        (good.replace("\"x\",", "\"x\",\"client_secret\":\"s\","), "cimd.no-secret"),
        (good.replace("\"x\",", "\"x\",\"token_endpoint_auth_method\":\"client_secret_jwt\","), "cimd.no-secret"),
    ] {
        let error = check(url, 200, json, &document).unwrap_err();
        assert_eq!(error.id(), id, "{document}");
    }
    assert_eq!(check("ftp://x/y", 200, json, good).unwrap_err().id(), "cimd.url");
}
