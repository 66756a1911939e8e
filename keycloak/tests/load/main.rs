//! Ten thousand authorization requests, proofs and assertions of strangers: the embedded IdP's
//! memory stays flat, and an honest user signs in meanwhile.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod jwts;
mod wire;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;

use jwts::Signer;
use serde_json::{Value, json};
use shared::testing::Running;
use url::form_urlencoded;
use wire::{Connection, Reply, encoded};

/// Requests of each kind: the first of them fill the tables.
const FIRST: usize = 2_000;
const ALL: usize = 10_000;
const CONNECTIONS: usize = 4;
/// Kilobytes by which memory may differ after the first requests, for what the allocator has at
/// hand. To remember one kind of request would take several times as much.
const SLACK: u64 = 16 * 1024;
const REALM: &str = "/realms/mcp-oauth";
const CALLBACK: &str = "http://127.0.0.1:8888/callback";
// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The clients of the strangers, which registered themselves.
struct Strangers {
    port: u16,
    issuer: String,
    /// Authenticates with assertions of `key`.
    signing: String,
    key: Signer,
    /// Has a secret, and gets tokens for itself.
    secretive: (String, String),
}

fn started() -> (Running, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keycloak"));
    let mut child = command.args(["--port", "0", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let issuer = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let event: Value = serde_json::from_str(&line).unwrap();
        event["text"].as_str()?.split_once("Its issuer is ").map(|(_, issuer)| issuer.to_owned())
    });
    // A program that prints into a pipe which nobody reads stands still.
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (Running(child), issuer.unwrap())
}

/// Kilobytes of memory that the process has; `None` on systems that do not say it there.
fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn register(connection: &mut Connection, metadata: &Value) -> Reply {
    let target = format!("{REALM}/clients-registrations/openid-connect");
    connection.send("POST", &target, &[("Content-Type", "application/json")], &metadata.to_string())
}

