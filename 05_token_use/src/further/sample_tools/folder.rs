//! A folder for the tools: made when the server starts, gone when it ends. No path leads out of it:
//! `cap-std` opens every file relative to the folder and refuses whatever leaves it, symbolic links
//! included.

use std::io::{self, Write};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use shared::Failure;

/// What is in it from the start.
const FILES: &[(&str, &str)] = &[
    ("README.txt", "This folder belongs to the MCP server of lesson 05. The server deletes it when it ends.\n"),
    ("reports/2026-11.txt", "Rain on 12 days.\n"),
];
/// The folder's part for notes.
const NOTES: &str = "notes";
/// Bytes of a note.
const MAX_NOTE: usize = 4096;
/// Notes that there is room for.
const MAX_NOTES: usize = 100;

/// The folder, which is deleted with this.
pub struct SampleFolder {
    dir: Dir,
    _place: tempfile::TempDir,
}

impl SampleFolder {
    /// Makes the folder and its files.
    pub fn create() -> Result<Self, Failure> {
        Self::try_create().map_err(|error| {
            let message = format!("The sample folder cannot be created: {error}.");
            Failure::new("sample-folder", message, "Free some space in the folder for temporary files (TMPDIR).")
        })
    }

    fn try_create() -> io::Result<Self> {
        let place = tempfile::tempdir()?;
        let dir = Dir::open_ambient_dir(place.path(), ambient_authority())?;
        dir.create_dir(NOTES)?;
        for (name, text) in FILES {
            if let Some(folder) = Path::new(name).parent() {
                dir.create_dir_all(folder)?;
            }
            dir.write(name, text)?;
        }
        Ok(Self { dir, _place: place })
    }

    /// The names in a folder, folders with a slash at the end.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let read = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in self.dir.read_dir(folder)? {
                let entry = entry?;
                let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
                names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
            }
            names.sort();
            Ok(names)
        };
        read().map_err(|error| format!("{folder:?} cannot be listed: {}.", reason(&error)))
    }

    /// Saves a note, which must not be there yet; its place in the folder.
    pub fn save_note(&self, name: &str, text: &str) -> Result<String, String> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_allowed) {
            return Err("A note's name has 1 to 64 letters, digits, - and _.".to_owned());
        }
        if text.len() > MAX_NOTE {
            return Err(format!("A note has at most {MAX_NOTE} bytes, but this one has {}.", text.len()));
        }
        if self.list(NOTES)?.len() >= MAX_NOTES {
            return Err(format!("The folder has room for {MAX_NOTES} notes and is full."));
        }
        let path = format!("{NOTES}/{name}.txt");
        let mut options = OpenOptions::new();
        let file = self.dir.open_with(&path, options.write(true).create_new(true));
        let saved = file.and_then(|mut file| file.write_all(text.as_bytes()));
        saved.map(|()| path).map_err(|error| format!("The note {name} cannot be saved: {}.", reason(&error)))
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::AlreadyExists => "it exists already".to_owned(),
        io::ErrorKind::PermissionDenied => "it is outside the sample folder".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_and_nothing_outside() {
        let folder = SampleFolder::create().unwrap();
        assert_eq!(folder.list(".").unwrap(), ["README.txt", "notes/", "reports/"]);
        assert_eq!(folder.list("reports").unwrap(), ["2026-11.txt"]);
        assert_eq!(folder.list("reports/..").unwrap().len(), 3);
        for outside in ["..", "/", "/etc", "reports/../..", "../../etc", "nowhere", "README.txt", "", "a\0b", "C:\\"] {
            assert!(folder.list(outside).is_err(), "{outside:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_link_that_leads_out_is_not_followed() {
        let folder = SampleFolder::create().unwrap();
        std::os::unix::fs::symlink("/etc", folder._place.path().join("way-out")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder._place.path().join("reports/file")).unwrap();
        assert!(folder.list("way-out").is_err());
        assert!(folder.dir.read_to_string("reports/file").is_err());
    }

    #[test]
    fn notes_are_saved_under_plain_names_once_and_not_without_end() {
        let folder = SampleFolder::create().unwrap();
        assert_eq!(folder.save_note("first", "hello").unwrap(), "notes/first.txt");
        assert_eq!(folder.dir.read_to_string("notes/first.txt").unwrap(), "hello");
        assert!(folder.save_note("first", "again").unwrap_err().contains("exists already"));
        for name in ["", "..", "a/b", "../x", "a.b", "a b", "ä", &"x".repeat(65), "\0"] {
            assert!(folder.save_note(name, "").is_err(), "{name:?}");
        }
        assert!(folder.save_note("long", &"x".repeat(MAX_NOTE + 1)).is_err());
        for n in 1..MAX_NOTES {
            folder.save_note(&n.to_string(), "").unwrap();
        }
        assert!(folder.save_note("one-too-many", "").unwrap_err().contains("is full"));
    }
}
