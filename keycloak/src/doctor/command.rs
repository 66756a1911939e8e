//! Runs another program within a time limit.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// The time that another program may take.
pub const LIMIT: Duration = Duration::from_secs(2);
/// What a program printed is read this long after its end: a program that it started may keep its
/// output open.
const GRACE: Duration = Duration::from_millis(200);
/// Bytes of an output that are kept.
const MOST_BYTES: usize = 16 * 1024;
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
    let (printed, errors) = (Output::of(child.stdout.take()), Output::of(child.stderr.take()));
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let (printed, errors) = (printed.text().await, errors.text().await);
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

/// What a program prints, read on a thread of its own, so that nothing waits for it.
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: oneshot::Receiver<()>,
}

impl Output {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let (end, ended) = oneshot::channel();
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        if let Some(mut pipe) = pipe {
            let kept = bytes.clone();
            thread::spawn(move || {
                let _end = end;
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = MOST_BYTES.saturating_sub(kept.len()).min(length);
                    kept.extend_from_slice(&buffer[..room]);
                }
            });
        }
        Self { bytes, ended }
    }

    /// The beginning of what the program printed, now that it has ended.
    async fn text(self) -> String {
        let _ = tokio::time::timeout(GRACE, self.ended).await;
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
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
        // What it started lives on with its output, and a long output does not stop it.
        assert_eq!(ran("echo one; sleep 130 & exit 0", AMPLE).await, Ran::Printed("one".to_owned()));
        let long = "echo one; i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done";
        assert_eq!(ran(long, AMPLE).await, Ran::Printed("one".to_owned()));
        assert!(begun.elapsed() < 2 * AMPLE);
    }
}
