//! How the code is laid out: the straight path of each lesson and its limits, `--break` apart from
//! it, and knowledge that flows forward only (shared, keycloak, then the lessons in their order).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod sources;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sources::{comment_start, files, root, shown};

/// The lessons, in their order.
const LESSONS: [&str; 6] = [
    "01_protected_resource_discovery",
    "02_as_metadata",
    "03_dynamic_client_registration",
    "04_authorization_code",
    "05_token_use",
    "06_audience_binding",
];

/// The most that a lesson's straight path may have: files, and lines without tests.
fn straight_path_limits(lesson: &str) -> (usize, usize) {
    if lesson.starts_with("05") { (14, 1_900) } else { (12, 1_500) }
}

/// The most lines of a source file, without its tests.
const LINES_OF_A_FILE: usize = 300;
/// The most lines of a function, from its signature to its last brace.
const LINES_OF_A_FUNCTION: usize = 60;

/// Tables of data, which may be longer than a file of code.
const DATA_TABLES: &[&str] = &["shared/src/spec/"];

/// A file of `src`, cut off where its tests begin.
fn without_tests(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()
}

/// The source files of a crate that are no tests.
fn source_files(package: &str) -> Vec<PathBuf> {
    let is_test = |file: &PathBuf| file.ends_with("tests.rs") || file.to_str().unwrap().ends_with("_tests.rs");
    files(&root().join(package).join("src"), ".rs").into_iter().filter(|file| !is_test(file)).collect()
}

/// The files of a lesson that its README leads through: what is in `src` beside the map (`lib.rs`),
/// the wiring (`main.rs`), the further topics and all that `--break` does.
fn straight_path(lesson: &str) -> Vec<PathBuf> {
    let src = root().join(lesson).join("src");
    let is_beside = |file: &Path| {
        let below = file.strip_prefix(&src).unwrap();
        let first = below.iter().next().unwrap().to_str().unwrap();
        ["lib.rs", "main.rs", "further", "bin", "sabotage.rs", "sabotage"].contains(&first)
    };
    source_files(lesson).into_iter().filter(|file| !is_beside(file)).collect()
}

#[test]
fn a_straight_path_is_short() {
    for lesson in LESSONS {
        let lines: BTreeMap<_, _> =
            straight_path(lesson).iter().map(|file| (shown(file), without_tests(file).lines().count())).collect();
        let (most_files, most_lines) = straight_path_limits(lesson);
        let sum: usize = lines.values().sum();
        assert!(lines.len() > 4, "{lesson} has its files elsewhere: {lines:#?}");
        assert!(
            lines.len() <= most_files && sum <= most_lines,
            "{lesson}: {sum} lines in {} files: {lines:#?}",
            lines.len()
        );
    }
}

#[test]
fn no_file_is_too_long_for_one_sitting() {
    let mut long = vec![];
    for package in ["shared", "keycloak"].iter().chain(&LESSONS) {
        for file in source_files(package) {
            let lines = without_tests(&file).lines().count();
            if lines > LINES_OF_A_FILE && !DATA_TABLES.iter().any(|table| shown(&file).starts_with(table)) {
                long.push(format!("{}: {lines} lines", shown(&file)));
            }
        }
    }
    assert!(long.is_empty(), "split these, at most {LINES_OF_A_FILE} lines each:\n{}", long.join("\n"));
}

/// The functions of a source file, with the lines that each takes. As rustfmt writes it, a function
/// ends with a brace below its first letter.
fn functions(source: &str) -> Vec<(String, usize)> {
    let lines: Vec<_> = source.lines().collect();
    let mut found = vec![];
    for (n, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let signature = code.split('(').next().unwrap_or_default();
        let Some(name) = signature.strip_prefix("fn ").or_else(|| Some(signature.split_once(" fn ")?.1)) else {
            continue;
        };
        if code.starts_with("//") || !name.chars().all(|c| c.is_alphanumeric() || "_<>':, ".contains(c)) {
            continue;
        }
        let end = format!("{}}}", " ".repeat(indent));
        let is_declaration =
            lines[n..].iter().find(|line| line.ends_with(['{', ';'])).is_some_and(|line| line.ends_with(';'));
        if !is_declaration && !line.ends_with('}') {
            let length = lines[n..].iter().position(|line| *line == end).unwrap_or_default() + 1;
            found.push((name.to_owned(), length));
        }
    }
    found
}

