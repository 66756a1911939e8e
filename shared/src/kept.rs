//! A file that is kept between runs and holds secrets: only its owner can read it, it is replaced
//! as a whole or not at all, and one run at a time changes it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Failure;

/// The environment variable that names the folder.
pub const HOME_VARIABLE: &str = "MCP_OAUTH_HOME";
/// The folder where that variable is not set: below the current one.
pub const HOME: &str = ".mcp-oauth";
/// Seconds that a run waits for another one to let go of the file.
const LOCK_SECONDS: u64 = 30;
/// Between two looks at the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The folder for what is kept: `$MCP_OAUTH_HOME`, else `.mcp-oauth` in the current directory.
pub fn home() -> PathBuf {
    match std::env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(HOME),
    }
}

/// A kept file, while no other run can change it. Dropping this lets go of it.
#[derive(Debug)]
#[must_use = "the file is free again when this is dropped"]
pub struct Locked {
    path: PathBuf,
    _lock: File,
}

impl Locked {
    /// Waits until the file called `name` in `folder` is free; makes the folder where it is not
    /// there. The error comes after 30 s.
    pub async fn open(folder: &Path, name: &str) -> Result<Self, Failure> {
        let path = folder.join(name);
        let lock = make_folder(folder)
            .and_then(|()| {
                let lock = path.with_extension("lock");
                owner_only(OpenOptions::new().create(true).truncate(false).write(true)).open(lock)
            })
            .map_err(|error| cannot("be opened", &path, &error))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path, _lock: lock }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < Duration::from_secs(LOCK_SECONDS) => {
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let message = format!("Another run has held {} for {LOCK_SECONDS} seconds.", path.display());
                    return Err(Failure::new("kept.locked", message, "End that run, or wait for it."));
                }
                Err(TryLockError::Error(error)) => return Err(cannot("be locked", &path, &error)),
            }
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file holds; `None` where there is no file yet. A file that others can read is made
    /// private again.
    pub fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        match fs::read(&self.path) {
            Ok(bytes) => {
                make_private(&self.path).map_err(|error| cannot("be made private", &self.path, &error))?;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("be read", &self.path, &error)),
        }
    }

    /// Replaces what the file holds. A process that dies meanwhile leaves the old file or the new
    /// one.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        replace(&self.path, bytes).map_err(|error| cannot("be written", &self.path, &error))
    }
}

/// Writes beside the file, to the disk, and then takes the file's place: a rename is all or
/// nothing.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let prefix = format!(".new-{}-", path.file_name().unwrap_or_default().to_string_lossy());
    remove_leftovers(folder, &prefix)?;
    // Such a file is made for its owner alone, and is removed where this fails.
    let mut beside = tempfile::Builder::new().prefix(&prefix).tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    // The name is on the disk when the folder is; other systems than Unix do not open folders.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// What a process left that died while it wrote. Nobody else writes now: this run has the lock.
fn remove_leftovers(folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
    }
    let _ = path;
    Ok(())
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    let reason = error.to_string();
    let reason = reason.split(" (os error ").next().unwrap_or_default().to_lowercase();
    let fix = format!("Give a folder of your own in {HOME_VARIABLE}, or mend the rights of this one.");
    Failure::new("kept.file", format!("{} cannot {what}: {reason}.", path.display()), fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        #[cfg(unix)]
        return std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777;
        #[cfg(not(unix))]
        0o600
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn only_its_owner_can_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("new/home");
        let file = Locked::open(&home, "x.json").await.unwrap();
        assert_eq!(file.read().unwrap(), None);
        file.write(b"one").unwrap();
        assert_eq!((mode(&home), mode(file.path()), mode(&home.join("x.lock"))), (0o700, 0o600, 0o600));
        fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(file.read().unwrap().unwrap(), b"one");
        assert_eq!(mode(file.path()), 0o600, "made private again");
        file.write(b"two").unwrap();
        assert_eq!(file.read().unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(&home).unwrap().count(), 2, "the file and its lock, and nothing beside them");
    }

    #[tokio::test]
    async fn one_run_at_a_time_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let add = || async {
            let file = Locked::open(folder.path(), "x").await.unwrap();
            let mut text = file.read().unwrap().unwrap_or_default();
            // Without the lock, the others would read the same text now.
            tokio::time::sleep(Duration::from_millis(5)).await;
            text.push(b'x');
            file.write(&text).unwrap();
        };
        tokio::join!(add(), add(), add(), add());
        let file = Locked::open(folder.path(), "x").await.unwrap();
        assert_eq!(file.read().unwrap().unwrap(), b"xxxx");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_gets_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = Locked::open(&file.join("below"), "x").await.unwrap_err();
        assert!(failure.message.contains("cannot be opened: "), "{failure}");
        assert!(!failure.message.contains("os error"), "{failure}");
    }
}
