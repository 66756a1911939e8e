//! What comes back from the authorization endpoint, or stays there: for each response the exit
//! code, the check that failed, and the words that decide what a reader does next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use shared::testing::{Fake, ReservedPort, Run, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

/// An honest server whose authorization endpoint responds like this.
fn honest(response: Value) -> Fake {
    let question = json!({ "POST /token code=this-code-was-never-issued":
        { "status": 400, "body": { "error": "invalid_grant" } } });
    Fake::start(&[question, json!({ "GET /authorize": response })])
}

/// A sign-in at this server.
fn run(fake: &Fake, options: &[&str]) -> Run {
    let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
    let arguments = ["client", "--json", "--server-url", &url, "--client-issuer", &issuer, "--document-port", "0"];
    let output = Command::new(LESSON)
        .args(arguments)
        .args(options)
        .env("MCP_OAUTH_HOME", home.path())
        .env("BROWSER", "true")
        .env("LOGIN_PASSWORD", "any-password-at-all")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::of(&output)
}

fn sign_in(response: Value, user: &[&str]) -> Run {
    run(&honest(response), &[user, &["--callback-port", "0"]].concat())
}

fn redirect(query: &str) -> Value {
    json!({ "status": 302, "headers": [["location", format!("{{q:redirect_uri}}?{query}")]] })
}

#[test]
fn a_redirect_without_a_usable_response_says_why() {
    let twice = "appears twice";
    for (query, id, says) in [
        ("error=invalid_request&error_description=no", "callback.state", "some IdPs leave state out of errors"),
        ("code=k1", "callback.state", "no state"),
        ("error=invalid_request&state={q:state}&state={q:state}", "callback.state", "state appears twice"),
        ("code=k1&state={q:state}&state={q:state}&state=x", "callback.state", "state appears 3 times"),
        ("code=k1&state=another", "callback.state", "it may be an attack"),
        ("code=k1&code=k1&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}", "callback.code", twice),
        ("code=&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}", "callback.code", "an empty code"),
        ("state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}", "callback.code", "neither a code nor an error"),
        ("error=a&error=b&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}", "callback.code", "error appears twice"),
        ("error=access_denied&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}", "callback.code", "access_denied"),
        ("code=k1&state={q:state}&iss=x&iss=x", "callback.iss-present", "iss appears twice"),
        ("code=k1&state={q:state}", "callback.iss-present", "absent"),
    ] {
        let run = sign_in(redirect(query), &["--login", "demo"]);
        let (failed, message, fix) = run.error();
        assert_eq!((run.success, failed.as_str()), (false, id), "{query}: {message} {fix}");
        assert!(format!("{message} {fix}").contains(says), "{query}: {message} {fix}");
        assert_eq!(run.checks(id), [false], "{query}");
    }
    let good = "code=k1&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}";
    assert!(sign_in(redirect(good), &["--login", "demo"]).success);
}

#[test]
fn an_error_that_stays_on_its_page_is_read_whatever_its_form() {
    let page = |status: u16, body: Value| json!({ "status": status, "body": body });
    let (request, redirect_uri) = ("idp.authorization-request", "idp.redirect-uri-registered");
    // A server error decides nothing about the request.
    let fault = "sign-in.unknown-page";
    for (response, id, says) in [
        (
            page(400, json!({ "error": "invalid_request", "error_description": "redirect_uri is not on the list" })),
            redirect_uri,
            "HTTP 400 “invalid_request: redirect_uri is not on the list”",
        ),
        (page(400, json!({ "error": "invalid_client" })), request, "“invalid_client”"),
        (page(401, json!({ "message": "Callback URL mismatch" })), redirect_uri, "“Callback URL mismatch”"),
        (page(400, json!("Unknown client")), request, "“Unknown client”"),
        (
            page(400, json!("<title>IdP</title><h1>IdP</h1><p>Error: invalid_redirect_uri</p>")),
            redirect_uri,
            "“IdP Error: invalid_redirect_uri”",
        ),
        (
            page(403, json!("<title>oops</title><h1>oops</h1><pre><strong>error</strong>: access_denied</pre>")),
            request,
            "“oops error: access_denied”",
        ),
        (page(500, json!("<title>Redirecting</title>")), fault, "HTTP 500 “Redirecting”"),
        (page(500, json!("")), fault, "HTTP 500."),
    ] {
        let run = sign_in(response.clone(), &["--login", "demo"]);
        let (failed, message, fix) = run.error();
        assert_eq!((run.success, failed.as_str()), (false, id), "{response}: {message} {fix}");
        assert!(message.contains(says) && !message.contains("state="), "{response}: {message}");
        assert_eq!(run.checks(id), if id == fault { vec![] } else { vec![false] }, "{response}");
    }
}

#[test]
fn a_wait_to_which_nobody_came_names_the_likely_causes() {
    let run = sign_in(json!({ "status": 400 }), &["--browser", "--sign-in-timeout", "1"]);
    let (id, message, fix) = run.error();
    assert_eq!((run.success, id.as_str()), (false, "sign-in.timed-out"), "{message}");
    for says in ["register exactly http://127.0.0.1:", "another machine", "--sign-in-timeout"] {
        assert!(fix.contains(says), "{fix}");
    }
    assert!(!fix.contains('?') && run.says("stays in the browser and never comes back to this program"), "{run:#?}");
}

/// The URI is registered and sent as it was typed, and the browser finds the client there.
#[test]
fn a_chosen_redirect_uri_is_used_to_the_letter() {
    let good = "code=k1&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}";
    for (host, path) in [
        ("localhost", "/callback"),
        ("localhost", ""),
        ("localhost", "/oauth/callback/"),
        ("127.0.0.1", "/a:b/%7Bx%7D"),
        ("127.0.0.1", "/*any"),
        ("[::1]", "/callback"),
    ] {
        if host == "[::1]" && std::net::TcpListener::bind("[::1]:0").is_err() {
            continue;
        }
        let (fake, port) = (honest(redirect(good)), ReservedPort::take());
        let uri = format!("http://{host}:{port}{path}");
        let signed_in = run(&fake, &["--login", "demo", "--redirect-uri", &uri]);
        assert!(signed_in.success, "{uri}: {signed_in:#?}");
        assert_eq!(fake.requests_to("POST /register")[0].json("redirect_uris"), json!([uri]), "{uri}");
        let sent = fake.requests_to("GET /authorize").into_iter().chain(fake.requests_to("POST /token"));
        assert!(
            sent.clone().count() >= 2 && sent.clone().all(|sent| sent.field("redirect_uri") == Some(&uri)),
            "{uri}"
        );
    }
}
