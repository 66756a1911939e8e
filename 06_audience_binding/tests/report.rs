//! The report of this lesson, in a real Chromium: it has the most parties, tokens and arrows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../04_authorization_code/tests/common/chromium.rs"]
mod chromium;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use fantoccini::Client;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use shared::testing::{any_ports, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");
/// Bytes of a page that can go with an e-mail.
const MOST_BYTES: usize = 1024 * 1024;

fn main() -> ExitCode {
    let trials = vec![
        Trial::test("the_page_shows_passthrough_and_exchange", the_page_shows_passthrough_and_exchange),
        Trial::test("saved_events_make_the_same_page", saved_events_make_the_same_page),
        Trial::ignorable_test("chromium_shows_the_page", || chromium::with_chromedriver(look_at_it)),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs the lesson; what it printed.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(LESSON)
        .args(arguments)
        .args(any_ports(LESSON, arguments))
        .args(["--idp", "embedded"])
        .current_dir(folder)
        .env("MCP_OAUTH_HOME", folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn the_page_shows_passthrough_and_exchange() -> Result<(), Failed> {
    let folder = private_folder();
    let printed = run(folder.path(), &["--report", "run.html"]);
    assert!(printed.contains("The report of this run: run.html"), "{printed}");
    let page = fs::read_to_string(folder.path().join("run.html"))?;
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    // What the API held after passthrough, and after the exchange.
    let api: Vec<_> = page.split("API holds: ").skip(1).map(|rest| rest.split("</div>").next().unwrap()).collect();
    let tokens = api.iter().map(|held| held.matches(", hashed ").count()).collect::<Vec<_>>();
    assert_eq!(tokens.iter().filter(|count| **count > 0).min(), Some(&1), "{api:?}");
    assert_eq!(tokens.last(), Some(&2), "the passed on one, and the exchanged one: {api:?}");
    Ok(())
}

fn saved_events_make_the_same_page() -> Result<(), Failed> {
    let folder = private_folder();
    let lines = run(folder.path(), &["--json", "--report", "run.html"]);
    let page = fs::read_to_string(folder.path().join("run.html"))?;
    // The line that names the report comes after it was written.
    let (before, after): (Vec<_>, Vec<_>) = lines.lines().partition(|line| !line.contains("The report of this run"));
    assert_eq!(after.len(), 1);
    let saved = shared::report::render(&before.join("\n"), shared::report::Form::Html)?;
    assert_eq!(saved, page);
    Ok(())
}

/// Opens everything, at every width; nothing is requested and nothing complains.
fn look_at_it(driver: &str) -> Result<(), Failed> {
    let folder = private_folder();
    run(folder.path(), &["--report", "run.html"]);
    let url = format!("file://{}", folder.path().join("run.html").display());
    tokio::runtime::Runtime::new()?.block_on(async {
        for width in [320, 1280, 3840] {
            let browser = chromium::connect(driver, (width.max(500), 900)).await?;
            let looked = look(&browser, &url, width).await;
            let _ = browser.close().await;
            looked?;
        }
        Ok(())
    })
}

/// What the page says of itself when every part of it was opened by its keyboard.
const OPEN_EVERYTHING: &str = r"
    const details = [...document.querySelectorAll('details')];
    const closed = details.filter(one => !one.open);
    closed.forEach(one => one.querySelector('summary').click());
    const empty = details.filter(one => one.querySelector('.inside').getBoundingClientRect().height < 10);
    const wide = [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > window.innerWidth);
    return {
        opened: closed.filter(one => one.open).length,
        closed: closed.length,
        empty: empty.length,
        requests: performance.getEntriesByType('resource').length,
        scripts: document.scripts.length,
        scrolls: document.documentElement.scrollWidth > window.innerWidth,
        wide: wide.slice(0, 5).map(one => one.outerHTML.slice(0, 200)),
        unreachable: [...document.querySelectorAll('summary, a[href]')].filter(one => one.tabIndex !== 0).length,
        dead: [...document.querySelectorAll('a[href^=\'#\']')].filter(one => !document.querySelector(one.hash)).length,
        unnamed: [...document.querySelectorAll('summary')].filter(one => !one.textContent.trim()).length,
    };";

async fn look(browser: &Client, url: &str, width: u32) -> Result<(), Failed> {
    browser.goto(url).await?;
    if width < 500 {
        // No window is that narrow, but a frame is.
        let frame = "document.body.innerHTML = '<iframe style=\"width:320px;height:900px;border:0\"></iframe>';
                     const frame = document.querySelector('iframe');
                     frame.srcdoc = arguments[0]; return new Promise(done => frame.onload = () => done(true));";
        let page = browser.source().await?;
        browser.execute(frame, vec![Value::from(page)]).await?;
        browser.clone().enter_frame(0).await?;
    }
    let seen = browser.execute(OPEN_EVERYTHING, vec![]).await?;
    assert!(seen["closed"].as_u64() > Some(100), "{seen}");
    assert_eq!(seen["opened"], seen["closed"], "{seen}");
    for none in ["empty", "requests", "scripts", "unreachable", "dead", "unnamed"] {
        assert_eq!(seen[none], json!(0), "{none} at {width}: {seen}");
    }
    assert_eq!(seen["scrolls"], json!(false), "it is wider than its window: {seen}");
    Ok(())
}
