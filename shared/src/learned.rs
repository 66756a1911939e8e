//! What a person has learned on this machine: which lessons passed, and which `--break` switches
//! were caught. A line for each, in a file in the user's folder.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::own_files;

/// The file's name. The store leaves it alone: it has no lock beside it.
const FILE: &str = "learned.json";
/// `on`: runs are recorded without a terminal too. `off`: none is.
const VARIABLE: &str = "MCP_OAUTH_LEARN";
/// Bytes of the file that are read: a hundred times what all lessons take.
const MOST_BYTES: u64 = 1024 * 1024;

/// One thing that worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// The folder of the lesson whose whole story passed.
    pub lesson: String,
    /// The switch of `--break` that was caught in it.
    #[serde(rename = "break", default, skip_serializing_if = "Option::is_none")]
    pub breakage: Option<String>,
}

/// Records this for the person at the terminal. What goes wrong here changes nothing about a run.
pub fn record(learned: &Learned) {
    let wanted = std::env::var(VARIABLE);
    let is_wanted = match wanted.as_deref() {
        Ok("on") => true,
        Ok("off") => false,
        _ => std::io::stdout().is_terminal(),
    };
    if let (true, Ok(folder)) = (is_wanted, own_files::folder_of_user()) {
        record_in(&folder, learned);
    }
}

fn record_in(folder: &Path, learned: &Learned) {
    if read(folder).contains(learned) {
        return;
    }
    if let Ok(line) = serde_json::to_string(learned) {
        let _ = own_files::append(folder, FILE, &(line + "\n"));
    }
}

/// All that was recorded; lines that are something else are left out.
pub fn read(folder: &Path) -> Vec<Learned> {
    let file = folder.join(FILE);
    let is_readable = own_files::check_folder(folder).is_ok()
        && fs::symlink_metadata(&file).is_ok_and(|found| found.is_file() && found.len() <= MOST_BYTES);
    let text = if is_readable { fs::read(&file).unwrap_or_default() } else { Vec::new() };
    String::from_utf8_lossy(&text).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(lesson: &str, breakage: Option<&str>) -> Learned {
        Learned { lesson: lesson.to_owned(), breakage: breakage.map(str::to_owned) }
    }

    #[test]
    fn what_worked_is_recorded_once() {
        let folder = crate::testing::private_folder();
        assert_eq!(read(folder.path()), []);
        let (passed, caught) = (learned("01_a", None), learned("01_a", Some("x")));
        for one in [&passed, &caught, &passed] {
            record_in(folder.path(), one);
        }
        assert_eq!(read(folder.path()), [passed.clone(), caught]);
        // What somebody else wrote into it does no harm.
        let file = folder.path().join(FILE);
        fs::write(&file, format!("nonsense\n{{}}\n\u{0}\n{}\n", serde_json::to_string(&passed).unwrap())).unwrap();
        assert_eq!(read(folder.path()), [passed]);
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_cannot_be_used_fails_nothing() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = crate::testing::private_folder();
        let one = learned("01_a", None);
        record_in(Path::new("/dev/null/x"), &one);
        // A link is not followed, and a folder that is open to others is not used.
        let target = folder.path().join("target");
        symlink(&target, folder.path().join(FILE)).unwrap();
        record_in(folder.path(), &one);
        assert!(!target.exists());
        fs::remove_file(folder.path().join(FILE)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        record_in(folder.path(), &one);
        assert_eq!((folder.path().join(FILE).exists(), read(folder.path())), (false, vec![]));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        // A new folder is closed to other users, and so is the file.
        let new = folder.path().join("new");
        record_in(&new, &one);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&new), mode(&new.join(FILE))), (0o700, 0o600));
    }
}
