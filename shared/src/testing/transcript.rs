use std::path::Path;
use std::process::{Command, Output};

use regex::{Captures, Regex};

use super::ports::{LastingPorts, any_ports};
use crate::kept::{HOME_VARIABLE, PASSPHRASE_VARIABLE};

/// A run of a lesson's binary without Keycloak, without a terminal, and on ports that are free.
pub struct Transcript {
    /// What it printed on standard output, with the ports of the tutorial and without what differs
    /// from run to run.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: Option<i32>,
}

/// Addresses where nothing listens, so that a Keycloak on the developer's machine does not change a
/// transcript.
const NO_KEYCLOAK: (&str, &str) = ("KEYCLOAK_URL", "http://localhost:1");
const NO_EMBEDDED_IDP: (&str, &str) = ("EMBEDDED_IDP_URL", "http://localhost:2");

impl Transcript {
    /// Runs the binary with these arguments and ports that the system chooses.
    pub fn of(binary: &str, arguments: &[&str]) -> Self {
        Self::with(binary, arguments, &[], &any_ports(binary, arguments))
    }

    /// Does the same with these environment variables and these ports, by option.
    fn with(binary: &str, arguments: &[&str], variables: &[(&str, &str)], ports: &[String]) -> Self {
        // No test may touch the user's own store.
        let own_home = super::private_folder();
        let output = Command::new(binary)
            .args(arguments)
            .args(ports)
            .envs([NO_KEYCLOAK, NO_EMBEDDED_IDP])
            .env(HOME_VARIABLE, own_home.path())
            .env_remove(PASSPHRASE_VARIABLE)
            .envs(variables.iter().copied())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{binary} cannot be run: {error}"));
        let Output { stdout, stderr, status } = output;
        let mut text = String::from_utf8_lossy(&stdout).into_owned();
        if let Some((_, home)) = variables.iter().find(|(name, _)| *name == HOME_VARIABLE) {
            text = text.replace(home, HOME);
        }
        Self { stdout: settled(&text), stderr: String::from_utf8_lossy(&stderr).into_owned(), exit: status.code() }
    }
}

/// The folder of what is kept, as a README shows it.
const HOME: &str = "~/.local/state/mcp-oauth";

