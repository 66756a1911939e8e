//! A file that is stored between runs and holds secrets: only its owner can read it, it is replaced
//! as a whole or not at all, and one run at a time changes it. With a passphrase it is encrypted.

mod entries;
mod home;
mod sealed;

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub use entries::{Forgotten, forget_entries};
pub use home::{Home, PASSPHRASE_VARIABLE};

use crate::own_files as guard;
pub use crate::own_files::HOME_VARIABLE;
use crate::{Failure, Reporter, Secret};

/// Seconds that a run waits for another one to let go of the file.
const LOCK_SECONDS: u64 = 30;
/// Between two looks at the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// How a file begins that is to take another one's place.
const BESIDE: &str = ".new-";

/// A stored file, while no other run can change it. Dropping this lets go of it.
#[must_use = "the file is free again when this is dropped"]
pub struct Locked {
    path: PathBuf,
    passphrase: Option<Secret>,
    /// The key of the file on the disk, once it is known.
    key: OnceLock<Box<sealed::Key>>,
    reporter: Option<Reporter>,
    _lock: File,
}

impl Locked {
    /// Waits until the file called `name` is free; makes the folder where it is missing. The error
    /// comes after 30 s.
    pub async fn open(home: &Home, name: &str) -> Result<Self, Failure> {
        guard::make_folder(&home.folder)?;
        // Asked before the lock is taken, so that no other run waits for the keyboard.
        let passphrase = home.passphrase_for(&home.folder.join(name)).await?;
        Ok(Self { passphrase, ..Self::lock(home, name).await? })
    }

    async fn lock(home: &Home, name: &str) -> Result<Self, Failure> {
        let path = home.folder.join(name);
        let lock = guard::open_lock(&path.with_extension("lock"))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => {
                    let reporter = home.reporter.clone();
                    return Ok(Self { path, passphrase: None, key: OnceLock::new(), reporter, _lock: lock });
                }
                Err(TryLockError::WouldBlock) if begun.elapsed() < Duration::from_secs(LOCK_SECONDS) => {
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let message = format!("Another run has held {} for {LOCK_SECONDS} seconds.", path.display());
                    return Err(Failure::new("kept.locked", message, "End that run, or wait for it."));
                }
                Err(TryLockError::Error(error)) => return Err(guard::cannot("be locked", &path, &error)),
            }
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What the file holds, decrypted; `None` where there is no file yet.
    pub fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        match guard::read(&self.path)? {
            Some(bytes) if sealed::is_sealed(&bytes) => self.decrypt(&bytes).map(Some),
            read => Ok(read),
        }
    }

    fn decrypt(&self, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        let passphrase = self.passphrase.as_ref().ok_or_else(|| self.encrypted())?;
        let path = self.path.display();
        let failure = |message, fix| Failure::new("kept.passphrase", message, fix);
        let (key, opened) =
            sealed::Key::open(passphrase, &self.name(), bytes).map_err(|unreadable| match unreadable {
                sealed::Unreadable::Passphrase => failure(
                    format!("{path} cannot be decrypted: the passphrase is wrong, or the file was changed."),
                    format!("Set {PASSPHRASE_VARIABLE} to the passphrase that it was encrypted with; {START_ANEW}"),
                ),
                sealed::Unreadable::Version => failure(
                    format!("{path} is encrypted in a form that this program does not know."),
                    format!("Use the version of this program that wrote it; {START_ANEW}"),
                ),
            })?;
        let _ = self.key.set(Box::new(key));
        Ok(opened)
    }

    fn encrypted(&self) -> Failure {
        let message = format!("{} is encrypted, and there is no passphrase.", self.path.display());
        Failure::new("kept.passphrase", message, format!("Set {PASSPHRASE_VARIABLE} to its passphrase; {START_ANEW}"))
    }

    /// Replaces what the file holds; with a passphrase, by something encrypted. A process that dies
    /// meanwhile leaves the old file or the new one.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let before = guard::read(&self.path)?;
        let was_sealed = before.as_deref().is_some_and(sealed::is_sealed);
        let failed = |error| guard::cannot("be written", &self.path, &error);
        let Some(passphrase) = &self.passphrase else {
            return if was_sealed { Err(self.encrypted()) } else { replace(&self.path, bytes).map_err(failed) };
        };
        if self.key.get().is_none()
            && let Some(key) = sealed::Key::generate(passphrase)
        {
            let _ = self.key.set(Box::new(key));
        }
        let sealed = self.key.get().and_then(|key| key.seal(&self.name(), bytes));
        let sealed = sealed.ok_or_else(|| failed(io::Error::other("the system has no random numbers")))?;
        replace(&self.path, &sealed).map_err(failed)?;
        if let (false, Some(_), Some(reporter)) = (was_sealed, &before, &self.reporter) {
            let path = self.path.display();
            reporter.note(format!("{path} was plain text and is now encrypted with the passphrase."));
        }
        Ok(())
    }
}

/// What to do without the passphrase.
const START_ANEW: &str = "without it, forget what is stored: cargo reset.";

impl std::fmt::Debug for Locked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Locked").field(&self.path).finish()
    }
}

/// The names of the files that are stored in the folder, whole or half written: each has a lock
/// beside it. Other files are not the store's.
pub fn names(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut names = BTreeSet::new();
    for entry in listed.map_err(|error| guard::cannot("be read", folder, &error))? {
        let name = entry.file_name().to_string_lossy().into_owned();
        let half_written = name.strip_prefix(BESIDE).and_then(|rest| Some(rest.rsplit_once('-')?.0));
        let name = half_written.unwrap_or(&name);
        let lock = folder.join(Path::new(name).with_extension("lock"));
        let is_lock = |found: fs::Metadata| found.is_file() && found.len() == 0;
        if folder.join(name) != lock && fs::symlink_metadata(lock).is_ok_and(is_lock) {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}

/// The names of the files that the user has stored, for a question before [`forget`].
pub fn stored(home: &Home) -> Result<BTreeSet<String>, Failure> {
    if fs::symlink_metadata(&home.folder).is_err() {
        return Ok(BTreeSet::new());
    }
    guard::check_folder(&home.folder)?;
    names(&home.folder)
}

/// Deletes a stored file, encrypted or not. The lock stays: a run may be waiting for it.
pub async fn forget(home: &Home, name: &str) -> Result<(), Failure> {
    let file = Locked::lock(home, name).await?;
    let removed = match fs::remove_file(&file.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => remove_leftovers(&home.folder, name),
    };
    removed.map_err(|error| guard::cannot("be deleted", &file.path, &error))
}

/// Writes beside the file, to the disk, and then takes the file's place: a rename is all or
/// nothing.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    remove_leftovers(folder, &name)?;
    // Such a file is made for its owner alone, and is removed where this fails.
    let mut beside = tempfile::Builder::new().prefix(&prefix(&name)).tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    // The name is on the disk when the folder is; other systems than Unix do not open folders.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn prefix(name: &str) -> String {
    format!("{BESIDE}{name}-")
}

/// What a process left that died while it wrote. Nobody else writes now: this run has the lock.
fn remove_leftovers(folder: &Path, name: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix(name)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
