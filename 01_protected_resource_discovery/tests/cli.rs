//! The command line, as a user meets it: every mistake ends in one sentence, an outcome line and
//! the right exit code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use keycloak::{Embedded, Realm};
use serde_json::Value;
use shared::listen;
use shared::testing::assert_events_hold;

/// The lesson's program, on a machine where no IdP is up.
fn lesson(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_01_protected_resource_discovery"));
    command.args(arguments).stdin(Stdio::null());
    command.env("KEYCLOAK_URL", "http://localhost:1").env("EMBEDDED_IDP_URL", "http://localhost:2");
    command
}

/// What a run with `--json` says, each line held against the schema, and its exit code.
fn events(command: &mut Command) -> (Vec<Value>, i32) {
    let output = command.arg("--json").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "nothing goes to standard error");
    let events = assert_events_hold(&String::from_utf8_lossy(&output.stdout));
    let exit = output.status.code().unwrap();
    assert_eq!(events.last().unwrap()["event"], "outcome");
    assert_eq!(events.last().unwrap()["exit"], exit);
    (events, exit)
}

/// The one error of a run that ends with exit code 1: its id and its sentence.
fn failure(command: &mut Command) -> (String, String) {
    let (events, exit) = events(command);
    assert_eq!(exit, 1);
    let errors: Vec<_> = events.iter().filter(|event| event["event"] == "error").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_ne!(errors[0]["fix"], "", "{errors:?}");
    (errors[0]["id"].as_str().unwrap().to_owned(), errors[0]["message"].as_str().unwrap().to_owned())
}

fn assert_failure(command: &mut Command, id: &str, sentence: &str) {
    let (seen, message) = failure(command);
    assert_eq!(seen, id, "{message}");
    assert!(message.contains(sentence), "{message}");
}

