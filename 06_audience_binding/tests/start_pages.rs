//! The pages of this lesson's servers for people with a browser.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use keycloak::{Embedded, Realm};
use serde_json::Value;
use shared::listen;
use shared::testing::{Running, check_start_page};

#[tokio::test(flavor = "multi_thread")]
async fn each_server_has_a_page_on_which_everything_works() {
    let listener = listen::bind(0, "test", "").await.unwrap();
    let embedded = Embedded::start(listener, Realm::shipped().unwrap());
    let home = shared::testing::private_folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_06_audience_binding"));
    command.args(["server", "--json", "--idp", embedded.issuer(), "--port", "0", "--second-port", "0"]);
    command.args(["--downstream-port", "0"]).env("MCP_OAUTH_HOME", home.path());
    let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let _running = Running(child);
    let mut lines = lines.filter_map(|line| {
        let event: Value = serde_json::from_str(&line).unwrap();
        event["text"].as_str().map(str::to_owned)
    });
    let first = lines.find_map(|text| text.strip_prefix("MCP server: ").map(str::to_owned)).unwrap();
    let others =
        lines.find_map(|text| text.strip_prefix("Second MCP server, a calendar: ").map(str::to_owned)).unwrap();
    // A program stops where nobody reads what it prints.
    std::thread::spawn(move || lines.for_each(drop));
    let (second, api) = others.split_once(". The API behind the first one: ").unwrap();
    for (url, says) in [
        (first.as_str(), format!("cargo 06 client --server-url {first}")),
        (second, format!("cargo 06 client --server-url {second}")),
        (api, "The API behind the MCP server".to_owned()),
    ] {
        let (base, _) = url.rsplit_once('/').unwrap();
        let mut html = String::new();
        // The server says its URL before it serves.
        for _ in 0..50 {
            if tokio::net::TcpStream::connect(base.trim_start_matches("http://")).await.is_ok() {
                html = check_start_page(base).await;
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert!(html.contains(&says), "{url}: {html}");
    }
}
