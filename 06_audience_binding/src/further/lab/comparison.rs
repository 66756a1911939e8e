//! The claims of the lab's tokens, side by side.

use serde_json::Map;

use crate::audience::shown;
use crate::further::lab::Sample;

/// Claims that every token, or every authorization server, has to itself.
const UNIQUE: [&str; 9] = ["exp", "iat", "auth_time", "jti", "sid", "sub", "iss", "azp", "client_id"];

/// The claims that differ, and the names of those that do not.
pub(super) fn compared(samples: &[Sample]) -> String {
    let mut names: Vec<&str> = vec!["aud", "scope"];
    for name in samples.iter().filter_map(|sample| sample.claims.as_ref()).flat_map(Map::keys) {
        if !names.contains(&name.as_str()) && !UNIQUE.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let value = |sample: &Sample, name: &str| match &sample.claims {
        Some(claims) => claims.get(name).map_or("absent".to_owned(), shown),
        None => "(no token)".to_owned(),
    };
    let (same, different): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| {
        let mut values = samples.iter().filter(|sample| sample.claims.is_some()).map(|sample| value(sample, name));
        let first = values.next();
        values.all(|value| Some(value) == first)
    });
    let mut lines = vec!["The claims, side by side:".to_owned()];
    for name in different {
        lines.push(format!("  {name}"));
        lines.extend(samples.iter().map(|sample| format!("    {:<22}  {}", sample.mode.title(), value(sample, name))));
    }
    let same = if same.is_empty() { "nothing".to_owned() } else { same.join(", ") };
    lines.push(format!("The same in all: {same}. Each token's own: exp, jti, azp and the like."));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::further::lab::Mode;

    fn sample(mode: Mode, claims: Option<Value>) -> Sample {
        let claims = claims.and_then(|claims| claims.as_object().cloned());
        Sample { mode, claims, instead: String::new() }
    }

    #[test]
    fn what_differs_stands_side_by_side() {
        let samples = [
            sample(Mode::NoMapper, Some(json!({"scope": "", "typ": "c", "jti": "1"}))),
            sample(Mode::ScopeMapper, Some(json!({"aud": ["A", "B"], "scope": "a b", "typ": "c", "jti": "2"}))),
            sample(Mode::ResourceIndicators, None),
        ];
        let told = compared(&samples);
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(
            lines[1..5],
            [
                "  aud",
                "    no mapper               absent",
                "    a mapper in each scope  [\"A\",\"B\"]",
                "    resource indicators     (no token)",
            ]
        );
        assert!(told.ends_with("The same in all: typ. Each token's own: exp, jti, azp and the like."), "{told}");
    }
}
