//! `cargo learn`: what this person has done on this machine, what comes next, and a quiz.

use shared::breakage::{Breakage, Switch};
use shared::learned::{self, Learned};
use shared::{Failure, Reporter, own_files};

pub mod quiz;

/// A lesson, and all that `--break` can break in it.
pub struct Chapter {
    /// The name of its folder.
    pub folder: &'static str,
    pub title: &'static str,
    pub breakages: Vec<&'static Breakage>,
}

impl Chapter {
    fn of<S: Switch>(folder: &'static str, title: &'static str) -> Self {
        Self { folder, title, breakages: S::breakages() }
    }

    /// The two digits that its folder begins with.
    pub fn number(&self) -> &'static str {
        &self.folder[..2]
    }
}

/// Every lesson, in order.
pub fn chapters() -> [Chapter; 6] {
    use protected_resource_discovery::sabotage as discovery;
    [
        Chapter::of::<discovery::Switch>("01_protected_resource_discovery", "Protected resource discovery"),
        Chapter::of::<as_metadata::sabotage::Switch>("02_as_metadata", "Authorization server metadata"),
        Chapter::of::<dynamic_client_registration::sabotage::Switch>(
            "03_dynamic_client_registration",
            "Client registration",
        ),
        Chapter::of::<authorization_code::sabotage::Switch>("04_authorization_code", "Authorization code"),
        Chapter::of::<token_use::sabotage::Switch>("05_token_use", "Token use"),
        Chapter::of::<crate::sabotage::Switch>("06_audience_binding", "Audience binding"),
    ]
}

/// Prints what was done and what comes next.
pub fn show_progress(reporter: &Reporter) -> Result<(), Failure> {
    let folder = own_files::folder_of_user()?;
    reporter.note(progress(&chapters(), &learned::read(&folder)));
    Ok(())
}

fn progress(chapters: &[Chapter], learned: &[Learned]) -> String {
    let width = chapters.iter().map(|chapter| chapter.title.len()).max().unwrap_or_default();
    let mut lines = vec!["What you have done on this machine:".to_owned()];
    for chapter in chapters {
        let state = if has_passed(chapter, learned) { "✔ passed     " } else { "· not yet run" };
        let all = chapter.breakages.len();
        let caught = all - untried(chapter, learned).len();
        lines.push(format!(
            "{}  {:width$}  {state}  {caught} of {all} switches tried",
            chapter.number(),
            chapter.title
        ));
    }
    lines.extend(next(chapters, learned));
    lines.join("\n")
}

fn has_passed(chapter: &Chapter, learned: &[Learned]) -> bool {
    learned.iter().any(|one| one.lesson == chapter.folder && one.breakage.is_none())
}

/// The switches that were not caught here yet.
fn untried(chapter: &Chapter, learned: &[Learned]) -> Vec<&'static str> {
    let names = chapter.breakages.iter().map(|breakage| breakage.name);
    let is_tried =
        |name: &str| learned.iter().any(|one| one.lesson == chapter.folder && one.breakage.as_deref() == Some(name));
    names.filter(|name| !is_tried(name)).collect()
}

/// The first lesson that has not passed; before it, what is left to try in those that have.
fn next(chapters: &[Chapter], learned: &[Learned]) -> Vec<String> {
    let to_run = chapters.iter().find(|chapter| !has_passed(chapter, learned));
    let to_break =
        chapters.iter().find(|chapter| has_passed(chapter, learned) && !untried(chapter, learned).is_empty());
    let mut lines = vec![];
    if let Some(chapter) = to_run {
        lines.push(format!("Next lesson: cargo {}", chapter.number()));
    }
    if let Some(chapter) = to_break {
        let untried = untried(chapter, learned);
        let first = untried.first().copied().unwrap_or_default();
        lines.push(format!("Try an attack: cargo {} --break {first}", chapter.number()));
    }
    let last = chapters.iter().rev().find(|chapter| has_passed(chapter, learned));
    if let Some(chapter) = last {
        lines.push(format!("Five questions: cargo learn quiz {}", chapter.number()));
    }
    if to_run.is_none() && to_break.is_none() {
        lines.push("All lessons have passed, and every switch was caught.".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(lesson: &str, breakage: Option<&str>) -> Learned {
        Learned { lesson: lesson.to_owned(), breakage: breakage.map(str::to_owned) }
    }

    #[test]
    fn what_is_next_follows_from_what_was_done() {
        let chapters = chapters();
        let nothing = progress(&chapters, &[]);
        assert!(nothing.ends_with("Next lesson: cargo 01"), "{nothing}");
        let first = learned("01_protected_resource_discovery", None);
        let caught = learned("01_protected_resource_discovery", Some("no-challenge"));
        let some = progress(&chapters, &[first, caught]);
        assert!(some.contains("01  Protected resource discovery   ✔ passed       1 of "), "{some}");
        let ends =
            "Next lesson: cargo 02\nTry an attack: cargo 01 --break root-only\nFive questions: cargo learn quiz 01";
        assert!(some.ends_with(ends), "{some}");
        let everything = chapters.iter().flat_map(|chapter| {
            let names = chapter.breakages.iter().map(|breakage| Some(breakage.name));
            names.chain([None]).map(|name| learned(chapter.folder, name)).collect::<Vec<_>>()
        });
        let all = progress(&chapters, &everything.collect::<Vec<_>>());
        assert!(all.ends_with("every switch was caught.") && !all.contains("not yet"), "{all}");
    }
}
