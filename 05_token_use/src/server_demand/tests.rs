use axum::http::{HeaderMap, HeaderValue};

use super::*;

fn by(status: u16, challenge: &str) -> Option<ServerDemand> {
    let mut headers = HeaderMap::new();
    if !challenge.is_empty() {
        headers.insert("www-authenticate", HeaderValue::from_str(challenge).unwrap());
    }
    ServerDemand::read(&Response { url: String::new(), status, headers, body: Vec::new() })
}

#[test]
fn a_challenge_says_what_to_do() {
    let scopes = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
    let token = |list: &[&str], said: &str| {
        Some(ServerDemand::Token { scopes: scopes(list), said: said.to_owned(), bound: false })
    };
    assert_eq!(by(401, ""), token(&[], "HTTP 401"));
    assert_eq!(by(401, "Bearer scope=\"a b\""), token(&["a", "b"], "HTTP 401"));
    let expired = "Bearer error=\"invalid_token\", error_description=\"The token has expired\"";
    assert_eq!(by(401, expired), token(&[], "HTTP 401 invalid_token: The token has expired"));
    let bound = |challenge| match by(401, challenge) {
        Some(ServerDemand::Token { bound, .. }) => bound,
        _ => false,
    };
    assert!(bound("DPoP algs=\"ES256\"") && bound("dpop error=\"invalid_token\""));
    assert!(!bound("Bearer, DPoP algs=\"ES256\"") && !bound("Bearer") && !bound("Basic"));
    let insufficient = "Bearer error=\"insufficient_scope\", scope=\"w\"";
    assert_eq!(by(403, insufficient), Some(ServerDemand::Scopes { scopes: scopes(&["w"]) }));
    let other = |said: &str| Some(ServerDemand::OtherUser { said: said.to_owned() });
    assert_eq!(by(403, "Bearer error=\"insufficient_scope\""), other("HTTP 403 insufficient_scope"));
    assert_eq!(by(403, ""), other("HTTP 403"));
    assert_eq!(by(403, "Basic realm=\"x\""), other("HTTP 403"));
    assert_eq!(by(401, "§$%&"), token(&[], "HTTP 401"));
    assert_eq!(by(503, ""), Some(ServerDemand::Patience { retry_after: "not given".to_owned() }));
    for status in [200, 202, 400, 404, 500] {
        assert_eq!(by(status, insufficient), None);
    }
}
