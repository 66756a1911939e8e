use super::*;

#[test]
fn only_tokens_of_this_realm_that_are_still_good_are_read() {
    let (ours, others) = (LocalTokens::new("http://a"), LocalTokens::new("http://a"));
    let (token, claims) = ours.make(INITIAL_ACCESS, 100, 200).unwrap();
    assert_eq!(ours.read(&token, 199), Some(claims.clone()));
    assert_eq!(ours.read(&token, 200), None, "expired");
    assert_eq!(others.read(&token, 150), None, "another key");
    let (forever, _) = ours.make(REGISTRATION_ACCESS, 100, 0).unwrap();
    assert!(ours.read(&forever, u64::MAX).is_some());
    let mut tampered = token.clone();
    tampered.replace_range(token.len() - 4.., "AAAA");
    for token in ["", "x", "a.b.c", tampered.as_str(), "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(ours.read(token, 150), None, "{token}");
    }
}

#[test]
fn what_is_sealed_comes_back_to_this_realm_only() {
    let (ours, others) = (LocalTokens::new("http://a"), LocalTokens::new("http://a"));
    let sealed = ours.seal(&json!({"state": "x"})).unwrap();
    assert_eq!(ours.unseal(&sealed), Some(json!({"state": "x"})));
    assert_eq!(others.unseal(&sealed), None, "another key");
    assert_eq!(ours.read(&sealed, 0), None, "not a token");
    let (token, _) = ours.make(REFRESH, 100, 200).unwrap();
    assert_eq!(ours.unseal(&token), Some(Value::Null), "nothing is sealed in a token");
}
