//! The lesson end to end, as a user runs it: on the embedded IdP, and on a Keycloak in a container
//! where Docker is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

use dynamic_client_registration::sabotage::Switch;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::breakage::Switch as _;
use shared::http::{Http, Request, Response};
use shared::reach::{Privacy, Reach};
use shared::testing::{ReservedPort, Run, any_ports};
use shared::{Reporter, Secret};

const LESSON: &str = env!("CARGO_BIN_EXE_03_dynamic_client_registration");

fn main() -> ExitCode {
    keycloak::trials::run(scenario, vec![])
}

/// One user, with a folder for what is kept.
struct User<'a> {
    issuer: &'a str,
    home: tempfile::TempDir,
}

impl User<'_> {
    fn new(issuer: &str) -> User<'_> {
        User { issuer, home: shared::testing::private_folder() }
    }

    fn output(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(LESSON)
            .args(any_ports(LESSON, arguments))
            .args(arguments)
            .env("MCP_OAUTH_HOME", self.home.path())
            .env_remove("MCP_OAUTH_PASSPHRASE")
            .env_remove("INITIAL_ACCESS_TOKEN")
            .env_remove("CLIENT_SECRET")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        Run::of(&self.output(&[&["--json"], arguments].concat(), variables))
    }

    /// The whole story on this IdP.
    fn story(&self, arguments: &[&str]) -> Run {
        self.run_with(&[&["--idp", self.issuer], arguments].concat(), &[])
    }

    /// A command over what is kept.
    fn command(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, &[])
    }

    fn store(&self) -> Value {
        let text = std::fs::read(self.home.path().join("clients.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["clients"].clone()
    }

    fn stored(&self) -> Value {
        self.store()[self.issuer].clone()
    }
}

/// A request that is no part of the lesson.
fn ask(request: &Request) -> Response {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reach = Reach::public_only().limit(Privacy::Loopback);
    runtime.block_on(async { Http::new(Reporter::silent(), reach).unwrap().send(request).await.unwrap() })
}

fn scenario(issuer: &str) -> Result<(), Failed> {
    stored_client_is_reused_and_replaced(issuer);
    a_client_has_a_life(issuer);
    two_runs_at_once_register_one_client(issuer);
    every_way_works(issuer);
    broken_rules_are_caught(issuer);
    refusals_are_told(issuer);
    nothing_secret_is_shown(issuer);
    // Last, since it fills the realm.
    the_limit_on_clients_is_told(issuer);
    Ok(())
}

fn stored_client_is_reused_and_replaced(issuer: &str) {
    let user = User::new(issuer);
    // The same port for each run, so that all want the same redirect URI.
    let reserved = [ReservedPort::take(), ReservedPort::take()];
    let [port, other_port] = reserved.each_ref().map(ReservedPort::to_string);
    let story = || user.story(&["--callback-port", &port]);
    let first = story();
    assert!(first.success, "{:#?}", first.events);
    assert_eq!(first.sent("POST", "/clients-registrations/"), 1);
    assert_eq!(first.checks("credentials.known"), [true]);
    assert_private(user.home.path());
    let client = user.stored();
    assert_eq!(client["requested"]["application_type"], "native");

    let second = story();
    assert!(second.success);
    assert_eq!(second.sent("POST", "/clients-registrations/"), 0, "the stored client is used");
    assert!(second.says("The stored client is good: nothing is registered."));
    assert_eq!(user.stored()["information"]["client_id"], client["information"]["client_id"]);

    // Somebody deletes it at the IdP.
    let entry = &user.stored()["information"];
    let token = Secret::new(entry["registration_access_token"].as_str().unwrap());
    let deleted = ask(&Request::delete(entry["registration_client_uri"].as_str().unwrap()).bearer(&token));
    assert_eq!(deleted.status, 204);
    let third = story();
    assert!(third.success, "{:#?}", third.events);
    assert_eq!(third.checks("credentials.entry-there"), [false]);
    assert_eq!(third.sent("POST", "/clients-registrations/"), 1);
    assert_ne!(user.stored()["information"]["client_id"], client["information"]["client_id"]);

    // Another redirect URI: the entry is replaced, not the client.
    let client = user.stored();
    let other = user.story(&["--callback-port", &other_port]);
    assert!(other.success);
    assert_eq!((other.checks("credentials.fit"), other.sent("PUT", "/clients-registrations/")), (vec![false], 1));
    assert_eq!(user.stored()["information"]["client_id"], client["information"]["client_id"]);
    assert_ne!(
        user.stored()["information"]["registration_access_token"],
        client["information"]["registration_access_token"],
        "both IdPs renew the token on an update"
    );

    // What cannot be registered costs nothing: the client that was there is still there and good.
    let before = user.stored();
    for arguments in [&["--scopes", "mcp:read admin:all"][..], &["--register", "initial-access-token"]] {
        let refused = user.run_with(
            &[&["--idp", issuer, "--callback-port", &port], arguments].concat(),
            &[("INITIAL_ACCESS_TOKEN", "no-token")],
        );
        assert_eq!((refused.success, refused.sent("DELETE", "/clients-registrations/")), (false, 0), "{arguments:?}");
        assert_eq!(user.stored()["information"]["client_id"], before["information"]["client_id"]);
        assert!(user.command(&["clients", "show"]).success);
    }

    // A secret that has expired.
    let confidential = user.story(&["--callback-port", &port, "--confidential"]);
    assert!(confidential.success, "{:#?}", confidential.events);
    let mut store: Value =
        serde_json::from_slice(&std::fs::read(user.home.path().join("clients.json")).unwrap()).unwrap();
    store["clients"][issuer]["information"]["client_secret_expires_at"] = json!(1);
    std::fs::write(user.home.path().join("clients.json"), store.to_string()).unwrap();
    let expired = user.story(&["--callback-port", &port, "--confidential"]);
    assert!(expired.success);
    // Both IdPs say that the secret does not expire, and the entry is read after the date is looked
    // at.
    assert_eq!(expired.checks("credentials.secret-not-expired"), [false]);
    assert_eq!(expired.sent("POST", "/clients-registrations/"), 1);
    assert_eq!(expired.sent("DELETE", "/clients-registrations/"), 1, "the old client does not stay behind");
    assert!(user.command(&["clients", "delete"]).success);
}

fn a_client_has_a_life(issuer: &str) {
    let user = User::new(issuer);
    assert!(user.command(&["clients", "list"]).says("No client is kept in "));
    assert_eq!(user.command(&["clients", "show"]).error().0, "clients.which");
    assert!(user.story(&[]).success);
    let list = user.command(&["clients", "list"]);
    assert!(list.says(issuer) && list.says(user.stored()["information"]["client_id"].as_str().unwrap()));

    let shown = user.command(&["clients", "show"]);
    assert!(
        shown.says("− application_type") && shown.says("asked for: native → granted and now: –"),
        "{:?}",
        shown.events
    );
    let updated = user.command(&["clients", "update", "--client-name", "Another name"]);
    assert!(updated.success && updated.sent("PUT", "/clients-registrations/") == 1);
    let shown = user.command(&["clients", "show", issuer]);
    assert!(shown.says("= client_name") && shown.says("Another name"), "{:?}", shown.events);

    let rotated = user.command(&["clients", "rotate"]);
    assert!(rotated.success);
    assert_eq!(rotated.checks("management.token-renewed"), [true]);
    assert_eq!(rotated.checks("management.old-token-dead"), [true]);

    let forgotten = user.command(&["clients", "forget"]);
    assert!(forgotten.success && user.store() == json!({}));
    assert!(user.story(&[]).success);
    let deleted = user.command(&["clients", "delete"]);
    assert_eq!((deleted.success, deleted.checks("management.deleted")), (true, vec![true]));
    assert_eq!(user.store(), json!({}));
}

fn two_runs_at_once_register_one_client(issuer: &str) {
    let user = User::new(issuer);
    let port = "0";
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| user.story(&["--callback-port", port]))).collect();
        for run in runs {
            let run = run.join().unwrap();
            assert!(run.success, "{:#?}", run.events);
        }
    });
    // Whoever came later found the client and changed its redirect URI.
    let registered = user.store();
    assert_eq!(registered.as_object().unwrap().len(), 1);
    assert!(user.command(&["clients", "show"]).success, "the kept token is the newest one");
    assert!(user.command(&["clients", "delete"]).success);
}

