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
