use super::*;
use serde_json::json;

const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

#[test]
fn equal_secrets_are_seen_to_be_equal_and_cannot_be_read() {
    let (one, two) = (Mask::Fingerprint.secret("code", "abc"), Mask::Fingerprint.secret("code", "abc"));
    assert_eq!(one, "<code, 3 characters, sha256 ba7816bf>");
    assert_eq!(one, two);
    assert_ne!(one, Mask::Fingerprint.secret("code", "abd"));
}

#[test]
fn a_password_has_no_fingerprint() {
    assert_eq!(Mask::Fingerprint.secret("password", "password123"), "<password>");
}

#[test]
fn no_place_of_a_request_shows_its_secret() {
    let secret = "s3cr3t-value";
    let shown = [
        Mask::Fingerprint.header("Authorization", &format!("Bearer {secret}")),
        Mask::Fingerprint.header("authorization", secret),
        Mask::Fingerprint.header("Cookie", &format!("session={secret}")),
        Mask::Fingerprint.url(&format!("http://host/cb?state=x&code={secret}#access_token={secret}")),
        Mask::Fingerprint.url(&format!("http://user:{secret}@host/path")),
        Mask::Fingerprint.form(&format!("grant_type=x&Client_Secret={secret}")),
        Mask::Fingerprint
            .body("application/json", json!({"a": [{"refresh_token": secret}]}).to_string().as_bytes())
            .to_string(),
        Mask::Fingerprint.body("text/html", format!("<a>{JWT}</a>").as_bytes()).to_string(),
        Mask::Fingerprint.header("x-custom", JWT),
        Mask::Fingerprint
            .body("text/html", format!(r#"<form action="/a?x=1&amp;session_code={secret}&amp;y=2">"#).as_bytes())
            .to_string(),
        Mask::Fingerprint.text(&format!("see http://h/cb?code={secret} there")),
    ];
    for text in shown {
        assert!(!text.contains(secret) && !text.contains(JWT), "{text}");
        assert!(text.contains("sha256") || text.contains("<password>"), "{text}");
    }
}

#[test]
fn beside_a_secret_an_unknown_member_is_masked_too() {
    let response = json!({"access_token": "a", "token_type": "Bearer", "expires_in": 5, "session": "b", "scope": "c"});
    let shown = Mask::Fingerprint.json(&response);
    assert_eq!(
        (&shown["token_type"], &shown["expires_in"], &shown["scope"]),
        (&"Bearer".into(), &5.into(), &"c".into())
    );
    assert!(shown["session"].as_str().unwrap().starts_with("<session, 1 character"), "{shown}");
    assert_eq!(Mask::Fingerprint.json(&json!({"session": "b"})), json!({"session": "b"}));
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    for url in ["http://localhost:8000/mcp", "https://h/a?b=c&d#e", "not a url", "", "http://h/@x"] {
        assert_eq!(Mask::Fingerprint.url(url), url);
    }
    assert_eq!(Mask::Fingerprint.text("eyJ is how a token begins"), "eyJ is how a token begins");
}

#[test]
fn a_shell_line_gets_placeholders() {
    assert_eq!(Mask::Placeholder.header("authorization", "Bearer abc"), "Bearer \u{e000}ACCESS_TOKEN\u{e001}");
    assert_eq!(Mask::Placeholder.form("code=abc&x=1"), "code=\u{e000}CODE\u{e001}&x=1");
}
