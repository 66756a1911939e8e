//! What the programs may use in the file system for themselves: a folder and regular files of this
//! user, never through a symbolic link, and nothing that could keep a run waiting.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::Failure;

/// The environment variable that names the folder.
pub const HOME_VARIABLE: &str = "MCP_OAUTH_HOME";
/// The folder in the user's state directory.
const NAME: &str = "mcp-oauth";
/// The most bytes that a stored file may have. A planted file must not fill the memory.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Keeps the store out of a repository that the folder is in.
const GITIGNORE: &str = "# Secrets: nothing in this folder belongs in a repository.\n*\n";

/// The user's folder: `$MCP_OAUTH_HOME`, else `mcp-oauth` in the user's state directory. It may be
/// missing.
pub fn folder_of_user() -> Result<PathBuf, Failure> {
    choose(std::env::var_os(HOME_VARIABLE), state_folder())
}

/// The folder that is chosen, else the one in the state directory.
pub(crate) fn choose(chosen: Option<OsString>, state: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(folder) = chosen.filter(|folder| !folder.is_empty()) {
        return Ok(own_name(Path::new(&folder)));
    }
    state.filter(|folder| folder.is_absolute()).ok_or_else(|| {
        let message = "There is no place for the store: this user has no home directory.";
        Failure::new("kept.folder", message, format!("Set {HOME_VARIABLE} to a folder of your own."))
    })
}

/// On Unix `$XDG_STATE_HOME` or `~/.local/state`. Windows has no such directory: there it is the
/// one for data of this machine.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let directories = etcetera::choose_base_strategy().ok()?;
    Some(directories.state_dir().unwrap_or_else(|| directories.cache_dir()).join(NAME))
}

/// The path without a slash or a dot at its end: with one, `link/` is what the link leads to.
pub fn own_name(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Makes the folder where it is missing, for this user only, and checks it.
pub fn make_folder(folder: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(folder).is_err() {
        private_folder(true).create(folder).map_err(|error| cannot("be created", folder, &error))?;
    }
    check_folder(folder)?;
    ignore_in_repositories(folder).map_err(|error| cannot("be written", &folder.join(".gitignore"), &error))
}

/// Makes the folder, which must not be there yet: of two runs at the same time one succeeds.
pub fn make_new_folder(folder: &Path) -> Result<(), Failure> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    let made = private_folder(true).create(parent).and_then(|()| private_folder(false).create(folder));
    made.map_err(|error| cannot("be created", folder, &error))?;
    make_folder(folder)
}

fn private_folder(recursive: bool) -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(recursive);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Checks a folder that is there: a folder itself, of this user, and closed to all others.
pub fn check_folder(folder: &Path) -> Result<(), Failure> {
    let found = fs::symlink_metadata(folder).map_err(|error| cannot("be opened", folder, &error))?;
    let shown = folder.display();
    let refused = |message: String, fix: String| Err(Failure::new("kept.folder", message, fix));
    if found.is_symlink() {
        return refused(
            format!("{shown} is a symbolic link, and the store has to be a folder itself."),
            format!("Set {HOME_VARIABLE} to the folder that the link leads to."),
        );
    }
    if !found.is_dir() {
        return refused(
            format!("{shown} is {}, and the store has to be a folder.", kind(&found)),
            format!("Move {shown} away, or set {HOME_VARIABLE} to a folder."),
        );
    }
    if let Some(owner) = other_owner(&found) {
        return refused(format!("{shown} {owner}."), format!("Set {HOME_VARIABLE} to a folder of your own."));
    }
    match mode(&found) {
        open if open & 0o077 != 0 => refused(
            format!("{shown} is open to other users: its mode is {open:04o}, and the store's is 0700."),
            format!("If you trust what is in it, run: chmod 700 {shown}"),
        ),
        _ => Ok(()),
    }
}

