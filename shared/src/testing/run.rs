use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{any_ports, assert_events_hold};
use crate::breakage::Breakage;
use crate::kept::{HOME_VARIABLE, PASSPHRASE_VARIABLE};

/// What a run with `--json` said, each event held against the schema.
#[derive(Debug)]
pub struct Run {
    /// The events.
    pub events: Vec<Value>,
    /// Whether the exit code was 0.
    pub success: bool,
}

impl Run {
    /// Reads the output of a program that has ended.
    pub fn of(output: &Output) -> Self {
        Self { events: assert_events_hold(&String::from_utf8_lossy(&output.stdout)), success: output.status.success() }
    }

    /// Runs a lesson's program with `--json`, on free ports, without a terminal. `home`
    /// is its store, and the user of `--login` has a password.
    pub fn of_lesson(binary: &str, home: &Path, arguments: &[&str]) -> Self {
        let output = Command::new(binary)
            .args(arguments)
            .arg("--json")
            .args(any_ports(binary, arguments))
            .env(HOME_VARIABLE, home)
            .env_remove(PASSPHRASE_VARIABLE)
            .env("LOGIN_PASSWORD", "any-password-at-all")
            .stdin(Stdio::null())
            .output();
        Self::of(&output.unwrap_or_else(|error| panic!("{binary} cannot be run: {error}")))
    }

    /// How each check with this id ended.
    pub fn checks(&self, id: &str) -> Vec<bool> {
        let checks = self.events.iter().filter(|event| event["event"] == "checked" && event["id"] == id);
        checks.map(|check| check["passed"] == true).collect()
    }

    /// How many requests were sent by this method to URLs with this part.
    pub fn sent(&self, method: &str, part: &str) -> usize {
        let sent = |event: &&Value| {
            let url = event["url"].as_str().unwrap_or_default();
            event["event"] == "sent" && event["method"] == method && url.contains(part)
        };
        self.events.iter().filter(sent).count()
    }

    /// Whether the text stands in any event.
    pub fn says(&self, text: &str) -> bool {
        self.events.iter().any(|event| event.to_string().contains(text))
    }

    /// The words stand in the events; those with `!` in front do not. `{port}` is this port.
    pub fn assert_says(&self, words: &[&str], port: u16, case: &str) {
        for word in words {
            let (word, wanted) = word.strip_prefix('!').map_or((*word, true), |word| (word, false));
            let word = word.replace("{port}", &port.to_string());
            assert_eq!(self.says(&word), wanted, "{case}: {word}\n{:#?}", self.events);
        }
    }

    /// The first error: its id, its message, its fix.
    pub fn error(&self) -> (String, String, String) {
        let error = self.events.iter().find(|event| event["event"] == "error");
        let error = error.unwrap_or_else(|| panic!("no error: {:#?}", self.events));
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (text("id"), text("message"), text("fix"))
    }

    /// The rule that was broken was caught by the side and at the check that the lesson names,
    /// once, with at most one error event, and the story holds.
    pub fn assert_caught(&self, breakage: &Breakage) {
        let (name, events) = (breakage.name, &self.events);
        let caught: Vec<_> = events.iter().filter(|event| event["expected_failure"] == true).collect();
        assert_eq!(caught.len(), 1, "--break {name}: {events:#?}");
        assert_eq!(caught[0]["id"], breakage.caught_as.id, "--break {name}");
        assert_eq!(caught[0]["side"], breakage.caught_by.to_string().to_lowercase(), "--break {name}");
        let errors = events.iter().filter(|event| event["event"] == "error").count();
        assert!(errors <= 1, "--break {name}: one error event at the most");
        assert_eq!(
            (self.success, events.last().map(|event| event["ok"] == true)),
            (true, Some(true)),
            "--break {name}"
        );
    }
}
