//! A server prints no token that a stranger sends, wherever it is in the request.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use shared::testing::{Running, any_ports, secrets};

const LESSON: &str = env!("CARGO_BIN_EXE_05_token_use");
/// The example of RFC 6750, section 2.1, made longer; and a JWT that nobody has signed.
const TOKENS: [&str; 2] = [
    "mF_9.B5f-4.1JqM-of-a-foreign-client",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJmb3JlaWduIiwianRpIjoieCJ9.c2lnbmF0dXJlLW9mLW5vYm9keS1hdC1hbGw",
];

/// The response to a request with these lines in its head.
fn ask(port: &str, target: &str, headers: &[String], body: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    let mut head = format!("POST {target} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n");
    head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"));
    headers.iter().for_each(|line| head.push_str(&format!("{line}\r\n")));
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

/// Where a request can have its token.
fn requests(token: &str) -> Vec<(String, Vec<String>)> {
    let header = |scheme: &str| format!("Authorization: {scheme}{token}");
    let to = |target: &str, headers: Vec<String>| (target.to_owned(), headers);
    vec![
        to("/mcp", vec![header("Bearer ")]),
        to("/mcp", vec![header("DPoP ")]),
        to("/mcp", vec![header("DPoP "), format!("DPoP: {token}")]),
        to("/mcp", vec![header("Bearer "), header("Bearer ")]),
        to("/mcp", vec![header("Basic ")]),
        to("/mcp", vec![header("Token ")]),
        to("/mcp", vec![header("")]),
        to("/mcp", vec![header("Bearer two words ")]),
        to(&format!("/mcp?access_token={token}"), vec![]),
        to(&format!("/mcp?access_token={token}"), vec![header("Bearer ")]),
    ]
}

#[test]
fn no_token_of_a_foreign_client_is_printed() {
    for (view, expected) in [(&["--full", "--curl"][..], "401"), (&["--json"], "\"text\":\"401")] {
        let arguments = [view, &["server", "--idp", "embedded"]].concat();
        let mut command = Command::new(LESSON);
        command.args(&arguments).args(any_ports(LESSON, &arguments)).stdin(Stdio::null());
        let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut output = BufReader::new(running.0.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains("MCP server: http") {
            assert!(output.read_line(&mut printed).unwrap() > 0, "{printed}");
        }
        let url = printed.split("MCP server: http://localhost:").nth(1).unwrap();
        let port = url.split('/').next().unwrap().to_owned();
        for token in TOKENS {
            for (target, headers) in requests(token) {
                let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{token}"}}"#);
                let response = ask(&port, &target, &headers, &body);
                let status = response.split(' ').nth(1).unwrap();
                assert!(["400", "401"].contains(&status), "{target} {headers:?}: {response}");
                secrets::assert_hidden(&response, &[token], &target);
            }
        }
        drop(running);
        output.read_to_string(&mut printed).unwrap();
        assert!(printed.contains(expected), "{printed}");
        secrets::assert_hidden(&printed, &TOKENS, &view.join(" "));
    }
}