#[test]
fn line_one_names_the_embedded_idp_and_how_to_get_keycloak() {
    let output = lesson(&["--port", "0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let paragraph: String =
        text.lines().take_while(|line| !line.contains("MCP server")).map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(text.lines().next().unwrap().contains("embedded stand-in"), "{text}");
    assert!(
        paragraph.contains("nothing responds at http://localhost:1/realms/mcp-oauth (connection refused)"),
        "{paragraph}"
    );
    assert!(paragraph.contains("docker compose -f keycloak/compose.yaml up -d --wait"), "{paragraph}");
    assert!(!text.contains('\u{1b}'), "no colour where there is no terminal");
}

/// An IdP in this process that stays while the program runs.
fn with_idp<T>(test: impl FnOnce(&str) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let listener = runtime.block_on(listen::bind(0, "the IdP", "")).unwrap();
    let idp = Embedded::start(listener, Realm::shipped().unwrap());
    test(idp.issuer())
}

#[test]
fn a_keycloak_that_is_up_is_named_in_line_one() {
    with_idp(|issuer| {
        let url = issuer.strip_suffix("/realms/mcp-oauth").unwrap();
        let output = lesson(&["--port", "0"]).env("KEYCLOAK_URL", format!("{url}/")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().next().unwrap().contains(&format!("Keycloak at {issuer}")), "{text}");
        assert_eq!(output.status.code(), Some(0));
        // An embedded IdP that stays is found before one is started.
        let (events, _) = events(lesson(&["--port", "0"]).env("EMBEDDED_IDP_URL", url));
        assert!(
            events[0]["text"].as_str().unwrap().starts_with("The embedded stand-in that is up at "),
            "{}",
            events[0]
        );
    });
}

#[test]
fn a_server_that_is_not_there_gets_a_sentence() {
    let ask = |url| lesson(&["client", "--server-url", url]);
    assert_failure(&mut ask("http://localhost:1/mcp"), "http.unreachable", "cannot be reached: connection refused");
    assert_failure(&mut ask("not a url"), "http.bad-url", "is not a URL that can be asked");
    assert_failure(&mut ask(""), "http.bad-url", "is not a URL that can be asked");
    assert_failure(&mut ask("http://localhost:1/mcp#part"), "server.url", "has a fragment");
    assert_failure(&mut ask("http://169.254.169.254/mcp"), "http.refused-address", "a link-local or reserved address");
    assert_failure(&mut ask("http://no-such-host.invalid/mcp"), "http.unreachable", "cannot be reached");
}

#[test]
fn a_port_that_is_taken_gets_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for role in [&[][..], &["server"]] {
        with_idp(|issuer| {
            let mut command = lesson(role);
            command.args(["--port", &port, "--idp", issuer]);
            assert_failure(&mut command, "listen.port", &format!("Port {port} is taken"));
        });
    }
}

#[test]
fn an_idp_that_is_not_there_gets_a_sentence() {
    assert_failure(
        &mut lesson(&["--port", "0", "--idp", "keycloak"]),
        "idp.keycloak",
        "but nothing responds at http://localhost:1/realms/mcp-oauth",
    );
    assert_failure(
        &mut lesson(&["--port", "0", "--idp", "http://localhost:1/r"]),
        "idp.issuer",
        "but nothing responds at http://localhost:1/r",
    );
    assert_failure(&mut lesson(&["server", "--port", "0", "--idp", "keycloak"]), "idp.keycloak", "connection refused");
    with_idp(|issuer| {
        let elsewhere = issuer.replace("localhost", "127.0.0.1");
        assert_failure(
            &mut lesson(&["--port", "0", "--idp", &elsewhere]),
            "idp.issuer",
            &format!("names the issuer {issuer}"),
        );
        assert_failure(
            &mut lesson(&["--port", "0", "--idp", &format!("{issuer}x")]),
            "idp.issuer",
            "is being imported is not there yet",
        );
    });
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    for (arguments, sentence) in [
        (&["--break", "nope"][..], "invalid value 'nope'"),
        (&["--port", "70000"], "70000"),
        (&["--scopes", "a\"b"], "a scope cannot have the character"),
        (&["client", "--idp", "embedded"], "a client learns its authorization server by discovery"),
        (&["client", "--break", "wrong-resource"], "is done by the server, which takes no part in this run"),
        (&["server", "--break", "evil-origin"], "is done by the client, which takes no part in this run"),
        (&["nonsense"], "unrecognized subcommand"),
    ] {
        let output = lesson(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[test]
fn a_proxy_in_the_environment_is_not_asked_for_this_machine() {
    let mut command = lesson(&["--port", "0"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:3");
    }
    assert_eq!(events(&mut command).1, 0);
}

#[test]
fn the_hint_about_registration_changes_nothing() {
    let (events, exit) = events(&mut lesson(&["--port", "0", "--registration-hint"]));
    assert_eq!(exit, 0);
    let notes: Vec<_> = events.iter().filter_map(|event| event["text"].as_str()).collect();
    assert!(
        notes.iter().any(|note| note.contains("Ignored, since RFC 9728 does not define it: client_registration_info")),
        "{notes:?}"
    );
}

#[test]
fn every_request_is_shown_as_a_curl_line_that_works_in_a_shell() {
    let output = lesson(&["--port", "0", "--curl"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: String = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(lines.contains("curl -i -X POST 'http://localhost:"), "{text}");
    assert!(lines.contains("-d '{\"jsonrpc\":\"2.0\""), "{text}");
}

/// A program that stays up; killed when dropped.
struct Running(Child, BufReader<std::process::ChildStdout>);

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.arg("--json").stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self(child, lines)
    }

    /// Reads events until one of them satisfies `found`.
    fn until(&mut self, found: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.1.read_line(&mut line).unwrap(), 0, "the program ended before it said what was waited for");
            let event = assert_events_hold(&line).remove(0);
            if found(&event) {
                return event;
            }
        }
    }

    fn note(&mut self, beginning: &str) -> String {
        let is_note = |event: &Value| event["text"].as_str().is_some_and(|text| text.starts_with(beginning));
        self.until(is_note)["text"].as_str().unwrap().to_owned()
    }

    /// Sends the signal, and gives the outcome line and the exit code.
    fn end(mut self, signal: &str) -> (Value, Option<i32>) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
        let outcome = self.until(|event| event["event"] == "outcome");
        (outcome, self.0.wait().unwrap().code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(unix)]
fn the_server_stays_up_for_a_client_in_another_terminal_until_ctrl_c() {
    with_idp(|issuer| {
        for signal in ["-INT", "-TERM"] {
            let mut server = Running::start(&mut lesson(&["server", "--port", "0", "--idp", issuer]));
            let url = server.note("MCP server: ").split_once(": ").unwrap().1.to_owned();
            server.note("Up until Ctrl-C.");
            let (events, exit) = events(&mut lesson(&["client", "--server-url", &url]));
            assert_eq!(exit, 0);
            assert!(events[0]["text"].as_str().unwrap().starts_with(&format!("MCP server: {url}.")), "{}", events[0]);
            assert!(events.iter().all(|event| event["side"] == "client"), "the other terminal shows the client only");
            assert_eq!(events_of_client_breakage(&url), 0);
            let wrong_path = url.replace("/mcp", "/wrong");
            let mut wrong = lesson(&["client", "--server-url", &wrong_path]);
            assert_failure(&mut wrong, "metadata.resource-of-well-known", "the path (/wrong and /mcp)");
            let other_name = url.replace("localhost", "127.0.0.1");
            let (id, message) = failure(&mut lesson(&["client", "--server-url", &other_name]));
            assert_eq!(id, "metadata.resource-of-challenge");
            assert!(message.contains(&other_name) && message.contains(&url), "{message}");
            let (outcome, exit) = server.end(signal);
            assert_eq!((&outcome["ok"], exit), (&Value::Bool(true), Some(0)));
        }
    });
}

/// `client --break evil-origin`: the server is another program, and its 403 is the catch.
fn events_of_client_breakage(url: &str) -> i32 {
    let (events, exit) = events(&mut lesson(&["client", "--server-url", url, "--break", "evil-origin"]));
    assert!(events.iter().any(|event| event["id"] == "origin.refused" && event["passed"] == true), "{events:?}");
    exit
}

#[test]
#[cfg(unix)]
fn a_story_that_is_interrupted_still_ends_with_its_outcome() {
    let mut command = lesson(&["--port", "0", "--pause"]);
    let mut story = Running::start(command.stdin(Stdio::piped()));
    story.until(|event| event["event"] == "received");
    let (outcome, exit) = story.end("-INT");
    assert_eq!((&outcome["ok"], exit), (&Value::Bool(false), Some(1)));
}

#[test]
fn with_pause_each_stage_waits_for_enter() {
    let mut command = lesson(&["--port", "0", "--pause"]);
    let mut story = Running::start(command.stdin(Stdio::piped()));
    story.until(|event| event["n"] == 1);
    for n in 2..=6 {
        story.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        story.until(|event| event["n"] == n);
    }
    assert_eq!(story.until(|event| event["event"] == "outcome")["exit"], 0);
}

#[test]
fn a_plain_run_fits_on_a_few_screens_and_counts_its_marks() {
    shared::testing::assert_plain_run_fits(env!("CARGO_BIN_EXE_01_protected_resource_discovery"), 90);
}

#[test]
fn a_report_is_written_where_it_can_be() {
    let folder = shared::testing::private_folder();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let wrong = lesson(&["--report", "run.txt"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("name a file that ends in .html or in .md"), "{wrong:?}");
    assert_failure(&mut lesson(&["--report", &file("no-such-folder/run.html")]), "report.file", "no-such-folder");
    // A run that fails has a report too, which begins with the failure.
    let arguments = ["client", "--server-url", "http://localhost:1/mcp", "--report", &file("run.md")];
    assert_failure(&mut lesson(&arguments), "http.unreachable", "http://localhost:1/mcp");
    let report = std::fs::read_to_string(file("run.md")).unwrap();
    assert!(report.contains("Lesson 01, protected resource discovery: failed"), "{report}");
    assert!(report.contains("connection refused") && report.contains("What to do: Start the server there"), "{report}");
}