fn every_way_works(issuer: &str) {
    let user = User::new(issuer);
    // Before the policy is set, no document is taken, and the sentence says what to do.
    let refused = user.story(&["--register", "cimd"]);
    let (id, message, fix) = refused.error();
    assert!(!refused.success);
    assert_eq!(id, "idp.metadata-document");
    assert!(message.contains("Client not found.") && fix.contains("-- enable-cimd"), "{message} {fix}");
    for changed in [true, false] {
        let enabled = user.run_with(&["enable-cimd", "--idp", issuer], &[]);
        assert!(enabled.success, "{:#?}", enabled.events);
        assert_eq!(enabled.sent("PUT", "/client-policies/"), if changed { 2 } else { 0 });
    }
    let all = user.story(&["--register", "all"]);
    assert!(all.success, "{:#?}", all.events);
    for (id, times) in [
        ("credentials.known", 3),
        ("idp.metadata-document", 1),
        ("cimd.client-id", 1),
        ("idp.initial-access-token", 1),
        ("registration.client-information", 2),
    ] {
        assert_eq!(all.checks(id), vec![true; times], "{id}");
    }
    assert_eq!(all.sent("DELETE", "/clients-registrations/"), 2, "a tour leaves no client behind");
    assert!(!user.home.path().join("clients.json").exists());

    // A token that the administrator made is kept, counted and used up.
    assert!(user.run_with(&["initial-access-token", "--count", "1", "--expires", "10m", "--idp", issuer], &[]).success);
    assert_private(user.home.path());
    let used = user.story(&["--register", "initial-access-token"]);
    assert!(used.success && used.says("made and kept"), "{:#?}", used.events);
    assert_eq!(user.stored()["way"], "initial-access-token");
    assert_eq!(std::fs::read_to_string(user.home.path().join("initial-access-tokens.json")).unwrap(), "{}");
    assert!(user.command(&["clients", "delete"]).success);

    let unknown = user.story(&["--client-id", "nobody"]);
    assert_eq!(unknown.error().0, "credentials.known");
    let elsewhere = user.story(&["--client-id", "mcp-demo-client", "--client-issuer", "https://idp.example"]);
    assert_eq!(elsewhere.error().0, "credentials.issuer");
    let resource_server = ["--idp", issuer, "--client-id", "http://localhost:8000/mcp"];
    assert!(user.run_with(&resource_server, &[("CLIENT_SECRET", "mcp-server-secret")]).success);
    let wrong = user.run_with(&resource_server, &[("CLIENT_SECRET", "wrong")]);
    assert_eq!(wrong.error().0, "credentials.known");
    assert!(!wrong.says("mcp-server-secret") && !wrong.says("\"wrong\""));
}

