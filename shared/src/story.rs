//! Runs a lesson to its end: one outcome line and one exit code, whatever happens.

use std::any::Any;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::breakage::Breakage;
use crate::signals::Signals;
use crate::{Failed, Reporter};

/// What tasks have to end within.
const CLOSING: Duration = Duration::from_millis(100);

/// Why a run cannot go on: which decision failed, what was expected and seen, and what to do.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Names the decision.
    pub id: String,
    /// One sentence with both values.
    pub message: String,
    /// One sentence; empty where there is nothing to do.
    pub fix: String,
    /// The error that it was made from, for code that has to tell its variants apart.
    cause: Option<Arc<dyn Any + Send + Sync>>,
}

impl Failure {
    /// A failure of the decision `id`.
    pub fn new(id: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { id: id.into(), message: message.into(), fix: fix.into(), cause: None }
    }

    /// The same failure with other advice.
    pub fn with_fix(self, fix: impl Into<String>) -> Self {
        Self { fix: fix.into(), ..self }
    }

    /// Keeps the error that this failure was made from: see [`Failure::cause`].
    pub fn caused_by(self, error: impl Any + Send + Sync) -> Self {
        Self { cause: Some(Arc::new(error)), ..self }
    }

    /// The error of this type that the failure was made from, if it was one. Its variants, rather
    /// than the text of [`Failure::id`], decide what happens next.
    pub fn cause<E: Any>(&self) -> Option<&E> {
        self.cause.as_ref()?.downcast_ref()
    }
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        let Failed { rule, expected, seen, fix } = failed;
        Failure::new(rule.id, format!("A check failed (asked for: {expected}; seen: {seen})."), fix)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.message, self.fix)
    }
}

impl std::error::Error for Failure {}

/// When a story holds.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// When it ends well and no check on a MUST failed.
    WithoutFailure,
    /// When this breakage was caught as the lesson says, however the rest of the story ended.
    WhenCaught(&'static Breakage),
    /// When a person ends it: a server stays up until then, and refusing bad requests is its work.
    /// Its story never ends by itself but for a failure.
    WhenInterrupted,
}

