//! What holds for the workspace as a whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod sources;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sources::{comment_start, comments, files, root, shown};

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

fn lessons() -> Vec<Value> {
    let is_lesson = |package: &Value| folder(package).starts_with(|c: char| c.is_ascii_digit());
    let lessons: Vec<_> = packages().into_iter().filter(is_lesson).collect();
    assert!(!lessons.is_empty());
    lessons
}

#[test]
fn a_lesson_is_named_alike_everywhere() {
    let config = fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for lesson in lessons() {
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
    // Exceptions: the names of secrets (redact), the sentences of the standards (spec/), and the
    // messages that a report draws (report/).
    let is_allowed = |file: &Path| {
        file.ends_with("redact.rs")
            || file.starts_with(root().join("shared/src/redact"))
            || file.starts_with(root().join("shared/src/spec"))
            || file.starts_with(root().join("shared/src/report"))
    };
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

/// The references that the files of shared/src/spec declare: `NAME("3.1"):` in a table, or a
/// static.
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

/// Columns of the widest line that has a comment.
const COMMENT_COLUMNS: usize = 100;

#[test]
fn no_line_with_a_comment_is_too_wide() {
    let mut wide = vec![];
    for file in files(&root(), ".rs") {
        for (n, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let Some(start) = comment_start(line) else { continue };
            // A URL cannot be broken.
            let is_url = line[start..].split_whitespace().count() == 2 && line.contains("://");
            let columns = line.chars().count();
            if columns > COMMENT_COLUMNS && !is_url {
                wide.push(format!("{}:{}: {columns} columns", shown(&file), n + 1));
            }
        }
    }
    assert!(wide.is_empty(), "lines with a comment have at most {COMMENT_COLUMNS} columns:\n{}", wide.join("\n"));
}

/// Words of the shortest comment that can say more than the name below it.
const WORDS_OF_A_COMMENT: usize = 4;

/// Whether a line begins an item that has a name: no field and no variant, for which a unit can be
/// enough, and no static, which is a row of a table here.
fn begins_an_item(line: &str) -> bool {
    let line = line.trim_start();
    let public = if line.starts_with("pub(") { line.split_once(") ") } else { line.split_once("pub ") };
    let line = public.filter(|_| line.starts_with("pub")).map_or(line, |(_, item)| item);
    let words = ["fn", "async", "const", "struct", "enum", "mod", "trait", "type", "impl", "use", "macro_rules!"];
    line.split_whitespace().next().is_some_and(|first| words.contains(&first))
}

#[test]
fn a_comment_says_more_than_the_name_below_it() {
    let mut short = vec![];
    for file in files(&root(), ".rs") {
        let source = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = source.lines().collect();
        for comment in comments(&source).iter().filter(|comment| comment.marker != "//" && !comment.text.is_empty()) {
            let below = lines[comment.last_line..].iter().find(|line| !line.trim_start().starts_with("#["));
            let is_of_item = comment.marker == "//!" || below.is_some_and(|line| begins_an_item(line));
            if is_of_item && comment.text.split_whitespace().count() < WORDS_OF_A_COMMENT {
                short.push(format!("{}:{}: {}", shown(&file), comment.first_line, comment.text));
            }
        }
    }
    let short = short.join("\n");
    assert!(
        short.is_empty(),
        "a comment of fewer than {WORDS_OF_A_COMMENT} words; delete it or give the reason:\n{short}"
    );
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
fn a_lesson_has_the_sections_of_every_lesson() {
    let readme = [
        "What you will learn",
        "The picture",
        "Core idea",
        "Run it",
        "What you see",
        "Read the code",
        "Break it",
        "Try it on your own server or IdP",
        "Troubleshooting",
        "Exercises",
        "Next",
    ];
    let further = ["Standards", "Security notes", "Resources"];
    for package in lessons() {
        let folder = root().join(folder(&package));
        let headings = |page: &str| -> Vec<String> {
            let text = fs::read_to_string(folder.join(page)).unwrap();
            text.lines().filter_map(|line| Some(line.strip_prefix("## ")?.to_owned())).collect()
        };
        assert_eq!(headings("README.md"), readme, "{}", folder.display());
        let headings = headings("FURTHER.md");
        for section in further {
            assert!(headings.iter().any(|heading| heading == section), "{}: {headings:?}", folder.display());
        }
    }
}

/// A private registry's address fails on other machines. Without a checksum, npm accepts any file.
#[test]
fn the_conformance_suite_is_pinned() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let json = |name: &str| -> Value { serde_json::from_str(&read(&format!(".ci/conformance-suite/{name}"))).unwrap() };
    let (manifest, lockfile) = (json("package.json"), json("package-lock.json"));
    for kind in ["dependencies", "optionalDependencies"] {
        for (name, version) in manifest[kind].as_object().unwrap() {
            assert_eq!(&lockfile["packages"][format!("node_modules/{name}")]["version"], version, "{name}");
        }
    }
    for (path, package) in lockfile["packages"].as_object().unwrap().iter().filter(|(path, _)| !path.is_empty()) {
        let text = |member: &str| package[member].as_str().unwrap_or_default();
        assert!(text("resolved").starts_with("https://registry.npmjs.org/"), "{path}: {package}");
        assert!(text("integrity").starts_with("sha512-"), "{path}: {package}");
    }
    let suite = "@modelcontextprotocol/conformance";
    let version = manifest["dependencies"][suite].as_str().unwrap();
    assert!(read("README.md").contains(&format!("`{suite}` {version}")), "the README names the version {version}");
}

/// What to do is an instruction that a person can carry out (a question leaves them alone with it).
#[test]
fn no_text_of_the_programs_ends_in_a_question() {
    let mut questions = vec![];
    for path in files(&root(), ".rs") {
        let name = shown(&path);
        let source = fs::read_to_string(&path).unwrap();
        let program = source.split("#[cfg(test)]").next().unwrap();
        if !name.contains("/src/") || name.contains("/tests") || name.contains("/testing") {
            continue;
        }
        for (n, line) in program.lines().enumerate() {
            let ends =
                line.match_indices("?\"").any(|(at, _)| line[..at].ends_with(|c: char| c.is_alphabetic() || c == ')'));
            if ends && comment_start(line).is_none() {
                questions.push(format!("{name}:{}", n + 1));
            }
        }
    }
    assert!(questions.is_empty(), "say what to do instead of asking:\n{}", questions.join("\n"));
}
