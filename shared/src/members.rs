//! Reads the members of a JSON object that a stranger wrote; a member of the wrong type is told by
//! its name.

mod compare;
mod instead_of_json;

use serde_json::{Map, Value};

pub use self::compare::compare;
pub use self::instead_of_json::binary;
use self::instead_of_json::instead_of_json;

/// Entries that a list in a document may have: more than any server names, less than what keeps a
/// client busy.
const MOST_STRINGS: usize = 10_000;

/// The members of a JSON object.
#[derive(Clone, Debug)]
pub struct Members(Map<String, Value>);

/// Why a document cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// Not a JSON object.
    NotAnObject {
        /// What it is instead.
        got: String,
    },
    /// A member has another type than its standard gives it, or is required and absent.
    Member {
        /// The member's name.
        name: &'static str,
        /// The type that it should have.
        expected: &'static str,
        /// What it is.
        got: String,
    },
}

impl std::fmt::Display for DocumentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DocumentError::NotAnObject { got } => f.write_str(got),
            DocumentError::Member { name, got, .. } => write!(f, "{name} is {got}"),
        }
    }
}

impl std::error::Error for DocumentError {}

/// What is wrong with a document, without the value that it is about: that may be a secret in the
/// wrong place, or of any length.
pub fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let value = text.split_once(['"', '`']).and_then(|(kind, rest)| Some((kind, rest.rsplit_once(", expected ")?.1)));
    value.map_or(text.clone(), |(kind, expected)| format!("{}, expected {expected}", kind.trim_end()))
}

impl DocumentError {
    /// The member that is at fault, if it is one.
    pub fn member(&self) -> Option<&'static str> {
        match self {
            DocumentError::NotAnObject { .. } => None,
            DocumentError::Member { name, .. } => Some(name),
        }
    }
}

const STRING: &str = "a string";
const STRINGS: &str = "an array of strings";
const SHORT: &str = "an array of at most 10000 strings";
const BOOLEAN: &str = "true or false";
const INTEGER: &str = "a whole number of 0 or more";

/// Reads OPTIONAL members. One that is null, empty or of another type counts as absent, and what is
/// wrong with it can be had afterwards: one member of no importance does not cost the document.
pub struct Optional<'a> {
    members: &'a Members,
    faults: Vec<DocumentError>,
}

impl Optional<'_> {
    /// A string with something in it.
    pub fn string(&mut self, name: &'static str) -> Option<String> {
        let read = self.members.string(name).and_then(|value| match value {
            Some(text) if text.is_empty() => {
                Err(DocumentError::Member { name, expected: STRING, got: "empty".to_owned() })
            }
            other => Ok(other),
        });
        self.usable(read)
    }

    pub fn strings(&mut self, name: &'static str) -> Option<Vec<String>> {
        let read = self.members.strings(name);
        self.usable(read)
    }

    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let read = self.members.boolean(name);
        self.usable(read)
    }

    /// A number of seconds, a count: an integer that is not negative.
    pub fn integer(&mut self, name: &'static str) -> Option<u64> {
        let read = self.members.integer(name);
        self.usable(read)
    }

    /// What is wrong with the members that were read.
    pub fn into_faults(self) -> Vec<DocumentError> {
        self.faults
    }

    /// What was read from a member that may be empty, or is a number.
    pub fn usable<T>(&mut self, read: Result<Option<T>, DocumentError>) -> Option<T> {
        read.unwrap_or_else(|fault| {
            self.faults.push(fault);
            None
        })
    }
}