#[test]
fn no_function_is_too_long_to_see_at_once() {
    let mut long = vec![];
    let mut number = 0;
    for package in ["shared", "keycloak"].iter().chain(&LESSONS) {
        for file in source_files(package) {
            for (name, lines) in functions(&without_tests(&file)) {
                number += 1;
                if lines > LINES_OF_A_FUNCTION {
                    long.push(format!("{}: {name} has {lines} lines", shown(&file)));
                }
            }
        }
    }
    assert!(number > 1_000, "only {number} functions were found");
    assert!(long.is_empty(), "split these, at most {LINES_OF_A_FUNCTION} lines each:\n{}", long.join("\n"));
}

#[test]
fn functions_are_found_with_their_lines() {
    let source = "fn one() {}\n\nimpl X {\n    pub async fn two<'a>(\n        &self,\n    ) -> bool {\n        if x {\n        }\n        true\n    }\n\n    fn three(&self);\n}\n";
    assert_eq!(functions(source), [("two<'a>".to_owned(), 7)]);
}

/// What only the story (client.rs), the wiring and `sabotage` may speak of.
const SABOTAGE: [&str; 5] = ["--break", "breakage", "Breakage", "sabotage", "Sabotage"];

#[test]
fn a_straight_path_knows_nothing_of_sabotage() {
    let mut found = vec![];
    for lesson in LESSONS {
        for file in straight_path(lesson).iter().filter(|file| !file.ends_with("client.rs")) {
            for (n, line) in without_tests(file).lines().enumerate() {
                if SABOTAGE.iter().any(|word| line.contains(word)) {
                    found.push(format!("{}:{}: {}", shown(file), n + 1, line.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "this belongs into sabotage.rs, or into the story:\n{}", found.join("\n"));
}

#[test]
fn switches_are_told_apart_as_variants() {
    for lesson in LESSONS {
        for file in source_files(lesson) {
            for line in without_tests(&file).lines() {
                let compares =
                    line.contains("breakage.name ==") || line.contains(".name =>") || line.contains("== breakages::");
                assert!(!compares, "{}: {}", shown(&file), line.trim());
            }
        }
    }
}

/// The words after `before` in a text, each up to `after`.
fn words_between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = String> + 'a {
    text.split(before).skip(1).filter_map(move |rest| rest.split_once(after)).map(|(word, _)| word.to_owned())
}

/// The names of the options that a file declares, as a user types them.
fn options(source: &str) -> Vec<String> {
    let mut found = vec![];
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("#[arg(") && line.contains("long") {
            let field = lines.by_ref().find_map(|line| line.trim_start().trim_start_matches("pub ").split_once(": "));
            found.extend(field.map(|(name, _)| format!("--{}", name.replace('_', "-"))));
        }
    }
    found
}

/// The check identifiers, options and commands of the workspace, each with the first crate that has
/// it.
fn brought_in(crates: &[&str]) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for (n, package) in crates.iter().enumerate() {
        for file in source_files(package) {
            let source = fs::read_to_string(&file).unwrap();
            let checks = ["Rule::must(\"", "Rule::should(\""].map(|before| words_between(&source, before, '"'));
            let checks = checks.into_iter().flatten().filter(|id| id.contains('.')).map(|id| format!("\"{id}\""));
            let commands = words_between(&source, "CommandUse { name: \"", '"').filter(|name| !name.is_empty());
            let commands = commands.map(|name| format!("-- {name}"));
            for name in checks.chain(commands).chain(options(&source)) {
                all.entry(name).or_insert(n);
            }
        }
    }
    assert!(all.len() > 100, "{all:?}");
    all
}

#[test]
fn knowledge_flows_forward_only() {
    let crates: Vec<_> = ["shared", "keycloak"].iter().chain(&LESSONS).copied().collect();
    let brought_in = brought_in(&crates);
    let mut backwards = vec![];
    for (n, package) in crates.iter().enumerate() {
        // Which crate each later lesson is, in Rust's words.
        let later: Vec<_> =
            LESSONS.iter().skip((n + 1).saturating_sub(2)).filter(|lesson| *lesson != package).collect();
        for file in source_files(package) {
            for (at, line) in without_tests(&file).lines().enumerate() {
                let code = &line[..comment_start(line).unwrap_or(line.len())];
                let names_crate = later.iter().any(|lesson| code.contains(&format!("{}::", &lesson[3..])));
                let is_later = |(name, first): (&String, &usize)| {
                    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
                    *first > n && code.split(name.as_str()).skip(1).any(ends)
                };
                if names_crate || brought_in.iter().any(is_later) {
                    backwards.push(format!("{}:{}: {}", shown(&file), at + 1, line.trim()));
                }
            }
        }
    }
    assert!(backwards.is_empty(), "earlier crates know nothing of later ones:\n{}", backwards.join("\n"));
}
