//! The same JSON object as several parties see it, member by member.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A column: its heading, and the members of one document.
pub type Column<'a> = (&'a str, Option<&'a Map<String, Value>>);

/// Characters of a value that are shown.
const WIDTH: usize = 44;

/// A row for each member of any document that is not `hidden`, in the order of the first column
/// that has it. The mark says what became of it on the way from the first column to the last;
/// parties that say the same stand together.
pub fn compare(columns: &[Column<'_>], hidden: &[&str]) -> String {
    let mut known = BTreeSet::new();
    let all = columns.iter().filter_map(|(_, members)| *members).flat_map(Map::keys).map(String::as_str);
    let names: Vec<_> = all.filter(|name| !hidden.contains(name) && known.insert(*name)).collect();
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
    let mut lines =
        vec!["= unchanged, ≠ changed, − dropped, + added (by the IdP, from the first column to the last)".to_owned()];
    for name in names {
        let values: Vec<_> = columns
            .iter()
            .map(|(heading, members)| (*heading, members.and_then(|members| members.get(name))))
            .collect();
        let (first, last) = (values.first().and_then(|first| first.1), values.last().and_then(|last| last.1));
        let said: Vec<_> = groups(&values)
            .into_iter()
            .map(|(headings, value)| match mark(first, last) {
                "=" => value,
                _ => format!("{}: {value}", headings.join(" and ")),
            })
            .collect();
        lines.push(format!("{} {name:<width$}  {}", mark(first, last), said.join(" → ")));
    }
    lines.join("\n")
}

/// Neighbours with the same value, and that value.
fn groups<'a>(values: &[(&'a str, Option<&Value>)]) -> Vec<(Vec<&'a str>, String)> {
    let mut groups: Vec<(Vec<&str>, Option<&Value>)> = Vec::new();
    for (heading, value) in values {
        match groups.last_mut() {
            Some((headings, known)) if known == value || same(*known, *value) => headings.push(heading),
            _ => groups.push((vec![heading], *value)),
        }
    }
    groups.into_iter().map(|(headings, value)| (headings, value.map_or("–".to_owned(), shown))).collect()
}

fn mark(first: Option<&Value>, last: Option<&Value>) -> &'static str {
    match (first, last) {
        _ if same(first, last) => "=",
        (None, Some(_)) => "+",
        (Some(_), None) => "−",
        _ => "≠",
    }
}

/// Neither lists nor scopes have an order.
fn same(first: Option<&Value>, last: Option<&Value>) -> bool {
    match (first, last) {
        (Some(first), Some(last)) => first == last || set(first).is_some_and(|set_of| Some(set_of) == set(last)),
        _ => false,
    }
}

fn set(value: &Value) -> Option<BTreeSet<&str>> {
    match value {
        Value::String(text) => Some(text.split(' ').collect()),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "(empty)".to_owned(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    match text.char_indices().nth(WIDTH * 2) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None if text.is_empty() => "(empty)".to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_fate_has_its_mark() {
        let asked = json!({"name": "x", "areas": "a b", "application_type": "native", "addresses": ["u"]});
        let granted = json!({"name": "x", "areas": "b a", "addresses": [], "subject_type": "public", "number": "i"});
        let table = compare(&[("asked for", asked.as_object()), ("granted", granted.as_object())], &["number"]);
        for line in [
            "= name              x",
            "= areas             a b",
            "− application_type  asked for: native → granted: –",
            "≠ addresses         asked for: u → granted: (empty)",
            "+ subject_type      asked for: – → granted: public",
        ] {
            assert!(table.contains(line), "{table}");
        }
        assert!(!table.contains("number"), "{table}");
    }

    #[test]
    fn parties_that_say_the_same_stand_together() {
        let (asked, granted) = (json!({"response_types": ["code"]}), json!({"response_types": ["code", "none"]}));
        let columns =
            [("asked for", asked.as_object()), ("granted", granted.as_object()), ("now", granted.as_object())];
        let table = compare(&columns, &["number"]);
        assert!(table.ends_with("≠ response_types  asked for: code → granted and now: code none"), "{table}");
    }
}
