use super::{Transcript, assert_events_hold};
use crate::breakage::Breakage;
use crate::event::Rule;

/// Runs every `--break` switch of a lesson as a user does: it has to be caught by the side and at the check that the lesson names,
/// once, with at most one error event and exit code 0.
pub fn assert_breakages_are_caught(binary: &str, breakages: &[&Breakage]) {
    for breakage in breakages {
        let name = breakage.name;
        let run = Transcript::of(binary, &["--json", "--break", name]);
        let events = assert_events_hold(&run.stdout);
        let caught: Vec<_> = events.iter().filter(|event| event["expected_failure"] == true).collect();
        assert_eq!(caught.len(), 1, "--break {name}: {events:#?}");
        assert_eq!(caught[0]["id"], breakage.caught_as.id, "--break {name}");
        assert_eq!(caught[0]["side"], breakage.caught_by.to_string().to_lowercase(), "--break {name}");
        let errors = events.iter().filter(|event| event["event"] == "error").count();
        assert!(errors <= 1, "--break {name}: one error event at the most");
        assert_eq!((run.exit, events.last().map(|event| event["ok"] == true)), (Some(0), Some(true)), "--break {name}");
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
