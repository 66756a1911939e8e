//! What a comment puts in quotation marks is, word for word, in the document that it names.
//!
//! The known sentences are those of `shared::spec` and of `quoted_sentences.txt` beside this file.
//! A quotation belongs to the reference behind it, or else to the one before it:
//!
//! ```text
//! // "each key MUST be used with … one algorithm" (RFC 8725 §3.1)
//! // RFC 7662 §2.1 has more: "it MUST extend its search".
//! ```
//!
//! `…` stands for words that are left out. Where the reference names a section, the sentence has to
//! be from there. A quotation without a reference is checked from four words on, in all documents;
//! shorter ones are words, such as "none". What stands in backticks is code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod sources;

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use sources::{comments, files, root, shown};

/// From so many words on, a quotation without a reference is taken for a sentence.
const WORDS_OF_A_SENTENCE: usize = 4;

/// A sentence of a document.
#[derive(Debug, PartialEq, Eq)]
struct Sentence {
    document: String,
    section: String,
    text: String,
}

/// The document, and the section where it is named, that a quotation is from.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reference {
    document: Option<String>,
    section: Option<String>,
}

impl Reference {
    fn is_of(&self, sentence: &Sentence) -> bool {
        // "Streamable HTTP, Security & Endpoint" names a page and its section.
        let is_same = |section: &String| section.ends_with(&sentence.section) || sentence.section.ends_with(section);
        self.document.as_ref().is_none_or(|document| *document == sentence.document)
            && self.section.as_ref().is_none_or(is_same)
    }
}

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let numbered = r"(?P<numbered>RFC \d{4}|OpenID Connect (?:Core|Discovery)|OAuth 2\.1|CIMD draft-00)";
    let titled = r"(?P<titled>MCP \d{4}-\d\d-\d\d)(?:, (?P<title>[^().:;]+(?:\([^()]*\))?))?";
    Regex::new(&format!(r"{numbered}(?: (?P<section>§[\d.]*\d))?|{titled}|(?P<bare>§[\d.]*\d)")).unwrap()
});

/// The references of a comment, and where they stand. A section alone is one of the document before
/// it.
fn references(comment: &str) -> Vec<(Range<usize>, Reference)> {
    let mut found: Vec<(Range<usize>, Reference)> = vec![];
    for captures in REFERENCE.captures_iter(comment) {
        let text = |name: &str| captures.name(name).map(|part| part.as_str().trim().to_owned());
        let document = match text("bare") {
            Some(_) => found.last().and_then(|(_, before)| before.document.clone()),
            None => text("numbered").or_else(|| text("titled")),
        };
        let section = text("section").or_else(|| text("title")).or_else(|| text("bare"));
        found.push((captures.get(0).unwrap().range(), Reference { document, section }));
    }
    found
}

/// The texts in quotation marks, which may have others in them: `"the "aud" claim"` is one.
fn quotations(comment: &str) -> Vec<Range<usize>> {
    let (mut found, mut depth, mut start, mut is_code) = (vec![], 0_usize, 0, false);
    let mut before = ' ';
    for (n, c) in comment.char_indices() {
        let after = comment[n + c.len_utf8()..].chars().next().unwrap_or(' ');
        // Behind the first mark of a quotation, another mark opens one in it.
        let is_open = before.is_whitespace() || "([“".contains(before) || (before == '"' && depth > 0 && start == n);
        match c {
            '`' => is_code = !is_code,
            '"' | '“' if !is_code && is_open && !after.is_whitespace() => {
                if depth == 0 {
                    start = n + c.len_utf8();
                }
                depth += 1;
            }
            '"' | '”' if !is_code && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push(start..n);
                }
            }
            _ => {}
        }
        before = c;
    }
    found
}

