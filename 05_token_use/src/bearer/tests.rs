use axum::http;
use shared::testing::Captured;

use super::*;

#[test]
fn a_token_has_the_characters_of_the_rfc() {
    for token in ["a", "mF_9.B5f-4.1JqM", "a/b+c~d", "YQ==", "eyJ.eyJ."] {
        assert!(is_b64token(token), "{token}");
    }
    for token in ["", "=", "a b", "a,b", "a=b", "a\"", "ä", "a:b", "a\tb"] {
        assert!(!is_b64token(token), "{token}");
    }
}

#[test]
fn the_scheme_is_told_apart_from_others() {
    for (text, expected) in [
        ("Bearer t", Some((Scheme::Bearer, "t"))),
        ("bearer t", Some((Scheme::Bearer, "t"))),
        ("BEARER   t", Some((Scheme::Bearer, "t"))),
        ("Bearer", Some((Scheme::Bearer, ""))),
        ("Bearer a b", Some((Scheme::Bearer, "a b"))),
        ("DPoP t", Some((Scheme::Dpop, "t"))),
        ("dpop  t", Some((Scheme::Dpop, "t"))),
        ("Basic dTpw", None),
        ("Bearert", None),
        ("DPoPt", None),
        ("", None),
    ] {
        let known = of_known_scheme(text).map(|credentials| (credentials.scheme, credentials.token));
        assert_eq!(known, expected, "{text}");
    }
}

#[test]
fn a_token_in_the_url_is_seen_however_it_is_spelt() {
    for (query, expected) in [
        ("access_token=x", true),
        ("a=b&access_token", true),
        ("access%5Ftoken=x", true),
        ("a=access_token", false),
        ("Access_Token=x", false),
        ("", false),
    ] {
        assert_eq!(has_query_parameter(query, "access_token"), expected, "{query}");
    }
}

/// What is printed about a request must not show its token, whatever text it gets into.
#[test]
fn a_token_that_arrives_is_hidden_wherever_it_was() {
    let captured = Captured::plain();
    let reporter = captured.reporter();
    for (n, (uri, values)) in [
        ("/mcp", &["Bearer TOKEN"][..]),
        ("/mcp", &["bearer   TOKEN"]),
        ("/mcp", &["DPoP TOKEN"]),
        ("/mcp", &["Basic TOKEN"]),
        ("/mcp", &["Token TOKEN"]),
        ("/mcp", &["TOKEN"]),
        ("/mcp", &["Bearer other", "Bearer TOKEN"]),
        ("/mcp?access_token=TOKEN", &[]),
        ("/mcp?a=b&Access%5Ftoken=TOKEN", &["Bearer other"]),
    ]
    .into_iter()
    .enumerate()
    {
        let token = format!("opaque-in-bearer-tests-{n}");
        let mut request = http::Request::builder().uri(uri.replace("TOKEN", &token));
        for value in values {
            request = request.header("authorization", value.replace("TOKEN", &token));
        }
        let parts = request.body(()).unwrap().into_parts().0;
        let _ = credentials(&Checks::quiet(), &parts);
        let printed = captured.text().len();
        reporter.note(format!("The client sent {token}."));
        let text = captured.text()[printed..].to_owned();
        assert!(!text.contains(&token) && text.contains("<access_token, "), "{uri} {values:?}: {text}");
    }
}
