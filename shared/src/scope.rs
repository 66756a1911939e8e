//! Scopes, as OAuth writes a list of them.

use std::collections::HashSet;

/// The scopes of a list: "expressed as a list of space-delimited, case-sensitive strings" (RFC 6749
/// §3.3). Nothing but the space parts two of them: a no-break space belongs to a scope that nobody
/// has, rather than standing between two that somebody might.
pub fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(' ').filter(|scope| !scope.is_empty())
}

/// What is wanted and not held, in the order in which it is wanted.
pub fn missing<'a>(wanted: impl IntoIterator<Item = &'a str>, held: &[&str]) -> Vec<&'a str> {
    let held: HashSet<_> = held.iter().copied().collect();
    wanted.into_iter().filter(|scope| !held.contains(scope)).collect()
}

/// Both lists, each scope once, in the order in which they came.
pub fn union<'a>(before: impl IntoIterator<Item = &'a str>, more: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut known = HashSet::new();
    let all = before.into_iter().chain(more).filter(|scope| known.insert(*scope));
    all.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn lists_are_compared_in_order() {
        assert_eq!(missing(["a", "b", "c"], &["c", "a"]), ["b"]);
        assert_eq!(missing(["a"], &[]), ["a"]);
        assert_eq!(union(["b", "a", "b"], ["c", "a"]), ["b", "a", "c"]);
    }

    /// A stranger chooses both lists.
    #[test]
    fn long_lists_take_no_longer_than_they_are() {
        let list = (0..100_000).map(|n| format!("scope-{n}")).collect::<Vec<_>>().join(" ");
        let (started, scopes) = (Instant::now(), split(&list).collect::<Vec<_>>());
        assert_eq!(missing(split(&list), &scopes), Vec::<&str>::new());
        assert_eq!(union(split(&list), split(&list)).len(), 100_000);
        assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    }

    #[test]
    fn only_the_space_parts_scopes() {
        for (list, expected) in [
            ("", &[][..]),
            (" ", &[]),
            ("a", &["a"]),
            ("mcp:read mcp:write", &["mcp:read", "mcp:write"]),
            ("  a   b ", &["a", "b"]),
            ("a\tb", &["a\tb"]),
            ("a\nb\r", &["a\nb\r"]),
            ("a\u{a0}b", &["a\u{a0}b"]),
            ("a\u{2003}b \u{3000}", &["a\u{2003}b", "\u{3000}"]),
            ("a\u{85}b\u{b}c\u{c}d", &["a\u{85}b\u{b}c\u{c}d"]),
        ] {
            assert_eq!(split(list).collect::<Vec<_>>(), expected, "{list:?}");
        }
    }
}
