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
