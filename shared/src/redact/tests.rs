use super::*;
use serde_json::json;

const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

#[test]
fn equal_secrets_are_seen_to_be_equal_and_cannot_be_read() {
    let (one, two) = (Mask::Fingerprint.secret("code", "abc"), Mask::Fingerprint.secret("code", "abc"));
    assert_eq!(one, two);
    // Without its length, and by a key of this run: SHA-256 of "abc" begins with ba7816bf.
    assert!(one.starts_with("<code, hashed ") && !one.contains("ba7816bf"), "{one}");
    let long = Mask::Fingerprint.secret("code", "0123456789abcdef");
    assert!(long.starts_with("<code, 16 characters, hashed "), "{long}");
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
        Mask::Fingerprint.text(&format!("seen: HTTPS:\\\\user:{secret}@host/path")),
        Mask::Fingerprint.text(&format!("seen: http:user:{secret}@host/path")),
        Mask::Fingerprint.url(&format!("https://host/auth?client_id=c&state={secret}&scope=a")),
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
        assert!(text.contains("hashed") || text.contains("<password>"), "{text}");
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
    assert!(shown["session"].as_str().unwrap().starts_with("<session, hashed "), "{shown}");
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

#[test]
fn a_name_is_enough_wherever_it_stands_in_a_body_that_cannot_be_parsed() {
    let bodies = [
        ("application/json", r#"{"access_token":"VALUE-1","token_ty"#),
        ("application/json", r#"{"access_token":"VALUE-1"#),
        ("text/plain", "access_token=VALUE-1&token_type=bearer"),
        ("text/plain", "token_type=bearer;access_token=VALUE-1"),
        ("text/plain", "access_token: VALUE-1"),
        ("application/json", r#"{"access_token":["VALUE-1"],"token_type":"Bearer"}"#),
        ("application/json", r#"{"access_token":{"value":"VALUE-1"}}"#),
        ("application/json", r#"{"accessToken":"VALUE-1"}"#),
        ("application/json", r#"{"ACCESS-TOKEN":"VALUE-1"}"#),
        ("application/json", r#"{"a":[{"b":{"client_secret":"VALUE-1"}}]}"#),
        ("application/json", r#"{"refresh_token":"VALUE-1"} and more"#),
        ("application/json", "\u{feff}{\"refresh_token\":\"VALUE-1\"}"),
        ("application/json", "{'access_token': 'VALUE-1'}"),
        ("application/json", "{access_token: VALUE-1}"),
        ("application/json", r#""{\"access_token\":\"VALUE-1\"}""#),
        ("application/json", r#"{"client_id":"c","client_secret":"VALUE-1"#),
        ("application/json", r#"{"access_token":["VALUE-1","#),
        ("text/event-stream", "data: {\"id_token\":\"VALUE-1\"}\n\n"),
        ("application/xml", "<r><access_token>VALUE-1</access_token></r>"),
        ("application/xml", "<r access_token='VALUE-1'/>"),
        ("application/xml", "<code>VALUE-1</code>"),
        ("text/html", r#"<html><input type="hidden" name="code" value="VALUE-1"></html>"#),
        ("text/html", r#"<html><input value=VALUE-1 name=access_token></html>"#),
        ("text/html", r#"<html><a href="/x?a=1&amp;session_code=VALUE-1&amp;b=2">"#),
        ("text/plain", "%7B%22access_token%22%3A%22VALUE-1%22%7D"),
        ("text/plain", "eyJhY2Nlc3NfdG9rZW4iOiAiVkFMVUUtMSJ9"),
        ("text/plain", "http%3A%2F%2Fh%2Fcb%3Fcode%3DVALUE-1%26state%3Dx"),
        ("application/x-www-form-urlencoded", "a=b&access%5Ftoken=VALUE-1"),
        ("application/x-www-form-urlencoded", r#"{"access_token":"VALUE-1"}"#),
        ("Application/X-WWW-form-urlencoded", "password=VALUE-1"),
        ("text/plain", "php: ['access_token' => 'VALUE-1']"),
    ];
    for (content_type, body) in bodies {
        let shown = Mask::Fingerprint.body(content_type, body.as_bytes()).to_string();
        assert!(!shown.contains("VALUE-1") && !shown.contains("VkFMVUUtMS"), "{body} is shown as {shown}");
    }
    for url in ["http://h/register/c?access_token=VALUE-1", "http://user:VALUE-1@h/"] {
        let shown = Mask::Fingerprint.text(&format!("the URL {url} is used"));
        assert!(!shown.contains("VALUE-1") && shown.ends_with(" is used"), "{shown}");
    }
}

/// A password can be a word, and a sentence is no place to look for digits.
#[test]
fn a_value_after_its_name_is_masked_whatever_it_looks_like() {
    for (text, rest) in [
        ("no client_secret: OPENSESAME here", " here"),
        ("password: opensesame", ""),
        ("The password: opensesame.", "."),
        ("Password : opensesame, of demo", ", of demo"),
        ("new_password: opensesame", ""),
        ("clientSecret:opensesame;", ";"),
        ("the client_secret 'x' or client_secret: 'opensesame' is wrong", "' is wrong"),
        ("password = opensesame (wrong)", " (wrong)"),
        ("use http://h/cb?code=opensesame.", "."),
        ("refresh_token: opensesame: expired", ": expired"),
        ("see eyJvcGVuc2VzYW1lIjoxfQ.eyJvcGVuc2VzYW1lIjoxfQ.opensesame.", "."),
        ("it sent Bearer opensesame123.", "."),
    ] {
        let shown = Mask::Fingerprint.text(text);
        assert!(!shown.to_lowercase().contains("opensesame") && shown.ends_with(rest), "{text} is shown as {shown}");
        let body = json!({ "error_description": text });
        let shown = Mask::Fingerprint.body("application/json", body.to_string().as_bytes()).to_string();
        assert!(!shown.to_lowercase().contains("opensesame"), "{text} is shown as {shown}");
    }
}

#[test]
fn a_secret_has_one_fingerprint() {
    let fingerprint = |shown: String| shown[shown.find("hashed ").unwrap()..shown.find('>').unwrap()].to_owned();
    let wanted = fingerprint(Mask::Fingerprint.secret("code", "ab/c123-x"));
    for text in
        ["see ?code=ab%2Fc123%2Dx.", "see ?code=ab%2Fc123%2Dx&a=b", "{\"code\":\"ab\\/c123-x\"}", "code='ab/c123-x'."]
    {
        assert_eq!(fingerprint(Mask::Fingerprint.text(text)), wanted, "{text}");
    }
    assert_eq!(fingerprint(Mask::Fingerprint.form("code=ab%2Fc123-x")), wanted);
}

#[test]
fn a_header_with_a_secret_is_told_by_the_words_of_its_name() {
    for name in [
        "X-Auth-Token",
        "Set-Cookie2",
        "X-Amzn-Remapped-Authorization",
        "Authentication-Info",
        "X-Api-Key",
        "Cookie",
        "AccessToken",
        "X-Forwarded-Access-Token",
        "X-Vault-Token",
        "X-Client-Secret",
        "Ocp-Apim-Subscription-Key",
        "Proxy-Authorization",
        "X-Password",
    ] {
        let shown = Mask::Fingerprint.header(name, "opensesame");
        assert!(!shown.contains("opensesame"), "{name}: {shown}");
    }
    for name in [
        "WWW-Authenticate",
        "X-Amzn-Remapped-WWW-Authenticate",
        "DPoP-Nonce",
        "Location",
        "Retry-After",
        "Content-Type",
        "Server",
        "Access-Control-Allow-Credentials",
        "Access-Control-Expose-Headers",
        "Keep-Alive",
        "Sec-Fetch-Site",
        "X-Request-Id",
        "Author",
    ] {
        assert_eq!(Mask::Fingerprint.header(name, "opensesame"), "opensesame", "{name}");
    }
    assert!(
        Mask::Fingerprint.header("X-Amzn-Remapped-Authorization", "Bearer abc").starts_with("Bearer <access_token")
    );
}

#[test]
fn the_host_behind_a_masked_password_stays() {
    for (url, host) in
        [("http://joe:pw@host/x", "host/x"), ("https:\\\\joe:pw@host", "host"), ("see http:joe:pw@host .", "host .")]
    {
        let once = Mask::Fingerprint.text(url);
        assert!(once.ends_with(&format!("<password>@{host}")), "{once}");
        assert_eq!(Mask::Fingerprint.text(&once), once);
        assert_eq!(Mask::Fingerprint.body("text/plain", once.as_bytes()), json!(once));
    }
    assert!(!Mask::Fingerprint.text("<a><password>@opensesame</password></a>").contains("opensesame"));
}

#[test]
fn the_number_of_an_error_is_shown() {
    for text in ["the code AADSTS50011: no redirect URI", "code: AADSTS50011", "code: ORA-01017."] {
        assert_eq!(Mask::Fingerprint.text(text), text);
        assert_eq!(Mask::Fingerprint.body("text/plain", text.as_bytes()), json!(text));
    }
    let body = json!({"error": {"code": "AADSTS50011"}});
    assert_eq!(Mask::Fingerprint.json(&body), body);
    assert!(!Mask::Fingerprint.form("code=AADSTS50011").contains("AADSTS50011"));
}

#[test]
fn a_name_alone_hides_no_words() {
    for text in [
        "access_token is absent",
        "The code: it is good once.",
        "token_type is Bearer",
        "Bearer resource_metadata=\"http://localhost:8000/x1\", scope=\"mcp:read\"",
        "the password of mcpuser",
        "code_challenge_methods_supported: S256",
        "the access_token: opaque",
        "wrong password: it has expired",
        "client_secret: required, and absent here",
        "client_secret: Field required",
        "Invalid client_secret: please check it.",
        "The secret is out",
        "error code: InvalidGrant",
        "access token: readable",
        "grant_type=authorization_code&response_type=code&scope=a",
        "http://h/a@b",
        "the error {\"code\": -32601}",
    ] {
        assert_eq!(Mask::Fingerprint.text(text), text);
    }
    for body in [
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}}),
        json!({"grant_types_supported": ["password"], "code_challenge_methods_supported": ["S256"]}),
        json!({"properties": {"token": {"type": "string", "description": "a name"}}}),
        json!({"access_token": null, "code": ""}),
    ] {
        assert_eq!(Mask::Fingerprint.body("application/json", body.to_string().as_bytes()), body);
    }
    let page = "<html><label for=\"password\">Password</label><code>cargo run</code>\
                <code>127.0.0.1:8888</code> the code 127.0.0.1</html>";
    assert_eq!(Mask::Fingerprint.body("text/html", page.as_bytes()), json!(page));
}

#[test]
fn readings_know_where_they_come_from() {
    let text = r"a%2Db\u002d&#45;&amp;\uD83D\uDE00 %zz";
    let view = views::unescaped(text.as_bytes()).unwrap();
    assert_eq!(String::from_utf8_lossy(&view.bytes), "a-b--&\u{1f600} %zz");
    assert_eq!(&text[view.source(&(1..2))], "%2D");
    assert_eq!(&text[view.source(&(6..10))], r"\uD83D\uDE00");
    let views = views::base64(b"..aGVsbG8gd29ybGQ=..");
    assert_eq!(views[0][0].bytes, b"hello world");
    assert_eq!(views[0][0].source(&(0..11)), 2..17);
    assert!(views::unescaped(b"100 %, a & b").is_none());
}
