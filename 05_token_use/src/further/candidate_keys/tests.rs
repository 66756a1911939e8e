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

fn list(set: &Value) -> KeyList {
    KeyList::read(set.to_string().as_bytes()).unwrap()
}

#[test]
fn only_keys_that_verify_signatures_are_read() {
    let list = list(&set());
    let kids: Vec<_> = list.keys.iter().map(|key| key.kid.as_deref().unwrap()).collect();
    // Those that are for encryption are not counted: nobody expects them here.
    assert_eq!((kids, list.unusable), (vec!["2011-04-29"], 5));
    let key = &list.keys[0];
    assert!(key.is_for(Algorithm::RS256));
    assert!(!key.is_for(Algorithm::PS256) && !key.is_for(Algorithm::HS256) && !key.is_for(Algorithm::ES256));
    for text in ["", "[]", "{}", r#"{"keys": {}}"#, "<html>"] {
        assert!(KeyList::read(text.as_bytes()).is_none(), "{text}");
    }
    let many: Vec<_> = std::iter::repeat_n(set()["keys"][1].clone(), 1000).collect();
    assert_eq!(super::KeyList::read(json!({"keys": many}).to_string().as_bytes()).unwrap().keys.len(), 1000);
}

#[test]
fn candidates_are_the_keys_of_the_kid_or_the_only_one_that_fits() {
    let mut rsa = set()["keys"][1].clone();
    rsa["kid"] = json!("a");
    let with = |patch: Value| {
        let mut key = rsa.clone();
        patch.as_object().unwrap().iter().for_each(|(name, value)| key[name] = value.clone());
        key
    };
    let mut ec = set()["keys"][0].clone();
    ec["use"] = json!("sig");
    let nameless = {
        let mut key = rsa.clone();
        key.as_object_mut().unwrap().remove("alg");
        key
    };
    let (rs512, encrypts) = (with(json!({"alg": "RS512"})), with(json!({"use": "enc"})));
    for (keys, kid, algorithm, found, why) in [
        (json!([rsa]), Some("a"), Algorithm::RS256, 1, ""),
        (json!([rs512, rsa]), Some("a"), Algorithm::RS256, 2, ""),
        (json!([rs512, rsa]), Some("b"), Algorithm::RS256, 0, "kid b, which is not among the keys"),
        (json!([rs512, rsa]), Some(""), Algorithm::RS256, 0, "which is not among the keys"),
        (json!([rs512, rsa, ec]), None, Algorithm::RS256, 1, ""),
        (json!([nameless, ec]), None, Algorithm::ES256, 1, ""),
        (json!([encrypts, rsa]), None, Algorithm::RS256, 1, ""),
        (json!([nameless, rsa]), None, Algorithm::RS256, 0, "no kid, and 2 keys that were fetched"),
        (json!([nameless]), None, Algorithm::ES256, 0, "no kid, and no key that was fetched now fits ES256"),
        (json!([with(json!({"e": "AQAB="}))]), Some("a"), Algorithm::RS256, 0, "; 1 key of the set could not be read"),
        (json!([7, {"kty": "x"}]), None, Algorithm::RS256, 0, "; 2 keys of the set could not be read"),
    ] {
        let (list, named) = (list(&json!({ "keys": keys })), NamedKey { kid, algorithm });
        let candidates = named.candidates(&list);
        assert_eq!(candidates.map_or(0, |keys| keys.len()), found, "{keys} {named:?}");
        assert!(found > 0 || named.why_none(&list, "now").contains(why), "{}", named.why_none(&list, "now"));
    }
}
