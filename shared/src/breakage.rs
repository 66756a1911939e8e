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
    /// The name of the party that should notice.
    pub catcher: &'static str,
}

impl Breakage {
    /// A switch with which the client breaks a rule.
    pub const fn by_client(name: &'static str, what: &'static str, caught_by: Side, caught_as: &'static Rule) -> Self {
        Self { name, broken_by: Side::Client, what, caught_by, caught_as, catcher: caught_by.name() }
    }

    /// A switch with which the MCP server breaks a rule.
    pub const fn by_server(name: &'static str, what: &'static str, caught_by: Side, caught_as: &'static Rule) -> Self {
        Self { name, broken_by: Side::Server, what, caught_by, caught_as, catcher: caught_by.name() }
    }

    /// The same switch, noticed by a party behind the MCP server that reports as it does.
    pub const fn caught_by_the(self, catcher: &'static str) -> Self {
        Self { catcher, ..self }
    }

    /// A switch with which the IdP, the embedded one, breaks a rule.
    pub const fn by_idp(name: &'static str, what: &'static str, caught_by: Side, caught_as: &'static Rule) -> Self {
        Self { name, broken_by: Side::Idp, what, caught_by, caught_as, catcher: caught_by.name() }
    }
}

/// A lesson's switches: an enum, so that every `match` over them is complete.
pub trait Switch: Copy + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// Every switch of the lesson, in the order of `--break list`.
    const ALL: &'static [Self];

    /// What the switch breaks, and who catches it.
    fn breakage(self) -> &'static Breakage;

    /// The descriptions of all switches.
    fn breakages() -> Vec<&'static Breakage> {
        Self::ALL.iter().map(|switch| switch.breakage()).collect()
    }
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
            breakage.catcher,
            breakage.caught_as.id,
            breakage.caught_as.spec.id,
            breakage.caught_as.spec.section,
        )
    });
    ["What --break can break in this lesson:".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}
