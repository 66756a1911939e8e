//! Rules that a lesson can break on purpose, to show who catches it.

use crate::event::{Rule, Side};

/// One `--break` switch of a lesson.
#[derive(Debug)]
pub struct Breakage {
    /// The word after `--break`.
    pub name: &'static str,
    /// Who breaks the rule.
    pub broken_by: Side,
    /// What that party does wrong, as a clause: "the server …".
    pub what: &'static str,
    /// Who should notice.
    pub caught_by: Side,
    /// The rule whose check should fail then.
    pub caught_as: &'static Rule,
}

/// The text of `--break list`: a line for each switch.
pub fn list(breakages: &[&Breakage]) -> String {
    let width = breakages.iter().map(|breakage| breakage.name.len()).max().unwrap_or_default();
    let lines = breakages.iter().map(|breakage| {
        format!(
            "{:width$}  {}: {}\n{:width$}  caught by the {}, check {} ({} {})",
            breakage.name,
            breakage.broken_by,
            breakage.what,
            "",
            breakage.caught_by,
            breakage.caught_as.id,
            breakage.caught_as.spec.id,
            breakage.caught_as.spec.section,
        )
    });
    ["What --break can break in this lesson:".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}
