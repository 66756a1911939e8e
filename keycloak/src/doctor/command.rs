//! Runs another program within a time limit.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The time that another program may take.
pub const LIMIT: Duration = Duration::from_secs(2);
/// Between two looks at whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// What became of another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// It succeeded, and this is the first line that it printed.
    Printed(String),
    /// It failed, and this is the last line of its errors.
    Failed(String),
    /// There is no program of this name.
    Missing,
    /// It took too long, and was ended.
    Late,
}

/// Runs a program without a shell and without a keyboard.
pub async fn run(program: &str, arguments: &[&str], limit: Duration) -> Ran {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return Ran::Missing };
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let (printed, errors) = (read(child.stdout.take()), read(child.stderr.take()));
                return if status.success() {
                    Ran::Printed(printed.lines().next().unwrap_or_default().trim().to_owned())
                } else {
                    Ran::Failed(errors.trim().lines().last().unwrap_or_default().trim().to_owned())
                };
            }
            Ok(None) if begun.elapsed() < limit => tokio::time::sleep(PAUSE).await,
            Ok(None) | Err(_) => return end(child),
        }
    }
}

fn end(mut child: Child) -> Ran {
    let _ = child.kill();
    let _ = child.wait();
    Ran::Late
}

/// The beginning of what a program that has ended left in a pipe.
fn read(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.take(16 * 1024).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    async fn ran(script: &str, limit: Duration) -> Ran {
        run("sh", &["-c", script], limit).await
    }

    #[tokio::test]
    async fn a_program_prints_fails_is_missing_or_is_late() {
        const AMPLE: Duration = Duration::from_secs(60);
        assert_eq!(ran("echo one; echo two", AMPLE).await, Ran::Printed("one".to_owned()));
        assert_eq!(ran("echo why >&2; exit 3", AMPLE).await, Ran::Failed("why".to_owned()));
        assert_eq!(run("no-such-program-anywhere", &[], AMPLE).await, Ran::Missing);
        let begun = Instant::now();
        assert_eq!(ran("exec sleep 600", Duration::from_millis(50)).await, Ran::Late);
        assert!(begun.elapsed() < AMPLE);
    }
}
