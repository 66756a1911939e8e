use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::Value;

use crate::Reporter;
use crate::reporter::{Format, Options, WIDTH};

const PLAIN: Format = Format::Person { color: false, width: WIDTH };

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../../events.schema.json")).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a JSON Schema")
});

/// The events of a run in JSON Lines form. Every line has to hold against `events.schema.json`, or
/// the test fails.
pub fn assert_events_hold(lines: &str) -> Vec<Value> {
    let hold = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
        if let Err(error) = SCHEMA.validate(&event) {
            panic!("does not hold against events.schema.json: {error}\n{line}");
        }
        event
    };
    lines.lines().map(hold).collect()
}

/// A reporter whose output a test can read.
#[derive(Clone)]
pub struct Captured {
    reporter: Reporter,
    buffer: Buffer,
}

impl Captured {
    /// In JSON Lines form.
    pub fn json() -> Self {
        Self::with(Format::Json)
    }

    /// As a person without colour sees it.
    pub fn plain() -> Self {
        Self::with(PLAIN)
    }

    /// As a person without colour sees it who wants everything, with `--full` and `--curl`.
    pub fn with_curl() -> Self {
        Self::of(Options { full: true, curl: true, ..Options::in_form(PLAIN) })
    }

    fn with(format: Format) -> Self {
        Self::of(Options::in_form(format))
    }

    fn of(options: Options) -> Self {
        let buffer = Buffer::default();
        Self { reporter: Reporter::new(options, buffer.clone()), buffer }
    }

    pub fn reporter(&self) -> Reporter {
        self.reporter.clone()
    }

    /// What was printed so far.
    pub fn text(&self) -> String {
        let bytes = self.buffer.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The events so far, each held against the schema.
    pub fn events(&self) -> Vec<Value> {
        assert_events_hold(&self.text())
    }

    /// The checks so far with this id: who made each, and whether it passed.
    pub fn checks(&self, id: &str) -> Vec<(String, bool)> {
        let checks = self.events().into_iter().filter(|event| event["event"] == "checked" && event["id"] == id);
        checks.map(|check| (check["side"].as_str().unwrap_or_default().to_owned(), check["passed"] == true)).collect()
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
