//! The lesson end to end, as a user runs it: on the embedded IdP, on a Keycloak in a container
//! where Docker is, and the audience lab on one that has the feature `resource-indicators`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, ExitCode, Output, Stdio};

use audience_binding::sabotage::Switch;
use audience_binding::{further, rules};
use keycloak::container::{Asserter, Features};
use keycloak::trials::Servers;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::breakage::Switch as _;
use shared::testing::{Run, Running, any_ports};

mod common;

use common::Company;

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

fn main() -> ExitCode {
    let indicators = keycloak::trials::on_keycloak_for(
        "keycloak_with_resource_indicators",
        Features::ResourceIndicators,
        with_resource_indicators,
    );
    let assertions = keycloak::trials::on_keycloak_for(
        "keycloak_with_identity_assertion_jwt",
        Features::IdentityAssertion,
        assertions_become_tokens,
    );
    keycloak::trials::run_for(scenario, vec![indicators, assertions])
}

struct User<'a> {
    issuer: &'a str,
    servers: &'a Servers,
    home: tempfile::TempDir,
}

impl<'a> User<'a> {
    fn new(issuer: &'a str, servers: &'a Servers) -> Self {
        User { issuer, servers, home: shared::testing::private_folder() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(LESSON);
        command
            .args(any_ports(LESSON, arguments))
            .args(arguments)
            .env("MCP_OAUTH_HOME", self.home.path())
            .env_remove("MCP_OAUTH_PASSPHRASE")
            // The servers of these tests are the realm's.
            .envs([("MCP_RESOURCE_URL", &self.servers.urls[0]), ("MCP_SECOND_RESOURCE_URL", &self.servers.urls[1])])
            .stdin(Stdio::null());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn story(&self, arguments: &[&str]) -> Run {
        let [first, second] = &self.servers.ports;
        let ports = ["--port", first, "--second-port", second, "--downstream-port", "0"];
        Run::of(&self.output(&[&["--idp", self.issuer, "--json"], &ports[..], arguments].concat()))
    }

    fn client(&self, arguments: &[&str]) -> Run {
        Run::of(&self.output(&[&["--json"], arguments].concat()))
    }
}

fn scenario(issuer: &str, servers: &Servers) -> Result<(), Failed> {
    the_story_holds(issuer, servers);
    who_may_less_gets_less(issuer, servers);
    the_matrix_is_the_same_everywhere(issuer, servers);
    broken_rules_are_caught(issuer, servers);
    the_complete_client(issuer, servers);
    a_client_acts_for_itself(issuer, servers);
    nothing_secret_is_shown(issuer, servers);
    Ok(())
}

fn the_story_holds(issuer: &str, servers: &Servers) {
    let run = User::new(issuer, servers).story(&[]);
    assert!(run.success, "{run:#?}");
    // Twice swapped, once for the reports; everything else is for the server that it comes to.
    let failed = |id: &str| run.checks(id).iter().filter(|passed| !**passed).count();
    assert_eq!(failed(rules::AUDIENCE.id), 3);
    assert_eq!(run.checks(rules::SERVER_REFUSES_OTHERS.id), [true; 3]);
    assert_eq!(run.checks(rules::SERVER_TAKES_OWN.id), [true]);
    // Passed through to an API that looks at aud; then exchanged.
    assert_eq!(run.checks(rules::DOWNSTREAM_AUDIENCE.id), [false, true]);
    assert_eq!(run.checks(rules::DOWNSTREAM_SCOPE.id), [true]);
    assert_eq!(run.checks(rules::NOT_PASSED_THROUGH.id), [false]);
    // Its own token, and the calendar's.
    assert_eq!(run.checks(rules::IDP_EXCHANGES.id), [true, false]);
    assert_eq!(run.checks(rules::ISSUED_TOKEN_TYPE.id), [true]);
    assert_eq!(run.checks(rules::EXCHANGED_AUDIENCE.id), [true]);
    // The proxy that does not ask, and the one that does.
    assert_eq!(run.checks(further::rules::PROXY_ASKS.id), [false, true]);
    // The client's own token; then the lab's three, none of which this IdP narrows.
    assert_eq!(run.checks(rules::IDP_BINDS.id), [true, false, false, false]);
    for text in [
        "aud    downstream-api, before: ",
        "act    absent, as before",
        "Umbrellas sold in Oslo",
        "the scopes decide, and resource does not",
        "both scopes, for A  [",
        "the attacker has a code for this user",
        "the attacker has access_denied",
    ] {
        assert!(run.says(text), "{text}");
    }
    // The lab's third sign-in differs in nothing but resource, and this IdP does not heed it.
    let outcome = run.events.last().unwrap();
    assert_eq!((&outcome["failed"], &outcome["missed"]), (&Value::from(0), &Value::from(1)));
}

fn who_may_less_gets_less(issuer: &str, servers: &Servers) {
    let run = User::new(issuer, servers).story(&["--login", "mcpreader:password123"]);
    assert!(run.success, "{run:#?}");
    assert!(!run.says("mcp-writer"));
}

/// Token by server: {A, B, both, none, account, ID token, exchanged} × {A, B, the API behind A}.
fn the_matrix_is_the_same_everywhere(issuer: &str, servers: &Servers) {
    let run = User::new(issuer, servers).story(&["matrix"]);
    assert!(run.success, "{run:#?}");
    let table = run.events.iter().filter_map(|event| event["text"].as_str()).find(|text| text.starts_with("token  "));
    let rows: Vec<_> = table.unwrap().lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>()).collect();
    let cells: Vec<_> = rows.iter().map(|row| row[row.len() - 3..].join(" ")).collect();
    assert_eq!(
        cells,
        ["200 401 401", "401 200 401", "200 200 401", "401 401 401", "401 401 401", "401 401 401", "401 401 200",],
        "{run:#?}"
    );
    let passed = [rules::SERVER_REFUSES_OTHERS.id, rules::SERVER_TAKES_OWN.id].map(|id| run.checks(id));
    assert_eq!(passed.concat(), [true; 21]);
    // The account token's client is gone: nothing is left at the IdP but the client of the story.
    assert!(run.says("for Keycloak's account pages"));
}

fn broken_rules_are_caught(issuer: &str, servers: &Servers) {
    let user = User::new(issuer, servers);
    for switch in Switch::ALL.iter().filter(|switch| switch.defect().is_none()) {
        let breakage = switch.breakage();
        user.story(&["--break", breakage.name]).assert_caught(breakage);
    }
}

fn the_complete_client(issuer: &str, servers: &Servers) {
    let user = User::new(issuer, servers);
    let server = serving(&user, &[]);
    let url = &servers.urls[0];
    let run = user.client(&["client", "--server-url", url, "--call", "list_reports", "--probe-audience"]);
    assert!(run.success && run.says("Umbrellas sold in Oslo"), "{run:#?}");
    assert_eq!(run.checks(rules::SERVER_REFUSES_OTHERS.id), [true]);
    // The stages of lesson 05 fold here, and what the user asked for shows all the same.
    let output = user.output(&["call-tool", "get_weather", "--args", r#"{"city": "Oslo"}"#, "--server-url", url]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("get_weather says: Oslo") && text.contains("05_token_use: 1 stage"), "{text}");
    // A tool that takes more than was granted: the user is asked, and the call is made again.
    let arguments = r#"{"name": "a", "text": "b"}"#;
    let run = user.client(&["client", "--server-url", url, "--call", "save_note", "--args", arguments]);
    assert!(run.success && run.says("notes/a.txt"), "{run:#?}");
    let run = user.client(&["client", "--server-url", url, "--call", "no_such_tool"]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "mcp.error"));
    for breakage in ["other-servers-token", "missing-audience", "account-audience"] {
        let run = user.client(&["client", "--server-url", url, "--break", breakage]);
        assert_eq!(run.checks(rules::SERVER_REFUSES_OTHERS.id), [true], "--break {breakage}: {run:#?}");
        assert!(run.success, "--break {breakage}: {run:#?}");
    }
    drop(server);
    // A server without the check, which is lesson 05's.
    let _server = serving(&user, &["--break", "exchange-not-in-audience"]);
    let run = user.client(&["client", "--server-url", url, "--probe-audience"]);
    assert_eq!((run.success, run.checks(rules::SERVER_REFUSES_OTHERS.id)), (false, vec![false]), "{run:#?}");
    let run = user.client(&["client", "--server-url", url, "--break", "other-servers-token"]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "break.slipped-through"), "{run:#?}");
    // Tokens are kept for each server by itself.
    for (url, tool, says) in
        [(&servers.urls[0], "get_user_profile", "mcpuser"), (&servers.urls[1], "list_events", "Umbrella fitting")]
    {
        let run = user.client(&["call-tool", tool, "--server-url", url]);
        assert!(run.success && run.says(says), "{run:#?}");
    }
    let kept: Value = serde_json::from_slice(&std::fs::read(user.home.path().join("tokens.json")).unwrap()).unwrap();
    assert_eq!(kept["servers"].as_object().unwrap().len(), 2);
    assert!(user.client(&["logout", "--server-url", &servers.urls[1]]).success);
}

/// Servers that stay up while a client uses them.
fn serving(user: &User<'_>, arguments: &[&str]) -> Running {
    let [first, second] = &user.servers.ports;
    let ports = ["--port", first, "--second-port", second, "--downstream-port", "0"];
    let server = [&["--idp", user.issuer, "--json"], &ports[..], &["server"], arguments].concat();
    let (running, url) = Running::server(user.command(&server));
    assert_eq!(url, user.servers.urls[0]);
    running
}

/// Client credentials, for a client whose account the realm file has given a role, and for one that
/// has none.
fn a_client_acts_for_itself(issuer: &str, servers: &Servers) {
    let user = User::new(issuer, servers);
    let _server = serving(&user, &[]);
    let url = servers.urls[0].as_str();
    let as_service = |secret: &str, issuer: &str, more: &[&str]| {
        let client = ["--client-id", "mcp-demo-service", "--client-issuer", issuer];
        let arguments =
            [&["--json", "client", "--server-url", url, "--grant", "client-credentials"], &client[..], more];
        Run::of(&user.command(&arguments.concat()).env("CLIENT_SECRET", secret).output().unwrap())
    };
    let secret = "mcp-demo-service-secret";
    let run = as_service(secret, issuer, &["--call", "get_weather", "--args", r#"{"city": "Oslo"}"#]);
    assert!(run.success && run.says("get_weather says: "), "{run:#?}");
    for id in ["credentials.issuer", "idp.client-credentials", "token.scope", "token.audience", rules::IDP_BINDS.id] {
        assert_eq!(run.checks(id), [true], "{id}: {run:#?}");
    }
    assert!(!run.says(secret), "{run:#?}");
    let run = as_service(secret, issuer, &["--call", "get_user_profile"]);
    assert!(run.success && run.says("service-account-mcp-demo-service"), "{run:#?}");
    // More than its account may do: asked for once more, and not given.
    let run = as_service(secret, issuer, &["--call", "save_note", "--args", r#"{"name": "a", "text": "b"}"#]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "step-up.not-granted"), "{run:#?}");
    let run = as_service("wrong", issuer, &[]);
    assert_eq!((run.success, run.checks("idp.client-credentials")), (false, vec![false]), "{run:#?}");
    // The secret belongs to another authorization server than the one that the MCP server names.
    let run = as_service(secret, "https://other.example", &[]);
    assert_eq!((run.error().0.as_str(), run.sent("POST", "/token")), ("credentials.issuer", 0), "{run:#?}");
    // Neither is an assertion shown to anyone else; and this realm knows nobody whose assertions it
    // would take.
    let assertion = user.home.path().join("assertion.jwt");
    let claims = common::claims(common::PLATFORM, issuer, &json!({}));
    std::fs::write(&assertion, common::Key::generate().jwt("JWT", &claims)).unwrap();
    for (issuer, id, requests) in [("https://other.example", "credentials.issuer", 0), (issuer, "assertion.refused", 1)]
    {
        let client = ["--client-id", "mcp-demo-service", "--client-issuer", issuer];
        let grant = ["--grant", "workload-identity", "--assertion", assertion.to_str().unwrap()];
        let arguments = [&["--json", "client", "--server-url", url], &client[..], &grant].concat();
        let run = Run::of(&user.command(&arguments).env("CLIENT_SECRET", secret).output().unwrap());
        assert_eq!((run.error().0.as_str(), run.sent("POST", "/token")), (id, requests), "{run:#?}");
    }

    // One that signs: it has registered by itself, so its account may do nothing.
    let key = common::Key::generate();
    let client_id = common::register(issuer, &key);
    let file = user.home.path().join("key.pem");
    std::fs::write(&file, key.pem()).unwrap();
    let arguments = ["client", "--server-url", url, "--grant", "client-credentials", "--client-id", &client_id];
    let run = user.client(&[&arguments[..], &["--client-key", file.to_str().unwrap()]].concat());
    // One: after the server's 401 another one would bring the same token.
    assert_eq!(run.checks("idp.client-credentials"), [true], "{run:#?}");
    assert_eq!((run.success, run.error().0.as_str()), (false, "use.refused"), "{run:#?}");
}

/// RFC 7523 §2.1: Keycloak takes JWTs of a platform's and of a company's, once it knows them.
fn assertions_become_tokens(issuer: &str, servers: &Servers) -> Result<(), Failed> {
    let user = User::new(issuer, servers);
    let _server = serving(&user, &[]);
    let company = Company::start()?;
    let public_key = company.key.public_pem();
    for (client, from, username) in [
        (("mcp-workload", "workload-secret"), common::PLATFORM, "service-account-mcp-demo-service"),
        (("mcp-agent", "agent-secret"), company.issuer.as_str(), "mcpuser"),
    ] {
        let asserter = Asserter { issuer: from, public_key: &public_key, client, user: (common::SUBJECT, username) };
        company.block_on(asserter.introduce(issuer))?;
    }
    let url = servers.urls[0].as_str();
    let as_client = |id: &str, secret: &str, grant: &[&str], tool: &str| {
        let client = ["--client-id", id, "--client-issuer", issuer, "--call", tool];
        let arguments = [&["--json", "client", "--server-url", url, "--grant"], grant, &client].concat();
        Run::of(&user.command(&arguments).env("CLIENT_SECRET", secret).output().unwrap())
    };
    let path = |name: &str| user.home.path().join(name).to_str().unwrap().to_owned();
    let file = path("assertion.jwt");

    let workload = |claims: Value| {
        std::fs::write(&file, company.key.jwt("JWT", &claims)).unwrap();
        as_client("mcp-workload", "workload-secret", &["workload-identity", "--assertion", &file], "get_user_profile")
    };
    let run = workload(common::claims(common::PLATFORM, issuer, &json!({})));
    assert!(run.success && run.says("service-account-mcp-demo-service"), "{run:#?}");
    for id in [further::rules::IDP_TAKES_ASSERTION.id, "token.scope", rules::IDP_BINDS.id] {
        assert_eq!(run.checks(id), [true], "{id}: {run:#?}");
    }
    // Each assertion is good once.
    let again = ["workload-identity", "--assertion", &file];
    let run = as_client("mcp-workload", "workload-secret", &again, "get_user_profile");
    assert!(run.error().1.ends_with("HTTP 400 invalid_grant: Token reuse detected."), "{run:#?}");
    for (what, claims, sentence) in [
        ("another's audience", json!({"aud": "https://other.example"}), "Invalid token audience"),
        ("over", json!({"exp": 1}), "Token is not active"),
        ("no link", json!({"sub": "nobody"}), "User not found"),
        ("a stranger", json!({"iss": "https://other.example"}), "No Identity Provider for provided issuer"),
        ("the company's", json!({"iss": company.issuer}), "Identity Provider is not allowed for the client"),
    ] {
        let run = workload(common::claims(common::PLATFORM, issuer, &claims));
        assert_eq!(run.error().0, "assertion.refused", "{what}: {run:#?}");
        assert!(run.error().1.ends_with(&format!("HTTP 400 invalid_grant: {sentence}.")), "{what}: {run:#?}");
    }

    let id_token = path("id-token.jwt");
    std::fs::write(&id_token, company.id_token()).unwrap();
    let at_company = ["--company-idp", &company.issuer, "--company-client-id", common::AT_COMPANY];
    let enterprise = [&["enterprise-managed", "--id-token", &id_token], &at_company[..]].concat();
    let run = as_client("mcp-agent", "agent-secret", &enterprise, "save_note");
    assert_eq!(run.checks(further::rules::IDP_GIVES_GRANT.id), [true, true], "one for each set of scopes: {run:#?}");
    let run = as_client("mcp-agent", "agent-secret", &enterprise, "get_user_profile");
    assert!(run.success && run.says("mcpuser"), "{run:#?}");
    for id in [further::rules::IDP_GIVES_GRANT.id, rules::ISSUED_TOKEN_TYPE.id, further::rules::IDP_TAKES_ASSERTION.id]
    {
        assert_eq!(run.checks(id), [true], "{id}: {run:#?}");
    }
    // A grant that the company gave to another client.
    let run = as_client("mcp-workload", "workload-secret", &enterprise, "get_user_profile");
    assert_eq!(run.error().0, "assertion.refused", "{run:#?}");
    for secret in ["eyJ", "agent-secret", "workload-secret"] {
        assert!(!run.says(secret), "{secret}: {run:#?}");
    }
    Ok(())
}

fn nothing_secret_is_shown(issuer: &str, servers: &Servers) {
    let user = User::new(issuer, servers);
    let [first, second] = &servers.ports;
    let ports = ["--idp", issuer, "--port", first, "--second-port", second, "--downstream-port", "0"];
    for arguments in
        [&[][..], &["matrix"], &["confused-deputy"], &["--break", "passthrough"], &["--break", "account-audience"]]
    {
        let is_client = arguments == ["confused-deputy"];
        let ports = if is_client { &ports[..2] } else { &ports[..] };
        let Output { stdout, stderr, .. } = user.output(&[ports, &["--full", "--curl"], arguments].concat());
        let printed = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        assert!(printed.len() > 500);
        // Tokens begin so; claims are shown decoded. Passwords and the servers' secrets are the
        // realm file's.
        for secret in ["eyJ", "password123", "mcp-server-secret", "admin123"] {
            let seen = printed.matches(secret).count();
            assert_eq!(seen, 0, "{arguments:?} shows {secret}: {printed}");
        }
    }
}

/// The lab on two Keycloaks would take a third container; on the one that heeds `resource`, every
/// mode shows what it does there.
fn with_resource_indicators(issuer: &str, servers: &Servers) -> Result<(), Failed> {
    let user = User::new(issuer, servers);
    let run = user.story(&[]);
    assert!(run.success, "{run:#?}");
    // Without any aud 26.7.3 falls over the request, so there is nothing to be bound; the scopes'
    // two audiences are narrowed to one.
    assert!(run.says("HTTP 500") && run.says("fails on a token without any aud"), "{run:#?}");
    assert_eq!(run.checks(rules::IDP_BINDS.id), [true, true, true]);
    let [first, second] = [&servers.urls[0], &servers.urls[1]];
    let lab = ["lab", "resource-indicators", "--idp", issuer];
    let run = user.client(&[&lab[..], &["--resource", first, "--second-resource", second]].concat());
    assert!(run.success && run.says("resource decides"), "{run:#?}");
    assert_eq!(run.checks(rules::IDP_BINDS.id), [true, true]);
    // Servers that this IdP does not know.
    let run = user
        .client(&[&lab[..], &["--resource", "https://a.example", "--second-resource", "https://b.example"]].concat());
    assert_eq!((run.success, run.error().0.as_str()), (false, "lab.no-token"), "{run:#?}");
    Ok(())
}
