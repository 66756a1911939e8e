//! The workspace's source files, and the comments in them.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file below a folder whose name ends like this; nothing hidden, and nothing that was built.
pub fn files(below: &Path, ending: &str) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let visible = entries
        .into_iter()
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.') && !path.ends_with("target"));
    visible
        .flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] })
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .collect()
}

/// A path as a person reads it: below the root.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Lines that follow each other and begin with the same marker, joined; without examples in code.
#[derive(Debug, PartialEq, Eq)]
pub struct Comment {
    /// `//`, `///` or `//!`.
    pub marker: &'static str,
    /// Counts from 1.
    pub first_line: usize,
    pub last_line: usize,
    pub text: String,
}

/// Where the comment of a line of code begins: `// …` alone on the line, or behind the code.
pub fn comment_start(line: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    if line[indent..].starts_with("//") {
        return Some(indent);
    }
    let behind = line.find(" // ")?;
    let is_in_a_string = line[..behind].matches('"').count() % 2 == 1;
    if is_in_a_string { None } else { Some(behind + 1) }
}

/// The comments of a source file.
pub fn comments(source: &str) -> Vec<Comment> {
    let mut comments: Vec<Comment> = vec![];
    let mut is_example = false;
    for (n, line) in source.lines().enumerate().map(|(n, line)| (n + 1, line)) {
        let Some(start) = comment_start(line) else { continue };
        let comment = &line[start..];
        let marker = ["///", "//!"].into_iter().find(|marker| comment.starts_with(marker)).unwrap_or("//");
        let text = comment[marker.len()..].trim();
        let is_behind_code = !line[..start].trim().is_empty();
        let goes_on = !is_behind_code
            && comments.last().is_some_and(|before| before.marker == marker && before.last_line == n - 1);
        if !goes_on {
            is_example = false;
            comments.push(Comment { marker, first_line: n, last_line: n, text: String::new() });
        }
        let Some(comment) = comments.last_mut() else { continue };
        comment.last_line = n;
        if text.starts_with("```") {
            is_example = !is_example;
        } else if !is_example && !text.is_empty() {
            let space = if comment.text.is_empty() { "" } else { " " };
            comment.text += &format!("{space}{text}");
        }
    }
    comments
}
