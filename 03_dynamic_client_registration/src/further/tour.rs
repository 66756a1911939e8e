//! `--register all`: a tour of every way, in which no failure hides another.

use shared::{Failure, Reporter};

use crate::further::options::Plan;
use crate::way::Way;

/// Says the failure of the way that was just tried, since the tour goes on. A run with one way ends
/// with its failure instead.
pub fn tell(reporter: &Reporter, plan: &Plan, failure: &Failure) {
    if plan.ways.len() > 1 {
        reporter.note(format!("This way failed, and the tour goes on: {failure}"));
    }
}

/// The error at the end, with every way that failed; the advice is the first one's.
pub fn result(mut failures: Vec<(Way, Failure)>, plan: &Plan) -> Result<(), Failure> {
    if failures.len() < 2 {
        return failures.pop().map_or(Ok(()), |(_, failure)| Err(failure));
    }
    let all: Vec<_> = failures.iter().map(|(way, failure)| format!("{}: {}", way.title(), failure.message)).collect();
    let message = format!("{} of {} ways failed. {}", failures.len(), plan.ways.len(), all.join(" "));
    let (_, first) = failures.swap_remove(0);
    Err(Failure::new(first.id, message, first.fix))
}