fn authorization_request(client_id: &str, state: &str, more: &[(&str, &str)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", CALLBACK),
        ("scope", "mcp:read mcp:write"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", state),
    ];
    format!("{REALM}/protocol/openid-connect/auth?{}", encoded(&[&usual, more].concat()))
}

/// An honest user's sign-in page, and what the browser needs to go on.
struct SignInPage {
    action: String,
    cookie: String,
}

fn sign_in_page(port: u16) -> SignInPage {
    let page = Connection::open(port).get(&authorization_request("mcp-demo-client", "honest", &[]));
    assert_eq!(page.status, 200, "{page:?}");
    let action = page.body.split("action=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let cookie = page.header("set-cookie").split(';').next().unwrap().to_owned();
    let path = action.find("/realms/").unwrap();
    SignInPage { action: action[path..].to_owned(), cookie }
}

/// Types the password, and redeems the code.
fn sign_in(port: u16, page: &SignInPage) {
    let mut connection = Connection::open(port);
    let user = [("username", "mcpuser"), ("password", "password123")];
    let response = connection.form(&page.action, &[("Cookie", &page.cookie)], &user);
    assert_eq!(response.status, 302, "{response:?}");
    let (_, query) = response.header("location").split_once('?').unwrap();
    let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code").unwrap().1.into_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "mcp-demo-client"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let response = connection.form(&format!("{REALM}/protocol/openid-connect/token"), &[], &fields);
    assert_eq!(response.status, 200, "{response:?}");
    let tokens: Value = serde_json::from_str(&response.body).unwrap();
    assert!(tokens["access_token"].is_string() && tokens["refresh_token"].is_string());
}

impl Strangers {
    fn registered(port: u16, issuer: String) -> Self {
        let mut connection = Connection::open(port);
        let key = Signer::new();
        let mut id_and_secret = |metadata: Value| {
            let response = register(&mut connection, &metadata);
            assert_eq!(response.status, 201, "{response:?}");
            let client: Value = serde_json::from_str(&response.body).unwrap();
            ["client_id", "client_secret"].map(|name| client[name].as_str().unwrap_or_default().to_owned())
        };
        let [signing, _] = id_and_secret(json!({
            "redirect_uris": [CALLBACK],
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [key.jwk]},
        }));
        let [id, secret] = id_and_secret(json!({
            "redirect_uris": [CALLBACK],
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
        }));
        // Clients up to the realm's limit, each with as much as a body may have.
        let uris: Vec<_> = (0..15).map(|n| format!("http://localhost/{n}{}", "x".repeat(3_900))).collect();
        let large = json!({"redirect_uris": uris});
        let small = json!({"redirect_uris": [CALLBACK]});
        let statuses = (0..1_000).map(|n| register(&mut connection, if n < 200 { &large } else { &small }).status);
        let refused = statuses.filter(|status| *status == 403).count();
        assert!((800..1_000).contains(&refused), "{refused} of 1000 registrations were refused");
        Self { port, issuer, signing, key, secretive: (id, secret) }
    }

    /// Sends requests of each kind with these numbers, over a few connections.
    fn send(&self, numbers: std::ops::Range<usize>) {
        thread::scope(|scope| {
            for first in 0..CONNECTIONS {
                let numbers = numbers.clone().skip(first).step_by(CONNECTIONS);
                scope.spawn(move || {
                    let mut connection = Connection::open(self.port);
                    let stranger = Signer::new();
                    for n in numbers {
                        self.ask_for_a_code(&mut connection, n);
                        self.send_a_proof(&mut connection, n);
                        self.send_an_assertion(&mut connection, n, if n % 2 == 0 { &self.key } else { &stranger });
                    }
                });
            }
        });
    }

    fn ask_for_a_code(&self, connection: &mut Connection, n: usize) {
        let more = [("resource", "http://localhost:8000/mcp"), ("dpop_jkt", CHALLENGE)];
        let target = authorization_request("mcp-demo-client", &format!("{n:x<4000}"), &more);
        assert_eq!(connection.get(&target).status, 200, "{n}");
    }

    fn token(&self, connection: &mut Connection, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> u16 {
        let target = format!("{REALM}/protocol/openid-connect/token");
        connection.form(&target, headers, &[&[("grant_type", "client_credentials")], fields].concat()).status
    }

    fn send_a_proof(&self, connection: &mut Connection, n: usize) {
        let uri = format!("{}/protocol/openid-connect/token", self.issuer);
        let jti = format!("{n:x<500}");
        let proof = self.key.proof(&jti, &uri);
        let (id, secret) = &self.secretive;
        let status = self.token(connection, &[("DPoP", &proof)], &[("client_id", id), ("client_secret", secret)]);
        assert!([200, 503].contains(&status), "{n}: {status}");
    }

    fn send_an_assertion(&self, connection: &mut Connection, n: usize, key: &Signer) {
        let assertion = key.assertion(&self.signing, &self.issuer, &format!("{n:x<500}"));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let fields = [("client_assertion_type", kind), ("client_assertion", assertion.as_str())];
        let status = self.token(connection, &[], &fields);
        assert!([200, 400, 503].contains(&status), "{n}: {status}");
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a test says what it did not measure")]
fn strangers_fill_no_memory_and_keep_nobody_from_signing_in() {
    let (running, issuer) = started();
    let port = issuer.split(':').nth(2).and_then(|rest| rest.split('/').next()).unwrap().parse().unwrap();
    let strangers = Strangers::registered(port, issuer);
    // A user who takes long to type the password.
    let slow = sign_in_page(port);
    strangers.send(0..FIRST);
    let before = resident(running.0.id());
    thread::scope(|scope| {
        scope.spawn(|| strangers.send(FIRST..ALL));
        for _ in 0..10 {
            sign_in(port, &sign_in_page(port));
        }
    });
    let after = resident(running.0.id());
    sign_in(port, &slow);
    sign_in(port, &sign_in_page(port));
    match (before, after) {
        (Some(before), Some(after)) => {
            println!("{before} kB after {FIRST} requests of each kind, {after} kB after {ALL}");
            assert!(after <= before + SLACK, "{before} kB, and later {after} kB");
        }
        _ => println!("This system has no /proc: the memory was not measured."),
    }
}