/// All of them are the client's, so they work on every IdP.
fn broken_rules_are_caught(issuer: &str) {
    let user = User::new(issuer);
    for breakage in Switch::breakages() {
        user.story(&["--break", breakage.name]).assert_caught(breakage);
    }
    assert!(!user.home.path().join("clients.json").exists(), "broken rules leave the kept clients alone");
}

/// Every refusal of LESSONS.md 03: what a person sees names the policy and says what to do.
fn refusals_are_told(issuer: &str) {
    let user = User::new(issuer);
    let refused = |arguments: &[&str], variables: &[(&str, &str)]| {
        let run = user.run_with(&[&["--idp", issuer], arguments].concat(), variables);
        assert!(!run.success);
        run.error()
    };
    // Scopes that the MCP server lists and the realm does not have.
    let (id, message, fix) = refused(&["--scopes", "mcp:read admin:all"], &[]);
    assert_eq!(id, "idp.scope");
    assert!(message.contains("Policy 'Allowed Client Scopes' rejected"), "{message}");
    assert!(fix.contains("An Initial Access Token does not help here"), "{fix}");

    let iat = |token: &str| refused(&["--register", "initial-access-token"], &[("INITIAL_ACCESS_TOKEN", token)]);
    let (id, message, fix) = iat("no-token-at-all");
    assert_eq!(id, "idp.initial-access-token");
    assert!(
        message.contains("HTTP 401 invalid_token: Failed decode token") && fix.contains("not expired"),
        "{message} {fix}"
    );
    let (used_up, expired) = (initial_access_token(issuer, 0, 3600), initial_access_token(issuer, 1, 1));
    let (_, message, fix) = iat(&used_up);
    assert!(
        message.contains("No remaining count on initial access token") && fix.contains("--count"),
        "{message} {fix}"
    );
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let (_, message, _) = iat(&expired);
    assert!(message.contains("HTTP 401 invalid_token"), "{message}");

    // What the lesson's own client never sends, read as it would read it.
    for (change, description, fix) in [
        (json!({"redirect_uris": ["https://app.example/cb"]}), "Policy 'Trusted Hosts' rejected", "Trusted Hosts"),
        (json!({"client_uri": "https://app.example"}), "Policy 'Trusted Hosts' rejected", "Trusted Hosts"),
        (
            json!({"redirect_uris": ["http://127.0.0.1/cb#x"]}),
            "A redirect URI must not contain an URL fragment",
            "without fragment",
        ),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "Client metadata invalid", "lesson 02"),
        (json!({"resource": "http://localhost:8000/mcp"}), "Unrecognized field \"resource\"", "Leave resource out"),
    ] {
        let mut document =
            json!({"client_name": "x", "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none"});
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let response = ask(&Request::post_json(&endpoint(issuer), &document));
        let refusal = dynamic_client_registration::refusal::Refusal::read(&response, false);
        assert!(refusal.to_string().contains(description), "{refusal}");
        assert!(refusal.fix().contains(fix), "{}", refusal.fix());
    }
}

