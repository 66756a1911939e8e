//! The lesson end to end, as a user runs it: on the embedded IdP, and on a Keycloak in a container
//! where Docker is. And what happens when Keycloak's keys change, and when it is gone for a while.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, ExitCode, Output, Stdio};
use std::time::Duration;

use dynamic_client_registration::further::administration::Administration;
use keycloak::container::Keycloak;
use libtest_mimic::Failed;
use protected_resource_discovery::server::ProtectedResource;
use serde_json::{Value, json};
use shared::breakage::Switch as _;
use shared::http::{Http, Request, Response};
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach};
use shared::testing::{Captured, Run, Running, any_ports};
use shared::{Reporter, Secret, Side, mcp};
use token_use::further::key_rotation::Limits;
use token_use::options::CheckOptions;
use token_use::sabotage::{Switch, forgeries};
use token_use::server;
use tokio::runtime::Runtime;

const LESSON: &str = env!("CARGO_BIN_EXE_05_token_use");
/// The IdPs of these tests give tokens for the server of the realm file, at another port.
const AUDIENCE: [&str; 2] = ["--audience", keycloak::SERVERS[0]];
/// Between two fetches of the keys, in the servers of these tests.
const WINDOW: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let outage = keycloak::trials::on_keycloak_that_stops("keycloak_is_gone_for_a_while", outage);
    keycloak::trials::run(scenario, vec![outage])
}

struct User<'a> {
    issuer: &'a str,
    home: tempfile::TempDir,
}

impl User<'_> {
    fn new(issuer: &str) -> User<'_> {
        User { issuer, home: shared::testing::private_folder() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(LESSON);
        command
            .args(any_ports(LESSON, arguments))
            .args(arguments)
            .env("MCP_OAUTH_HOME", self.home.path())
            .env_remove("MCP_OAUTH_PASSPHRASE")
            .stdin(Stdio::null());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn story(&self, arguments: &[&str]) -> Run {
        Run::of(&self.output(&[&["--idp", self.issuer, "--json"], &AUDIENCE[..], arguments].concat()))
    }

    /// A command over kept tokens.
    fn kept(&self, server_url: &str, arguments: &[&str]) -> Run {
        Run::of(&self.output(&[&["--json"], &AUDIENCE[..], arguments, &["--server-url", server_url]].concat()))
    }

    fn file(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.home.path().join("tokens.json")).unwrap()).unwrap()
    }

    /// The tokens that are kept for the server.
    fn tokens(&self, server_url: &str) -> Value {
        self.file()["servers"][server_url]["tokens"].clone()
    }

    fn access_token(&self, server_url: &str) -> Secret {
        Secret::new(self.tokens(server_url)["access_token"].as_str().unwrap())
    }

    /// Changes a kept token.
    fn change(&self, server_url: &str, name: &str, value: &str) {
        let mut file = self.file();
        file["servers"][server_url]["tokens"][name] = json!(value);
        std::fs::write(self.home.path().join("tokens.json"), file.to_string()).unwrap();
    }
}

fn scenario(issuer: &str) -> Result<(), Failed> {
    the_story_holds(issuer);
    who_may_less_gets_less(issuer);
    bound_tokens_are_good_with_their_key_only(issuer);
    broken_rules_are_caught(issuer);
    kept_tokens_are_used_and_renewed(issuer);
    Runtime::new()?.block_on(keys_are_rotated(issuer));
    Ok(())
}

fn the_story_holds(issuer: &str) {
    let run = User::new(issuer).story(&[]);
    assert!(run.success, "{run:#?}");
    for id in ["token.jwt", "token.alg", "token.typ", "token.key", "token.iss", "token.exp", "token.nbf", "token.sub"] {
        let checks = run.checks(id);
        assert!(checks.len() >= 4 && checks.iter().all(|passed| *passed), "{id}: {checks:?}");
    }
    // Once on purpose each: a token that was spoiled, a call with too little, a token for another
    // server.
    for (id, failures) in [
        ("token.signature", 1),
        ("token.scope-of-tool", 1),
        ("server.refuses-foreign-token", 1),
        ("token.role-of-tool", 0),
    ] {
        assert_eq!(run.checks(id).iter().filter(|passed| !**passed).count(), failures, "{id}");
    }
    for id in [
        "idp.refresh-token",
        "idp.revocation",
        "idp.revoked-at-once",
        "server.refuses-too-little",
        "server.refuses-bad-token",
    ] {
        assert_eq!(run.checks(id), [true], "{id}");
    }
    // The keys are fetched once, for all tokens.
    assert_eq!(run.sent("GET", "/protocol/openid-connect/certs"), 1);
    for text in [
        "The server offers this token 3 tools",
        "The server offers this token 4 tools",
        "The client requested before: mcp:read. Now it requests both: mcp:read mcp:write.",
        "get_weather says: Oslo: -3 °C, snow",
        "save_note says: notes/shopping-",
        "\\\"active\\\":false",
        "does NOT CHECK aud",
    ] {
        assert!(run.says(text) || run.says(&text.replace("\\\"", "\"")), "{text}");
    }
    let foreign = run.events.iter().rev().find(|event| event["event"] == "received").unwrap();
    assert_eq!(foreign["status"], 200);
    assert!(foreign.to_string().contains("mcpuser"), "the calendar's token opens the profile");
}

