//! The folder of the store, and the passphrase for it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};

use super::{guard, sealed};
use crate::own_files::HOME_VARIABLE;
use crate::{Failure, Reporter, Secret};

/// The environment variable with the passphrase: with one, the store is encrypted.
pub const PASSPHRASE_VARIABLE: &str = "MCP_OAUTH_PASSPHRASE";
/// Where earlier versions had the store, below the current folder.
const FORMER: &str = ".mcp-oauth";

/// The folder of the store, how its files are encrypted, and where that is reported.
#[derive(Clone)]
pub struct Home {
    pub(super) folder: PathBuf,
    passphrase: Option<Secret>,
    pub(super) reporter: Option<Reporter>,
}

impl Home {
    /// The user's own: `$MCP_OAUTH_HOME`, else `mcp-oauth` in the user's state directory.
    pub fn of_user(reporter: &Reporter) -> Result<Self, Failure> {
        static REPORTED: Once = Once::new();
        let chosen = std::env::var_os(HOME_VARIABLE).filter(|folder| !folder.is_empty());
        let (folder, sentence) = choose(chosen, guard::state_folder(), Path::new(FORMER))?;
        if let Some(sentence) = sentence {
            REPORTED.call_once(|| reporter.note(sentence));
        }
        let passphrase = passphrase(std::env::var_os(PASSPHRASE_VARIABLE))?;
        Ok(Self { folder, passphrase, reporter: Some(reporter.clone()) })
    }

    /// This folder, without a passphrase and without a report.
    pub fn at(folder: impl AsRef<Path>) -> Self {
        Self { folder: guard::own_name(folder.as_ref()), passphrase: None, reporter: None }
    }

    /// The same folder, encrypted.
    pub fn with_passphrase(self, passphrase: Secret) -> Self {
        Self { passphrase: Some(passphrase), ..self }
    }

    /// The folder itself, for a person.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether something is there by this name, even if the store would refuse to read it.
    pub fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.folder.join(name)).is_ok()
    }

    /// The passphrase for a file: the one that was given, or, for an encrypted file, one that the
    /// user types.
    pub(super) async fn passphrase_for(&self, path: &Path) -> Result<Option<Secret>, Failure> {
        let is_given = self.passphrase.is_some() || self.reporter.is_none();
        if is_given || !guard::read(path)?.is_some_and(|bytes| sealed::is_sealed(&bytes)) {
            return Ok(self.passphrase.clone());
        }
        static TYPED: OnceLock<Secret> = OnceLock::new();
        if TYPED.get().is_none()
            && let Some(typed) = ask(path).await
        {
            let _ = TYPED.set(typed);
        }
        Ok(TYPED.get().cloned())
    }
}

/// Asks the user, without an echo; `None` where there is no terminal.
async fn ask(path: &Path) -> Option<Secret> {
    let typed = crate::prompt::hidden(format!("Passphrase for {} (hidden): ", path.display())).await?;
    Some(typed).filter(|typed| !typed.is_empty()).map(Secret::new)
}

fn passphrase(variable: Option<OsString>) -> Result<Option<Secret>, Failure> {
    let Some(value) = variable.filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = value.into_string().map_err(|_| {
        let message = format!("The passphrase in {PASSPHRASE_VARIABLE} is not UTF-8.");
        Failure::new("kept.passphrase", message, "Choose one that is.")
    })?;
    Ok(Some(Secret::new(value)))
}

/// The folder, and a sentence about the former one where that is still there.
fn choose(
    chosen: Option<OsString>,
    state: Option<PathBuf>,
    former: &Path,
) -> Result<(PathBuf, Option<String>), Failure> {
    let is_chosen = chosen.is_some();
    let folder = guard::choose(chosen, state)?;
    if is_chosen || fs::symlink_metadata(former).is_err() {
        return Ok((folder, None));
    }
    let shown = folder.display();
    // A folder can come with a repository or an archive, so it is used only where there is no store
    // yet, and never without a sentence.
    let sentence = if fs::symlink_metadata(&folder).is_ok() {
        format!("{} is not used: the store is {shown}. Delete it, or set {HOME_VARIABLE} to use it.", former.display())
    } else {
        match move_files(former, &folder) {
            Ok(moved) => format!("The store has moved from {} to {shown}: {}.", former.display(), listed(&moved)),
            Err(failure) => {
                format!("{} is not used: {} The store is {shown}.", former.display(), failure.message)
            }
        }
    };
    Ok((folder, Some(sentence)))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "it was empty".to_owned() } else { names.join(", ") }
}

/// Moves the stored files of the former folder, if all are this user's and closed to others. The
/// new folder may be on another disk, so they are copied before they are deleted.
fn move_files(former: &Path, folder: &Path) -> Result<Vec<String>, Failure> {
    guard::check_folder(former)?;
    let mut files = vec![];
    for name in super::names(former)? {
        files.extend(guard::read_private(&former.join(&name))?.map(|bytes| (name, bytes)));
    }
    guard::make_new_folder(folder)?;
    for (name, bytes) in &files {
        let path = folder.join(name);
        super::replace(&path, bytes).map_err(|error| guard::cannot("be written", &path, &error))?;
    }
    for (name, _) in &files {
        let path = former.join(name);
        fs::remove_file(&path).map_err(|error| guard::cannot("be deleted", &path, &error))?;
        let _ = fs::remove_file(path.with_extension("lock"));
    }
    // What else is in the folder is not the store's, and stays.
    let _ = fs::remove_file(former.join(".gitignore"));
    let _ = fs::remove_dir(former);
    Ok(files.into_iter().map(|(name, _)| name).collect())
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
