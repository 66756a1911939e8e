//! The MCP server as a client of its IdP: where its credentials come from, when they are used
//! again, and the way from one source to the other and back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use shared::testing::{Fake, ReservedPort, Run, Running, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");
const SECRET: &str = "a-secret-of-the-server";
const STATIC: [(&str, &str); 2] = [("MCP_SERVER_CLIENT_ID", "by-hand"), ("MCP_SERVER_CLIENT_SECRET", "another-secret")];

/// An IdP that registers confidential clients and introspects tokens.
fn idp() -> Fake {
    Fake::start(&[json!({
        "GET /.well-known/oauth-authorization-server": { "patch": {
            "introspection_endpoint": "http://127.0.0.1:{port}/introspect",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        } },
        "POST /register": { "patch": { "client_secret": SECRET, "client_secret_expires_at": 0,
            "token_endpoint_auth_method": "client_secret_basic" } },
        "POST /introspect": { "body": { "active": false } },
    })])
}

/// `server` at this IdP, as this server each time.
fn server(idp: &str, home: &Path, port: u16, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(LESSON);
    let port = port.to_string();
    command.args(["server", "--json", "--idp", idp, "--port", &port, "--second-port", "0", "--downstream-port", "0"]);
    command.args(arguments).env("MCP_OAUTH_HOME", home).stdin(Stdio::null()).stderr(Stdio::null());
    for name in ["MCP_SERVER_CLIENT_ID", "MCP_SERVER_CLIENT_SECRET", "INITIAL_ACCESS_TOKEN", "MCP_OAUTH_PASSPHRASE"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command
}

/// What `/health` of a running server says.
fn health(url: &str) -> Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let http = shared::http::Http::new(shared::Reporter::silent(), shared::reach::Reach::of_operator(url)).unwrap();
    let request = shared::http::Request::get(&url.replace("/mcp", "/health"));
    let response = runtime.block_on(http.send(&request)).unwrap();
    serde_json::from_slice(&response.body).unwrap()
}

