use super::*;

#[test]
fn a_redirect_keeps_what_the_defect_is_not_about() {
    let location = "http://127.0.0.1:8888/callback?state=x&iss=http%3A%2F%2Fidp&code=y";
    for (defect, expected) in [
        (Defect::OtherState, Some("state=the-state-of-somebody-else&iss=http%3A%2F%2Fidp&code=y")),
        (Defect::NoIss, Some("state=x&code=y")),
        (Defect::NoKeys, None),
    ] {
        let spoiled = defect.spoiled_location(location);
        let query = spoiled.as_deref().map(|location| location.split_once('?').unwrap().1);
        assert_eq!(query, expected, "{defect:?}");
    }
}

#[test]
fn claims_are_spoiled_one_by_one() {
    let spoiled = |defect: Defect, audience: Value| {
        let claims = json!({"exp": 10_300, "iat": 10_000, "iss": "http://idp", "aud": audience});
        let Value::Object(mut claims) = claims else { unreachable!() };
        defect.spoil_claims(&mut claims);
        Value::Object(claims)
    };
    let expired = spoiled(Defect::ExpiredTokens, json!("a"));
    assert_eq!((&expired["exp"], &expired["iat"]), (&json!(6400), &json!(6100)));
    let early = spoiled(Defect::TokensNotYetGood, json!("a"));
    assert_eq!((&early["nbf"], &early["iss"]), (&json!(13_600), &json!("http://idp")));
    let other = spoiled(Defect::OtherIssuerInTokens, json!("a"));
    assert_eq!(other["iss"], "https://other.example/realms/mcp-oauth");
    assert_eq!(spoiled(Defect::AudienceWithSlash, json!("a"))["aud"], "a/");
    assert_eq!(spoiled(Defect::AudienceWithSlash, json!(["a", "b"]))["aud"], json!(["a/", "b/"]));
}
