//! Forgetting some of what is stored, in every file at once. All stored files have one form: a JSON
//! object in which entries stand under the URL that they belong to, at the top or one level below.

use serde_json::{Map, Value};

use super::{Home, Locked, stored};
use crate::Failure;
use crate::members::without_value;

/// An entry that was forgotten.
#[derive(Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The file.
    pub file: String,
    /// The URL under which the entry stood.
    pub url: String,
    /// What it held.
    pub entry: Value,
}

/// Forgets, in every stored file, the entries that `is_meant` says by their URL and what they hold.
/// A file in which there are none stays as it is.
pub async fn forget_entries(home: &Home, is_meant: impl Fn(&str, &Value) -> bool) -> Result<Vec<Forgotten>, Failure> {
    let mut forgotten = vec![];
    for name in stored(home)? {
        let file = Locked::open(home, &name).await?;
        let Some(bytes) = file.read()? else { continue };
        let mut document: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|error| {
            let path = file.path().display();
            let message = format!("{path} cannot be read: {}. Nothing in it was forgotten.", without_value(&error));
            Failure::new("kept.readable", message, format!("Move {path} away, or forget everything: cargo reset."))
        })?;
        let before = forgotten.len();
        take_from(&mut document, &is_meant, &name, &mut forgotten);
        for below in document.iter_mut().filter(|(url, _)| !is_url(url)).filter_map(|(_, value)| value.as_object_mut())
        {
            take_from(below, &is_meant, &name, &mut forgotten);
        }
        if forgotten.len() > before {
            file.write(&serde_json::to_vec_pretty(&document).unwrap_or(bytes))?;
        }
    }
    Ok(forgotten)
}

fn is_url(name: &str) -> bool {
    name.contains("://")
}

fn take_from(
    entries: &mut Map<String, Value>,
    is_meant: &impl Fn(&str, &Value) -> bool,
    file: &str,
    forgotten: &mut Vec<Forgotten>,
) {
    entries.retain(|url, entry| {
        let goes = is_url(url) && is_meant(url, entry);
        if goes {
            forgotten.push(Forgotten { file: file.to_owned(), url: url.clone(), entry: entry.take() });
        }
        !goes
    });
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn entries_are_forgotten_in_every_file_and_nothing_else() {
        let folder = crate::testing::private_folder();
        let home = Home::at(folder.path());
        let files = [
            ("a.json", json!({"version": 1, "clients": {"https://a": {"x": 1}, "https://b": {"x": 2}}})),
            (
                "b.json",
                json!({"version": 1, "servers": {"https://s": {"owner": "https://a"}, "https://t": {"owner": "https://b"}}}),
            ),
            ("c.json", json!({"https://a": {"left": 1}})),
            ("d.json", json!({"version": 1, "servers": {}})),
        ];
        for (name, content) in &files {
            Locked::open(&home, name).await.unwrap().write(content.to_string().as_bytes()).unwrap();
        }
        let of_a = |url: &str, entry: &Value| url == "https://a" || entry["owner"] == "https://a";
        let forgotten = forget_entries(&home, of_a).await.unwrap();
        let names: Vec<_> = forgotten.iter().map(|one| (one.file.as_str(), one.url.as_str())).collect();
        assert_eq!(names, [("a.json", "https://a"), ("b.json", "https://s"), ("c.json", "https://a")]);
        assert_eq!(forgotten[2].entry, json!({"left": 1}));
        let left = |name: &str| -> Value {
            serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
        };
        assert_eq!(left("a.json"), json!({"version": 1, "clients": {"https://b": {"x": 2}}}));
        assert_eq!(left("b.json"), json!({"version": 1, "servers": {"https://t": {"owner": "https://b"}}}));
        assert_eq!(left("c.json"), json!({}));
        assert_eq!(forget_entries(&home, of_a).await.unwrap(), []);
        std::fs::write(folder.path().join("d.json"), "{").unwrap();
        assert_eq!(forget_entries(&home, of_a).await.unwrap_err().id, "kept.readable");
    }
}
