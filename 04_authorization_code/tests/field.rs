//! What people met at token endpoints of all kinds: for each response the exit code, the check that
//! failed, and the words that decide what a reader does next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use authorization_code::rules;
use serde_json::{Value, json};
use shared::testing::{Fake, Run, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

/// A sign-in at an honest server whose token endpoint responds to the code like this.
fn sign_in(response: Value) -> Run {
    let question = json!({ "POST /token code=this-code-was-never-issued":
        { "status": 400, "body": { "error": "invalid_grant" } } });
    run(&Fake::start(&[question, json!({ "POST /token code=k1": response })]), &[])
}

/// A sign-in at this server, by the program that fills in forms, with further options.
fn run(fake: &Fake, options: &[&str]) -> Run {
    let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
    let own = ["client", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo"];
    let arguments = [&own, options].concat();
    Run::of_lesson(LESSON, home.path(), &arguments)
}

#[test]
fn a_token_is_one_and_a_refusal_is_one_whatever_the_status_says() {
    let token = json!({ "access_token": "a", "token_type": "Bearer", "scope": "mcp:read", "expires_in": 60 });
    let with = |name: &str, value: Value| {
        let mut token = token.clone();
        token[name] = value;
        token
    };
    let error = |code: &str| json!({ "error": code, "error_description": "in the IdP's words" });
    let ok = (true, true);
    // (status, headers, body) → (the code is taken, the response is whole), what is said
    let rows = [
        (200, json!([]), token.clone(), ok, "the token has every requested scope"),
        (201, json!([]), token.clone(), (true, false), "with HTTP 201 instead of 200"),
        (202, json!([]), token.clone(), (true, false), "with HTTP 202 instead of 200"),
        (200, json!([]), with("refresh_token", json!(null)), (true, false), "refresh_token is null"),
        (200, json!([]), with("refresh_token", json!("")), (true, false), "refresh_token is empty"),
        (200, json!([]), with("id_token", json!(7)), (true, false), "id_token is a number"),
        (200, json!([]), with("expires_in", json!("60")), (true, false), "expires_in is a string"),
        (200, json!([]), with("expires_in", json!(60.0)), ok, "the token has every requested scope"),
        (200, json!([]), error("bad_code"), (false, false), "HTTP 200 bad_code: in the IdP's words"),
        (400, json!([]), error("invalid_grant"), (false, false), "a code works once"),
        (400, json!([]), error("invalid_target"), (false, false), "RFC 8707 §2"),
        (400, json!([]), error("invalid_scope"), (false, false), "scopes_supported"),
        (401, json!([]), error("invalid_client"), (false, false), "Compare the client's id"),
        (400, json!([]), error("unauthorized_client"), (false, false), "Compare the client's id"),
        (400, json!([]), error("unsupported_grant_type"), (false, false), "grant_types_supported"),
        (400, json!([]), error("invalid_request"), (false, false), "message above"),
        (302, json!([["location", "/login"]]), json!(""), (false, false), "a sign-in page"),
        (307, json!([["location", "https://elsewhere.example/"]]), json!(""), (false, false), "a sign-in page"),
        (403, json!([["content-type", "text/html"]]), json!("<html>"), (false, false), "a firewall or a proxy"),
        (429, json!([["retry-after", "30"]]), json!(""), (false, false), "Wait 30 seconds"),
        (429, json!([]), json!(""), (false, false), "Wait a minute"),
        (500, json!([]), json!("x"), (false, false), "The error is the IdP's"),
        (503, json!([]), error("temporarily_unavailable"), (false, false), "The error is the IdP's"),
        (429, json!([["retry-after", "-3"]]), json!(""), (false, false), "Wait a minute"),
        (
            400,
            json!([]),
            json!({ "error": { "code": "invalid_grant", "message": "old" } }),
            (false, false),
            "a code works once",
        ),
        (400, json!([]), json!(""), (false, false), "a code works once"),
        (200, json!([]), with("expires_in", json!(-5)), (true, false), "expires_in is -5, not a whole number"),
        (200, json!([]), with("expires_in", json!(1e30)), (true, false), "expires_in is 1e+30, not a whole number"),
    ];
    for (status, headers, body, (is_taken, is_whole), says) in rows {
        let row = format!("{status} {body}");
        let run = sign_in(json!({ "status": status, "headers": headers, "body": body }));
        assert_eq!(run.checks(rules::IDP_TAKES_CODE.id), [is_taken], "{row}: {run:#?}");
        assert!(run.says(says), "{row}: {run:#?}");
        assert_eq!(run.success, is_whole, "{row}: {run:#?}");
        assert_eq!(run.checks(rules::TOKEN_RESPONSE.id), if is_taken { vec![is_whole] } else { vec![] }, "{row}");
        if !is_taken && says != "a code works once" {
            assert!(!run.says("a code works once"), "{row}: {run:#?}");
        }
    }
}

/// RFC 6749 §3.3 parts scopes by spaces; a list with commas is read, and is a fault.
#[test]
fn scopes_with_commas_are_read_and_reported() {
    for (scope, passed, says) in [
        ("mcp:read", true, "the token has every requested scope"),
        ("mcp:read,extra", false, "separate the scopes with spaces"),
        ("extra, mcp:read", false, "mcp:read, separated by commas"),
        ("extra,other", false, "(not: mcp:read)"),
        ("", false, "(not: mcp:read)"),
    ] {
        let run = sign_in(json!({ "body": { "access_token": "a", "token_type": "Bearer", "scope": scope } }));
        assert_eq!(run.checks(rules::SCOPE_GRANTED.id), [passed], "{scope}: {run:#?}");
        assert!(run.success && run.says(says), "{scope}: {run:#?}");
    }
}

/// `invalid_scope` is explained by the IdP's own list.
#[test]
fn refused_scopes_are_compared_with_those_of_the_idp() {
    let refuses = json!({ "GET /authorize": { "status": 302, "headers":
        [["location", "{q:redirect_uri}?error=invalid_scope&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}"]] } });
    let supports = |scopes: Value| json!({ "GET /.well-known/oauth-authorization-server": { "patch": { "scopes_supported": scopes } } });
    for (scopes, says) in [
        (json!(["openid", "email"]), "create mcp:read at the IdP, whose scopes_supported does not list it"),
        (json!([]), "create mcp:read at the IdP"),
        (json!(["mcp:read"]), "its scopes_supported has them all"),
        (json!({ "$drop": 1 }), "its metadata has no scopes_supported"),
    ] {
        let run = run(&Fake::start(&[refuses.clone(), supports(scopes.clone())]), &[]);
        assert_eq!(run.checks(rules::IDP_TAKES_REQUEST.id), [false], "{scopes}: {run:#?}");
        assert!(!run.success && run.says(says), "{scopes}: {run:#?}");
        assert!(run.error().2.contains("the check above"), "{scopes}: {:?}", run.error());
    }
}

/// No sentence shows the state of a sign-in, and none a password that an endpoint's URL has.
#[test]
fn neither_state_nor_the_password_of_a_url_is_shown() {
    let metadata = |endpoint: &str| json!({ "GET /.well-known/oauth-authorization-server": { "patch": { "authorization_endpoint": endpoint } } });
    for (endpoint, id) in [
        ("http://127.0.0.1:1/authorize", "http.unreachable"),
        ("http://me:pa55word@127.0.0.1:{port}/authorize", "as-metadata.endpoints-secure"),
        ("http://me:pa55word@idp.example/authorize", "as-metadata.endpoints-secure"),
        ("ftp://me:pa55word@127.0.0.1/authorize", "as-metadata.endpoints-secure"),
        (r"http:\\me:pa55word@127.0.0.1/authorize", "as-metadata.endpoints-secure"),
        ("http:me:pa55word@127.0.0.1/authorize", "as-metadata.endpoints-secure"),
    ] {
        let run = run(&Fake::start(&[metadata(endpoint)]), &[]);
        let seen = run.events.iter().map(Value::to_string).filter(|event| event.contains("state=")).collect::<Vec<_>>();
        let is_hidden = |event: &String| event.matches("state=").count() == event.matches("state=<state, ").count();
        assert!(seen.iter().all(is_hidden), "{endpoint}: {seen:#?}");
        assert_eq!(run.error().0, id, "{endpoint}");
        assert!(!run.says("pa55word"), "{endpoint}: {run:#?}");
    }
}

/// What is REQUIRED stays strict.
#[test]
fn a_response_without_a_usable_token_is_none() {
    for (body, says) in [
        (json!({}), "access_token is absent"),
        (json!({ "access_token": "", "token_type": "Bearer" }), "access_token is empty"),
        (json!({ "access_token": null, "token_type": "Bearer" }), "access_token is null"),
        (json!({ "access_token": ["a"], "token_type": "Bearer" }), "access_token is an array"),
        (json!({ "access_token": "a" }), "token_type is absent"),
        (json!([]), "an empty array"),
        (json!([{}]), "an array of objects"),
        (json!("access_token=a&token_type=bearer"), "not JSON"),
        (json!("ok"), "not JSON"),
        (json!(""), "HTTP 204"),
    ] {
        let status = if body == "" { 204 } else { 200 };
        let run = sign_in(json!({ "status": status, "body": body }));
        let is_token = body.get("access_token").is_some();
        assert_eq!(run.checks(rules::IDP_TAKES_CODE.id), if is_token { vec![true] } else { vec![] }, "{body}");
        assert!(!run.success && run.error().1.contains(says), "{body}: {:?}", run.error());
        assert_eq!(run.checks(rules::TOKEN_RESPONSE.id), [false], "{body}");
    }
}

/// What is no matter of the password is not said to be one.
#[test]
fn a_fault_behind_login_has_its_own_cause() {
    let page = |status: u16, headers: Value| json!({ "status": status, "headers": headers, "body": "<h1>Oops</h1>" });
    let form = json!({ "body": "<form method=post action=/go><input name=u><input type=password name=p></form>",
        "headers": [["content-type", "text/html"]] });
    let to = |location: &str| page(302, json!([["Location", location]]));
    for (table, id, says) in [
        (json!({ "GET /authorize": page(500, json!([])) }), "sign-in.unknown-page", "HTTP 500"),
        (json!({ "GET /authorize": to("/authorize") }), "sign-in.unknown-page", "without an end"),
        (json!({ "GET /authorize": form, "POST /go": page(404, json!([])) }), "sign-in.unknown-page", "HTTP 404"),
        (json!({ "GET /authorize": form, "POST /go": page(500, json!([])) }), "sign-in.unknown-page", "the IdP's log"),
        (
            json!({ "GET /authorize": to("{q:redirect_uri}/x?code=k1") }),
            "sign-in.unknown-page",
            "and the redirect URI is",
        ),
        (json!({ "GET /authorize": form, "POST /go": page(401, json!([])) }), "sign-in.refused", "LOGIN_PASSWORD"),
    ] {
        let fake = Fake::start(std::slice::from_ref(&table));
        let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
        let own = ["client", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo"];
        let run = Run::of_lesson(LESSON, home.path(), &own);
        assert_eq!(run.error().0, id, "{table}: {:?}", run.error());
        if id != "sign-in.refused" {
            assert!(run.says(says) && !run.error().2.contains("right name"), "{table}: {:?}", run.error());
        }
    }
}

/// `--login` agrees where a page asks for that, and says so where it does not know the page; it
/// blames no password that nobody asked for.
#[test]
fn a_consent_page_is_agreed_to_and_an_unknown_page_is_named() {
    let page = |inside: &str| {
        let html = format!(
            r#"<title>Grants</title><form method="post" action="/decide">
            <input type="hidden" name="redirect_uri" value="{{q:redirect_uri}}">
            <input type="hidden" name="state" value="{{q:state}}">{inside}</form>"#
        );
        let back = "{q:redirect_uri}?state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}";
        json!({
            "GET /authorize": { "headers": [["content-type", "text/html"]], "body": html },
            "POST /decide": { "status": 400, "body": "no decision" },
            "POST /decide do=yes": { "status": 302, "headers": [["location", format!("{back}&code=k1")]] },
            "POST /decide do=no": { "status": 302, "headers": [["location", format!("{back}&error=access_denied")]] },
        })
    };
    let both = r#"<button name="do" value="no">Deny</button><button name="do" value="yes">Allow access</button>"#;
    for (inside, options, error, says) in [
        (both, &[][..], None, "The user agrees (“Allow access”)"),
        (both, &["--deny"], Some("callback.code"), "The user says no (“Deny”)"),
        (r#"<button name="do" value="yes">Continue</button>"#, &[], None, "The user agrees (“Continue”)"),
        (r#"<button name="do" value="yes">Yes</button>"#, &["--deny"], Some("sign-in.unknown-page"), "--browser"),
        (r#"<input name="email"><button>Next</button>"#, &[], Some("sign-in.unknown-page"), "“Grants” with “Next”"),
        ("<button>Sign out</button>", &[], Some("sign-in.unknown-page"), "--browser"),
        ("<script>ask()</script>", &[], Some("sign-in.unknown-page"), "with no button"),
    ] {
        let run = run(&Fake::start(&[page(inside)]), options);
        assert_eq!(run.success, error.is_none(), "{inside} {options:?}: {run:#?}");
        assert!(run.says(says), "{inside} {options:?}: {run:#?}");
        assert!(error.is_none_or(|error| run.error().0 == error), "{inside} {options:?}: {:?}", run.error());
        assert!(!run.says("LOGIN_PASSWORD") && !run.says("its password"), "{inside}: {run:#?}");
    }
}

/// An authorization server without metadata: the user names its endpoints, what is missing is
/// reported, and the sign-in is as strict as any other.
#[test]
fn an_authorization_server_without_metadata_has_its_endpoints_from_the_user() {
    let back = "{q:redirect_uri}?code=k1&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}";
    let endpoints = json!({
        "GET /odd/authorize": { "status": 302, "headers": [["location", back]] },
        "POST /odd/token": { "body": { "access_token": "a", "token_type": "Bearer", "scope": "mcp:read" } },
        "POST /odd/token code=this-code-was-never-issued": { "status": 400, "body": { "error": "invalid_grant" } },
    });
    let none = json!({ "GET /.well-known/oauth-authorization-server": null });
    let silent = json!({ "POST /mcp": { "status": 401, "headers": [["www-authenticate", "Bearer"]] },
        "GET /.well-known/oauth-protected-resource/mcp": null });
    let of_another = json!({ "GET /.well-known/oauth-protected-resource/mcp": { "patch": { "authorization_servers": ["http://127.0.0.1:{port}/other"] } } });
    let page = json!({ "GET /.well-known/oauth-authorization-server": { "body": "<h1>Not here</h1>" } });
    let other_state = json!({ "GET /odd/authorize": { "status": 302, "headers": [["location", "{q:redirect_uri}?code=k1&state=x"]] } });
    let broken =
        json!({ "GET /.well-known/oauth-authorization-server": { "patch": { "issuer": "https://else.example" } } });
    let nothing = json!({});
    let went_on = "goes on with the endpoints on the command line";
    // tables, how the search for metadata ended, the tokens, what is said
    for (tables, found, has_tokens, says) in [
        ([&none, &nothing], vec![false], true, went_on),
        ([&none, &silent], vec![false], true, went_on),
        ([&page, &nothing], vec![false], true, went_on),
        ([&broken, &nothing], vec![true], true, went_on),
        ([&nothing, &nothing], vec![true], true, "leave them out to use the published ones"),
        ([&none, &other_state], vec![false], false, "state is the value that the client sent"),
        ([&none, &of_another], vec![false], false, "sign-in.issuer"),
    ] {
        let fake = Fake::start(&[&endpoints, tables[0], tables[1]].map(Clone::clone));
        let [authorize, token] = ["/odd/authorize", "/odd/token"].map(|path| fake.url(path));
        let options = ["--client-id", "c9", "--authorization-endpoint", &authorize, "--token-endpoint", &token];
        let run = run(&fake, &options);
        assert_eq!(run.checks("as-metadata.location"), found, "{tables:?}: {run:#?}");
        assert_eq!(run.checks(rules::TOKEN_RESPONSE.id), vec![true; usize::from(has_tokens)], "{tables:?}: {run:#?}");
        assert!(run.says(says), "{tables:?}: {run:#?}");
        // What is missing is a MUST of MCP, so the run does not end well, whatever it brought.
        assert_eq!(run.success, found == [true] && tables == [&nothing, &nothing], "{tables:?}: {run:#?}");
        for request in fake.requests_to("GET /odd/authorize") {
            assert!(request.field("code_challenge").is_some() && request.field("state").is_some(), "{request:?}");
        }
        assert!(fake.requests_to("POST /token").is_empty() && fake.requests_to("GET /authorize").is_empty());
        if says == "sign-in.issuer" {
            assert!(!fake.requests().iter().any(|request| request.line.contains("/odd/")), "{run:#?}");
        }
    }
    let fake = Fake::start(&[none, endpoints]);
    let (authorize, token) = (fake.url("/odd/authorize"), "http://idp.example/token");
    let run = run(&fake, &["--client-id", "c", "--authorization-endpoint", &authorize, "--token-endpoint", token]);
    assert_eq!(run.error().0, "as-metadata.endpoints-secure");
}

/// IdPs that refuse `resource`, or choose the audience by a parameter of their own.
#[test]
fn the_requests_say_whom_the_token_is_for_in_the_idps_way() {
    for (options, resource, audience) in [
        (&[][..], true, None),
        (&["--omit-resource"], false, None),
        (&["--request-audience", "https://api.example/v1"], true, Some("https://api.example/v1")),
        (&["--omit-resource", "--request-audience", "a b&c"], false, Some("a b&c")),
    ] {
        let fake = Fake::start(&[]);
        let run = run(&fake, options);
        assert_eq!(run.checks("authorization.resource"), vec![false; usize::from(!resource)], "{options:?}");
        assert_eq!(run.success, resource, "{options:?}: {run:#?}");
        assert_eq!(run.checks(rules::IDP_TAKES_CODE.id), [true], "{options:?}: {run:#?}");
        let token_requests = fake.requests_to("POST /token");
        let with_code = token_requests.iter().filter(|request| request.field("code") == Some("k1"));
        for request in fake.requests_to("GET /authorize").iter().chain(with_code) {
            let url = fake.url("/mcp");
            assert_eq!(request.field("resource"), resource.then_some(url.as_str()), "{options:?}: {request:?}");
            assert_eq!(request.field("audience"), audience, "{options:?}: {request:?}");
        }
        assert_eq!(run.says("(--request-audience)"), audience.is_some(), "{options:?}");
    }
}

/// A successful response that is no JSON object can be the token itself.
#[test]
fn what_may_be_a_token_is_shown_by_length_and_hash_only() {
    let token = "only-this-token-1234567890";
    for body in [json!(token), json!([token]), json!(format!("\"{token}\"")), json!(format!("your token {token}"))] {
        let headers = json!([["content-type", "text/plain"]]);
        let run = sign_in(json!({ "status": 200, "headers": headers, "body": body }));
        assert!(!run.success && !run.says(token) && run.says("<body, "), "{body}: {run:#?}");
    }
}