fn fails(idp: &Fake, home: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (String, String, String) {
    let output = server(&idp.url(""), home, 0, arguments, variables).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    Run::of(&output).error()
}

#[test]
fn the_server_uses_one_source_of_credentials_and_can_change_it() {
    let (idp, home, port) = (idp(), private_folder(), ReservedPort::take());
    let introspection = |status: u16, body: Value| json!({ "POST /introspect": { "status": status, "body": body } });
    let gone = introspection(401, json!({ "error": "invalid_client" }));
    let known = introspection(200, json!({ "active": false }));
    let unclear = introspection(503, json!("later"));
    let until = |at: u64| json!({ "POST /register": { "patch": { "client_secret_expires_at": at } } });
    let expired = || {
        // The stored secret ends, as it does with time.
        let path = home.path().join("server-clients.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let ended = "\"client_secret_expires_at\": 1500000000";
        std::fs::write(&path, text.replace("\"client_secret_expires_at\": 0", ended)).unwrap();
    };
    let register = &["--register", "anonymous"][..];
    for (name, table, arguments, variables, source, registrations) in [
        ("the first start", &known, register, &[][..], "registered", 1),
        ("the next start", &known, register, &[], "registered", 1),
        ("static credentials", &known, &[], &STATIC[..], "environment", 1),
        ("and back", &known, register, &[], "registered", 1),
        ("neither", &known, &[], &[], "none", 1),
        ("the IdP does not tell", &unclear, register, &[], "registered", 1),
        ("the IdP forgot it", &gone, register, &[], "registered", 2),
        ("it is known again", &known, register, &[], "registered", 2),
        ("the secret has expired", &until(0), register, &[], "registered", 3),
        ("the new one lasts", &known, register, &[], "registered", 3),
    ] {
        idp.change(table);
        if name == "the secret has expired" {
            expired();
        }
        let command = server(&idp.url(""), home.path(), port.number(), arguments, variables);
        let (running, url) = Running::server(command);
        assert_eq!(health(&url), json!({ "status": "ok", "server_client": source }), "{name}");
        drop(running);
        assert_eq!(idp.requests_to("POST /register").len(), registrations, "{name}");
    }
    let registration = &idp.requests_to("POST /register")[0];
    let asked: Value = serde_json::from_str(&registration.body).unwrap();
    assert_eq!(
        (&asked["redirect_uris"], &asked["token_endpoint_auth_method"]),
        (&json!([]), &json!("client_secret_basic"))
    );
    assert!(!registration.headers.contains_key("authorization"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(home.path().join("server-clients.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn an_initial_access_token_from_the_environment_is_used() {
    for arguments in [&["--register"][..], &["--register", "initial-access-token"]] {
        let (idp, home, port) = (idp(), private_folder(), ReservedPort::take());
        let token = [("INITIAL_ACCESS_TOKEN", "an-initial-access-token")];
        let (_running, url) = Running::server(server(&idp.url(""), home.path(), port.number(), arguments, &token));
        assert_eq!(health(&url)["server_client"], "registered");
        let sent = idp.requests_to("POST /register")[0].headers["authorization"].clone();
        assert_eq!(sent, "Bearer an-initial-access-token");
    }
}

#[test]
fn what_is_missing_or_too_much_gets_a_sentence() {
    let anonymous = &["--register", "anonymous"][..];
    let refused = json!({ "POST /register": { "status": 401, "body": { "error": "invalid_token" } } });
    let public = json!({ "POST /register": { "patch": { "client_secret": { "$drop": 1 }, "token_endpoint_auth_method": "none" } } });
    let closed = json!({ "GET /.well-known/oauth-authorization-server": { "patch": { "registration_endpoint": { "$drop": 1 } } } });
    let registers = |patch: Value| json!({ "POST /register": { "patch": patch } });
    let expired = registers(json!({ "client_secret_expires_at": 1_500_000_000 }));
    let by_key = registers(json!({ "token_endpoint_auth_method": "private_key_jwt" }));
    let none = registers(json!({ "token_endpoint_auth_method": "none" }));
    let nothing = json!({});
    for (name, table, arguments, variables, id, words) in [
        ("both", &nothing, anonymous, &STATIC[..], "configuration.server-client", "leave --register out"),
        ("half and --register", &nothing, anonymous, &STATIC[..1], "configuration.server-client", "Unset MCP_SERVER"),
        ("only the id", &nothing, &[], &STATIC[..1], "configuration.server-client", "MCP_SERVER_CLIENT_SECRET is not"),
        ("only the secret", &nothing, &[], &STATIC[1..], "configuration.server-client", "MCP_SERVER_CLIENT_ID is not"),
        (
            "a document",
            &nothing,
            &["--register", "cimd"],
            &[],
            "configuration.server-client",
            "server --register anonymous",
        ),
        ("no token", &nothing, &["--register"], &[], "initial-access-token.missing", "INITIAL_ACCESS_TOKEN"),
        ("a refusal", &refused, anonymous, &[], "", "HTTP 401"),
        ("a public client", &public, anonymous, &[], "server-client.no-secret", "client_secret_basic"),
        ("a secret, and no way to show it", &none, anonymous, &[], "server-client.no-secret", "client_secret_basic"),
        ("an expired secret", &expired, anonymous, &[], "registration.secret-alive", "2017-07-14"),
        ("a key", &by_key, anonymous, &[], "registration.auth-method-usable", "private_key_jwt"),
        ("no endpoint", &closed, anonymous, &[], "", "registration"),
    ] {
        let (idp, home) = (idp(), private_folder());
        idp.change(table);
        let (found, message, fix) = fails(&idp, home.path(), arguments, variables);
        assert!(id.is_empty() || found == id, "{name}: {found} {message}");
        let said = format!("{message} {fix}");
        assert!(said.contains(words) && !said.contains(SECRET), "{name}: {found} {said}");
    }
}

/// No check passes about what was not sent, and what was granted instead is said.
#[test]
fn a_registration_of_a_server_claims_nothing_that_was_not_seen() {
    for (granted, passed) in [
        (json!(["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"]), vec![]),
        (json!(["authorization_code"]), vec![false]),
    ] {
        let (idp, home) = (idp(), private_folder());
        // The expired secret ends the run, after all checks of the response.
        idp.change(&json!({ "POST /register": { "patch": { "grant_types": granted, "response_types": [], "client_secret_expires_at": 1 } } }));
        let output = server(&idp.url(""), home.path(), 0, &["--register", "anonymous"], &[]).output().unwrap();
        let run = Run::of(&output);
        assert_eq!(run.checks("registration.grant-types"), passed, "{run:#?}");
        for id in ["idp.redirect-uri-registered", "registration.redirect-uri-granted"] {
            assert!(run.checks(id).is_empty(), "{id}: {run:#?}");
        }
        assert!(!run.says("takes the redirect URI"), "{run:#?}");
    }
}

/// What a registered client can do at an IdP that behaves as Keycloak: authenticate, and introspect
/// tokens that name it. A token for the MCP server names the server's URL, so its exchange is
/// refused with words that say what to change.
#[test]
fn a_registered_client_is_not_in_the_audience_of_the_servers_tokens() {
    let port = ReservedPort::take();
    let own = format!("http://localhost:{port}/mcp");
    keycloak::trials::on_embedded_for(&[&own], |issuer| {
        let home = private_folder();
        let command = server(issuer, home.path(), port.number(), &["--register"], &[]);
        let (_running, url) = Running::server(command);
        assert_eq!(health(&url)["server_client"], "registered");
        let call =
            ["client", "--json", "--server-url", &url, "--call", "list_reports", "--login", "mcpuser:password123"];
        let output = Command::new(LESSON)
            .args(call)
            .args(["--client-issuer", issuer, "--callback-port", "0", "--document-port", "0"])
            .env("MCP_OAUTH_HOME", home.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let run = Run::of(&output);
        let (id, message, _) = run.error();
        assert_eq!((run.success, id.as_str()), (false, "tool.failed"), "{run:#?}");
        assert!(message.contains("Client is not within the token audience"), "{message}");
        Ok(())
    })
    .unwrap();
}
