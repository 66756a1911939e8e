//! Finds the secrets in a text, in every reading of it ([`super::views`]): by their names, by their
//! shape, and by their values.

use std::ops::Range;
use std::sync::Arc;

use super::known::Finder;
use super::scan::{by_name, by_shape};
use super::views::{self, View};

/// Readings of readings that are looked at: base64 of percent-encoded JSON is three deep.
const DEPTH: usize = 3;

/// What to look for.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Names, and tokens by their shape; `None` where only known values count.
    pub names: Option<Names>,
    /// Values that are known.
    pub values: Option<&'a Finder>,
}

/// How far a name is trusted to stand before a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// In sentences, where the word after a name is mostly no secret.
    Sentences,
    /// In a document that cannot be parsed: when in doubt, it is a secret.
    Document,
}

/// A secret: where, of which kind, its value, and whether its name alone says that it is one.
pub struct Found {
    pub range: Range<usize>,
    pub kind: Arc<str>,
    pub value: Arc<str>,
    pub is_named: bool,
}

/// All secrets of a text; their places may overlap.
pub fn find(text: &[u8], search: Search<'_>) -> Vec<Found> {
    let mut reader = Reader { search, budget: 10 * text.len() + 64 * 1024 };
    let mut found = vec![];
    reader.read(text, 0, search.names, &mut found);
    // A value can have escapes of its own: so each kind of escape is undone alone, too.
    for marks in [&b"%"[..], b"\\", b"&"] {
        if let Some(view) = views::without_escapes(text, marks) {
            reader.read_view(&view, DEPTH, None, &mut found);
        }
    }
    found
}

struct Reader<'a> {
    search: Search<'a>,
    /// Bytes of readings that may still be looked at: it ends only where a text was made to have
    /// many.
    budget: usize,
}

impl Reader<'_> {
    fn read(&mut self, text: &[u8], depth: usize, names: Option<Names>, found: &mut Vec<Found>) {
        if let Some(names) = names {
            by_name(text, names, found);
            by_shape(text, found);
        }
        if let Some(finder) = self.search.values {
            finder.find(text, |range, known| {
                let (kind, value) = (known.kind.clone(), known.value.clone());
                found.push(Found { range, kind, value, is_named: false });
            });
        }
        if depth == DEPTH {
            return;
        }
        if let Some(view) = views::unescaped(text) {
            self.read_view(&view, depth + 1, names, found);
        }
        let base64 = views::base64(text);
        let hexadecimal = views::hexadecimal_runs(text);
        for view in base64.iter().flatten().chain(hexadecimal.iter().flatten()) {
            // Noise says nothing: names and further readings are looked for where the bytes are
            // text.
            if is_text(&view.bytes) {
                self.read_view(view, depth + 1, names, found);
            } else if self.search.values.is_some() {
                self.read_view(view, DEPTH, None, found);
            }
        }
    }

    fn read_view(&mut self, view: &View, depth: usize, names: Option<Names>, found: &mut Vec<Found>) {
        let Some(left) = self.budget.checked_sub(view.bytes.len()) else { return };
        self.budget = left;
        let mut inside = vec![];
        self.read(&view.bytes, depth, names, &mut inside);
        found.extend(inside.into_iter().map(|secret| Found { range: view.source(&secret.range), ..secret }));
    }
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(|c| c.is_control() && !c.is_whitespace()))
}
