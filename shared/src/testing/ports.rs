//! Ports for a program that a test runs. No test gets another's.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::process::{Command, Stdio};

/// Systems choose ports from 32768 or 49152 on, for a listener at port 0 and for a connection.
const RESERVED: Range<u16> = 20_000..30_000;

/// A port for a program that has to be given its number: the port is in a URL that others know
/// beforehand, or a second program listens there later. No other test has it until this is dropped,
/// and the system gives it to nobody.
#[derive(Debug)]
pub struct ReservedPort {
    number: u16,
    _lock: File,
}

impl ReservedPort {
    /// Reserves a port for this test.
    pub fn take() -> Self {
        let folder = std::env::temp_dir().join("mcp-oauth-test-ports");
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        // Test programs that run side by side begin at different ports.
        let first = std::process::id() as usize % RESERVED.len();
        for number in RESERVED.cycle().skip(first).take(RESERVED.len()) {
            let mut options = OpenOptions::new();
            let opened = options.create(true).truncate(false).write(true).open(folder.join(number.to_string()));
            let Ok(lock) = opened else { continue };
            // The second condition is for programs that know nothing of these locks.
            if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Self { number, _lock: lock };
            }
        }
        panic!("all ports from {} to {} are taken", RESERVED.start, RESERVED.end - 1);
    }

    /// The number of the port.
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl std::fmt::Display for ReservedPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.number.fmt(f)
    }
}

/// `--port 0` and the like, for each port that this command lets its user choose and that the
/// arguments do not choose. The command's own `--help` lists them.
pub fn any_ports(binary: &str, arguments: &[&str]) -> Vec<String> {
    port_options(binary, arguments).into_iter().flat_map(|option| [option, "0".to_owned()]).collect()
}

/// Ports by option, for programs that run one after the other and count on the same ones.
#[derive(Default)]
pub(super) struct LastingPorts(BTreeMap<String, ReservedPort>);

impl LastingPorts {
    /// The options for a run with these ports; one that is new here gets a port now.
    pub fn options(&mut self, binary: &str, arguments: &[&str]) -> Vec<String> {
        let with_value = port_options(binary, arguments).into_iter().flat_map(|option| {
            let port = self.0.entry(option.clone()).or_insert_with(ReservedPort::take).to_string();
            [option, port]
        });
        with_value.collect()
    }
}

fn port_options(binary: &str, arguments: &[&str]) -> Vec<String> {
    let help = Command::new(binary).args(arguments).arg("--help").stdin(Stdio::null()).output();
    let help = help.unwrap_or_else(|error| panic!("{binary} cannot be run: {error}"));
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    let options = text.lines().filter_map(|line| line.trim().split_once(" <PORT>").map(|(option, _)| option));
    let options = options.filter(|option| option.starts_with("--") && !arguments.contains(option));
    options.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_port_is_nobody_elses() {
        let ports = [(); 5].map(|()| ReservedPort::take());
        let mut numbers = ports.each_ref().map(ReservedPort::number).to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), ports.len());
        assert!(numbers.iter().all(|number| TcpListener::bind((Ipv4Addr::LOCALHOST, *number)).is_ok()));
    }
}
