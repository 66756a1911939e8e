//! Rust, the C compiler, Docker and Keycloak's image.

use super::Finding;
use super::command::{LIMIT, Ran, run};

/// The Rust version that the workspace needs: `rust-version` in Cargo.toml.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");
/// What `docker compose` starts.
const COMPOSE: &str = include_str!("../../compose.yaml");

pub async fn look() -> Vec<Finding> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let rustc = variable("RUSTC").unwrap_or_else(|| "rustc".to_owned());
    let compiler = variable("CC").unwrap_or_else(|| "cc".to_owned());
    let image = variable("KEYCLOAK_IMAGE").unwrap_or_else(|| compose_image().to_owned());
    let inspect = ["image", "inspect", "--format", "{{.Id}}", &*image];
    let (rust, cc, engine, found) = tokio::join!(
        run(&rustc, &["--version"], LIMIT),
        run(&compiler, &["--version"], LIMIT),
        run("docker", &["version", "--format", "{{.Server.Version}}"], LIMIT),
        run("docker", &inspect, LIMIT),
    );
    let mut findings = vec![judge_rust(&rust)];
    // On Windows the compiler is not on the path, and Rust itself does not work without it.
    if cfg!(not(windows)) {
        findings.push(judge_compiler(&compiler, &cc));
    }
    findings.push(judge_engine(&engine));
    if matches!(engine, Ran::Printed(_)) {
        findings.push(judge_image(&image, &found));
    }
    findings
}

/// The image that `compose.yaml` names where the environment names none.
fn compose_image() -> &'static str {
    let named = COMPOSE.split_once("${KEYCLOAK_IMAGE:-").and_then(|(_, rest)| rest.split_once('}'));
    named.map_or("", |(image, _)| image)
}

fn judge_rust(ran: &Ran) -> Finding {
    const FIX: &str = "Install or update Rust: rustup update stable (https://rustup.rs).";
    let needed = format!("the workspace needs {RUST_VERSION} or later");
    match ran {
        Ran::Printed(line) => {
            let version = line.split_whitespace().nth(1).unwrap_or_default();
            let is_enough = numbers(version).is_some_and(|found| Some(found) >= numbers(RUST_VERSION));
            let text = format!("Rust {version}: {needed}.");
            if is_enough { Finding::good(text) } else { Finding::bad(text, FIX) }
        }
        other => Finding::bad(format!("Rust: rustc {}; {needed}.", what(other)), FIX),
    }
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

fn judge_compiler(program: &str, ran: &Ran) -> Finding {
    const FIX: &str = if cfg!(target_os = "macos") {
        "Install it: xcode-select --install"
    } else {
        "Install it: sudo apt install build-essential (Debian, Ubuntu), sudo dnf install gcc (Fedora)."
    };
    match ran {
        Ran::Printed(line) => Finding::good(format!("C compiler: {line}.")),
        other => Finding::bad(format!("C compiler: {program} {}.", what(other)), FIX),
    }
}

fn judge_engine(ran: &Ran) -> Finding {
    match ran {
        Ran::Printed(version) => Finding::good(format!("Docker engine {version}.")),
        Ran::Missing => Finding::optional(
            "Docker is not installed. The lessons use the embedded IdP instead of Keycloak.",
            "For a real Keycloak, install Docker: https://docs.docker.com/get-started/get-docker/",
        ),
        other => Finding::optional(
            format!(
                "Docker: the engine does not respond (docker version {}). The lessons use the embedded IdP instead of Keycloak.",
                what(other)
            ),
            "For a real Keycloak, start Docker Desktop, or: sudo systemctl start docker",
        ),
    }
}

fn judge_image(image: &str, ran: &Ran) -> Finding {
    match ran {
        Ran::Printed(_) => Finding::good(format!("Keycloak's image {image} is on this machine.")),
        _ => Finding::optional(
            format!("Keycloak's image {image} is not on this machine yet."),
            format!("Get it while the network is good: docker pull {image}"),
        ),
    }
}

/// What became of a program, after its name.
fn what(ran: &Ran) -> String {
    match ran {
        Ran::Printed(line) => format!("printed “{line}”"),
        Ran::Failed(line) if line.is_empty() => "failed".to_owned(),
        Ran::Failed(line) => format!("failed: {}", line.trim_end_matches('.')),
        Ran::Missing => "was not found".to_owned(),
        Ran::Late => format!("did not end within {} seconds", LIMIT.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    fn printed(line: &str) -> Ran {
        Ran::Printed(line.to_owned())
    }

    fn failed() -> Ran {
        Ran::Failed("Cannot connect to the Docker daemon.".to_owned())
    }

    #[test]
    fn rust_is_new_enough_or_not() {
        for (ran, mark) in [
            (printed("rustc 1.89.0 (29483883e 2025-08-04)"), Mark::Good),
            (printed("rustc 1.100.0-nightly"), Mark::Good),
            (printed("rustc 2.0.0"), Mark::Good),
            (printed("rustc 1.88.9"), Mark::Bad),
            (printed("rustc"), Mark::Bad),
            (Ran::Missing, Mark::Bad),
            (Ran::Late, Mark::Bad),
        ] {
            let finding = judge_rust(&ran);
            assert_eq!((finding.mark, finding.fix.is_empty()), (mark, mark == Mark::Good), "{ran:?}: {finding:?}");
        }
    }

    #[test]
    fn a_compiler_is_needed_and_docker_is_not() {
        assert_eq!(judge_compiler("cc", &printed("cc 14.2")), Finding::good("C compiler: cc 14.2."));
        let missing = judge_compiler("cc", &Ran::Missing);
        assert_eq!((missing.mark, &*missing.text), (Mark::Bad, "C compiler: cc was not found."));
        assert_eq!(judge_engine(&printed("28.1")).mark, Mark::Good);
        for ran in [Ran::Missing, Ran::Late, failed()] {
            let finding = judge_engine(&ran);
            assert_eq!(finding.mark, Mark::Optional, "{finding:?}");
            assert!(finding.text.contains("embedded IdP") && !finding.fix.is_empty(), "{finding:?}");
        }
        assert_eq!(judge_image("kc:1", &printed("sha256:1")).mark, Mark::Good);
        assert_eq!(judge_image("kc:1", &failed()).fix, "Get it while the network is good: docker pull kc:1");
    }

    #[test]
    fn the_image_is_that_of_the_compose_file() {
        assert_eq!(compose_image(), "quay.io/keycloak/keycloak:26.7.3");
    }
}