impl Members {
    /// Reads members that need not be there.
    pub fn optional(&self) -> Optional<'_> {
        Optional { members: self, faults: Vec::new() }
    }

    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(other) => Err(DocumentError::NotAnObject { got: kind(&other) }),
            Err(error) => {
                Err(DocumentError::NotAnObject { got: format!("not JSON ({})", instead_of_json(bytes, &error)) })
            }
        }
    }

    /// The names of all members, in the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A string that has to be there.
    pub fn required_string(&self, name: &'static str) -> Result<String, DocumentError> {
        let absent = DocumentError::Member { name, expected: STRING, got: "absent".to_owned() };
        self.string(name)?.ok_or(absent)
    }

    /// A string that is not empty, of the characters that RFC 6749, appendix A, calls VSCHAR.
    pub fn required_visible_string(&self, name: &'static str) -> Result<String, DocumentError> {
        let text = self.required_string(name)?;
        if text.is_empty() || !text.bytes().all(|c| matches!(c, b' '..=b'~')) {
            let got = "empty, or has other characters than visible ASCII".to_owned();
            return Err(DocumentError::Member { name, expected: "visible ASCII characters", got });
        }
        Ok(text)
    }

    pub fn string(&self, name: &'static str) -> Result<Option<String>, DocumentError> {
        self.read(name, STRING, |value| value.as_str().map(str::to_owned))
    }

    /// An array of strings, of at most 10,000.
    pub fn strings(&self, name: &'static str) -> Result<Option<Vec<String>>, DocumentError> {
        let entries = self.0.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        if entries > MOST_STRINGS {
            return Err(DocumentError::Member { name, expected: SHORT, got: format!("one of {entries} entries") });
        }
        self.read(name, STRINGS, |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    pub fn boolean(&self, name: &'static str) -> Result<Option<bool>, DocumentError> {
        self.read(name, BOOLEAN, Value::as_bool)
    }

    /// A number of seconds, a count: an integer that is not negative. JSON tells 3600 and 3600.0
    /// apart no more than people do.
    pub fn integer(&self, name: &'static str) -> Result<Option<u64>, DocumentError> {
        let whole = |value: &Value| {
            let text = value.as_number()?.to_string();
            text.strip_suffix(".0").unwrap_or(&text).parse().ok()
        };
        self.read(name, INTEGER, whole).map_err(|error| match (error, self.0.get(name)) {
            (DocumentError::Member { name, expected, .. }, Some(Value::Number(number))) => {
                DocumentError::Member { name, expected, got: format!("{number}, not {INTEGER}") }
            }
            (error, _) => error,
        })
    }

    /// The members, as they came.
    pub fn into_inner(self) -> Map<String, Value> {
        self.0
    }

    fn read<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        as_type: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, DocumentError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        as_type(value).map(Some).ok_or_else(|| DocumentError::Member { name, expected, got: kind(value) })
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null",
        Value::Bool(_) => BOOLEAN,
        Value::Number(_) => "a number",
        Value::String(_) => STRING,
        Value::Array(items) if items.is_empty() => "an empty array",
        Value::Array(items) if items.iter().all(Value::is_string) => STRINGS,
        Value::Array(items) if items.iter().all(Value::is_object) => "an array of objects",
        Value::Array(_) => "an array with something else than strings",
        Value::Object(_) => "an object",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_by_type() {
        let members =
            Members::from_json(br#"{"s": "x", "l": ["a", "b"], "b": true, "n": 1, "mixed": ["a", 1]}"#).unwrap();
        assert_eq!(members.string("s").unwrap().as_deref(), Some("x"));
        assert_eq!(members.strings("l").unwrap(), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(members.boolean("b").unwrap(), Some(true));
        assert_eq!(members.string("absent").unwrap(), None);
        assert_eq!(members.names().collect::<Vec<_>>(), ["s", "l", "b", "n", "mixed"]);
        for (error, text) in [
            (members.string("n").unwrap_err(), "n is a number"),
            (members.strings("s").unwrap_err(), "s is a string"),
            (members.strings("mixed").unwrap_err(), "mixed is an array with something else than strings"),
            (members.boolean("s").unwrap_err(), "s is a string"),
            (members.required_string("absent").unwrap_err(), "absent is absent"),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let text = br#"{"a": 3600, "b": 3600.0, "c": 0.0, "d": 3600.5, "e": -1, "f": "3600", "g": null}"#;
        let members = Members::from_json(text).unwrap();
        for (name, value) in [("a", Some(3600)), ("b", Some(3600)), ("c", Some(0))] {
            assert_eq!(members.integer(name).unwrap(), value, "{name}");
        }
        for name in ["d", "e", "f", "g"] {
            assert!(members.integer(name).is_err(), "{name}");
        }
        let refused = members.integer("e").unwrap_err().to_string();
        assert_eq!(refused, "e is -1, not a whole number of 0 or more");
    }

    #[test]
    fn optional_members_that_are_unusable_count_as_absent() {
        let text = br#"{"s": "x", "null": null, "empty": "", "n": 1, "l": ["a"], "mixed": [1], "b": false}"#;
        let members = Members::from_json(text).unwrap();
        let mut optional = members.optional();
        assert_eq!(optional.string("s").as_deref(), Some("x"));
        assert_eq!(optional.strings("l"), Some(vec!["a".to_owned()]));
        assert_eq!(optional.boolean("b"), Some(false));
        assert_eq!(optional.string("absent"), None);
        for name in ["null", "empty", "n", "l"] {
            assert_eq!(optional.string(name), None, "{name}");
        }
        assert_eq!((optional.strings("mixed"), optional.boolean("s")), (None, None));
        let faults: Vec<_> = optional.into_faults().iter().map(ToString::to_string).collect();
        let expected = ["null is null", "empty is empty", "n is a number", "l is an array of strings"];
        assert_eq!(faults[..4], expected);
        assert_eq!(faults[4..], ["mixed is an array with something else than strings", "s is a string"]);
    }

    #[test]
    fn an_error_does_not_repeat_the_document() {
        for (text, message) in [
            (r#"["s3cr3t, expected x"]"#, "invalid type: string, expected u8 at line 1 column 21"),
            ("[12345678]", "invalid value: integer, expected u8 at line 1 column 9"),
            ("[null]", "invalid type: null, expected u8 at line 1 column 5"),
            ("[1", "EOF while parsing a list at line 1 column 2"),
        ] {
            assert_eq!(without_value(&serde_json::from_str::<Vec<u8>>(text).unwrap_err()), message);
        }
    }

    #[test]
    fn a_list_has_an_end() {
        let list = |entries: usize| serde_json::json!({"l": vec!["a"; entries]}).to_string();
        let read = |text: String| Members::from_json(text.as_bytes()).unwrap().strings("l");
        assert_eq!(read(list(MOST_STRINGS)).unwrap().unwrap().len(), MOST_STRINGS);
        for entries in [MOST_STRINGS + 1, 100_000] {
            assert_eq!(read(list(entries)).unwrap_err().to_string(), format!("l is one of {entries} entries"));
        }
        assert!(SHORT.contains(&MOST_STRINGS.to_string()));
    }

    #[test]
    fn what_is_no_json_object_is_told_as_what_it_is() {
        let deep = "[".repeat(100_000);
        for text in ["", "<html>", "{\"a\": \"r\"", "\u{feff}{}", deep.as_str(), "{\"a\":\"r\"} x"] {
            let error = Members::from_json(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("not JSON ("), "{error}");
        }
        assert!(Members::from_json(&[0xff, 0xfe, 0x00]).is_err());
        assert_eq!(Members::from_json(b"[]").unwrap_err().to_string(), "an empty array");
        assert_eq!(Members::from_json(b"[{}]").unwrap_err().to_string(), "an array of objects");
        assert_eq!(Members::from_json(b"\"text\"").unwrap_err().to_string(), "a string");
    }
}