/// The text with what differs from run to run made equal: ports, milliseconds, times, identifiers
/// and fingerprints. Equal ones stay equal, and different ones different.
fn settled(text: &str) -> String {
    let mut text = text.replace("localhost:1/", "localhost:9000/");
    // The paths of one party stand together, so that its port is the same in all of them.
    let parties: [(&[&str], usize); 6] = [
        (&["/mcp", "/.well-known/oauth-protected-resource", "%2Fmcp"], 8000),
        (
            &["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/admin/", "/realms/"],
            54321,
        ),
        (&["/reports"], 8002),
        (&["/honest", "/attacker"], 8003),
        (&["/callback", "%2Fcallback"], 8888),
        (&["/client.json", "%2Fclient.json"], 8889),
    ];
    for (paths, port) in parties {
        text = with_port(&text, paths, port);
    }
    text = numbered(&text, r"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})", |n| {
        format!("{n:08x}-5e77-4ed0-8000-7ea5e77ed000")
    });
    // A line may have been broken between the two words.
    text = numbered(&text, r"hashed\s+([0-9a-f]{8})", |n| format!("{:08x}", 0x5ec2_0000 + n));
    // 256 bits in base64url: challenges, key identifiers, sessions, thumbprints, nonces.
    text = numbered(
        &text,
        r#"(?:kid|sid|jti|code_challenge|"kid":|"sid":|dpop-nonce:|ath is|cnf.jkt is|"jkt":|seen:)\s*"?([A-Za-z0-9_-]{43})"#,
        |n| {
            // The example of RFC 7636, appendix B, with the number at its end.
            format!("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-{n:02}")
        },
    );
    // The modulus of an RSA key of 2048 bits.
    text = numbered(&text, r#""n": "([A-Za-z0-9_-]{342})""#, |n| format!("0vx7agoebGcQSuuPiLJXZptN{n:A<318}"));
    text = numbered(&text, r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)", |_| "2026-11-21T12:00:00Z".to_owned());
    text = numbered(&text, r"\b(1[789]\d{8})\b", |_| "1795262400".to_owned());
    text = numbered(&text, r"date: (\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT)", |_| {
        "Sat, 21 Nov 2026 12:00:00 GMT".to_owned()
    });
    let lines = text.lines().map(|line| match line.rsplit_once(" (") {
        Some((before, rest)) if rest.ends_with(" ms)") => format!("{before} (1 ms)\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// Replaces the group of each match by what `name` makes of its number: equal ones have the same.
fn numbered(text: &str, pattern: &str, name: impl Fn(usize) -> String) -> String {
    let pattern = Regex::new(pattern).unwrap_or_else(|error| panic!("{error}"));
    let mut seen: Vec<String> = Vec::new();
    let named = |found: &Captures<'_>| {
        let (whole, group) = (found.get_match(), found.get(1).expect("the pattern has a group"));
        let n = seen.iter().position(|known| known == group.as_str()).unwrap_or_else(|| {
            seen.push(group.as_str().to_owned());
            seen.len() - 1
        });
        format!("{}{}{}", &text[whole.start()..group.start()], name(n + 1), &text[group.end()..whole.end()])
    };
    pattern.replace_all(text, named).into_owned()
}

/// Replaces the port which the system chose for the server whose URLs go on with one of these
/// paths, where it is written plainly or inside a query. A second such server gets the next port.
fn with_port(text: &str, paths: &[&str], port: usize) -> String {
    let paths: Vec<_> = paths.iter().map(|path| regex::escape(path)).collect();
    let pattern = format!(r"(?:localhost|127\.0\.0\.1)(?::|%3A)(\d{{5}})(?:{})", paths.join("|"));
    numbered(text, &pattern, |n| (port + n - 1).to_string())
}

/// Stands in a README, unseen by its reader, before a command whose IdP stays: then its runs follow
/// each other on one IdP and keep what they keep.
const STAYS: &str = "<!-- with an IdP that stays -->\n\n```console\n";

/// [`check_readme`], with an embedded IdP that stays at `realm` and a folder for what its commands
/// keep.
pub fn check_readme_at(realm: &str, readme: &Path, package: &str, binary: &str) {
    let origin = realm.split("/realms/").next().unwrap_or(realm);
    let home = tempfile::tempdir().expect("a folder can be made");
    // A path of the same length everywhere, so that lines break alike.
    let kept = home.path().join("kept");
    let kept = kept.to_str().expect("a path in UTF-8");
    check_readme(readme, package, binary, &[("EMBEDDED_IDP_URL", origin), (HOME_VARIABLE, kept)]);
}

/// Runs every command of the README that begins with `$ cargo run -p <package>`, after environment
/// variables of its own if it has any, and may end with `| tail -n N` or `| sed -n '/^A/,$p'`, and
/// compares what it prints with what the README says that it prints. With `UPDATE_TRANSCRIPTS=1` in
/// the environment it writes the README anew instead. `lasting` are the environment variables of
/// commands whose IdP stays.
pub fn check_readme(readme: &Path, package: &str, binary: &str, lasting: &[(&str, &str)]) {
    check_readme_with(readme, package, binary, lasting, &[]);
}

/// The same, with a server that stays too: `addresses` are the README's own, and where the commands
/// whose IdP stays find these parties here.
pub fn check_readme_with(
    readme: &Path,
    package: &str,
    binary: &str,
    lasting: &[(&str, &str)],
    addresses: &[(&str, &str)],
) {
    let text = std::fs::read_to_string(readme).unwrap_or_else(|error| panic!("{}: {error}", readme.display()));
    let mut written = String::new();
    let mut rest = text.as_str();
    let mut found = 0;
    let mut lasting_ports = LastingPorts::default();
    while let Some(start) = rest.find("```console\n") {
        let (before, block) = rest.split_at(start + "```console\n".len());
        let (block, after) = block.split_at(block.find("```").expect("a fence is closed"));
        written += before;
        let line = block.lines().next().unwrap_or_default();
        written += &match command(line, package) {
            Some((own, arguments)) => {
                found += 1;
                let stays = written.ends_with(STAYS);
                let here = |word| {
                    let address = addresses.iter().find(|(shown, _)| stays && *shown == word);
                    address.map_or(word, |(_, here)| *here)
                };
                let words = arguments.split(" | ").next().unwrap_or_default().split_whitespace();
                let words: Vec<_> = words.filter(|word| *word != "--").map(here).collect();
                let (variables, ports) = if stays {
                    (lasting, lasting_ports.options(binary, &words))
                } else {
                    (&[][..], any_ports(binary, &words))
                };
                let stdout = Transcript::with(binary, &words, &[variables, &own].concat(), &ports).stdout;
                transcript_block(&stdout, line, arguments)
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

/// The environment variables and the arguments of `$ NAME=value cargo run -p PACKAGE arguments`.
fn command<'a>(line: &'a str, package: &str) -> Option<(Vec<(&'a str, &'a str)>, &'a str)> {
    let (before, arguments) = line.strip_prefix("$ ")?.split_once(&format!("cargo run -p {package}"))?;
    let variables: Option<Vec<_>> = before.split_whitespace().map(|word| word.split_once('=')).collect();
    Some((variables?, arguments))
}

fn transcript_block(stdout: &str, line: &str, arguments: &str) -> String {
    let filter = arguments.split_once(" | ").map_or("cat", |(_, filter)| filter);
    let lines: Vec<_> = stdout.lines().collect();
    let shown: String = lines[filtered(filter, &lines)].iter().map(|line| format!("{line}\n")).collect();
    format!("{line}\n{shown}")
}

/// The lines that `cat`, `tail -n N`, `sed -n '/^A/,$p'` or `sed -n '/^A/,/^B/p'` lets through; A
/// and B are plain text.
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
mod tests;
