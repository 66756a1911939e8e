//! Runs a lesson to its end: one outcome line and one exit code, whatever happens.

use std::future::Future;
use std::process::ExitCode;

use crate::Reporter;
use crate::breakage::Breakage;

/// Why a run cannot go on: which decision failed, what was expected and seen, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Names the decision.
    pub id: String,
    /// One sentence with both values.
    pub message: String,
    /// One sentence; empty where there is nothing to do.
    pub fix: String,
}

impl Failure {
    /// A failure of the decision `id`.
    pub fn new(id: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { id: id.into(), message: message.into(), fix: fix.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.message, self.fix)
    }
}

impl std::error::Error for Failure {}

/// Runs `story` until it ends or a person ends it (Ctrl-C, or a request to terminate), prints the outcome, and gives the exit
/// code of the process: 0 where the story holds, else 1.
///
/// With a `breakage` the story holds where that breakage was caught as the lesson says, however the rest of the story ended.
pub fn run(
    reporter: &Reporter,
    breakage: Option<&'static Breakage>,
    story: impl Future<Output = Result<(), Failure>>,
) -> ExitCode {
    if let Some(breakage) = breakage {
        reporter.expect(breakage);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            reporter.error("runtime", format!("The asynchronous runtime cannot be started: {error}."), "");
            reporter.outcome(false);
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async {
        tokio::select! {
            result = story => result,
            () = interrupted() => Err(Failure::new("interrupted", "Ended by you before the story was over.", "")),
        }
    });
    // Whoever still waits for the keyboard is not waited for.
    runtime.shutdown_background();
    let ok = conclude(reporter, breakage, ended);
    reporter.outcome(ok);
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says how the story ended; whether it holds.
fn conclude(reporter: &Reporter, breakage: Option<&'static Breakage>, ended: Result<(), Failure>) -> bool {
    let went_through = ended.is_ok();
    let interrupted = matches!(&ended, Err(failure) if failure.id == "interrupted");
    if let Err(failure) = ended {
        reporter.error(failure.id, failure.message, failure.fix);
    }
    match breakage {
        None => went_through && reporter.counts().failed == 0,
        Some(_) if interrupted => false,
        Some(breakage) if reporter.caught() => {
            reporter.note(format!(
                "Caught: the {} noticed what --break {} did, at the check {}.",
                breakage.caught_by, breakage.name, breakage.caught_as.id
            ));
            true
        }
        Some(breakage) => {
            let message = format!(
                "--break {} slipped through: the {} should have noticed, at the check {}.",
                breakage.name, breakage.caught_by, breakage.caught_as.id
            );
            reporter.error("break.slipped-through", message, "");
            false
        }
    }
}

/// Waits until a person ends the program: Ctrl-C, or, where there is one, a request to terminate.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
