//! shared/ATTACKS.md lists every attack of the lessons as the code has it.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use audience_binding::further::learn::{Chapter, chapters};
use shared::breakage::Breakage;

const HEAD: &str = "# Attacks and mistakes, and what catches each

This page is made from the code: `UPDATE_TRANSCRIPTS=1 cargo test -p audience_binding --test attacks` writes it anew, and the same
test without the variable fails when the page is out of date.

Each row is one switch of `--break`: one party breaks one rule on purpose, and another party has to notice it, at the check that
the row names. The check's rule is from the standard in the last column.
";

fn page(chapters: &[Chapter]) -> String {
    let number: usize = chapters.iter().map(|chapter| chapter.breakages.len()).sum();
    let mut page = format!("{HEAD}\nThere are {number} of them. Try one: `cargo 01 --break wrong-resource`.\n");
    for chapter in chapters {
        let link = format!("../{}/README.md", chapter.folder);
        page += &format!("\n## Lesson {}: [{}]({link})\n\n", chapter.number(), chapter.title);
        page += "| what goes wrong | who notices, at which check | taught in | switch | standard |\n|---|---|---|---|---|\n";
        for breakage in &chapter.breakages {
            page += &row(chapter, breakage);
        }
    }
    page
}

fn row(chapter: &Chapter, breakage: &Breakage) -> String {
    let Breakage { name, broken_by, what, catcher, caught_as: rule, .. } = breakage;
    // A rule of shared code is taught where its switch is.
    let lesson = rule.lesson().map_or(chapter.number().to_owned(), |lesson| format!("{:02}", lesson.number()));
    let standard = format!("{} {}", rule.spec.id, rule.spec.section);
    let standard = if rule.spec.url.is_empty() { standard } else { format!("[{standard}]({})", rule.spec.url) };
    let cells = [
        format!("The {broken_by} {what}."),
        format!("the {catcher}, `{}` ({})", rule.id, rule.keyword),
        lesson,
        format!("`cargo {} --break {name}`", chapter.number()),
        standard,
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

#[test]
fn the_page_lists_every_switch_as_it_is() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/ATTACKS.md");
    let made = page(&chapters());
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = found.lines().zip(made.lines()).find(|(found, made)| found != made);
    let advice = "UPDATE_TRANSCRIPTS=1 cargo test -p audience_binding --test attacks writes it anew";
    assert!(found == made, "shared/ATTACKS.md is out of date: {differs:?}. {advice}");
}

/// The page says which folder is which lesson's.
#[test]
fn each_chapter_is_a_lesson_of_the_workspace() {
    for chapter in chapters() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(chapter.folder);
        assert!(folder.join("README.md").exists(), "{}", folder.display());
        assert!(!chapter.breakages.is_empty(), "{}", chapter.folder);
    }
}

/// The page for teachers names commands that are there.
#[test]
fn the_workshops_switches_exist() {
    let page = include_str!("../../shared/WORKSHOP.md");
    let chapters = chapters();
    let mut found = 0;
    for command in page.split("`cargo ").skip(1).filter_map(|rest| rest.split_once('`')).map(|(command, _)| command) {
        let Some((before, name)) = command.split_once("--break ") else { continue };
        let chapter = chapters.iter().find(|chapter| before.trim() == chapter.number());
        let chapter = chapter.unwrap_or_else(|| panic!("no lesson has: cargo {command}"));
        let is_known = name == "list" || chapter.breakages.iter().any(|breakage| breakage.name == name);
        assert!(is_known, "cargo {command}");
        found += 1;
    }
    assert!(found > 5, "{found}");
    let config = include_str!("../../.cargo/config.toml");
    for alias in ["doctor", "learn", "reset", "01", "06"] {
        assert!(page.contains(&format!("cargo {alias}")), "the page names cargo {alias}");
        assert!(config.lines().any(|line| line.starts_with(&format!("{alias} = "))), "cargo {alias} is an alias");
    }
}
