//! JSON documents that are nearly valid.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

use super::text::{nearly, odd_text};

/// Any JSON value, with a few levels.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => prop_oneof![Just(json!(0)), Just(json!(-1)), Just(json!(1e300)), Just(json!(0.5)), Just(json!(u64::MAX))],
        3 => odd_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let members = vec((odd_text(), inner.clone()), 0..4);
        let members = members.prop_map(|members| Value::Object(members.into_iter().collect()));
        prop_oneof![vec(inner, 0..4).prop_map(Value::from), members]
    })
}

/// A change of a document at one place.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Replace(Value),
    /// The value is put into an array, so many times.
    Nest(usize),
    /// The value, so many times, in an array.
    Multiply(usize),
    /// A text gets this at its end.
    Append(String),
    /// The value of another place.
    Copy(Index),
    /// A member of this name more.
    Add(String, Value),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => Just(Change::Remove),
        4 => any_json().prop_map(Change::Replace),
        1 => (1..100_usize).prop_map(Change::Nest),
        1 => (0..300_usize).prop_map(Change::Multiply),
        3 => odd_text().prop_map(Change::Append),
        2 => any::<Index>().prop_map(Change::Copy),
        1 => (odd_text(), any_json()).prop_map(|(name, value)| Change::Add(name, value)),
    ]
}

/// The valid document, changed in up to three places, or in none.
pub fn nearly_json(valid: Value) -> impl Strategy<Value = Value> {
    vec((any::<Index>(), change()), 0..=3).prop_map(move |changes| {
        let mut document = valid.clone();
        changes.into_iter().for_each(|(place, change)| apply(&mut document, place, change));
        document
    })
}

/// The same as a text, which may have a member twice, be cut off, or go on after its end.
pub fn nearly_json_text(valid: Value) -> impl Strategy<Value = String> {
    let text = valid.to_string();
    let members: Vec<_> = valid.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    let twice = (nearly_json(valid.clone()), any::<Index>(), any_json(), any::<bool>());
    let twice = twice.prop_map(move |(document, member, value, first)| {
        let member = json!({ members.get(member.index(members.len().max(1))).map_or("", String::as_str): value });
        let (member, document) = (member.to_string(), document.to_string());
        let (before, after) = if first { (member, document) } else { (document, member) };
        format!("{},{}", before.trim_end_matches('}'), after.trim_start_matches('{'))
    });
    let deep = (0..300_usize).prop_map(|depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)));
    prop_oneof![
        12 => nearly_json(valid).prop_map(|document| document.to_string()),
        3 => twice,
        3 => nearly(Just(text)),
        1 => any_json().prop_map(|document| document.to_string()),
        1 => deep,
    ]
}

/// The places in a document, as JSON Pointers (RFC 6901); the document itself is the first.
fn places(value: &Value, own: String, found: &mut Vec<String>) {
    let below: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (escaped(name), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in below {
        places(value, format!("{own}/{step}"), found);
    }
    found.push(own);
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn apply(document: &mut Value, place: Index, change: Change) {
    let mut found = vec![];
    places(document, String::new(), &mut found);
    let place = place.get(&found);
    if let (Change::Remove, Some((parent, step))) = (&change, place.rsplit_once('/')) {
        match document.pointer_mut(parent) {
            Some(Value::Object(members)) => drop(members.shift_remove(&step.replace("~1", "/").replace("~0", "~"))),
            Some(Value::Array(items)) => drop(step.parse().map(|n: usize| items.remove(n))),
            _ => {}
        }
        return;
    }
    let change = match change {
        Change::Copy(other) => {
            Change::Replace(document.pointer(other.get::<String>(&found)).cloned().unwrap_or_default())
        }
        change => change,
    };
    let Some(value) = document.pointer_mut(place) else { return };
    match (change, value) {
        (Change::Remove | Change::Copy(_), _) => {}
        (Change::Replace(other), value) => *value = other,
        (Change::Nest(times), value) => (0..times).for_each(|_| *value = json!([value.take()])),
        (Change::Multiply(times), value) => *value = Value::from(vec![value.take(); times]),
        (Change::Append(odd), Value::String(text)) => text.push_str(&odd),
        (Change::Add(name, other), Value::Object(members)) => drop(members.insert(name, other)),
        (Change::Append(odd) | Change::Add(odd, _), value) => *value = Value::from(odd),
    }
}
