use serde_json::json;

use super::*;

/// RFC 7517, appendix A.1, and keys that verify no signature.
fn set() -> Value {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    json!({"keys": [
        {"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1"},
        {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"},
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "shared"},
        {"kty": "RSA", "n": n, "e": "AQAB", "d": "AQAB", "kid": "with its private half"},
        {"kty": "strange", "kid": "strange"},
        {"kty": "RSA", "kid": "without n"},
        {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RSA-OAEP", "use": "enc", "kid": "encrypts"},
        7,
    ]})
}

#[test]
fn only_keys_that_verify_signatures_are_read() {
    let keys = read(set().to_string().as_bytes()).unwrap();
    let kids: Vec<_> = keys.iter().map(|key| key.kid.as_deref().unwrap()).collect();
    assert_eq!(kids, ["2011-04-29"]);
    assert!(keys[0].is_for(Algorithm::RS256));
    assert!(!keys[0].is_for(Algorithm::PS256) && !keys[0].is_for(Algorithm::HS256));
    for text in ["", "[]", "{}", r#"{"keys": {}}"#, "<html>"] {
        assert!(read(text.as_bytes()).is_none(), "{text}");
    }
    let many: Vec<_> = std::iter::repeat_n(set()["keys"][1].clone(), 1000).collect();
    assert_eq!(read(json!({"keys": many}).to_string().as_bytes()).unwrap().len(), MAX_KEYS);
}

#[test]
fn without_a_kid_only_an_only_key_is_taken() {
    let mut keys = read(set().to_string().as_bytes()).unwrap();
    assert!(pick(&keys, None).is_some() && pick(&keys, Some("2011-04-29")).is_some());
    assert!(pick(&keys, Some("x")).is_none() && pick(&keys, Some("")).is_none());
    keys.push(keys[0].clone());
    assert!(pick(&keys, None).is_none());
}