/// A text without what documents do not agree on: quotation marks, backticks, line ends.
fn normalized(text: &str) -> String {
    let text = text.replace(['"', '“', '”', '`'], "").replace('’', "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parts of a quotation between words that are left out.
fn fragments(quotation: &str) -> Vec<String> {
    let parts = quotation.split('…').map(|part| normalized(part.trim_matches([' ', ',', '.', ';', ':'])));
    parts.filter(|part| !part.is_empty()).collect()
}

/// Whether the sentence has the fragment; a quotation may change whether it begins with a capital.
fn has(sentence: &str, fragment: &str) -> bool {
    let (first, rest) = fragment.split_at(fragment.chars().next().map_or(0, char::len_utf8));
    let sentence = normalized(sentence);
    [first.to_owned(), first.to_lowercase(), first.to_uppercase()]
        .into_iter()
        .any(|first| sentence.contains(&(first + rest)))
}

/// What a comment quotes, with the reference of each quotation.
fn quoted(comment: &str) -> Vec<(&str, Reference)> {
    let mut quoted = vec![];
    for place in quotations(comment) {
        let text = &comment[place.clone()];
        let is_sentence = text.split_whitespace().count() >= WORDS_OF_A_SENTENCE;
        let mut references = references(comment);
        let next = references.iter().position(|(range, _)| range.start >= place.end);
        let before = references.iter().rposition(|(range, _)| range.end <= place.start);
        if next.is_none() && !is_sentence {
            continue;
        }
        let reference = next.or(before).map_or_else(Reference::default, |n| references.swap_remove(n).1);
        quoted.push((text, reference));
    }
    quoted
}

/// The fragments that no sentence has, each with its reference; and the sentences that were quoted.
fn check<'a>(comment: &str, known: &'a [Sentence]) -> (Vec<(String, Reference)>, HashSet<&'a str>) {
    let (mut unknown, mut used) = (vec![], HashSet::new());
    for (text, reference) in quoted(comment) {
        for fragment in fragments(text) {
            let of_document = known.iter().filter(|sentence| reference.is_of(sentence));
            let having: Vec<_> = of_document.filter(|sentence| has(&sentence.text, &fragment)).collect();
            if having.is_empty() {
                let Reference { document, section } = &reference;
                unknown.push((fragment, Reference { document: document.clone(), section: section.clone() }));
            }
            used.extend(having.iter().map(|sentence| sentence.text.as_str()));
        }
    }
    (unknown, used)
}

/// The sentences of `quoted_sentences.txt`: `# document §section` or `# document, section`, and a
/// sentence a line.
fn further_sentences(file: &str) -> Vec<Sentence> {
    let mut place = None;
    let mut sentences = vec![];
    for line in file.lines().filter(|line| !line.is_empty()) {
        if let Some(heading) = line.strip_prefix("# ") {
            let numbered = heading.split_once(" §").map(|(document, number)| (document, format!("§{number}")));
            let titled = || heading.split_once(", ").map(|(document, title)| (document, title.to_owned()));
            place = Some(numbered.or_else(titled).unwrap_or((heading, String::new())));
        } else if let Some((document, section)) = &place {
            let (document, section) = ((*document).to_owned(), section.clone());
            sentences.push(Sentence { document, section, text: line.to_owned() });
        }
    }
    sentences
}

fn sentences_of_checks() -> Vec<Sentence> {
    let all = shared::spec::ALL.iter().copied().flatten();
    let sentence = |spec: &&shared::SpecRef| Sentence {
        document: spec.id.to_owned(),
        section: spec.section.to_owned(),
        text: spec.quote.to_owned(),
    };
    all.map(sentence).collect()
}

#[test]
fn comments_quote_the_standards_word_for_word() {
    let further = fs::read_to_string(root().join("shared/tests/quoted_sentences.txt")).unwrap();
    let further = further_sentences(&further);
    let further_texts: Vec<_> = further.iter().map(|sentence| sentence.text.clone()).collect();
    let known: Vec<_> = sentences_of_checks().into_iter().chain(further).collect();
    let (mut wrong, mut used, mut number) = (vec![], HashSet::new(), 0);
    for file in files(&root(), ".rs").iter().filter(|file| !file.ends_with("tests/quotes.rs")) {
        for comment in comments(&fs::read_to_string(file).unwrap()) {
            number += quoted(&comment.text).len();
            let (unknown, quoted) = check(&comment.text, &known);
            used.extend(quoted);
            wrong.extend(unknown.iter().map(|(fragment, Reference { document, section })| {
                let document = document.as_deref().unwrap_or("any document");
                let section = section.as_deref().unwrap_or_default();
                format!(
                    "{}:{}: “{fragment}” is in no sentence of {document} {section}",
                    shown(file),
                    comment.first_line
                )
            }));
        }
    }
    let wrong = wrong.join("\n");
    assert!(wrong.is_empty(), "correct the comment, or add the sentence to quoted_sentences.txt:\n{wrong}");
    assert!(number > 150, "only {number} quotations were found");
    let unused: Vec<_> = further_texts.iter().filter(|text| !used.contains(text.as_str())).collect();
    assert!(unused.is_empty(), "no comment quotes these lines of quoted_sentences.txt any more: {unused:#?}");
}

fn known() -> Vec<Sentence> {
    further_sentences(
        "An introduction.\n\n# RFC 1 §2.1\nIt MUST be a \"JWT\", or the server MUST reject it.\n\n\
         # RFC 8725 §3.1\neach key MUST be used with exactly one algorithm\n\
         # MCP 2026-07-28, Security & Endpoint\nServers MUST respond with HTTP 403.\n# A product\nThe token is not for you",
    )
}

/// The fragments of the comments of this source that are wrong.
fn wrong(source: &str) -> Vec<String> {
    let known = known();
    comments(source).iter().flat_map(|comment| check(&comment.text, &known).0).map(|(fragment, _)| fragment).collect()
}

#[test]
fn a_right_quotation_is_found_to_be_right() {
    assert!(wrong("    /// \"each key MUST be used with exactly one algorithm\" (RFC 8725 §3.1)").is_empty());
    assert!(wrong("let x = 1; // \"Each key MUST be used\" (RFC 8725)").is_empty());
    assert!(wrong("//! RFC 8725 §3.1 has more: \"MUST be used with … one algorithm.\"").is_empty());
    assert!(wrong("// RFC 8725 and its \"exactly one algorithm\" (§3.1)").is_empty());
    assert!(wrong("// \"servers MUST respond\" (MCP 2026-07-28, Streamable HTTP, Security & Endpoint)").is_empty());
    assert!(wrong("// \"The token is not for you\": a product's words").is_empty());
    assert!(wrong("// \"none\" is a word, and `\"so is this: no quotation\"` is code").is_empty());
}

#[test]
fn a_quotation_over_several_lines_is_one() {
    let source = "/// \"each key MUST be used\n/// with … algorithm\" (RFC\n/// 8725 §3.1): \"exactly one\n///\n/// algorithm\" (RFC 8725).";
    assert!(wrong(source).is_empty(), "{:?}", comments(source));
    assert_eq!(comments(source).len(), 1);
    assert_eq!(wrong(&source.replace("be used", "be tried")), ["each key MUST be tried with"]);
    let example = "//! ```text\n//! \"not a quotation at all\" (RFC 8725)\n//! ```";
    assert!(wrong(example).is_empty());
}

#[test]
fn a_wrong_quotation_is_found() {
    let one = ["each key SHOULD be used"];
    assert_eq!(wrong("// \"each key SHOULD be used\" (RFC 8725 §3.1)"), one);
    assert_eq!(wrong("// \"each key MUST … with any algorithm\" (RFC 8725)"), ["with any algorithm"]);
    assert_eq!(wrong("// \"each key MUST be used\" (RFC 8725 §3.2)"), ["each key MUST be used"], "another section");
    assert_eq!(wrong("// \"each key MUST be used\" (RFC 9068)"), ["each key MUST be used"], "another document");
    assert_eq!(wrong("// \"each key MUST be used\" (MCP 2026-07-28, Roles)"), ["each key MUST be used"]);
    assert_eq!(wrong("// \"each key SHOULD be used\", without a reference"), one);
    assert_eq!(wrong("// \"MUST\" (RFC 8725), and \"never\" (RFC 8725)"), ["never"], "two in one comment");
}

#[test]
fn quotation_marks_may_stand_in_a_quotation() {
    let comment = r#"It is "the "typ" of "a"" and ("b") and "["c", "d"]." and "“e” f"."#;
    let found: Vec<_> = quotations(comment).into_iter().map(|place| &comment[place]).collect();
    assert_eq!(found, [r#"the "typ" of "a""#, "b", r#"["c", "d"]."#, "“e” f"]);
}
