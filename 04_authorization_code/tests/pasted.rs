//! The callback URL, pasted into a terminal by a person whose browser runs on another machine.
#![cfg(target_os = "linux")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::json;
use shared::testing::{Fake, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_04_authorization_code");

/// A terminal in which the client waits for the browser.
struct Terminal {
    program: Child,
    output: ChildStdout,
    shown: String,
    /// Where the next text is looked for.
    from: usize,
}

impl Terminal {
    /// `None` where this machine has no program that gives another one a terminal.
    fn start(fake: &Fake, home: &std::path::Path) -> Option<Self> {
        let arguments = format!(
            "client --json --browser --server-url {} --client-issuer {} --callback-port 0 --document-port 0",
            fake.url("/mcp"),
            fake.url("")
        );
        // Ctrl-C reaches the shell too, and some shells end with it unless they have a trap.
        let command = format!("trap : INT; '{LESSON}' {arguments}; echo exit code $?; stty -a");
        let mut program = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("MCP_OAUTH_HOME", home)
            .env("BROWSER", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let output = program.stdout.take().unwrap();
        Some(Self { program, output, shown: String::new(), from: 0 })
    }

    fn wait_for(&mut self, text: &str) {
        while !self.shown[self.from..].contains(text) {
            let mut some = [0; 4096];
            let length = self.output.read(&mut some).unwrap();
            assert!(length > 0, "no “{text}” in {}", self.shown);
            self.shown += &String::from_utf8_lossy(&some[..length]).replace('\u{fffd}', "?");
        }
    }

    fn paste(&mut self, text: &str) {
        self.program.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// All that was shown, once the terminal is as it was before.
    fn end(mut self) -> String {
        self.wait_for("iexten");
        drop(self.program.stdin.take());
        self.program.wait().unwrap();
        let settings = self.shown.rsplit("exit code").next().unwrap().replace(['\r', '\n', ';'], " ");
        for setting in [" echo ", " icanon ", " isig "] {
            assert!(settings.contains(setting), "{setting}: {settings}");
        }
        self.shown
    }
}

/// Where a browser on another machine ends.
fn visit(fake: &Fake, shown: &str) -> String {
    let begin = fake.url("/authorize?");
    let url = format!("{begin}{}", shown.split(&begin).last().unwrap().split('"').next().unwrap());
    let mut connection = TcpStream::connect(("127.0.0.1", fake.port())).unwrap();
    let path = url.strip_prefix(&fake.url("")).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n", fake.port()).unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    let location = response.lines().find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or_else(|| panic!("{url}: {response}")).to_owned()
}

fn honest(code: &str) -> Fake {
    let question = json!({ "POST /token code=this-code-was-never-issued":
        { "status": 400, "body": { "error": "invalid_grant" } } });
    let back = format!("{{q:redirect_uri}}?code={code}&state={{q:state}}&iss=http%3A%2F%2F127.0.0.1%3A{{port}}");
    let authorize = json!({ "GET /authorize": { "status": 302, "headers": [["location", back]] } });
    Fake::start(&[question, authorize])
}

#[test]
fn a_pasted_response_gets_the_checks_of_one_that_a_browser_brings() {
    // A terminal cuts the lines that it gathers itself off before that.
    let code = "c0de-".repeat(1_500);
    let (fake, home) = (honest(&code), private_folder());
    let Some(mut terminal) = Terminal::start(&fake, home.path()) else { return };
    terminal.wait_for("press Enter.");
    let back = visit(&fake, &terminal.shown);
    let uri = back.split('?').next().unwrap().to_owned();
    for (line, says) in [
        ("pr1vate text", "The client ignores this line: it does not begin with"),
        (&back.replace("127.0.0.1", "localhost"), "it does not begin with http://127.0.0.1:"),
        (&format!("{uri}?code=c&state=wr0ng"), "A response with another state came."),
        (&format!("{uri}?error=access_denied"), "An error without state came."),
        // Corrected before Enter.
        (&format!("x\u{7f}pr1vate\u{15}{back}"), "It is taken as if the browser had come here."),
    ] {
        terminal.from = terminal.shown.len();
        terminal.paste(&format!("{line}\r"));
        terminal.wait_for(says);
    }
    terminal.wait_for("exit code 0");
    let shown = terminal.end();
    assert!(!shown.contains("c0de-c0de") && !shown.contains("pr1vate") && !shown.contains("wr0ng"), "{shown}");
    let sent = fake.requests_to("POST /token");
    assert!(sent.iter().any(|request| request.field("code") == Some(&code)), "{shown}");
}

#[test]
fn a_key_ends_the_wait_for_something_pasted() {
    let (fake, home) = (honest("c"), private_folder());
    let Some(mut terminal) = Terminal::start(&fake, home.path()) else { return };
    terminal.wait_for("press Enter.");
    terminal.paste("half a line\u{3}");
    terminal.wait_for("exit code 1");
    let shown = terminal.end();
    assert!(shown.contains(r#""id":"interrupted""#) && !shown.contains("half a line"), "{shown}");
}
