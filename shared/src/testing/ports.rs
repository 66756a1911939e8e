//! Ports for a program that a test runs. The system chooses them, so that no test needs another's.

use std::process::{Command, Stdio};

/// `--port 0` and the like, for each port that this command lets its user choose and that the
/// arguments do not choose. The command's own `--help` lists them.
pub fn any_ports(binary: &str, arguments: &[&str]) -> Vec<String> {
    ports(binary, arguments, &[])
}

/// Does the same with these ports, by option, in place of 0.
pub(super) fn ports(binary: &str, arguments: &[&str], chosen: &[(&str, &str)]) -> Vec<String> {
    let help = Command::new(binary).args(arguments).arg("--help").stdin(Stdio::null()).output();
    let help = help.unwrap_or_else(|error| panic!("{binary} cannot be run: {error}"));
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    let options = text.lines().filter_map(|line| line.trim().split_once(" <PORT>").map(|(option, _)| option));
    let options = options.filter(|option| option.starts_with("--") && !arguments.contains(option));
    let with_value = options.flat_map(|option| {
        let port = chosen.iter().find(|(known, _)| *known == option).map_or("0", |(_, port)| port);
        [option.to_owned(), port.to_owned()]
    });
    with_value.collect()
}