fn who_may_less_gets_less(issuer: &str) {
    let run = User::new(issuer).story(&["--login", "mcpreader:password123"]);
    assert!(run.success, "{run:#?}");
    assert!(run.says("The MCP server requires mcp:write, but the new token has mcp:read."));
    assert!(!run.says("notes/shopping-") && !run.says("4 tools"));
    assert!(!run.checks("token.scope-of-tool").is_empty());
}

/// DPoP (RFC 9449): once with a server that takes any token, once with one that takes bound ones
/// only.
fn bound_tokens_are_good_with_their_key_only(issuer: &str) {
    for (arguments, nonces) in [(&["--dpop"][..], 0), (&["--require-dpop"], 1)] {
        let run = User::new(issuer).story(arguments);
        assert!(run.success, "{run:#?}");
        for id in ["token.type-dpop", "idp.binds-token", "idp.refresh-token", "server.refuses-bad-token"] {
            let checks = run.checks(id);
            assert!(!checks.is_empty() && checks.iter().all(|passed| *passed), "{arguments:?}: {id}: {checks:?}");
        }
        for id in ["proof.htu", "proof.ath", "proof.key", "proof.once"] {
            let checks = run.checks(id);
            assert!(checks.len() >= 4 && checks.iter().all(|passed| *passed), "{arguments:?}: {id}: {checks:?}");
        }
        // The calendar has the token, and not the key.
        assert_eq!(run.checks("token.not-bound"), [false], "{arguments:?}");
        let refused = run.events.iter().filter(|event| event.to_string().contains("error=\\\"use_dpop_nonce"));
        assert_eq!(refused.count(), nonces, "one nonce is enough for the whole story");
        assert!(run.says("save_note says: notes/shopping-"), "the step-up's token is bound, too");
    }
    let user = User::new(issuer);
    let (_server, url) = Running::server(user.command(&["--idp", issuer, "--json", "server", "--require-dpop"]));
    let run = user.kept(&url, &["client", "--dpop"]);
    assert!(run.success && run.says("get_weather says: Lisbon"), "{run:#?}");
    // Who has no key is told so, and does not sign in for nothing: by the challenge, and by the
    // metadata.
    for (command, id) in [
        ("list-tools", "use.wants-bound-token"),
        ("authorize", "sign-in.wants-bound-tokens"),
        ("client", "sign-in.wants-bound-tokens"),
    ] {
        let run = user.kept(&url, &[command]);
        assert_eq!((run.success, run.error().0.as_str()), (false, id), "{command}");
        assert!(run.checks("idp.code").is_empty() && run.sent("POST", "/clients-registrations") == 0, "{command}");
    }
}

fn broken_rules_are_caught(issuer: &str) {
    let user = User::new(issuer);
    for switch in Switch::ALL.iter().filter(|switch| switch.defect().is_none()) {
        let breakage = switch.breakage();
        assert_eq!(breakage.broken_by, Side::Client);
        let run = user.story(&["--break", breakage.name]);
        run.assert_caught(breakage);
        if *switch == Switch::StolenRefresh {
            assert_eq!(run.checks("idp.refresh-token-family"), [true]);
        }
    }
}