/// Writes a `.gitignore` where nothing but the store is in the folder. A folder with other files
/// (`MCP_OAUTH_HOME=$HOME`) is left as it is.
fn ignore_in_repositories(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !(name.ends_with(".json") || name.ends_with(".lock") || name.starts_with(".new-")) {
            return Ok(());
        }
    }
    // This neither follows a link nor touches a file that another run has just written.
    match owner_only(OpenOptions::new().write(true).create_new(true)).open(folder.join(".gitignore")) {
        Ok(mut file) => io::Write::write_all(&mut file, GITIGNORE.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens the file that runs lock; makes it where it is missing.
pub fn open_lock(path: &Path) -> Result<File, Failure> {
    check_file(path, fs::symlink_metadata(path).ok().as_ref())?;
    let mut options = OpenOptions::new();
    let options = without_surprise(owner_only(options.create(true).truncate(false).write(true)));
    let lock = options.open(path).map_err(|error| cannot("be opened", path, &error))?;
    check_opened(path, &lock)?;
    Ok(lock)
}

/// Adds a text to the end of a file; makes folder and file where they are missing.
pub fn append(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    make_folder(folder)?;
    let path = folder.join(name);
    check_file(&path, fs::symlink_metadata(&path).ok().as_ref())?;
    let mut options = OpenOptions::new();
    let options = without_surprise(owner_only(options.create(true).append(true)));
    let mut file = options.open(&path).map_err(|error| cannot("be opened", &path, &error))?;
    check_opened(&path, &file)?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| cannot("be written", &path, &error))
}

/// What the file holds; `None` where there is no such file. A file that others can read is made
/// private again.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let Some((file, found)) = open_to_read(path)? else { return Ok(None) };
    if mode(&found) & 0o077 != 0 {
        make_private(&file).map_err(|error| cannot("be made private", path, &error))?;
    }
    read_all(path, file).map(Some)
}

/// The same for a file that may come from somebody else: one that is open to others is refused.
pub fn read_private(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let Some((file, found)) = open_to_read(path)? else { return Ok(None) };
    let open = mode(&found);
    if open & 0o077 != 0 {
        let message = format!("{} is open to other users: its mode is {open:04o}, not 0600.", path.display());
        return Err(Failure::new("kept.file", message, format!("Move {} away.", path.display())));
    }
    read_all(path, file).map(Some)
}

fn open_to_read(path: &Path) -> Result<Option<(File, Metadata)>, Failure> {
    // Opening a device can already do something, so the look comes before.
    match fs::symlink_metadata(path) {
        Ok(found) => check_file(path, Some(&found))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("be read", path, &error)),
    }
    match without_surprise(OpenOptions::new().read(true)).open(path) {
        Ok(file) => check_opened(path, &file).map(|found| Some((file, found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("be read", path, &error)),
    }
}

fn read_all(path: &Path, file: File) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| cannot("be read", path, &error))?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("{} has more than {MOST_BYTES} bytes, the most that a stored file has.", path.display());
        return Err(Failure::new("kept.file", message, format!("Move {} away.", path.display())));
    }
    Ok(bytes)
}

/// What was opened can differ from what was there a moment before.
fn check_opened(path: &Path, file: &File) -> Result<Metadata, Failure> {
    let found = file.metadata().map_err(|error| cannot("be opened", path, &error))?;
    check_file(path, Some(&found))?;
    Ok(found)
}

/// Checks that a file, if it is there, is a regular one of this user.
fn check_file(path: &Path, found: Option<&Metadata>) -> Result<(), Failure> {
    let Some(found) = found else { return Ok(()) };
    let shown = path.display();
    let refused = |message| Err(Failure::new("kept.file", message, format!("Move {shown} away.")));
    if !found.is_file() {
        return refused(format!("{shown} is {}, and the store uses regular files only.", kind(found)));
    }
    match other_owner(found) {
        Some(owner) => refused(format!("{shown} {owner}.")),
        None => Ok(()),
    }
}

fn kind(found: &Metadata) -> &'static str {
    match found {
        found if found.is_symlink() => "a symbolic link",
        found if found.is_dir() => "a folder",
        found if found.is_file() => "a file",
        _ => "a special file (a pipe, a socket or a device)",
    }
}

#[cfg(unix)]
fn other_owner(found: &Metadata) -> Option<String> {
    let (owner, own) = (std::os::unix::fs::MetadataExt::uid(found), rustix::process::geteuid().as_raw());
    (owner != own).then(|| format!("belongs to the user with the number {owner}, and this program runs as {own}"))
}

#[cfg(not(unix))]
fn other_owner(_: &Metadata) -> Option<String> {
    None
}

#[cfg(unix)]
fn mode(found: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(found) & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o700
}

fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Follows no link, and does not wait for the other end of a pipe.
fn without_surprise(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    options
}

/// Changes the open file, not what its name leads to by now.
fn make_private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let _ = file;
    Ok(())
}

pub fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    let reason = error.to_string();
    let reason = reason.split(" (os error ").next().unwrap_or_default().to_lowercase();
    let fix = format!("Set {HOME_VARIABLE} to a folder of your own, or fix the permissions of this one.");
    Failure::new("kept.file", format!("{} cannot {what}: {reason}.", path.display()), fix)
}
