use std::process::Output;

use serde_json::Value;

use super::assert_events_hold;
use crate::breakage::Breakage;

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