fn kept_tokens_are_used_and_renewed(issuer: &str) {
    let user = User::new(issuer);
    let (_server, url) = Running::server(user.command(&["--idp", issuer, "--json", "server"]));
    let url = url.as_str();
    // Without tokens, the first command signs in.
    let run = user.kept(url, &["list-tools"]);
    assert!(run.success && run.says("3 tools"), "{run:#?}");
    assert_eq!(
        (run.checks("idp.code"), run.sent("POST", url)),
        (vec![true], 3),
        "server/discover twice, and the list: the 401 in hand says where the metadata is"
    );
    // With them, nobody is asked but the MCP server.
    let run = user.kept(url, &["call-tool", "get_weather", "--args", r#"{"city": "Oslo"}"#]);
    assert!(run.success && run.says("snow"), "{run:#?}");
    assert_eq!((run.sent("GET", "/"), run.sent("POST", "/")), (0, 2));
    // A tool that needs more asks for more, and the tokens that came are kept.
    let run = user.kept(url, &["call-tool", "save_note", "--args", r#"{"name": "a", "text": "b"}"#]);
    assert!(run.success && run.says("notes/a.txt"), "{run:#?}");
    assert!(user.tokens(url)["scope"].as_str().unwrap().contains("mcp:write"));
    // A tool that does not work, and one that is not there.
    let run = user.kept(url, &["call-tool", "get_weather", "--args", r#"{"city": "Atlantis"}"#]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "tool.failed"));
    let run = user.kept(url, &["call-tool", "no_such_tool"]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "mcp.error"));

    tokens_are_renewed(&user, url);
    two_runs_at_once_share_one_refresh(&user, url);
    nobody_acts_in_anothers_name(&user, url);
    logging_out_ends_it(&user, url);
}

fn tokens_are_renewed(user: &User<'_>, url: &str) {
    let before = user.tokens(url);
    let run = user.kept(url, &["refresh"]);
    assert!(run.success, "{run:#?}");
    let after = user.tokens(url);
    assert!(before["access_token"] != after["access_token"] && before["refresh_token"] != after["refresh_token"]);
    // 401: refresh, and nobody has to sign in.
    let spoiled = forgeries::spoiled(&user.access_token(url));
    user.change(url, "access_token", spoiled.expose());
    let run = user.kept(url, &["list-tools"]);
    assert!(run.success && run.says("4 tools"), "{run:#?}");
    assert_eq!((run.checks("idp.refresh-token"), run.checks("idp.code")), (vec![true], vec![]));
    // 401 and a dead refresh token: the user signs in, for all that was asked for before.
    user.change(url, "access_token", spoiled.expose());
    user.change(url, "refresh_token", "dead");
    let run = user.kept(url, &["list-tools"]);
    assert!(run.success && run.says("4 tools"), "{run:#?}");
    assert_eq!((run.checks("idp.refresh-token"), run.checks("idp.code")), (vec![false], vec![true]));
    // A dead refresh token by itself.
    let good = user.tokens(url)["refresh_token"].as_str().unwrap().to_owned();
    user.change(url, "refresh_token", "dead");
    let run = user.kept(url, &["refresh"]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "refresh.none"));
    user.change(url, "refresh_token", &good);
}

/// Each refresh token is good once: whoever comes second has to see what the first one got.
fn two_runs_at_once_share_one_refresh(user: &User<'_>, url: &str) {
    let spoiled = forgeries::spoiled(&user.access_token(url));
    user.change(url, "access_token", spoiled.expose());
    let start = || {
        let mut command = user.command(&["--json", "list-tools", "--server-url", url, AUDIENCE[0], AUDIENCE[1]]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let runs = [start(), start()].map(|child| Run::of(&child.wait_with_output().unwrap()));
    let refreshes: usize = runs.iter().map(|run| run.checks("idp.refresh-token").len()).sum();
    assert!(runs.iter().all(|run| run.success && run.says("4 tools")), "{runs:#?}");
    assert_eq!(refreshes, 1, "{runs:#?}");
    assert!(user.kept(url, &["refresh"]).success, "the family is alive");
}

fn nobody_acts_in_anothers_name(user: &User<'_>, url: &str) {
    assert!(user.kept(url, &["authorize", "--login", "mcpreader:password123"]).success);
    let before = user.tokens(url);
    // Where nobody is at the keyboard, the demo user signs in: mcpuser, who may write.
    let run = user.kept(url, &["call-tool", "save_note", "--args", r#"{"name": "c", "text": "d"}"#]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "sign-in.other-user"));
    assert_eq!(user.tokens(url), before);
    assert!(user.kept(url, &["authorize"]).success);
}

fn logging_out_ends_it(user: &User<'_>, url: &str) {
    let tokens = user.tokens(url);
    let run = user.kept(url, &["logout"]);
    assert!(run.success, "{run:#?}");
    assert_eq!(user.file()["servers"], json!({}));
    let run = user.kept(url, &["logout"]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "tokens.none"));
    // What was revoked is good for nothing, even where it was kept.
    let run = user.kept(url, &["authorize"]);
    assert!(run.success, "{run:#?}");
    user.change(url, "refresh_token", tokens["refresh_token"].as_str().unwrap());
    assert!(!user.kept(url, &["refresh"]).success);
    secrets_stay_secret(user, url);
}

fn secrets_stay_secret(user: &User<'_>, url: &str) {
    assert!(user.kept(url, &["authorize"]).success);
    let secrets = ["access_token", "refresh_token"].map(|name| user.tokens(url)[name].as_str().unwrap().to_owned());
    let commands = [&["list-tools"][..], &["call-tool", "get_user_profile"], &["refresh"], &["logout"]];
    for arguments in commands {
        let shown = ["--full", "--curl", "--server-url", url, AUDIENCE[0], AUDIENCE[1]];
        let Output { stdout, stderr, .. } = user.output(&[arguments, &shown].concat());
        let printed = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        assert!(!printed.is_empty());
        for secret in &secrets {
            assert!(!printed.contains(secret.as_str()), "{arguments:?} shows a secret");
        }
    }
}

/// A server of this lesson inside this process, and what it says.
struct Server {
    url: String,
    captured: Captured,
    http: Http,
    _serving: Serving,
}

impl Server {
    async fn start(issuer: &str) -> Self {
        let listener = listen::bind(0, "the MCP server", "").await.unwrap();
        let url = format!("http://localhost:{}/mcp", listen::port(&listener));
        let protected = ProtectedResource {
            resource: url.clone(),
            authorization_servers: vec![issuer.to_owned()],
            scopes: vec!["mcp:read".to_owned(), "mcp:write".to_owned()],
            more: Value::Null,
        };
        let captured = Captured::json();
        let limits = Limits { window: WINDOW, ..Limits::default() };
        let reporter = captured.reporter().on(Side::Server);
        let app = server::app(protected, &CheckOptions::default(), limits, reporter).unwrap();
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
        Self { url, captured, http, _serving: listen::serve(listener, app) }
    }

    async fn ask(&self, token: &Secret) -> Response {
        let request: Request = mcp::call_tool_request(&self.url, "get_weather", &json!({"city": "Oslo"}));
        self.http.send(&request.bearer(token)).await.unwrap()
    }

    fn fetches(&self) -> usize {
        let events = self.captured.events();
        events.iter().filter(|event| event["event"] == "sent").count()
    }
}

/// A new key at the authorization server: one more fetch, and tokens of both keys are good.
async fn keys_are_rotated(issuer: &str) {
    let server = Server::start(issuer).await;
    let user = User::new(issuer);
    let authorize = |user: &User<'_>| assert!(user.kept(&server.url, &["authorize"]).success);
    authorize(&user);
    let old = user.access_token(&server.url);
    assert_eq!(server.ask(&old).await.status, 200);

    let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
    Administration::sign_in(&http, issuer).await.unwrap().rotate_signing_key().await.unwrap();
    authorize(&user);
    let new = user.access_token(&server.url);
    assert_ne!(kid(&old), kid(&new));
    for token in [&new, &old, &new] {
        assert_eq!(server.ask(token).await.status, 200);
    }
    assert_eq!(server.fetches(), 2);
}

fn kid(token: &Secret) -> String {
    use base64::Engine;
    let header = token.expose().split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Keycloak is stopped after the server's start: known tokens still work, new ones get a clear
/// answer, and the server need not be started anew when Keycloak is back.
fn outage(keycloak: &Keycloak, runtime: &Runtime) -> Result<(), Failed> {
    runtime.block_on(async {
        let issuer = keycloak.issuer().to_owned();
        let (knows, knows_nothing) = (Server::start(&issuer).await, Server::start(&issuer).await);
        let user = User::new(&issuer);
        assert!(user.kept(&knows.url, &["authorize"]).success);
        let token = user.access_token(&knows.url);
        assert_eq!(knows.ask(&token).await.status, 200);
        tokio::time::sleep(WINDOW).await;

        keycloak.stop().await?;
        assert_eq!(knows.ask(&token).await.status, 200, "the keys are at hand");
        let unknown = forgeries::with_unknown_kid(&token).unwrap();
        for (server, token) in [(&knows, &unknown), (&knows_nothing, &token)] {
            let response = server.ask(token).await;
            assert_eq!(response.status, 503, "cannot check the token now");
            assert_eq!(response.header_values("retry-after"), ["1"]);
            let failed = server.captured.checks("token.key").pop();
            assert_eq!(failed, Some(("server".to_owned(), false)));
            let events = server.captured.events();
            assert!(
                events.iter().any(|event| event["got"].as_str().is_some_and(|got| got.contains("cannot be fetched")))
            );
        }
        keycloak.start_again().await?;
        tokio::time::sleep(WINDOW).await;
        assert_eq!(knows_nothing.ask(&token).await.status, 200);
        assert_eq!(knows.ask(&unknown).await.status, 401, "now it is known to be unknown");
        Ok(())
    })
}
