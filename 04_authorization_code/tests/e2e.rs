//! The lesson end to end, as a user runs it: on the embedded IdP, and on a Keycloak in a container
//! where Docker is. And with a real Chromium, where one is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "common/chromium.rs"]
mod chromium;

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::Duration;

use authorization_code::sabotage::Switch;
use dynamic_client_registration::further::administration::Administration;
use fantoccini::{Client, Locator};
use keycloak::container::Features;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use shared::breakage::Switch as _;
use shared::http::Http;
use shared::reach::{Privacy, Reach};
use shared::testing::{Run, Running, any_ports, assert_events_hold};
use shared::{Reporter, Side};

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

fn main() -> ExitCode {
    let others = vec![
        Trial::ignorable_test("chromium_on_the_embedded_idp", || {
            chromium::with_chromedriver(|driver| {
                keycloak::trials::on_embedded(|issuer| sign_in_with_chromium(driver, issuer, "embedded"))
            })
        }),
        keycloak::trials::on_keycloak_with("chromium_on_keycloak", Features::Cimd, |issuer| {
            // A missing chromedriver is told by the other trial.
            chromium::with_chromedriver(|driver| sign_in_with_chromium(driver, issuer, "keycloak")).map(|_| ())
        }),
    ];
    keycloak::trials::run(scenario, others)
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
            // No window opens while tests run.
            .env("BROWSER", "true")
            .env("LOGIN_PASSWORD", "wrong")
            .stdin(Stdio::null());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(&[&["--idp", self.issuer], arguments].concat()).output().unwrap()
    }

    fn story(&self, arguments: &[&str]) -> Run {
        Run::of(&self.output(&[&["--json"], arguments].concat()))
    }
}

fn scenario(issuer: &str) -> Result<(), Failed> {
    signing_in_gives_a_token(issuer);
    every_other_end_is_told(issuer);
    broken_rules_are_caught(issuer);
    every_way_of_lesson_03_goes_on_here(issuer);
    tokens_are_kept_and_never_shown(issuer);
    clients_get_tokens_of_their_own(issuer);
    Ok(())
}

fn signing_in_gives_a_token(issuer: &str) {
    let user = User::new(issuer);
    let run = user.story(&[]);
    assert!(run.success, "{run:#?}");
    for id in [
        "authorization.url-scheme",
        "callback.state",
        "callback.iss-present",
        "callback.iss",
        "callback.code",
        "idp.code",
        "token.type",
        "token.scope",
    ] {
        assert_eq!(run.checks(id), [true], "{id}");
    }
    let claims =
        run.events.iter().find_map(|event| event["text"].as_str().filter(|text| text.starts_with("access_token: ")));
    let claims = claims.unwrap();
    for claim in ["mcpuser", "mcp:write", "mcp-writer", "/mcp  (the server that the token is for)", issuer] {
        assert!(claims.contains(claim), "{claim}: {claims}");
    }
    // Who may less gets less.
    let run = user.story(&["--login", "mcpreader:password123"]);
    assert!(run.success);
    assert_eq!(run.checks("token.scope"), [false]);
    // A refresh token is good for one use.
    let run = user.story(&["refresh"]);
    assert!(run.success, "{run:#?}");
    assert_eq!((run.checks("refresh.rotated"), run.checks("refresh.old-token-dead")), (vec![true], vec![true]));
    // A refresh token that outlives the session.
    let run = user.story(&["--offline-access"]);
    assert!(run.success, "{run:#?}");
    assert_eq!(run.checks("token.scope"), [true]);
    // A client with a secret.
    let run = user.story(&["--confidential"]);
    assert!(run.success, "{run:#?}");
    // A client that was registered by hand.
    let run = user.story(&["--client-id", "mcp-demo-client"]);
    assert!(run.success, "{run:#?}");
}

