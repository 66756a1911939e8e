//! A signal ends a story, whatever it is doing; a second one ends the process at once.
#![cfg(unix)]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use shared::reporter::{Format, Options};
use shared::story::{self, Holds};
use shared::{Failure, Reporter};

/// What the story of the process does that is to be ended.
const DOES: &str = "STORY_DOES";

/// The process that is ended: it runs only where the tests below start it.
#[test]
fn child() {
    let Ok(does) = std::env::var(DOES) else { return };
    let options = Options::in_form(Format::Json);
    let reporter = Reporter::new(options, std::io::stdout());
    let holds = if does == "serves" { Holds::WhenInterrupted } else { Holds::WithoutFailure };
    let said = reporter.clone();
    let exit = story::run(&reporter, holds, async move {
        said.note(format!("begun {}", std::process::id()));
        match does.as_str() {
            "computes" => compute(),
            "blocks every thread" => {
                for _ in 0..64 {
                    tokio::spawn(async { compute() });
                }
                compute()
            }
            "prints" => loop {
                said.note("x".repeat(10_000));
            },
            "asks" => {
                let typed = shared::prompt::hidden("Secret (hidden): ".to_owned()).await;
                said.note(format!("typed: {}", typed.is_some()));
            }
            _ => std::future::pending().await,
        }
        Err(Failure::new("never", "It came to its end.", ""))
    });
    std::process::exit(i32::from(format!("{exit:?}") != format!("{:?}", std::process::ExitCode::SUCCESS)));
}

/// A minute without a pause.
fn compute() {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        std::hint::spin_loop();
    }
}

fn start(does: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(DOES, does)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("begun") {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "it ends before it begins");
    }
    (child, output)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// The exit code of a program that ends, however slow the machine is.
fn end(mut child: Child) -> Option<i32> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if since.elapsed() > Duration::from_secs(120) {
            let _ = child.kill();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_signal_ends_every_story_with_its_outcome() {
    for (does, name, exit) in [
        ("waits", "-INT", 1),
        ("waits", "-TERM", 1),
        ("serves", "-INT", 0),
        ("computes", "-INT", 1),
        ("computes", "-TERM", 1),
        ("blocks every thread", "-INT", 1),
    ] {
        let (child, output) = start(does);
        signal(&child, name);
        let lines: Vec<_> = output.lines().map_while(Result::ok).collect();
        assert_eq!(end(child), Some(exit), "{does} {name}: {lines:?}");
        let outcomes = lines.iter().filter(|line| line.contains(r#""event":"outcome""#)).count();
        assert_eq!(outcomes, 1, "{does} {name}: {lines:?}");
    }
}

/// Nobody reads what the story prints, so that it waits for its output for ever.
#[test]
fn a_second_signal_ends_the_process_at_once() {
    for does in ["computes", "blocks every thread", "prints"] {
        let (child, _unread) = start(does);
        std::thread::sleep(Duration::from_millis(200));
        signal(&child, "-INT");
        // Two signals at once may arrive as one.
        std::thread::sleep(Duration::from_millis(300));
        signal(&child, "-INT");
        assert_eq!(end(child), Some(1), "{does}");
    }
}

/// What a terminal shows of a process that asks for a secret and gets this signal, and of the
/// terminal's settings afterwards; `None` where no program gives it a terminal.
#[cfg(target_os = "linux")]
fn prompted(name: &str) -> Option<String> {
    use std::io::Read;

    let program = std::env::current_exe().unwrap();
    let command = format!("'{}' --exact child --nocapture; stty -a", program.display());
    let mut terminal = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env(DOES, "asks")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let (mut output, mut shown) = (terminal.stdout.take().unwrap(), vec![]);
    let shows = |shown: &[u8], text: &str| String::from_utf8_lossy(shown).contains(text);
    while !shows(&shown, "Secret (hidden): ") {
        let mut some = [0; 1024];
        let length = output.read(&mut some).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&shown));
        shown.extend(&some[..length]);
    }
    // The prompt is there a moment before the terminal stops to echo.
    std::thread::sleep(Duration::from_millis(300));
    if name == "Ctrl-C" {
        std::io::Write::write_all(terminal.stdin.as_mut().unwrap(), b"\x03").unwrap();
    } else {
        let text = String::from_utf8_lossy(&shown).into_owned();
        let process = text.split("begun ").nth(1).unwrap().split('"').next().unwrap();
        assert!(Command::new("kill").args([name, process]).status().unwrap().success());
    }
    output.read_to_end(&mut shown).unwrap();
    terminal.wait().unwrap();
    Some(String::from_utf8_lossy(&shown).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_at_a_hidden_prompt_leaves_the_terminal_as_it_was() {
    for name in ["Ctrl-C", "-INT", "-TERM"] {
        let Some(shown) = prompted(name) else { return };
        assert!(shown.contains(r#""id":"interrupted""#) && !shown.contains("typed"), "{name}: {shown}");
        for setting in [" echo ", " icanon ", " isig "] {
            let settings = shown.replace(['\r', '\n', ';'], " ");
            assert!(settings.contains(setting), "{name}:{setting}: {shown}");
        }
    }
}
