//! For tests: pages in a real Chromium, where one is.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use fantoccini::{Client, ClientBuilder};
use libtest_mimic::{Completion, Failed};
use serde_json::json;
use shared::testing::Running;

/// Runs a test with a chromedriver, or ignores it where there is none; with `CI` set that is a
/// failure.
pub fn with_chromedriver(test: impl FnOnce(&str) -> Result<(), Failed>) -> Result<Completion, Failed> {
    let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut driver = match driver {
        Ok(child) => Running(child),
        Err(error) if std::env::var_os("CI").is_none() => {
            return Ok(Completion::ignored_with(format!("no chromedriver can be started ({error})")));
        }
        Err(error) => {
            return Err(format!(
                "CI is set, so a browser has to be there, but no chromedriver can be started ({error})."
            )
            .into());
        }
    };
    let mut lines =
        BufReader::new(driver.0.stdout.take().ok_or("chromedriver has no output")?).lines().map_while(Result::ok);
    // Its first line names the port that was asked for, 0; a later one the port that it got.
    let port = |line: String| line.trim_end_matches('.').rsplit_once(" on port ")?.1.parse::<u16>().ok();
    let port = lines.find_map(|line| port(line).filter(|port| *port != 0));
    let port = port.ok_or("chromedriver did not say its port")?;
    // A program stops where nobody reads what it prints.
    std::thread::spawn(move || lines.for_each(drop));
    test(&format!("http://127.0.0.1:{port}")).map(|()| Completion::Completed)
}

/// A new window of a browser without a screen: columns and rows of pixels.
pub async fn connect(driver: &str, (width, height): (u32, u32)) -> Result<Client, Failed> {
    let size = format!("--window-size={width},{height}");
    let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", &size];
    let options = json!({"args": arguments});
    let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
    let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
    let session = builder.capabilities(capabilities).connect(driver).await;
    session.map_err(|error| format!("no browser session: {error}").into())
}
