use super::*;

#[test]
fn an_idps_answer_is_a_yes_or_a_no() {
    let response = |status, location: &str, body: &str| {
        let mut headers = axum::http::HeaderMap::new();
        if !location.is_empty() {
            headers.insert("location", location.parse().unwrap());
        }
        Response { url: String::new(), status, headers, body: body.as_bytes().to_vec() }
    };
    let redirect_uri = "http://127.0.0.1:8888/callback";
    assert_eq!(
        verdict(&response(200, "", "<title>Sign in</title>"), redirect_uri),
        Ok(Verdict::Page("HTTP 200 “Sign in”".to_owned()))
    );
    assert_eq!(
        verdict(&response(302, "https://idp.example/login?x=y", ""), redirect_uri),
        Ok(Verdict::Page("HTTP 302, on to https://idp.example/login".to_owned()))
    );
    let code = format!("{redirect_uri}?code=x&state=lesson-03");
    let came_back = "HTTP 302, back to the redirect URI with a code".to_owned();
    assert_eq!(verdict(&response(302, &code, ""), redirect_uri), Ok(Verdict::CameBack(came_back)));
    assert!(verdict(&response(302, redirect_uri, ""), redirect_uri).is_err());
    let error = format!("{redirect_uri}?error=invalid_scope&error_description=Invalid+scopes%3A+x");
    assert_eq!(verdict(&response(302, &error, ""), redirect_uri), Err("invalid_scope: Invalid scopes: x".to_owned()));
    assert_eq!(verdict(&response(400, "", "<h1>No</h1>"), redirect_uri), Err("HTTP 400 “No”".to_owned()));
}
