use std::path::Path;
use std::process::{Command, Output};

/// A run of a lesson's binary without Keycloak, without a terminal, and on ports that are free.
pub struct Transcript {
    /// What it printed on standard output, with the ports of the tutorial and without what differs from run to run.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: Option<i32>,
}

/// Addresses where nothing listens, so that a Keycloak on the developer's machine does not change a transcript.
const NO_KEYCLOAK: (&str, &str) = ("KEYCLOAK_URL", "http://localhost:1");
const NO_EMBEDDED_IDP: (&str, &str) = ("EMBEDDED_IDP_URL", "http://localhost:2");

impl Transcript {
    /// Runs the binary with these arguments and `--port 0`.
    pub fn of(binary: &str, arguments: &[&str]) -> Self {
        let output = Command::new(binary)
            .args(arguments)
            .args(["--port", "0"])
            .envs([NO_KEYCLOAK, NO_EMBEDDED_IDP])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{binary} cannot be run: {error}"));
        let Output { stdout, stderr, status } = output;
        Self {
            stdout: settled(&String::from_utf8_lossy(&stdout)),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            exit: status.code(),
        }
    }
}

/// The text with what differs from run to run made equal: ports and milliseconds.
fn settled(text: &str) -> String {
    let text = text.replace("localhost:1/", "localhost:9000/");
    let text = with_port(&text, "/mcp", "8000");
    let text = with_port(&text, "/realms/", "54321");
    let lines = text.lines().map(|line| match line.rsplit_once(" (") {
        Some((before, rest)) if rest.ends_with(" ms)") => format!("{before} (1 ms)\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// Replaces the port which the system chose for the server whose URLs go on with `path`.
fn with_port(text: &str, path: &str, port: &str) -> String {
    let chosen = text.split("localhost:").skip(1).find_map(|rest| {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        (after.starts_with(path) && digits.len() == 5).then_some(digits)
    });
    chosen.map_or_else(
        || text.to_owned(),
        |chosen| text.replace(&format!("localhost:{chosen}"), &format!("localhost:{port}")),
    )
}

/// Runs every command of the README that begins with `$ cargo run -p <package>`, and may end with `| tail -n N` or
/// `| sed -n '/^A/,$p'`, and compares what it prints with what the README says that it prints. With `UPDATE_TRANSCRIPTS=1` in the environment it writes the README anew instead.
pub fn check_readme(readme: &Path, package: &str, binary: &str) {
    let text = std::fs::read_to_string(readme).unwrap_or_else(|error| panic!("{}: {error}", readme.display()));
    let prompt = format!("$ cargo run -p {package}");
    let mut written = String::new();
    let mut rest = text.as_str();
    let mut found = 0;
    while let Some(start) = rest.find("```console\n") {
        let (before, block) = rest.split_at(start + "```console\n".len());
        let (block, after) = block.split_at(block.find("```").expect("a fence is closed"));
        written += before;
        written += &match block.lines().next().and_then(|line| line.strip_prefix(&prompt)) {
            Some(arguments) => {
                found += 1;
                transcript_block(binary, &prompt, arguments)
            }
            None => block.to_owned(),
        };
        rest = after;
    }
    written += rest;
    assert!(found > 0, "{} shows no run of {package}", readme.display());
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(readme, written).expect("the README can be written");
    } else if written != text {
        let differs = text.lines().zip(written.lines()).find(|(old, new)| old != new);
        let (old, new) = differs.unwrap_or(("(end)", "(end)"));
        panic!(
            "{} shows what {package} no longer prints.\n  README: {old}\n  run:    {new}\nUPDATE_TRANSCRIPTS=1 writes it anew.",
            readme.display()
        );
    }
}

fn transcript_block(binary: &str, prompt: &str, arguments: &str) -> String {
    let (command, filter) = arguments.split_once(" | ").unwrap_or((arguments, "cat"));
    let words: Vec<_> = command.split_whitespace().filter(|word| *word != "--").collect();
    let stdout = Transcript::of(binary, &words).stdout;
    let lines: Vec<_> = stdout.lines().collect();
    let shown: String = lines[filtered(filter, &lines)].iter().map(|line| format!("{line}\n")).collect();
    format!("{prompt}{arguments}\n{shown}")
}

/// The lines that `cat`, `tail -n N`, `sed -n '/^A/,$p'` or `sed -n '/^A/,/^B/p'` lets through; A and B are plain text.
fn filtered(filter: &str, lines: &[&str]) -> std::ops::Range<usize> {
    let unknown = || -> ! { panic!("this filter is not known: {filter}") };
    if filter == "cat" {
        return 0..lines.len();
    }
    if let Some(n) = filter.strip_prefix("tail -n ") {
        return lines.len().saturating_sub(n.parse().unwrap_or_else(|_| unknown()))..lines.len();
    }
    let range = filter.strip_prefix("sed -n '/^").and_then(|rest| rest.strip_suffix("p'")?.split_once("/,"));
    let (first, last) = range.unwrap_or_else(|| unknown());
    let start = lines.iter().position(|line| line.starts_with(first)).unwrap_or(lines.len());
    match last.strip_prefix("/^").and_then(|last| last.strip_suffix('/')) {
        Some(last) => {
            let after = lines.iter().skip(start + 1).position(|line| line.starts_with(last));
            start..after.map_or(lines.len(), |n| start + n + 2)
        }
        None if last == "$" => start..lines.len(),
        None => unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::{filtered, settled};

    #[test]
    fn filters_let_through_what_the_shell_would() {
        let lines = ["a 1", "b 1", "x", "c 1", "b 2"];
        assert_eq!(filtered("cat", &lines), 0..5);
        assert_eq!((filtered("tail -n 2", &lines), filtered("tail -n 20", &lines)), (3..5, 0..5));
        assert_eq!(filtered("sed -n '/^b/,$p'", &lines), 1..5);
        assert_eq!(filtered("sed -n '/^b/,/^c/p'", &lines), 1..4);
        assert_eq!(filtered("sed -n '/^b/,/^z/p'", &lines), 1..5);
        assert_eq!(filtered("sed -n '/^z/,$p'", &lines), 5..5);
    }

    #[test]
    fn what_differs_from_run_to_run_is_made_equal() {
        let text = "POST http://localhost:43211/mcp (17 ms)\nhttp://localhost:43211/x http://localhost:34567/realms/r http://localhost:1/realms/r\n";
        let settled = settled(text);
        assert_eq!(
            settled,
            "POST http://localhost:8000/mcp (1 ms)\nhttp://localhost:8000/x http://localhost:54321/realms/r http://localhost:9000/realms/r\n"
        );
    }
}
