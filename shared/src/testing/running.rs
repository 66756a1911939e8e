use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A lesson's program that is still running; it ends when this is dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts an MCP server with `--json`, and waits until it says its URL.
    pub fn server(mut command: Command) -> (Self, String) {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let event: Value = serde_json::from_str(&line).expect("each line is an event");
            event["text"].as_str()?.strip_prefix("MCP server: ").map(str::to_owned)
        });
        // Whoever prints into a pipe that nobody reads stands still.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        (Self(child), url.expect("the server says its URL"))
    }
}