fn endpoint(issuer: &str) -> String {
    format!("{issuer}/clients-registrations/openid-connect")
}

/// As the administrator makes it, for once in the open.
fn initial_access_token(issuer: &str, count: u64, expiration: u64) -> String {
    let (server, realm) = issuer.rsplit_once("/realms/").unwrap();
    let fields =
        [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin123")];
    let signed_in = ask(&Request::post_form(&format!("{server}/realms/master/protocol/openid-connect/token"), &fields));
    let token: Value = serde_json::from_slice(&signed_in.body).unwrap();
    let token = Secret::new(token["access_token"].as_str().unwrap());
    let url = format!("{server}/admin/realms/{realm}/clients-initial-access");
    let made = ask(&Request::post_json(&url, &json!({"count": count, "expiration": expiration})).bearer(&token));
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    made["token"].as_str().unwrap().to_owned()
}

/// Secrets, Initial Access Tokens and registration tokens are in the store and nowhere else.
fn nothing_secret_is_shown(issuer: &str) {
    let user = User::new(issuer);
    let iat = initial_access_token(issuer, 1, 60);
    let mut printed = Vec::new();
    let mut secrets = vec![iat.clone(), "admin123".to_owned()];
    let mut collect = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = user.output(arguments, variables);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        printed.push(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
        if let Some(client) = user.home.path().join("clients.json").exists().then(|| user.stored()) {
            for name in ["client_secret", "registration_access_token"] {
                secrets.extend(client["information"][name].as_str().map(str::to_owned));
            }
        }
        if let Ok(text) = std::fs::read_to_string(user.home.path().join("initial-access-tokens.json")) {
            let tokens: Value = serde_json::from_str(&text).unwrap();
            secrets.extend(tokens[issuer]["token"].as_str().map(str::to_owned));
        }
    };
    let story = ["--idp", issuer, "--confidential", "--full", "--curl", "--register", "initial-access-token"];
    collect(&story, &[("INITIAL_ACCESS_TOKEN", &iat)]);
    collect(&[&story[..], &["--json"]].concat(), &[("INITIAL_ACCESS_TOKEN", &iat)]);
    collect(&["initial-access-token", "--idp", issuer, "--full", "--curl"], &[]);
    for command in [&["list"][..], &["show"], &["update", "--client-name", "x"], &["rotate"], &["delete"]] {
        collect(&[&["clients"], command, &["--full", "--curl"]].concat(), &[]);
    }
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() >= 6, "an IAT, another one, a client secret, registration tokens: {}", secrets.len());
    for secret in secrets {
        assert!(!printed.iter().any(|text| text.contains(&secret)), "a secret of {} characters is shown", secret.len());
    }
}

fn the_limit_on_clients_is_told(issuer: &str) {
    let user = User::new(issuer);
    let document =
        json!({"client_name": "x", "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none"});
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let full = runtime.block_on(async {
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
        for n in 0..250 {
            if http.send(&Request::post_json(&endpoint(issuer), &document)).await.unwrap().status != 201 {
                return n;
            }
        }
        250
    });
    assert!((150..250).contains(&full), "{full} clients were registered");
    let run = user.story(&[]);
    let (id, message, fix) = run.error();
    assert_eq!(id, "registration.created");
    assert!(
        message.contains("Policy 'Max Clients Limit' rejected") && message.contains("max 200 clients"),
        "{message}"
    );
    assert!(fix.contains("-- clients delete"), "{fix}");
}

#[cfg(unix)]
fn assert_private(home: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[cfg(not(unix))]
fn assert_private(_: &Path) {}