fn clients_get_tokens_of_their_own(issuer: &str) {
    let user = User::new(issuer);
    for (arguments, proof) in [
        (&["client-credentials"][..], "Basic <"),
        (&["client-credentials", "--key"], "client_assertion=<client_assertion"),
    ] {
        let run = user.story(arguments);
        assert!(run.success, "{run:#?}");
        for id in ["idp.client-credentials", "token.type", "token.no-refresh"] {
            assert_eq!(run.checks(id), [true], "{id}");
        }
        // Nobody has given its account a role.
        assert_eq!((run.checks("token.scope"), run.checks("token.audience")), (vec![false], vec![false]));
        let sent = run.events.iter().filter(|event| event["event"] == "sent").map(Value::to_string);
        assert!(sent.into_iter().any(|sent| sent.contains(proof)), "{arguments:?}");
        assert!(run.events.iter().any(|event| event["text"].as_str().is_some_and(|text| text.contains("was deleted"))));
    }
    // The realm file has given this one's account a role: it may read, and not write.
    let mut command =
        user.command(&["--idp", issuer, "--json", "client-credentials", "--client-id", "mcp-demo-service"]);
    let run = Run::of(&command.env("CLIENT_SECRET", "mcp-demo-service-secret").output().unwrap());
    assert!(run.success && run.says("(not: mcp:write)"), "{run:#?}");
    assert_eq!(run.checks("token.scope"), [false], "{run:#?}");
    // A client that has nothing to show is not sent on its way, and one that shows something wrong
    // is refused.
    let run = user.story(&["client-credentials", "--client-id", "mcp-demo-client"]);
    assert_eq!((run.success, run.error().0.as_str()), (false, "configuration.client-secret"));
    let mut command =
        user.command(&["--idp", issuer, "--json", "client-credentials", "--client-id", "mcp-demo-service"]);
    let run = Run::of(&command.env("CLIENT_SECRET", "wrong").output().unwrap());
    let (id, message, _) = run.error();
    assert_eq!(id, "idp.client-credentials");
    assert!(message.contains("Invalid client or Invalid client credentials"), "{message}");
}

fn every_other_end_is_told(issuer: &str) {
    let user = User::new(issuer);
    for (arguments, id, sentence) in [
        (&["--deny"][..], "callback.code", "access_denied"),
        (&["--login", "mcpuser"], "sign-in.refused", "Invalid username or password."),
        (&["--login", "nobody"], "sign-in.refused", "Invalid username or password."),
        (&["--browser", "--sign-in-timeout", "1"], "sign-in.timed-out", "within 1 seconds"),
    ] {
        let run = user.story(arguments);
        assert!(!run.success, "{arguments:?}");
        let (seen, message, _) = run.error();
        assert_eq!(seen, id, "{message}");
        assert!(message.contains(sentence), "{message}");
    }
    // A scope that the client was not registered for: lesson 03 says no before anyone is asked.
    let run = user.story(&["--client-id", "mcp-demo-client", "--scopes", "mcp:read admin:all"]);
    assert!(!run.success);
    assert_eq!(run.checks("idp.authorization-request"), [false], "{run:#?}");
    assert!(run.error().1.contains("Invalid scopes: mcp:read admin:all"));
}

fn broken_rules_are_caught(issuer: &str) {
    let user = User::new(issuer);
    let by_client = Switch::ALL.iter().filter(|switch| switch.defect().is_none()).map(|switch| switch.breakage());
    for breakage in by_client {
        assert_eq!(breakage.broken_by, Side::Client);
        user.story(&["--break", breakage.name]).assert_caught(breakage);
    }
}

fn every_way_of_lesson_03_goes_on_here(issuer: &str) {
    let user = User::new(issuer);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
        Administration::sign_in(&http, issuer).await.unwrap().enable_cimd().await.unwrap();
    });
    for way in ["cimd", "initial-access-token"] {
        let run = user.story(&["--register", way]);
        assert!(run.success, "--register {way}: {run:#?}");
        assert_eq!(run.checks("idp.code"), [true]);
    }
}

