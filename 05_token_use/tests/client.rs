//! The client against MCP servers of other habits, and bad ones: what it asks for, what it
//! believes, and that it comes to an end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use keycloak::{Embedded, Realm};
use serde_json::{Value, json};
use shared::listen::{self, Serving};
use shared::testing::{ReservedPort, Run};
use tokio::runtime::Runtime;

const LESSON: &str = env!("CARGO_BIN_EXE_05_token_use");

/// How the MCP server answers whoever has a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Everybody is accepted, with any token.
    LetsEverybodyIn,
    /// However much the token allows, it is too little.
    NeverEnough,
    /// Errors come without the request's `id`.
    ErrorsWithoutId,
    /// `server/discover` is answered with a page; `initialize` is known.
    Older,
    /// Answers are streams of events.
    Streams,
    /// The server is too busy.
    Busy,
    /// No token is good enough.
    RefusesAll,
    /// Only a call needs a token, and only its refusal says where the metadata is.
    AsksLate,
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource/mcp";

struct Server {
    habit: Habit,
    issuer: Mutex<String>,
    origin: String,
}

/// Serves until what this returns is dropped; the server's URL.
fn start(runtime: &Runtime, habit: Habit, issuer: &str) -> (Serving, Arc<Server>, String) {
    runtime.block_on(async {
        let listener = listen::bind(0, "a server", "").await.unwrap();
        let origin = format!("http://localhost:{}", listen::port(&listener));
        let server = Arc::new(Server { habit, issuer: Mutex::new(issuer.to_owned()), origin: origin.clone() });
        let app = Router::new()
            .route("/mcp", post(kind))
            .route(if habit == Habit::AsksLate { "/odd/meta" } else { WELL_KNOWN }, get(metadata))
            .with_state(server.clone());
        (listen::serve(listener, app), server, format!("{origin}/mcp"))
    })
}

async fn metadata(State(server): State<Arc<Server>>) -> Json<Value> {
    let issuer = server.issuer.lock().unwrap().clone();
    Json(json!({
        "resource": format!("{}/mcp", server.origin), "authorization_servers": [issuer],
        "scopes_supported": ["mcp:read", "mcp:write"], "bearer_methods_supported": ["header"],
    }))
}

async fn kind(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap();
    let method = message["method"].as_str().unwrap();
    let is_open = server.habit == Habit::AsksLate && method != "tools/call";
    if !headers.contains_key(header::AUTHORIZATION) && !is_open {
        return challenge(&server, StatusCode::UNAUTHORIZED, "scope=\"mcp:read\"");
    }
    let result = match (server.habit, method) {
        (Habit::NeverEnough, "tools/list") => {
            return challenge(&server, StatusCode::FORBIDDEN, "error=\"insufficient_scope\", scope=\"mcp:write\"");
        }
        (Habit::RefusesAll, _) => return challenge(&server, StatusCode::UNAUTHORIZED, "error=\"invalid_token\""),
        (Habit::Busy, _) => return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "7")]).into_response(),
        (Habit::Older, "server/discover") => return (StatusCode::NOT_FOUND, "no such thing").into_response(),
        (_, "initialize") => {
            let info = json!({"name": "older", "version": "1"});
            json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info})
        }
        (_, "notifications/initialized") => return StatusCode::ACCEPTED.into_response(),
        (_, "server/discover") => json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "ttlMs": 0,
            "cacheScope": "private",
        }),
        (_, "tools/list") => {
            let tools = json!([{"name": "echo", "description": "Says it again", "inputSchema": {"type": "object"}}]);
            json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools})
        }
        (Habit::ErrorsWithoutId, _) => {
            let error = json!({"code": -32603, "message": "out of order"});
            return (StatusCode::BAD_REQUEST, Json(json!({"jsonrpc": "2.0", "error": error}))).into_response();
        }
        _ => json!({"resultType": "complete", "content": [{"type": "text", "text": "again"}]}),
    };
    let message = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
    match server.habit {
        Habit::Streams => {
            let stream = format!(": hello\n\nevent: message\ndata: {message}\n\n");
            ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
        }
        _ => Json(message).into_response(),
    }
}

fn challenge(server: &Server, status: StatusCode, parameters: &str) -> Response {
    let path = if server.habit == Habit::AsksLate { "/odd/meta" } else { WELL_KNOWN };
    let metadata = format!("{}{path}", server.origin);
    (status, [(header::WWW_AUTHENTICATE, format!("Bearer resource_metadata=\"{metadata}\", {parameters}"))])
        .into_response()
}

