use super::{Run, Transcript, assert_events_hold};
use crate::breakage::Breakage;
use crate::event::Rule;

/// Runs every `--break` switch of a lesson as a user does: it has to be caught by the side and at
/// the check that the lesson names, once, with at most one error event and exit code 0.
pub fn assert_breakages_are_caught(binary: &str, breakages: &[&Breakage]) {
    for breakage in breakages {
        let run = Transcript::of(binary, &["--json", "--break", breakage.name]);
        Run { events: assert_events_hold(&run.stdout), success: run.exit == Some(0) }.assert_caught(breakage);
    }
    let list = Transcript::of(binary, &["--break", "list"]);
    assert_eq!(list.exit, Some(0));
    let is_listed =
        |breakage: &&Breakage| list.stdout.contains(breakage.name) && list.stdout.contains(breakage.caught_as.id);
    assert!(breakages.iter().all(is_listed), "{}", list.stdout);
}

/// No two switches have the same name, and no two rules the same id.
pub fn assert_names_are_unique(breakages: &[&Breakage], rules: &[&Rule]) {
    let names = breakages.iter().map(|breakage| breakage.name).collect();
    let ids = rules.iter().map(|rule| rule.id).collect();
    for mut list in [names, ids] {
        let all: usize = Vec::len(&list);
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), all, "{list:?}");
    }
}