/// Runs `story` until it ends or a person ends it (Ctrl-C, or a request to terminate), prints the
/// outcome, and gives the exit code of the process: 0 where the story holds, else 1.
pub fn run(reporter: &Reporter, holds: Holds, story: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    if let Holds::WhenCaught(breakage) = holds {
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
    let last_words = reporter.clone();
    let signals = Signals::watch(move || {
        let ok = conclude(&last_words, holds, Err(interrupted()));
        last_words.outcome(ok)
    });
    let ended = runtime.block_on(async {
        tokio::select! {
            biased;
            result = story => result,
            () = signals.first() => Err(interrupted()),
        }
    });
    signals.story_is_over();
    // What tasks hold has to be dropped: a server's folder goes with it. Whoever still waits for
    // the keyboard is not waited for.
    runtime.shutdown_timeout(CLOSING);
    #[cfg(feature = "kept")]
    crate::prompt::restore_terminal();
    let ok = conclude(reporter, holds, ended);
    if reporter.outcome(ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says how the story ended; whether it holds.
fn conclude(reporter: &Reporter, holds: Holds, ended: Result<(), Failure>) -> bool {
    let went_through = ended.is_ok();
    let interrupted = matches!(&ended, Err(failure) if failure.id == "interrupted");
    if let (true, Holds::WhenInterrupted) = (interrupted, holds) {
        return true;
    }
    if let Err(failure) = ended {
        reporter.error(failure.id, failure.message, failure.fix);
    }
    match holds {
        Holds::WhenInterrupted => false,
        Holds::WithoutFailure => went_through && reporter.counts().failed == 0,
        Holds::WhenCaught(_) if interrupted => false,
        Holds::WhenCaught(breakage) if reporter.caught() => {
            reporter.announce(format!(
                "Caught: the {} noticed what --break {} did, at the check {}.",
                breakage.catcher, breakage.name, breakage.caught_as.id
            ));
            true
        }
        // The story never came to the party that should have noticed; why, was said above.
        Holds::WhenCaught(breakage) if !went_through && reporter.result_of(breakage.caught_as).is_none() => {
            reporter.announce(format!("--break {} was not tried out: the lesson ended before.", breakage.name));
            false
        }
        Holds::WhenCaught(breakage) => {
            let message = format!(
                "--break {} slipped through: the {} should have noticed, at the check {}.",
                breakage.name, breakage.catcher, breakage.caught_as.id
            );
            reporter.error("break.slipped-through", message, "");
            false
        }
    }
}

fn interrupted() -> Failure {
    Failure::new("interrupted", "Ended by you before the lesson was over.", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Rule, Side};
    use crate::spec;
    use crate::testing::Captured;

    static RULE: Rule = Rule::must("test.rule", &spec::MCP_ORIGIN);
    static BREAKAGE: Breakage = Breakage::by_server("x", "does x", Side::Client, &RULE);

    /// Whether the outcome line says that the story holds, and the ids of the errors before it.
    fn told(holds: Holds, story: impl AsyncFnOnce(Reporter) -> Result<(), Failure>) -> (bool, Vec<String>) {
        let captured = Captured::json();
        let reporter = captured.reporter();
        let exit = run(&reporter, holds, story(reporter.clone()));
        let events = captured.events();
        let last = events.last().unwrap();
        assert_eq!(last["event"], "outcome");
        let ok = last["ok"] == true;
        assert_eq!(format!("{exit:?}"), format!("{:?}", if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }));
        assert_eq!(last["exit"], u8::from(!ok));
        let errors = events.iter().filter(|event| event["event"] == "error");
        (ok, errors.map(|error| error["id"].as_str().unwrap().to_owned()).collect())
    }

    fn failure() -> Failure {
        Failure::new("test.failure", "It failed.", "")
    }

    #[test]
    fn a_story_holds_when_it_ends_well_and_no_must_failed() {
        assert_eq!(told(Holds::WithoutFailure, async |_| Ok(())), (true, vec![]));
        assert_eq!(told(Holds::WithoutFailure, async |_| Err(failure())), (false, vec!["test.failure".to_owned()]));
        let with_a_failed_check = async |reporter: Reporter| {
            reporter.recommend(&RULE, false, 1, 2);
            Ok(())
        };
        assert_eq!(told(Holds::WithoutFailure, with_a_failed_check), (false, vec![]));
    }

    #[test]
    #[cfg(unix)]
    fn a_server_holds_when_a_person_ends_it() {
        let served = async |reporter: Reporter| {
            reporter.recommend(&RULE, false, 1, 2);
            let own_process = std::process::id().to_string();
            std::process::Command::new("kill").args(["-TERM", &own_process]).status().unwrap();
            std::future::pending().await
        };
        assert_eq!(told(Holds::WhenInterrupted, served), (true, vec![]));
        assert_eq!(told(Holds::WhenInterrupted, async |_| Err(failure())), (false, vec!["test.failure".to_owned()]));
    }

    #[test]
    fn a_breakage_that_is_caught_holds_however_the_story_ends() {
        let caught = async |reporter: Reporter| {
            reporter.recommend(&RULE, false, 1, 2);
            Err(failure())
        };
        assert_eq!(told(Holds::WhenCaught(&BREAKAGE), caught), (true, vec!["test.failure".to_owned()]));
    }

    #[test]
    fn a_breakage_that_was_not_tried_out_accuses_nobody() {
        let ended_before = (false, vec!["test.failure".to_owned()]);
        assert_eq!(told(Holds::WhenCaught(&BREAKAGE), async |_| Err(failure())), ended_before);
    }

    #[test]
    fn a_breakage_that_slips_through_does_not_hold() {
        let slipped = (false, vec!["break.slipped-through".to_owned()]);
        assert_eq!(told(Holds::WhenCaught(&BREAKAGE), async |_| Ok(())), slipped);
        let noticed_by_another = async |reporter: Reporter| {
            reporter.on(Side::Server).recommend(&RULE, false, 1, 2);
            Ok(())
        };
        assert_eq!(told(Holds::WhenCaught(&BREAKAGE), noticed_by_another), slipped);
    }
}