/// `authorize` needs an MCP server that is up, whose IdP stays.
fn tokens_are_kept_and_never_shown(issuer: &str) {
    let user = User::new(issuer);
    let (server, url) = server(&user);
    let output = user.command(&["authorize", "--server-url", &url, "--full", "--curl"]).output().unwrap();
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}");
    let file = user.home.path().join("tokens.json");
    let before = std::fs::read(&file).unwrap();
    // What a broken run brings is not kept; a stock Keycloak does not notice this one.
    let broken = user.command(&["authorize", "--server-url", &url, "--break", "resource-differs"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&broken.stdout).contains("The tokens are stored"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    drop(server);
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let tokens = &kept["servers"][url.as_str()]["tokens"];
    let secret = |name: &str| tokens[name].as_str().unwrap().to_owned();
    for arguments in [&["--full", "--curl", "--json"][..], &["--full", "refresh"]] {
        printed += &String::from_utf8_lossy(&user.output(arguments).stdout);
    }
    for hidden in [secret("access_token"), secret("refresh_token"), "password123".to_owned()] {
        assert!(!printed.contains(&hidden), "a secret of {} characters is shown", hidden.len());
    }
    // Nothing in all that was printed is a JWT, or a code in a URL.
    let jwt = regex_like_jwt(&printed);
    assert!(jwt.is_none(), "{jwt:?}");
    let is_masked =
        |rest: &str| rest.starts_with('<') || rest.trim_start_matches(['\'', '\\', '"']).starts_with("$CODE");
    let code = printed.split("code=").skip(1).find(|rest| !is_masked(rest));
    assert!(code.is_none_or(|rest| rest.starts_with('…')), "{:?}", code.map(|rest| &rest[..rest.len().min(40)]));
}

/// A word with three parts that begins like a JSON object in base64url.
fn regex_like_jwt(text: &str) -> Option<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .find(|word| word.starts_with("eyJ") && word.matches('.').count() == 2)
}

/// The MCP server alone, and its URL.
fn server(user: &User<'_>) -> (Running, String) {
    Running::server(user.command(&["--idp", user.issuer, "--json", "server"]))
}

/// A person with a real browser: the IdP's own pages, and the lesson's page at the end.
fn sign_in_with_chromium(driver: &str, issuer: &str, idp: &str) -> Result<(), Failed> {
    let user = User::new(issuer);
    let arguments = ["--idp", issuer, "--json", "--browser", "--sign-in-timeout", "300"];
    let mut child = user.command(&arguments).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let lesson = Running(child);
    let url = lines.find_map(|line| {
        let event: Value = serde_json::from_str(&line).unwrap();
        event["text"].as_str()?.strip_prefix("Sign in here")?.split_once('\n').map(|(_, url)| url.to_owned())
    });
    let url = url.ok_or("the lesson printed no URL to sign in at")?;
    let runtime = tokio::runtime::Runtime::new()?;
    let page = runtime.block_on(async {
        let browser = chromium::connect(driver, (900, 700)).await?;
        let result = tokio::time::timeout(Duration::from_secs(300), visit(&browser, &url, idp)).await;
        let _ = browser.close().await;
        result.map_err(|_| Failed::from("the browser took more than five minutes"))?
    })?;
    assert!(page.contains("You are signed in"), "{page}");
    let rest: Vec<_> = lines.collect();
    let events = assert_events_hold(&rest.join("\n"));
    assert_eq!(events.last().unwrap()["ok"], true, "{events:#?}");
    drop(lesson);
    Ok(())
}

/// Signs in and agrees, as a person would; the text of the page at the end.
async fn visit(browser: &Client, url: &str, idp: &str) -> Result<String, Failed> {
    browser.goto(url).await?;
    let wait = |css: &'static str| browser.wait().at_most(Duration::from_secs(90)).for_element(Locator::Css(css));
    // A wrong password first: the page says so, and the user can try again.
    for password in ["wrong", "password123"] {
        let name = wait("#username").await?;
        name.clear().await?;
        name.send_keys("mcpuser").await?;
        wait("#password").await?.send_keys(password).await?;
        screenshot(browser, idp, "sign-in").await?;
        wait("#kc-login").await?.click().await?;
        if password == "wrong" {
            wait("[id^=input-error]").await?;
        }
    }
    wait("button[name=accept]").await?;
    assert!(browser.source().await?.contains("Read data through the MCP server"));
    screenshot(browser, idp, "consent").await?;
    wait("button[name=accept]").await?.click().await?;
    browser
        .wait()
        .at_most(Duration::from_secs(90))
        .for_element(Locator::XPath("//h1[contains(., 'signed in')]"))
        .await?;
    screenshot(browser, idp, "signed-in").await?;
    Ok(browser.source().await?)
}

/// Into `target/`, for people to look at.
async fn screenshot(browser: &Client, idp: &str, page: &str) -> Result<(), Failed> {
    let folder = std::path::Path::new(LESSON).ancestors().nth(2).unwrap().join("screenshots");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{idp}-{page}.png")), browser.screenshot().await?)?;
    Ok(())
}
