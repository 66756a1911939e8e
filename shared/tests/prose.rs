//! What holds for the texts that a person reads: their length, and plain words.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use sources::{comment_start, files, root, shown};

/// Words of the longest README, without its blocks of code and output.
const WORDS_OF_A_README: usize = 2_000;

/// Phrases that a reader stumbles over, and what to write instead.
const WORD_LIST: [(&[&str], &str); 15] = [
    (&["mend", "mends", "mended"], "fix"),
    (&["heed", "heeds", "pay heed", "pays heed"], "honour, follow, use"),
    (&["good no more", "is no good", "are no good"], "no longer valid"),
    (&["whoever"], "any client that, the user who"),
    (&["to be had", "come by", "comes by"], "available, get"),
    (&["at the most"], "at most"),
    (&["stands twice", "stand twice"], "appears twice"),
    (&["fall over", "falls over", "fell over"], "fail"),
    (&["let in", "lets in"], "accepted"),
    (&["lays beside", "laid beside", "lays it beside", "side by side with"], "compares with"),
    (&["had it the"], "with the … it could"),
    (&["a stranger", "strangers"], "an untrusted server"),
    (&["for whom", "whom a token is for"], "the token's audience"),
    (&["a token of the user's", "tokens of the user's"], "the user's token"),
    (&["the story", "whole story", "anew"], "the lesson; again"),
];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Where a phrase stands in a text as whole words.
fn find_phrase(text: &str, phrase: &str) -> Option<usize> {
    let starts = text.match_indices(phrase).map(|(at, _)| at);
    starts.into_iter().find(|&at| !text[..at].ends_with(is_word) && !text[at + phrase.len()..].starts_with(is_word))
}

/// Lines of prose, with their numbers. A phrase may go on in the next line, so they are one text
/// too.
struct Prose {
    text: String,
    /// For each line: where it begins in the text, and its number.
    begins: Vec<(usize, usize)>,
}

impl Prose {
    fn of<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let mut prose = Self { text: String::new(), begins: vec![] };
        for (number, line) in lines {
            prose.begins.push((prose.text.len(), number));
            prose.text += &line.trim().trim_end_matches('\\').trim_end().to_lowercase();
            prose.text.push(' ');
        }
        prose
    }

    /// A page of Markdown without its blocks of code and output.
    fn of_page(page: &str) -> Self {
        let mut is_code = false;
        Self::of(page.lines().enumerate().map(|(n, line)| (n + 1, line)).filter(move |(_, line)| {
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            !is_code && !is_fence
        }))
    }

    /// The code of a program without comments and tests. Its strings are what a person reads. A
    /// phrase of the word list cannot be code.
    fn of_program(source: &str) -> Self {
        let program = source.split("#[cfg(test)]").next().unwrap_or_default();
        Self::of(program.lines().enumerate().map(|(n, line)| {
            let end = comment_start(line).unwrap_or(line.len());
            (n + 1, &line[..end])
        }))
    }

    fn offences(&self, file: &Path) -> Vec<String> {
        let offence = |phrase: &&str, instead: &str| {
            let at = find_phrase(&self.text, phrase)?;
            let line = self.begins.iter().rev().find(|(begin, _)| *begin <= at)?.1;
            Some(format!("{}:{line}: “{phrase}”; write: {instead}", shown(file)))
        };
        let all = WORD_LIST.iter();
        all.flat_map(|(phrases, instead)| phrases.iter().filter_map(|phrase| offence(phrase, instead))).collect()
    }
}

fn pages(names: &[&str]) -> Vec<PathBuf> {
    let pages: Vec<_> =
        files(&root(), ".md").into_iter().filter(|page| names.iter().any(|name| page.ends_with(name))).collect();
    assert!(pages.len() > names.len(), "{pages:?}");
    pages
}

#[test]
fn no_readme_is_too_long() {
    let mut long = vec![];
    for page in pages(&["README.md"]) {
        let words = Prose::of_page(&fs::read_to_string(&page).unwrap()).text.split_whitespace().count();
        if words > WORDS_OF_A_README {
            long.push(format!("{}: {words} words", shown(&page)));
        }
    }
    let long = long.join("\n");
    assert!(long.is_empty(), "at most {WORDS_OF_A_README} words besides code; the rest goes to FURTHER.md:\n{long}");
}

#[test]
fn the_pages_use_plain_words() {
    let pages = pages(&["README.md", "FURTHER.md", "GLOSSARY.md"]);
    let offences = |page: &PathBuf| Prose::of_page(&fs::read_to_string(page).unwrap()).offences(page);
    let all: Vec<_> = pages.iter().flat_map(offences).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_programs_use_plain_words() {
    let quotes = root().join("shared/src/spec");
    let mut all = vec![];
    for file in files(&root(), ".rs") {
        let name = shown(&file);
        if !name.contains("/src/") || name.contains("/tests") || name.contains("/testing") || file.starts_with(&quotes)
        {
            continue;
        }
        all.extend(Prose::of_program(&fs::read_to_string(&file).unwrap()).offences(&file));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_glossary_is_in_alphabetical_order_and_every_entry_says_something() {
    let glossary = fs::read_to_string(root().join("shared/GLOSSARY.md")).unwrap();
    let entries: Vec<_> = glossary.split("\n## ").skip(1).map(|entry| entry.split_once('\n').unwrap()).collect();
    let terms: Vec<_> = entries.iter().map(|(term, _)| term.to_lowercase()).collect();
    assert!(terms.is_sorted(), "{terms:?}");
    for (term, text) in entries {
        assert!(text.split_whitespace().count() > 8, "{term} is explained");
    }
}

#[test]
fn a_phrase_is_found_as_whole_words_and_over_the_end_of_a_line() {
    let page = "One.\n```sh\nmend\n```\nIt takes two at the\nmost. We recommend amends.\n";
    assert_eq!(Prose::of_page(page).offences(Path::new("page.md")), ["page.md:5: “at the most”; write: at most"]);
    let program = "// mend\nlet a = \"falls \\\n    over\";\n// whoever\n#[cfg(test)]\n\"mend\"";
    assert_eq!(Prose::of_program(program).offences(Path::new("a.rs")), ["a.rs:2: “falls over”; write: fail"]);
}
