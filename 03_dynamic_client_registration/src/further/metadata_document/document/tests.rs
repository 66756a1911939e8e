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
    assert!(check_document(&captured.reporter(), url, good.as_bytes()).is_ok());
    for (document, id) in [
        (good.replace("client.json", "other.json"), "cimd.client-id"),
        (good.replace("\"client_name\":\"x\",", ""), "cimd.members"),
        (good.replace("[\"http://127.0.0.1/c\"]", "[]"), "cimd.members"),
        (good.replace("[\"http://127.0.0.1/c\"]", "\"x\""), "cimd.members"),
        ("<html>".to_owned(), "cimd.members"),
        (good.replace("\"x\",", "\"x\",\"client_secret\":\"s\","), "cimd.no-secret"),
        (good.replace("\"x\",", "\"x\",\"token_endpoint_auth_method\":\"client_secret_jwt\","), "cimd.no-secret"),
    ] {
        let error = check_document(&captured.reporter(), url, document.as_bytes()).unwrap_err();
        assert_eq!(error.id(), id, "{document}");
    }
    assert_eq!(check_document(&captured.reporter(), "ftp://x/y", good.as_bytes()).unwrap_err().id(), "cimd.url");
}
