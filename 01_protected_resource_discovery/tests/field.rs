//! What real MCP servers respond to a client that looks for their metadata: for each response the
//! exit code, the check that failed, and the words that decide what a reader does next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use shared::testing::{Fake, Run};

const LESSON: &str = env!("CARGO_BIN_EXE_01_protected_resource_discovery");
const MCP: &str = "POST /mcp";
const AT_PATH: &str = "GET /.well-known/oauth-protected-resource/mcp";

/// What a run has to end in: the id of its error, empty for success, and words. In them, `{port}`
/// is the fake's port, and with `!` in front the words are not there.
type Ending<'a> = (&'a str, &'a [&'a str]);

fn run_client(arguments: &[&str]) -> Run {
    let mut command = Command::new(LESSON);
    command.args(["client", "--json"]).args(arguments).stdin(Stdio::null());
    Run::of(&command.output().unwrap())
}

fn assert_ends(run: &Run, port: u16, (id, words): Ending<'_>, case: &str) {
    assert_eq!(run.success, id.is_empty(), "{case}: {:#?}", run.events);
    if !id.is_empty() {
        assert_eq!(run.error().0, id, "{case}: {:?}", run.error());
    }
    run.assert_says(words, port, case);
}

/// Each table in turn changes an honest server.
fn assert_rows(rows: &[(Value, Ending<'_>)]) {
    for (table, ending) in rows {
        let fake = Fake::start(std::slice::from_ref(table));
        let run = run_client(&["--server-url", &fake.url("/mcp")]);
        assert_ends(&run, fake.port(), *ending, &table.to_string());
    }
}

/// Metadata with other members.
fn metadata(patch: Value) -> Value {
    json!({ AT_PATH: { "patch": patch } })
}

/// R-13: the part that differs is named, and who has to change what.
#[test]
fn a_mismatch_names_the_part_that_differs_and_who_changes_what() {
    let of = |resource: &str| metadata(json!({ "resource": resource }));
    let id = "metadata.resource-of-challenge";
    let operator = "The server's operator has to publish resource as http://127.0.0.1:{port}/mcp";
    assert_rows(&[
        (of("http://127.0.0.1:{port}/mcp"), ("", &["!They differ"])),
        (of("http://127.0.0.1:{port}"), (id, &["They differ in the path (/mcp and none).", operator])),
        (
            of("http://127.0.0.1:{port}/mcp/"),
            (
                id,
                &[
                    "the slash at the end",
                    "Pass the URL that the server gives itself: --server-url http://127.0.0.1:{port}/mcp/",
                ],
            ),
        ),
        (
            of("http://localhost:{port}/mcp"),
            (id, &["(127.0.0.1 and localhost: two names of one machine)", "--server-url http://localhost:{port}/mcp"]),
        ),
        (
            of("https://mcp.example/mcp"),
            (id, &["the scheme (http and https)", "(127.0.0.1 and mcp.example)", operator]),
        ),
        (
            of("https://127.0.0.1:{port}/mcp"),
            (id, &["the scheme (http and https).", "--server-url https://127.0.0.1:{port}/mcp"]),
        ),
        (of("HTTP://127.0.0.1:{port}/mcp"), (id, &["the capital letters of the scheme.", "in lower case"])),
        (of("http://127.0.0.1:{port}/MCP"), (id, &["the capital letters of the path."])),
        (of("http://127.0.0.1:{port}/mcp?x=1"), (id, &["They differ in the query."])),
        (
            of("http://127.0.0.1:{port}/sse"),
            (id, &["the path (/mcp and /sse)", "--server-url http://127.0.0.1:{port}/sse"]),
        ),
        (of("http://127.0.0.1:{port}/"), (id, &["the path (/mcp and /)", operator])),
        (of("/mcp"), (id, &["one of them has no scheme and host", operator])),
        (of("http://127.0.0.1:80/mcp"), (id, &["the port ({port} and 80)", "told its public URL"])),
    ]);
}

/// The URL as people type it.
#[test]
fn a_typed_url_is_lowered_or_told_what_is_wrong_with_it() {
    let fake = Fake::start(&[json!({
        AT_PATH: { "patch": { "resource": "http://localhost:{port}/mcp" } },
        MCP: { "headers": [["WWW-Authenticate", "Bearer resource_metadata=\"http://localhost:{port}/.well-known/oauth-protected-resource/mcp\""]] },
    })]);
    let port = fake.port();
    for (typed, ending) in [
        ("http://LOCALHOST:{port}/mcp", ("", &["MCP server: http://localhost:{port}/mcp"][..])),
        ("HTTP://LocalHost:{port}/mcp", ("", &["MCP server: http://localhost:{port}/mcp"])),
        (
            "http://localhost:{port}/mcp?x=1",
            ("metadata.resource-of-challenge", &["in the query", "--server-url http://localhost:{port}/mcp"]),
        ),
        (
            "http://localhost:{port}/mcp#part",
            ("server.url", &["has a fragment", "Pass --server-url http://localhost:{port}/mcp"]),
        ),
        (
            "http://localhost:{port}/.well-known/oauth-protected-resource/mcp",
            ("server.url", &["the URL of a metadata document", "Pass --server-url http://localhost:{port}/mcp"]),
        ),
        (
            "http://localhost:{port}/.well-known/openid-configuration",
            ("server.url", &["Pass --server-url http://localhost:{port}"]),
        ),
        ("localhost:{port}/mcp", ("http.bad-url", &["it has no scheme", "Write http://localhost:{port}/mcp"])),
        ("//localhost:{port}/mcp", ("http.bad-url", &["it has no scheme", "Write http://localhost:{port}/mcp"])),
        (
            " http://localhost:{port}/mcp",
            ("http.bad-url", &["it has blanks around it", "Write http://localhost:{port}/mcp"]),
        ),
        (
            "http:/localhost:{port}/mcp",
            ("http.bad-url", &["one slash is missing", "Write http://localhost:{port}/mcp"]),
        ),
        ("http://localhost:{port}/m cp", ("http.bad-url", &["it has a blank inside"])),
    ] {
        let typed = typed.replace("{port}", &port.to_string());
        assert_ends(&run_client(&["--server-url", &typed]), port, ending, &typed);
    }
}

/// RFC 9728 §7.6: the client chooses, and a user may choose for it.
#[test]
fn one_of_several_authorization_servers_is_chosen_and_that_is_said() {
    let servers = ["http://127.0.0.1:1", "http://127.0.0.1:{port}", "https://idp.example/r"];
    let fake = Fake::start(&[metadata(json!({ "authorization_servers": servers }))]);
    let port = fake.port();
    for (issuer, ending) in [
        (
            "",
            (
                "",
                &["names 3 authorization servers", "http://127.0.0.1:1 (the first of 3; --issuer chooses another one)"]
                    [..],
            ),
        ),
        (
            "http://127.0.0.1:{port}",
            ("", &["http://127.0.0.1:{port} (chosen by --issuer)", "an authorization server: http://127.0.0.1:{port}"]),
        ),
        (
            "https://idp.example/r/",
            ("server.issuer", &["in the slash at the end", "Pass --issuer https://idp.example/r, letter"]),
        ),
        (
            "https://IDP.example/r",
            ("server.issuer", &["capital letters of the host", "Pass --issuer https://idp.example/r, letter"]),
        ),
        (
            "https://other.example",
            ("server.issuer", &["Pass one of the others, for example --issuer http://127.0.0.1:1"]),
        ),
    ] {
        let (url, issuer) = (fake.url("/mcp"), issuer.replace("{port}", &port.to_string()));
        let option = ["--server-url", &url, "--issuer", &issuer];
        let arguments = if issuer.is_empty() { &option[..2] } else { &option };
        assert_ends(&run_client(arguments), port, ending, &issuer);
    }
    let honest = Fake::start(&[]);
    let arguments = ["--server-url", &honest.url("/mcp"), "--issuer", "https://x.example"];
    let ending = ("server.issuer", &["Leave --issuer out: the MCP server uses http://127.0.0.1:{port}."][..]);
    assert_ends(&run_client(&arguments), honest.port(), ending, "only one");
}

/// R-14: what is wrong with a challenge is said, and what stands in front of the fault counts.
#[test]
fn a_challenge_that_cannot_be_used_is_named_with_its_fault() {
    let by = |header: &str, value: &str| json!({ MCP: { "headers": [[header, value]] } });
    let of = |value: &str| by("WWW-Authenticate", value);
    let document = "resource_metadata=\"http://127.0.0.1:{port}/.well-known/oauth-protected-resource/mcp\"";
    let belongs = "http://127.0.0.1:{port}/.well-known/oauth-protected-resource/mcp";
    assert_rows(&[
        (
            of(&format!("Bearer, {document}")),
            ("", &["there is a comma after Bearer, where only a space belongs", "has to correct the header", "GET"]),
        ),
        (of("Bearer scope=\"a\", scope=\"b\""), ("", &["scope appears twice: \\\"a\\\" and \\\"b\\\""])),
        (of(&format!("Bearer scope=\"a\"; {document}")), ("", &["a semicolon where a comma belongs"])),
        (of("Bearer resource_metadata=http://127.0.0.1:{port}/x"), ("", &["needs quotation marks around it"])),
        // The challenge in front of the fault names the metadata, and no other place is asked.
        (
            of("Bearer resource_metadata=\"http://127.0.0.1:{port}/x\", Basic realm=\"x"),
            ("metadata.available", &["HTTP 404"]),
        ),
        (
            of("Bearer resource_metadata=\"/.well-known/oauth-protected-resource/mcp\""),
            ("metadata.available", &["it is not an absolute URL (it is a path without scheme and host)", belongs]),
        ),
        (
            of("Bearer resource_metadata=\"127.0.0.1:{port}/x\""),
            ("metadata.available", &["it has no scheme", "http://127.0.0.1:{port}/x"]),
        ),
        (of("Bearer resource_metadata=\"\""), ("metadata.available", &["it is empty", belongs])),
        (
            of("Bearer resource_metadata=\"http://127.0.0.1:{port}/mcp\""),
            ("metadata.available", &["it is the MCP server itself (HTTP 404)", belongs]),
        ),
        (
            of("Bearer resource_metadata=\"http://localhost:{port}/mcp/\""),
            ("metadata.available", &["it is the MCP server itself (HTTP 404)", belongs]),
        ),
        (
            of("Bearer resource_metadata=\"http://127.0.0.1:{port}/mcp?metadata\""),
            ("metadata.available", &["it is the MCP server itself (HTTP 404)", belongs]),
        ),
        (
            by("x-amzn-Remapped-WWW-Authenticate", &format!("Bearer {document}")),
            ("", &["a gateway has renamed WWW-Authenticate to x-amzn-remapped-www-authenticate"]),
        ),
        (
            by("x-other-remapped-www-authenticate", "Bearer"),
            ("", &["a gateway has renamed WWW-Authenticate to x-other"]),
        ),
        (by("x-authenticate", "Bearer"), ("", &["no WWW-Authenticate header", "!a gateway"])),
    ]);
}

/// R-12: whatever the first response is, it gets a sentence, and the metadata is looked for.
#[test]
fn a_first_response_of_any_kind_gets_a_sentence() {
    let error = |code: i64| json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": code, "message": "no." } });
    let of = |status: u16, headers: Value, body: Value| json!({ MCP: { "status": status, "headers": headers, "body": body } });
    let to = |location: &str| of(307, json!([["Location", location]]), Value::Null);
    let all_the_same = "Its metadata is looked for all the same.";
    assert_rows(&[
        (to("/mcp/"), ("", &["Pass --server-url http://127.0.0.1:{port}/mcp/", all_the_same])),
        (to("http://127.0.0.1:{port}/mcp/"), ("", &["Pass --server-url http://127.0.0.1:{port}/mcp/"])),
        (
            to("https://login.example/start"),
            ("", &["often a sign-in page", "--server-url https://login.example/start"]),
        ),
        (to("/login?next=mcp"), ("", &["often a sign-in page"])),
        (to("/mcp"), ("", &["leads back to the same URL"])),
        (of(302, json!([]), Value::Null), ("", &["names no place"])),
        (of(429, json!([["Retry-After", "30"]]), Value::Null), ("", &["Wait 30 seconds, and run it again."])),
        (
            of(429, json!([["Retry-After", "Tue, 01 Dec 2026 00:00:00 GMT"]]), Value::Null),
            ("", &["again after Tue, 01 Dec 2026"]),
        ),
        (of(429, json!([]), Value::Null), ("", &["too many requests", "Wait a minute"])),
        (
            of(503, json!([["Retry-After", "5"]]), json!("x")),
            ("", &["cannot serve requests now (HTTP 503)", "Wait 5 seconds"]),
        ),
        (
            of(404, json!([]), error(-32601)),
            ("", &["A server of an older MCP version", "the MCP error -32601: no.", "!endpoint itself"]),
        ),
        (of(400, json!([]), error(-32020)), ("", &["the MCP error -32020: no.", "!A server of an older MCP version"])),
        (of(403, json!([]), json!("no")), ("", &["HTTP 403", "a firewall", "!A server of an older MCP version"])),
        // No sign-in changes these, however right the metadata is.
        (of(500, json!([]), json!("x")), ("server.status", &["HTTP 500", "in the server's log"])),
        (of(530, json!([]), json!("x")), ("server.status", &["HTTP 530", all_the_same])),
        (of(402, json!([]), Value::Null), ("server.status", &["HTTP 402", "a sign-in changes nothing"])),
        (of(407, json!([]), Value::Null), ("server.status", &["HTTP 407", "into HTTPS_PROXY"])),
        (of(503, json!([["Retry-After", "-3"]]), Value::Null), ("", &["Wait a minute", "!after -3"])),
    ]);
    let no_metadata = json!({ AT_PATH: null });
    for (table, words) in [
        (to("/mcp/"), &["Pass --server-url http://127.0.0.1:{port}/mcp/"][..]),
        (of(429, json!([["Retry-After", "30"]]), Value::Null), &["Wait 30 seconds"]),
        (of(405, json!([]), Value::Null), &["its path is often /mcp"]),
    ] {
        let fake = Fake::start(&[table.clone(), no_metadata.clone()]);
        let run = run_client(&["--server-url", &fake.url("/mcp")]);
        assert_ends(&run, fake.port(), ("server.status", words), &table.to_string());
    }
}

/// Servers that begin with `initialize` refuse the newer first message with any 4xx.
#[test]
fn an_older_server_is_greeted_as_it_wants_whatever_it_refuses_with() {
    use axum::Router;
    use axum::http::{StatusCode, header};
    use axum::routing::post;
    use shared::listen;

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    for (status, is_older) in
        [(400, true), (404, true), (405, true), (406, true), (415, true), (422, true), (403, false), (500, false)]
    {
        let listener = runtime.block_on(listen::bind(0, "test", "")).unwrap();
        let url = format!("http://localhost:{}/mcp", listen::port(&listener));
        let refusal = StatusCode::from_u16(status).unwrap();
        let respond = move |body: String| async move {
            let is_initialize = body.contains("\"initialize\"");
            let status = if is_initialize { StatusCode::UNAUTHORIZED } else { refusal };
            (status, [(header::WWW_AUTHENTICATE, "Bearer scope=\"a\"")])
        };
        let _serving = listen::serve(listener, Router::new().route("/mcp", post(respond)));
        let run = run_client(&["--server-url", &url]);
        assert_eq!(run.sent("POST", "/mcp"), if is_older { 2 } else { 1 }, "{status}");
        let id = if is_older { "metadata.not-found" } else { "server.status" };
        assert_eq!(run.error().0, id, "{status}");
    }
}

/// A person at a terminal types a number; the program `script` provides the terminal.
#[cfg(target_os = "linux")]
/// A URL with a password that a server chose is the server's fault, and its host can be read.
#[test]
fn a_url_with_credentials_names_who_sent_it_and_its_host() {
    let to = json!([["Location", "http://joe:opensesame@127.0.0.1:{port}/x"]]);
    let challenge =
        json!([["WWW-Authenticate", "Bearer resource_metadata=\"http://joe:opensesame@127.0.0.1:{port}/x\""]]);
    let available = "metadata.available";
    assert_rows(&[
        (
            json!({ AT_PATH: { "status": 302, "headers": to, "body": "" } }),
            (
                available,
                &[
                    "redirects to http://<password>@127.0.0.1:{port}/x: a URL with a user name",
                    "The operator of 127.0.0.1",
                    "!opensesame",
                ],
            ),
        ),
        (
            json!({ MCP: { "status": 401, "headers": challenge, "body": "" } }),
            (available, &["The server's operator has to", "@127.0.0.1:{port}/x", "!opensesame"]),
        ),
    ]);
}

#[test]
fn a_person_at_a_terminal_chooses_by_number() {
    use std::io::Write;

    let servers = ["http://127.0.0.1:1", "https://idp.example/r"];
    let fake = Fake::start(&[metadata(json!({ "authorization_servers": servers }))]);
    let command = format!("'{LESSON}' client --server-url {}", fake.url("/mcp"));
    for (typed, chosen) in [
        ("2\n", "https://idp.example/r (chosen at the terminal)"),
        ("\n", "http://127.0.0.1:1 (chosen at the terminal)"),
        ("7\nx\n2\n", "https://idp.example/r (chosen at the terminal)"),
        ("7\n8\n9\n", "http://127.0.0.1:1 (the first of 2; --issuer chooses another one)"),
    ] {
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).env("NO_COLOR", "1");
        let Ok(mut terminal) = script.spawn() else { return };
        terminal.stdin.as_mut().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = terminal.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(chosen), "{typed:?}: {text}");
    }
}

/// A server that serves everybody and has no metadata asks for no sign-in, which is no failure.
#[test]
fn an_open_server_without_metadata_asks_for_no_sign_in() {
    let open = json!({ "status": 200, "body": { "jsonrpc": "2.0", "id": 1, "result": {} } });
    let none = |status: u16| json!({ MCP: open, AT_PATH: { "status": status, "body": "" } });
    assert_rows(&[
        (none(404), ("", &["it asks for no sign-in", "Use the server without a token"])),
        (json!({ MCP: open, AT_PATH: null }), ("", &["it asks for no sign-in"])),
        // With metadata it may ask later, so the metadata is read.
        (json!({ MCP: open }), ("", &["It may require one later", "!it asks for no sign-in"])),
        // A document that is there and cannot be read is a fault of the server's.
        (none(500), ("metadata.available", &["HTTP 500"])),
        (
            json!({ MCP: { "status": 401, "body": "" }, AT_PATH: null }),
            ("metadata.not-found", &["!asks for no sign-in"]),
        ),
    ]);
}
