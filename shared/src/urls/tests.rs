use super::*;

#[test]
fn a_difference_names_the_parts() {
    let base = "https://mcp.example/mcp";
    for (expected, received, sentence) in [
        (base, "http://mcp.example/mcp", "the scheme (https and http)."),
        (base, "HTTPS://mcp.example/mcp", "the capital letters of the scheme."),
        (base, "https://MCP.example/mcp", "the capital letters of the host."),
        (base, "https://other.example/mcp", "the host (mcp.example and other.example)."),
        (base, "https://mcp.example:8443/mcp", "the port (none and 8443)."),
        (base, "https://mcp.example:443/mcp", "the port 443, which only one of them spells out."),
        (base, "https://mcp.example:/mcp", "a colon without a port."),
        (base, "https://mcp.example/mcp/", "the slash at the end."),
        ("https://mcp.example", "https://mcp.example/", "the slash at the end."),
        (base, "https://mcp.example/MCP", "the capital letters of the path."),
        (base, "https://mcp.example/%6Dcp", "the percent-encoding of the path."),
        ("https://a/x%2fy", "https://a/x%2Fy", "the percent-encoding of the path."),
        ("https://a/x%2Fy", "https://a/x/y", "the path (/x%2Fy and /x/y)."),
        (base, "https://mcp.example", "the path (/mcp and none)."),
        (base, "https://mcp.example/mcp?token=SECRET", "the query."),
        (base, "https://mcp.example/mcp#x", "the part after #."),
        (base, "https://u:SECRET@mcp.example/mcp", "the user name or password."),
        (base, " https://mcp.example/mcp", "the blanks around one of them."),
        (base, "/mcp", "their form: one of them has no scheme and host."),
        (base, "", "their form: one of them has no scheme and host."),
        (
            "http://localhost:8000/mcp",
            "http://127.0.0.1:8000/mcp",
            "the host (localhost and 127.0.0.1: two names of one machine).",
        ),
        (
            "http://[::1]:8000/mcp",
            "http://localhost:9000",
            "the host ([::1] and localhost: two names of one machine), the port (8000 and 9000) and the path (/mcp and none).",
        ),
    ] {
        let difference = Difference::between(expected, received).to_string();
        assert_eq!(difference, format!("They differ in {sentence}"), "{expected} {received}");
        assert!(!difference.contains("SECRET"));
    }
    assert_eq!(Difference::between(base, base).to_string(), "They are identical.");
}

#[test]
fn a_spelling_leads_to_the_same_server() {
    let base = "http://localhost:8000/mcp";
    for other in ["http://127.0.0.1:8000/mcp", "http://localhost:8000/mcp/", "http://[::1]:8000/MCP"] {
        assert!(Difference::between(base, other).is_spelling(), "{other}");
    }
    for other in [base, "https://localhost:8000/mcp", "http://localhost:8001/mcp", "http://localhost:8000", "x"] {
        assert!(!Difference::between(base, other).is_spelling(), "{other}");
    }
    assert!(Difference::between(base, "HTTP://LOCALHOST:8000/mcp").is_host_case());
    let nearest =
        Difference::from_nearest(&[base.to_owned(), "http://localhost:8000".to_owned()], "http://localhost:8000/");
    assert_eq!(nearest.to_string(), "They differ in the slash at the end.");
}

#[test]
fn scheme_and_host_are_lowered_and_nothing_else() {
    for (typed, expected) in [
        ("HTTP://LOCALHOST:8000/MCP", "http://localhost:8000/MCP"),
        ("Https://Mcp.Example?A=B", "https://mcp.example?A=B"),
        ("https://[FE80::1]/X", "https://[fe80::1]/X"),
        ("https://Mcp.Example", "https://mcp.example"),
        ("https://User:PaSs@Host/X", "https://User:PaSs@Host/X"),
        ("LOCALHOST:8000/mcp", "LOCALHOST:8000/mcp"),
        ("", ""),
    ] {
        assert_eq!(lowered(typed), expected);
    }
}

#[test]
fn a_text_that_is_no_url_is_told_with_the_one_that_was_meant() {
    for (text, reason, meant) in [
        ("127.0.0.1:8000/mcp", "it has no scheme", Some("http://127.0.0.1:8000/mcp")),
        ("localhost:8000/mcp", "it has no scheme", Some("http://localhost:8000/mcp")),
        ("localhost", "it has no scheme", Some("http://localhost")),
        ("[::1]:8000", "it has no scheme", Some("http://[::1]:8000")),
        ("10.1.2.3/mcp", "it has no scheme", Some("http://10.1.2.3/mcp")),
        ("idp.example/realms/x", "it has no scheme", Some("https://idp.example/realms/x")),
        ("idp.example:8443", "it has no scheme", Some("https://idp.example:8443")),
        ("//idp.example/x", "it has no scheme", Some("https://idp.example/x")),
        ("mcp", "it has no scheme", None),
        ("/mcp", "it is a path without scheme and host", None),
        ("http:/localhost/mcp", "one slash is missing after http:", Some("http://localhost/mcp")),
        ("https:idp.example", "the two slashes after https: are missing", Some("https://idp.example")),
        (" http://localhost/mcp", "it has blanks around it", Some("http://localhost/mcp")),
        ("localhost/mcp\n", "it has blanks around it", Some("http://localhost/mcp")),
        ("\"http://localhost/mcp\"", "it has quotation marks or brackets around it", Some("http://localhost/mcp")),
        ("<https://idp.example>", "it has quotation marks or brackets around it", Some("https://idp.example")),
        ("http://localhost/a b", "it has a blank inside", None),
        ("not a url", "it has a blank inside", None),
        ("ftp://idp.example", "its scheme is ftp, not http or https", None),
        ("mailto:a@idp.example", "its scheme is mailto, not http or https", None),
        ("javascript:alert(1)", "its scheme is javascript, not http or https", None),
        ("://idp.example", "its scheme is empty, not http or https", None),
        ("http://", "it has no host", None),
        ("http:///mcp", "it has no host", None),
        ("http://localhost:99999/", "invalid port number", None),
        ("", "it is empty", None),
        ("  ", "it is empty", None),
    ] {
        let expected = UrlFault { reason: reason.to_owned(), meant: meant.map(str::to_owned) };
        assert_eq!(fault(text), Some(expected), "{text:?}");
    }
    for url in ["http://localhost:8000/mcp", "HTTPS://IDP.example", "https://[::1]/x?y#z", "http://münchen.example/"] {
        assert_eq!(fault(url), None, "{url}");
    }
}