fn run(home: &Path, server_url: &str, arguments: &[&str]) -> Run {
    let output = Command::new(LESSON)
        .args(["--json", "--callback-port", "0", "--document-port", "0"])
        .args(arguments)
        .args(["--server-url", server_url])
        .env("MCP_OAUTH_HOME", home)
        .env_remove("MCP_OAUTH_PASSPHRASE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::of(&output)
}

/// A run with a new home, on an embedded IdP.
fn once(habit: Habit, arguments: &[&str], look: impl FnOnce(&Run)) {
    keycloak::trials::on_embedded(|issuer| {
        let (runtime, home) = (Runtime::new()?, shared::testing::private_folder());
        let (_serving, _, url) = start(&runtime, habit, issuer);
        // The IdP's tokens are for the server of its realm file, at another port.
        look(&run(home.path(), &url, &[arguments, &["--audience", keycloak::SERVERS[0]]].concat()));
        Ok(())
    })
    .unwrap();
}

/// The IdP is honest, and its token is for another server: this one does not get it, unless
/// somebody insists.
#[test]
fn a_token_for_another_server_is_not_sent() {
    keycloak::trials::on_embedded(|issuer| {
        let (runtime, home) = (Runtime::new()?, shared::testing::private_folder());
        let (_serving, _, url) = start(&runtime, Habit::Older, issuer);
        // Without a kept token, then with one.
        for _ in 0..2 {
            for arguments in [&["call-tool", "echo"][..], &["list-tools"], &["client"]] {
                let run = run(home.path(), &url, arguments);
                assert_eq!((run.success, run.error().0.as_str()), (false, "token.recipient"), "{run:#?}");
                assert_eq!(run.checks("token.recipient"), [false]);
                assert!(!run.says("echo says"));
            }
        }
        let insisted = run(home.path(), &url, &["call-tool", "echo", "--send-anyway"]);
        assert!(!insisted.success, "the check has failed all the same");
        assert!(insisted.says("echo says: again") && insisted.says("because of --send-anyway"), "{insisted:#?}");
        assert_eq!(insisted.checks("token.recipient"), [false], "it is told once for a token");
        let known = run(home.path(), &url, &["call-tool", "echo", "--audience", keycloak::SERVERS[0]]);
        assert!(known.success && known.says("echo says: again"), "{known:#?}");
        assert!(known.checks("token.recipient").is_empty());
        Ok(())
    })
    .unwrap();
}

/// A server that asks for scopes for which another one has a token from the same IdP.
#[test]
fn the_scopes_of_another_server_are_told_before_the_sign_in() {
    keycloak::trials::on_embedded(|issuer| {
        let (runtime, home) = (Runtime::new()?, shared::testing::private_folder());
        let (_first, _, first) = start(&runtime, Habit::Older, issuer);
        let (_second, _, second) = start(&runtime, Habit::Older, issuer);
        let careful = |run: &Run| run.says(&format!("Careful: {second} requests mcp:read, and so does {first}"));
        let alone = run(home.path(), &first, &["authorize"]);
        assert!(alone.success && !alone.says("Careful"), "{alone:#?}");
        let with_another = run(home.path(), &second, &["authorize"]);
        assert!(with_another.success && careful(&with_another), "{with_another:#?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_server_that_checks_nothing_does_not_pass() {
    once(Habit::LetsEverybodyIn, &["client"], |run| {
        assert!(!run.success);
        assert_eq!(run.checks("server.refuses-bad-token"), [false]);
        assert!(run.says("calls none of them"), "a stranger's tools are left alone");
        assert!(run.checks("server.refuses-foreign-token").is_empty(), "a stranger gets no token of another server");
    });
}

#[test]
fn a_server_that_never_has_enough_is_left_alone_soon() {
    once(Habit::NeverEnough, &["list-tools"], |run| {
        assert_eq!((run.success, run.error().0.as_str()), (false, "step-up.never-enough"));
        assert_eq!(run.checks("idp.code").len(), 2, "one sign-in, one step-up");
    });
}

#[test]
fn errors_that_name_no_request_are_errors_all_the_same() {
    once(Habit::ErrorsWithoutId, &["call-tool", "echo"], |run| {
        assert_eq!((run.success, run.error().0.as_str()), (false, "mcp.error"));
        assert!(run.error().1.contains("out of order"));
    });
}

#[test]
fn older_servers_and_streams_are_understood() {
    for habit in [Habit::Older, Habit::Streams] {
        once(habit, &["call-tool", "echo"], |run| assert!(run.success && run.says("echo says: again"), "{run:#?}"));
    }
}

#[test]
fn a_server_that_refuses_good_tokens_too_proves_nothing() {
    for habit in [Habit::RefusesAll, Habit::Busy] {
        for breakage in ["alg-none", "two-headers", "missing-scope"] {
            once(habit, &["client", "--break", breakage], |run| {
                assert_eq!((run.success, run.error().0.as_str()), (false, "break.unknown"), "{breakage}: {run:#?}");
            });
        }
    }
    once(Habit::LetsEverybodyIn, &["client", "--break", "alg-none"], |run| {
        assert_eq!((run.success, run.error().0.as_str()), (false, "break.slipped-through"), "{run:#?}");
    });
}

#[test]
fn a_busy_server_is_not_asked_again_and_again() {
    once(Habit::Busy, &["list-tools"], |run| {
        assert_eq!((run.success, run.error().0.as_str()), (false, "use.cannot-check"));
        assert!(run.error().1.contains("Retry-After 7"));
    });
}

/// The embedded IdP forgets its clients when it ends; Keycloak does where its container is made
/// anew.
#[test]
fn an_idp_that_forgot_everything_ends_the_tokens() {
    let (runtime, home) = (Runtime::new().unwrap(), shared::testing::private_folder());
    let port = ReservedPort::take();
    let start_idp = || {
        runtime.block_on(async {
            // The port of one that has just ended may take a moment.
            for _ in 0..3000 {
                if let Ok(listener) = listen::bind(port.number(), "the embedded IdP", "").await {
                    return Embedded::start(listener, Realm::shipped().unwrap());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("the port {port} is not given back within a minute")
        })
    };
    let idp = start_idp();
    let issuer = idp.issuer().to_owned();
    let (_serving, _, url) = start(&runtime, Habit::LetsEverybodyIn, &issuer);
    assert!(run(home.path(), &url, &["authorize"]).success);
    drop(idp);
    let _again = start_idp();
    let refreshed = run(home.path(), &url, &["refresh"]);
    assert_eq!((refreshed.success, refreshed.error().0.as_str()), (false, "refresh.none"));
    let logged_out = run(home.path(), &url, &["logout"]);
    assert!(logged_out.success && logged_out.says("They are deleted here without it"), "{logged_out:#?}");
}

/// An MCP server that names another authorization server today gets none of yesterday's refresh
/// tokens sent there.
#[test]
fn refresh_tokens_go_to_whoever_gave_them() {
    keycloak::trials::on_embedded(|yesterday| {
        keycloak::trials::on_embedded(|today| {
            let (runtime, home) = (Runtime::new()?, shared::testing::private_folder());
            let (_serving, server, url) = start(&runtime, Habit::LetsEverybodyIn, yesterday);
            assert!(run(home.path(), &url, &["authorize"]).success);
            server.issuer.lock().unwrap().clone_from(&today.to_owned());
            let refreshed = run(home.path(), &url, &["refresh"]);
            assert!(refreshed.success, "{refreshed:#?}");
            let logged_out = run(home.path(), &url, &["logout"]);
            assert!(logged_out.success, "{logged_out:#?}");
            for run in [refreshed, logged_out] {
                assert!(run.sent("POST", yesterday) > 0);
                assert_eq!(run.sent("POST", today), 0);
            }
            Ok(())
        })
    })
    .unwrap();
}

/// Lists and greetings are for everybody; the first call gets a 401, and its challenge is the only
/// place that says where the metadata is.
#[test]
fn the_challenge_of_a_later_401_leads_to_the_metadata() {
    for command in [&["call-tool", "echo"][..], &["call-tool", "echo", "--args", "{}"]] {
        once(Habit::AsksLate, command, |run| {
            assert!(run.success && run.says("echo says: again"), "{run:#?}");
            assert_eq!(run.sent("GET", "/odd/meta"), 1, "{run:#?}");
            assert_eq!(run.sent("GET", WELL_KNOWN), 0, "{run:#?}");
        });
    }
    for command in ["list-tools", "client"] {
        once(Habit::AsksLate, &[command], |run| {
            assert!(run.success && run.says("offers, without a token, 1 tool"), "{run:#?}");
            assert_eq!(run.sent("GET", "/odd/meta") + run.sent("POST", "/register"), 0, "{run:#?}");
        });
    }
    once(Habit::AsksLate, &["list-tools"], |run| {
        assert!(run.success && run.says("offers, without a token, 1 tool"), "{run:#?}");
        assert_eq!(run.sent("GET", "/odd/meta"), 0, "{run:#?}");
    });
}
