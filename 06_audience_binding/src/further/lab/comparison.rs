//! The claims of the lab's tokens, side by side.

use serde_json::Map;

use crate::audience::shown;
use crate::further::lab::sample::Sample;
use crate::further::lab::verdict::Seen;

/// Claims that every token, or every authorization server, has to itself.
const UNIQUE: [&str; 9] = ["exp", "iat", "auth_time", "jti", "sid", "sub", "iss", "azp", "client_id"];

/// The claims that differ, and the names of those that do not; nothing where fewer than two tokens
/// can be read. `a` and `b` are the servers.
pub(super) fn table(samples: &[Sample], [a, b]: [&str; 2]) -> Option<String> {
    // Claims that were not seen are not the same.
    if samples.iter().filter(|sample| sample.claims().is_some()).count() < 2 {
        return None;
    }
    let mut names: Vec<&str> = vec!["aud", "scope"];
    for name in samples.iter().filter_map(Sample::claims).flat_map(Map::keys) {
        if !names.contains(&name.as_str()) && !UNIQUE.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let value = |sample: &Sample, name: &str| match &sample.seen {
        Seen::Claims(claims) => claims.get(name).map_or("absent".to_owned(), shown),
        Seen::Opaque => "(cannot be seen)".to_owned(),
        Seen::Refused(_) => "(no token)".to_owned(),
    };
    let width = samples.iter().map(|sample| sample.title().len()).max().unwrap_or_default();
    let (same, different): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| {
        let mut values = samples.iter().filter(|sample| sample.claims().is_some()).map(|sample| value(sample, name));
        let first = values.next();
        values.all(|value| Some(value) == first)
    });
    let mut lines = vec![format!("The claims, side by side (A is {a}, B is {b}):")];
    for name in different {
        lines.push(format!("  {name}"));
        lines.extend(samples.iter().map(|sample| format!("    {:<width$}  {}", sample.title(), value(sample, name))));
    }
    let same = if same.is_empty() { "nothing".to_owned() } else { same.join(", ") };
    lines.push(format!("Equal in all tokens: {same}. Different in each token: exp, jti, azp and similar claims."));
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use serde_json::{Value, json};

    use super::*;
    use crate::further::lab::Mode;
    use crate::further::lab::sample::Request;

    fn sample(mode: Mode, request: Request, seen: Seen) -> Sample {
        Sample { issuer: String::new(), mode, request, seen }
    }

    fn claims(claims: Value) -> Seen {
        Seen::Claims(claims.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn what_differs_stands_side_by_side() {
        let samples = [
            sample(Mode::NoMapper, Request::NoScopeForA, claims(json!({"scope": "", "typ": "c", "jti": "1"}))),
            sample(
                Mode::ScopeMapper,
                Request::BothScopesForA,
                claims(json!({"aud": ["A", "B"], "scope": "a b", "typ": "c", "jti": "2"})),
            ),
            sample(Mode::ScopeMapper, Request::BothScopesForB, Seen::Opaque),
            sample(Mode::ResourceIndicators, Request::BothScopesForA, Seen::Refused(String::new())),
        ];
        let told = table(&samples, ["x", "y"]).unwrap();
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(
            lines[1..6],
            [
                "  aud",
                "    no scope, for A     absent",
                "    both scopes, for A  [\"A\",\"B\"]",
                "    both scopes, for B  (cannot be seen)",
                "    indicators, for A   (no token)",
            ]
        );
        assert!(
            told.ends_with("Equal in all tokens: typ. Different in each token: exp, jti, azp and similar claims."),
            "{told}"
        );
    }

    #[test]
    fn nothing_is_said_about_claims_that_nobody_saw() {
        let opaque = sample(Mode::NoMapper, Request::NoScopeForA, Seen::Opaque);
        let claims = sample(Mode::ScopeMapper, Request::BothScopesForA, claims(json!({"aud": "A"})));
        assert_eq!(table(&[opaque, claims], ["x", "y"]), None);
    }
}
