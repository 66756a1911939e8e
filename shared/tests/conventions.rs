//! What holds for the workspace as a whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn packages() -> Vec<Value> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// A package's folder below the root.
fn folder(package: &Value) -> String {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned()
}

fn files(below: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path());
    let visible = entries
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.') && !path.ends_with("target"));
    visible
        .flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] })
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .collect()
}

#[test]
fn a_lesson_is_named_alike_everywhere() {
    let config = fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let lessons: Vec<_> =
        packages().into_iter().filter(|package| folder(package).starts_with(|c: char| c.is_ascii_digit())).collect();
    assert!(!lessons.is_empty());
    for lesson in lessons {
        let folder = folder(&lesson);
        let (number, name) = folder.split_once('_').unwrap();
        assert_eq!(lesson["name"], name, "the package is the folder without its number");
        assert_eq!(lesson["default_run"], folder.as_str(), "the default program is the folder's");
        let targets = lesson["targets"].as_array().unwrap();
        let of_kind = |kind: &str| targets.iter().find(|target| target["kind"][0] == kind).unwrap()["name"].clone();
        assert_eq!(of_kind("lib"), name);
        assert_eq!(of_kind("bin"), folder.as_str());
        assert!(
            config.contains(&format!("{number} = \"run --quiet --package {name} --\"")),
            "cargo {number} runs {name}"
        );
        assert!(readme.contains(&format!("]({folder}/README.md)")), "the root README links {folder}");
    }
}

#[test]
fn every_package_follows_the_workspace() {
    for package in packages() {
        let manifest = fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        for line in [
            "version.workspace = true",
            "edition.workspace = true",
            "rust-version.workspace = true",
            "publish.workspace = true",
        ] {
            assert!(manifest.contains(line), "{}: {line}", package["name"]);
        }
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", package["name"]);
    }
}

#[test]
fn nothing_of_oauth_is_decided_in_shared() {
    for package in packages().iter().filter(|package| package["name"] == "shared") {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let names: Vec<_> = dependencies.map(|dependency| dependency["name"].as_str().unwrap()).collect();
        assert!(!names.iter().any(|name| ["oauth2", "jsonwebtoken", "keycloak"].contains(name)), "{names:?}");
    }
    // The names of secrets (redact.rs) and the sentences of the standards (spec/) may stand there.
    let is_allowed = |file: &Path| file.ends_with("redact.rs") || file.starts_with(root().join("shared/src/spec"));
    let words = [
        "issuer",
        "authorization_server",
        "token_endpoint",
        "client_id",
        "redirect_uri",
        "resource_metadata",
        "grant_type",
        "code_verifier",
    ];
    for file in files(&root().join("shared/src"), ".rs") {
        if is_allowed(&file) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} speaks of {word}", file.display());
        }
    }
}

/// The references that the files of shared/src/spec declare: `NAME("3.1"):` in a table, or a static.
fn declared_references() -> Vec<String> {
    let tables = files(&root().join("shared/src/spec"), ".rs");
    let text: String = tables.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let name = |line: &str| {
        let line = line.strip_prefix("pub static ").or_else(|| line.strip_prefix("        "))?;
        let end = line.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')?;
        let (name, rest) = line.split_at(end);
        (name.len() > 3 && (rest.starts_with('(') || rest.starts_with(": SpecRef ="))).then(|| name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

#[test]
fn every_reference_to_a_standard_is_used() {
    let declared = declared_references();
    assert_eq!(declared.len(), shared::spec::ALL.iter().map(|file| file.len()).sum::<usize>(), "{declared:?}");
    let tables = root().join("shared/src/spec");
    let sources: String = files(&root(), ".rs")
        .iter()
        .filter(|file| !file.starts_with(&tables))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for name in declared {
        let path = format!("spec::{name}");
        let mut uses = sources.split(&path).skip(1);
        let is_whole = |after: &str| !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        assert!(uses.any(is_whole), "{name} is used");
    }
}

/// The targets of the Markdown links of a text, without those of code blocks.
fn links(text: &str) -> Vec<String> {
    let mut prose = String::new();
    for (n, part) in text.split("```").enumerate() {
        prose += if n % 2 == 0 { part } else { "" };
    }
    prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// The anchor that a Markdown heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_inside_the_repository_lead_somewhere() {
    let mut checked = 0;
    for readme in files(&root(), ".md") {
        let text = fs::read_to_string(&readme).unwrap();
        for target in links(&text).iter().filter(|target| !target.contains("://")) {
            let (file, section) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { readme.clone() } else { readme.parent().unwrap().join(file) };
            assert!(path.exists(), "{} links {target}", readme.display());
            if !section.is_empty() {
                let linked = fs::read_to_string(&path).unwrap();
                let headings: Vec<_> = linked.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
                assert!(
                    headings.iter().any(|heading| heading == section),
                    "{} links {target}: {headings:?}",
                    readme.display()
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 0);
}

#[test]
fn a_lessons_readme_has_the_sections_of_every_lesson() {
    let sections = [
        "What you will learn",
        "Why it matters for MCP",
        "Standards",
        "Before you start",
        "Core ideas",
        "Run it",
        "What you see",
        "How the code does it",
        "Break it",
        "With another IdP",
        "Troubleshooting",
        "Security notes",
        "Exercises",
        "Next",
        "Resources",
    ];
    for package in packages().iter().filter(|package| folder(package).starts_with(|c: char| c.is_ascii_digit())) {
        let text = fs::read_to_string(root().join(folder(package)).join("README.md")).unwrap();
        let headings: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, sections, "{}", folder(package));
    }
}
