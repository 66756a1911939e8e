use super::*;

#[test]
fn a_loopback_redirect_may_have_any_port_where_none_was_registered() {
    let client = |uri: &str| IdpClient { redirect_uris: vec![uri.to_owned()], ..IdpClient::default() };
    let any = client("http://127.0.0.1/callback");
    for uri in ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback"] {
        assert!(any.may_redirect_to(uri), "{uri}");
    }
    for uri in [
        "http://localhost:1/callback",
        "http://127.0.0.1:1/callback/",
        "http://127.0.0.1:1/callback?x",
        "http://127.0.0.1:1/Callback",
        "http://a@127.0.0.1:1/callback",
        "http://127.0.0.1:1/a/../callback",
        "https://127.0.0.1:1/callback",
        "http://127.0.0.1:x/callback",
        "http://127.0.0.1:/callback",
        "",
    ] {
        assert!(!any.may_redirect_to(uri), "{uri}");
    }
    assert!(!client("http://127.0.0.1:8888/callback").may_redirect_to("http://127.0.0.1:1/callback"));
    assert!(!client("http://app.example/callback").may_redirect_to("http://app.example:1/callback"));
    assert!(client("http://[::1]/c").may_redirect_to("http://[::1]:5/c"));
}

#[test]
fn a_host_is_read_as_it_was_written() {
    for (url, expected) in [
        ("http://LOCALHOST/x", Some("LOCALHOST")),
        ("http://user@h.example:1/x", Some("h.example")),
        ("http://localhost@evil.example/", Some("evil.example")),
        ("http://[::1]:8888/x", Some("[::1]")),
        ("http://localhost:*", None),
        ("http://*.localhost/cb", None),
        ("javascript:alert(1)", None),
        ("com.example.app:/cb", None),
        ("*", None),
    ] {
        assert_eq!(host(url).as_deref(), expected, "{url}");
    }
}
