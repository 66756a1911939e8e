//! What real authorization servers publish, and what people type to look at them: for each the exit
//! code, the check that failed, and the words that decide what a reader does next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use shared::testing::{Fake, Run};

const LESSON: &str = env!("CARGO_BIN_EXE_02_as_metadata");
const METADATA: &str = "GET /.well-known/oauth-authorization-server";
const RESOURCE: &str = "GET /.well-known/oauth-protected-resource/mcp";

/// What a run has to end in: the checks that failed, in order, or the id of its error, and words.
/// In them, `{port}` is the fake's port, and with `!` in front the words are not there.
type Ending<'a> = (&'a [&'a str], &'a [&'a str]);

fn run_program(arguments: &[&str]) -> Run {
    let mut command = Command::new(LESSON);
    command.args(["--json"]).args(arguments).stdin(Stdio::null());
    Run::of(&command.output().unwrap())
}

fn failed_musts(run: &Run) -> Vec<&str> {
    let failed = run.events.iter().filter(|event| {
        event["event"] == "checked" && event["passed"] == false && event["keyword"] == "MUST"
            || event["event"] == "error"
    });
    let mut ids: Vec<_> = failed.map(|event| event["id"].as_str().unwrap()).collect();
    ids.dedup();
    ids
}

fn assert_ends(run: &Run, port: u16, (ids, words): Ending<'_>, case: &str) {
    assert_eq!(failed_musts(run), ids, "{case}: {:#?}", run.events);
    assert_eq!(run.success, ids.is_empty(), "{case}: {:#?}", run.events);
    run.assert_says(words, port, case);
}

/// Each table in turn changes an honest server, of which `client` or `inspect` is run.
fn assert_rows(command: &str, rows: &[(Value, Ending<'_>)]) {
    for (table, ending) in rows {
        let fake = Fake::start(std::slice::from_ref(table));
        let arguments = match command {
            "inspect" => vec!["inspect".to_owned(), fake.url("")],
            _ => vec!["client".to_owned(), "--server-url".to_owned(), fake.url("/mcp")],
        };
        let run = run_program(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_ends(&run, fake.port(), *ending, &table.to_string());
    }
}

/// Metadata with other members.
fn metadata(patch: Value) -> Value {
    json!({ METADATA: { "patch": patch } })
}

/// R-13: the part that differs is named, and who has to change what.
#[test]
fn an_issuer_mismatch_names_the_part_that_differs_and_who_changes_what() {
    let issuer = |issuer: &str| metadata(json!({ "issuer": issuer }));
    let id = &["as-metadata.issuer-identical"][..];
    assert_rows(
        "client",
        &[
            (json!({}), (&[], &["!They differ"])),
            (
                issuer("https://login.example.com"),
                (
                    id,
                    &[
                        "the scheme (http and https) and the host (127.0.0.1 and login.example.com).",
                        "has to list https://login.example.com in authorization_servers",
                        "publish http://127.0.0.1:{port} as its issuer",
                        "do not sign in",
                    ],
                ),
            ),
            (issuer("http://127.0.0.1:{port}/"), (id, &["They differ in the slash at the end.", "!do not sign in"])),
            (issuer("http://127.0.0.1:{port}/realms/x"), (id, &["the path (none and /realms/x)"])),
            (issuer("http://localhost:{port}"), (id, &["two names of one machine"])),
            (
                json!({ RESOURCE: { "patch": { "authorization_servers": ["http://127.0.0.1:{port}/"] } } }),
                (
                    id,
                    &[
                        "They differ in the slash at the end.",
                        "has to list http://127.0.0.1:{port} in authorization_servers",
                    ],
                ),
            ),
            (
                json!({ RESOURCE: { "patch": { "authorization_servers": ["127.0.0.1:{port}"] } } }),
                (&["as-metadata.issuer-url"], &["it has no scheme", "The issuer is http://127.0.0.1:{port}"]),
            ),
            (
                json!({ RESOURCE: { "patch": { "authorization_servers": ["http://127.0.0.1:{port}/.well-known/oauth-authorization-server"] } } }),
                (
                    &["as-metadata.issuer-url"],
                    &["the URL of a metadata document", "The issuer is http://127.0.0.1:{port}"],
                ),
            ),
        ],
    );
    assert_rows(
        "inspect",
        &[(issuer("http://127.0.0.1:{port}/"), (id, &["in authorization_servers, letter by letter"]))],
    );
}

/// X-10: a path is not an insecure endpoint.
#[test]
fn an_endpoint_that_is_no_absolute_url_is_called_that() {
    let id = &["as-metadata.endpoints-secure"][..];
    let of = |name: &str, url: &str| metadata(json!({ name: url }));
    assert_rows(
        "inspect",
        &[
            (
                of("token_endpoint", "/token"),
                (
                    id,
                    &[
                        "token_endpoint /token is not an absolute URL",
                        "token_endpoint is http://127.0.0.1:{port}/token",
                    ],
                ),
            ),
            (
                of("jwks_uri", "127.0.0.1:{port}/jwks"),
                (id, &["is not an absolute URL", "jwks_uri is http://127.0.0.1:{port}/jwks"]),
            ),
            (of("registration_endpoint", "register"), (id, &["is not an absolute URL", "as an absolute URL."])),
            (
                of("authorization_endpoint", "//idp.example/a"),
                (id, &["authorization_endpoint is https://idp.example/a"]),
            ),
            (
                of("token_endpoint", "http://127.0.0.1:{port}/token#part"),
                (id, &["has a fragment", "without credentials: http://127.0.0.1:{port}/token"]),
            ),
            (of("authorization_endpoint", "http://127.0.0.1:{port}/authorize#"), (id, &["has a fragment"])),
            (
                of("token_endpoint", "http://joe:opensesame@127.0.0.1:{port}/token"),
                (id, &["carries a user name", "@127.0.0.1:{port}/token", "!opensesame"]),
            ),
            (of("token_endpoint", "http://127.0.0.1:{port}/token?a=b"), (&[], &["!has a fragment"])),
            (of("token_endpoint", "http://idp.example/token"), (id, &["!absolute URL:", "publish https endpoints"])),
        ],
    );
}

/// R-10: what is no JSON is recognized, and its bytes are not repeated.
#[test]
fn what_stands_where_json_belongs_is_named() {
    let of = |headers: &[[&str; 2]], body: Value| {
        let json = [["content-type", "application/json"]];
        let headers = [&json, headers].concat();
        json!({ METADATA: { "headers": headers, "body": body } })
    };
    let gzip = json!({ "$hex": "1f8b08000000000000034b4c4a0600c241243503000000" });
    let id = &["as-metadata.json-object"][..];
    assert_rows(
        "inspect",
        &[
            (
                of(&[["content-encoding", "gzip"]], gzip.clone()),
                (id, &["compressed with gzip", "with the content coding gzip", "!u001f"]),
            ),
            (of(&[], gzip), (id, &["compressed with gzip", "23 bytes that are compressed"])),
            (
                of(&[["content-encoding", "br"]], json!({ "$hex": "8b0280616263 03".replace(' ', "") })),
                (id, &["with the content coding br", "binary or compressed"]),
            ),
            (
                of(&[["content-encoding", "identity"]], json!("{}")),
                (&["as-metadata.member-types"], &["!content coding"]),
            ),
            (of(&[], json!({ "$hex": "efbbbf7b7d" })), (id, &["a byte order mark stands before it"])),
            (of(&[], json!("issuer=x&token=SECRET")), (id, &["form fields"])),
            (of(&[], json!("<html>")), (id, &["HTML or XML"])),
            (of(&[], json!("")), (id, &["not JSON (empty)"])),
        ],
    );
    let fake = Fake::start(&[]);
    assert!(run_program(&["client", "--server-url", &fake.url("/mcp")]).success);
    for request in fake.requests() {
        assert_eq!(request.headers.get("accept-encoding").map(String::as_str), Some("identity"), "{}", request.line);
    }
}

/// The fix is in the row that failed, and the last line says what follows.
#[test]
fn inspect_ends_in_a_verdict() {
    let drop = json!({ "$drop": 1 });
    let only = "Only metadata was read";
    assert_rows(
        "inspect",
        &[
            (
                metadata(json!({ "client_id_metadata_document_supported": true })),
                (
                    &[],
                    &[
                        "usable with MCP as far as metadata shows, since every MUST that metadata can show holds.",
                        only,
                        "!not usable",
                    ],
                ),
            ),
            (
                json!({}),
                (
                    &[],
                    &["and 1 SHOULD missed (client_id_metadata_document_supported is true)", "\\n         fix: switch"],
                ),
            ),
            (
                metadata(json!({ "code_challenge_methods_supported": drop })),
                (
                    &["as-metadata.pkce-announced", "as-metadata.pkce-s256"],
                    &[
                        "not usable with MCP, since 2 MUSTs failed (code_challenge_methods_supported is there; code",
                        "fix: announce PKCE",
                        only,
                    ],
                ),
            ),
            (
                metadata(json!({ "issuer": "http://127.0.0.1:{port}/" })),
                (
                    &["as-metadata.issuer-identical"],
                    &[
                        "since 1 MUST failed (issuer is identical to the one asked for)",
                        "\\n         fix: The MCP server's",
                    ],
                ),
            ),
            (
                metadata(json!({ "scopes_supported": "a b" })),
                (
                    &["as-metadata.member-types"],
                    &["usable with MCP as far as metadata shows", "Some members have a wrong type", "!not usable"],
                ),
            ),
        ],
    );
}

/// What people type after `inspect`.
#[test]
fn a_typed_issuer_is_told_what_is_wrong_with_it() {
    let fake = Fake::start(&[]);
    let port = fake.port();
    let id = &["as-metadata.issuer-url"][..];
    for (typed, words) in [
        (
            "http://127.0.0.1:{port}/.well-known/openid-configuration",
            &["the URL of a metadata document", "The issuer is http://127.0.0.1:{port}: name"][..],
        ),
        (
            "http://127.0.0.1:{port}/.well-known/oauth-authorization-server/r",
            &["The issuer is http://127.0.0.1:{port}/r: name"],
        ),
        ("127.0.0.1:{port}", &["it has no scheme", "The issuer is http://127.0.0.1:{port}: name"]),
        (" http://127.0.0.1:{port}", &["it has blanks around it", "The issuer is http://127.0.0.1:{port}: name"]),
        ("<http://127.0.0.1:{port}>", &["quotation marks or brackets", "The issuer is http://127.0.0.1:{port}: name"]),
        ("http://127.0.0.1:{port}?x=1", &["no query and no fragment", "The issuer is http://127.0.0.1:{port}: name"]),
        ("idp", &["it has no scheme", "Give the issuer as"]),
    ] {
        let typed = typed.replace("{port}", &port.to_string());
        assert_ends(&run_program(&["inspect", &typed]), port, (id, words), &typed);
    }
    assert_ends(&run_program(&["inspect", &fake.url("")]), port, (&[], &[]), "as it is");
}

/// RFC 9728 §7.6: the user's choice is the one whose metadata is fetched.
#[test]
fn the_chosen_authorization_server_is_asked() {
    let servers = json!({ RESOURCE: { "patch": { "authorization_servers": ["http://127.0.0.1:1", "http://127.0.0.1:{port}"] } } });
    let fake = Fake::start(&[servers]);
    let (url, issuer) = (fake.url("/mcp"), fake.url(""));
    let run = run_program(&["client", "--server-url", &url, "--issuer", &issuer]);
    assert_ends(&run, fake.port(), (&[], &["chosen by --issuer"]), "the second");
    let run = run_program(&["client", "--server-url", &url]);
    let ids = &["as-metadata.status", "http.unreachable"][..];
    assert_ends(&run, fake.port(), (ids, &["the first of 2; --issuer chooses another one"]), "the first");
    let none = Fake::start(&[json!({ "POST /mcp": { "status": 401, "body": "" }, RESOURCE: null })]);
    let run = run_program(&["client", "--server-url", &none.url("/mcp"), "--issuer", &none.url("")]);
    assert_ends(&run, none.port(), (&["server.issuer"], &["Leave --issuer out"]), "a server that names none");
}
