use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use super::*;
use crate::testing::{Captured, private_folder};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(super) fn make_folder(path: &Path, mode: u32) {
    fs::create_dir(path).unwrap();
    set_mode(path, mode);
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn make_socket(path: &Path) {
    std::os::unix::net::UnixListener::bind(path).unwrap();
}

/// Only the administrator can give a file away; for others this row is left out.
fn give_away(path: &Path) -> bool {
    chown(path, Some(12_345), None).is_ok()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn only_its_owner_can_read_the_file() {
    let folder = private_folder();
    let home = Home::at(folder.path().join("new/home"));
    let file = Locked::open(&home, "x.json").await.unwrap();
    assert_eq!(file.read().unwrap(), None);
    file.write(b"one").unwrap();
    assert_eq!((mode(home.folder()), mode(file.path())), (0o700, 0o600));
    assert_eq!(mode(&home.folder().join("x.lock")), 0o600);
    set_mode(file.path(), 0o644);
    assert_eq!(file.read().unwrap().unwrap(), b"one");
    assert_eq!(mode(file.path()), 0o600, "made private again");
    file.write(b"two").unwrap();
    assert_eq!(file.read().unwrap().unwrap(), b"two");
    assert_eq!(names_in(home.folder()), [".gitignore", "x.json", "x.lock"]);
}

#[tokio::test]
async fn one_run_at_a_time_has_the_file() {
    let folder = private_folder();
    let home = Home::at(folder.path());
    let add = || async {
        let file = Locked::open(&home, "x").await.unwrap();
        let mut text = file.read().unwrap().unwrap_or_default();
        // Without the lock, the others would read the same text now.
        tokio::time::sleep(Duration::from_millis(5)).await;
        text.push(b'x');
        file.write(&text).unwrap();
    };
    tokio::join!(add(), add(), add(), add());
    let file = Locked::open(&home, "x").await.unwrap();
    assert_eq!(file.read().unwrap().unwrap(), b"xxxx");
}

/// Folders by what they are, and the sentence about them; an empty one for a folder that is used.
#[tokio::test]
async fn a_folder_is_used_only_if_it_is_the_users_own() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    for (name, mode) in
        [("own", 0o700), ("read-only", 0o500), ("0755", 0o755), ("0770", 0o770), ("0701", 0o701), ("1777", 0o1777)]
    {
        make_folder(&at(name), mode);
    }
    for (name, target) in [("link", "own"), ("dangling", "nowhere"), ("loop", "loop"), ("link-to-open", "0755")] {
        symlink(target, at(name)).unwrap();
    }
    fs::write(at("file"), "").unwrap();
    make_pipe(&at("pipe"));
    make_socket(&at("socket"));
    make_folder(&at("given-away"), 0o700);
    let mut rows = vec![
        ("own", ""),
        ("own/", ""),
        ("own/.", ""),
        ("new/below", ""),
        ("link/below", ""),
        ("0755", " is open to other users: its mode is 0755, and the store's is 0700."),
        ("0770", " is open to other users: its mode is 0770, "),
        ("0701", " is open to other users: its mode is 0701, "),
        ("1777", " is open to other users: its mode is 1777, "),
        ("link", " is a symbolic link, "),
        ("link/", " is a symbolic link, "),
        ("link/.", " is a symbolic link, "),
        ("dangling", " is a symbolic link, "),
        ("loop", " is a symbolic link, "),
        ("link-to-open", " is a symbolic link, "),
        ("file", " is a file, and the store has to be a folder."),
        ("pipe", " is a special file "),
        ("socket", " is a special file "),
        ("file/below", " cannot be created: "),
    ];
    if give_away(&at("given-away")) {
        rows.push(("given-away", " belongs to the user with the number 12345, and this program runs as "));
    }
    for (name, sentence) in rows {
        let opened = Locked::open(&Home::at(at(name)), "x.json").await;
        match opened.and_then(|file| file.write(b"{}").and_then(|()| file.read())) {
            Ok(read) => assert!(sentence.is_empty() && read.unwrap() == b"{}", "{name}"),
            Err(failure) => {
                assert!(!sentence.is_empty() && failure.message.contains(sentence), "{name}: {failure}");
                assert!(!failure.fix.is_empty() && !failure.message.contains("os error"), "{name}: {failure}");
            }
        }
    }
    assert_eq!(mode(&at("0755")), 0o755, "the mode of a refused folder stays");
    assert!(names_in(&at("0755")).is_empty() && !at("nowhere").exists(), "nothing is written into a refused folder");
}

/// What is planted by the name of a stored file or of its lock, and the sentence about it.
#[tokio::test]
async fn a_file_is_used_only_if_it_is_a_regular_one_of_the_user() {
    let link = |path: &Path| symlink("../target", path).unwrap();
    let dangling = |path: &Path| symlink("nowhere", path).unwrap();
    let device = |path: &Path| symlink("/dev/zero", path).unwrap();
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let large = |path: &Path| File::create(path).unwrap().set_len(1 << 40).unwrap();
    let readable = |path: &Path| {
        fs::write(path, "").unwrap();
        set_mode(path, 0o644);
    };
    type Plant<'a> = &'a dyn Fn(&Path);
    let rows: [(&str, Plant, &str); 15] = [
        ("x.json", &readable, ""),
        ("x.json", &link, " is a symbolic link, and the store uses regular files only."),
        ("x.json", &dangling, " is a symbolic link, "),
        ("x.json", &device, " is a symbolic link, "),
        ("x.json", &folder, " is a folder, "),
        ("x.json", &make_pipe, " is a special file (a pipe, a socket or a device), "),
        ("x.json", &make_socket, " is a special file "),
        ("x.json", &large, " has more than 16777216 bytes, "),
        ("x.lock", &readable, ""),
        ("x.lock", &link, " is a symbolic link, "),
        ("x.lock", &dangling, " is a symbolic link, "),
        ("x.lock", &device, " is a symbolic link, "),
        ("x.lock", &folder, " is a folder, "),
        ("x.lock", &make_pipe, " is a special file "),
        ("x.lock", &make_socket, " is a special file "),
    ];
    for (row, (name, plant, sentence)) in rows.into_iter().enumerate() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("target");
        fs::write(&target, "mine").unwrap();
        set_mode(&target, 0o644);
        let home = Home::at(place.path().join("home"));
        make_folder(home.folder(), 0o700);
        plant(&home.folder().join(name));
        let read = async { Locked::open(&home, "x.json").await?.read() };
        let read = tokio::time::timeout(Duration::from_secs(5), read).await;
        match read.unwrap_or_else(|_| panic!("row {row} hangs")) {
            Ok(_) => assert!(sentence.is_empty(), "row {row}"),
            Err(failure) => assert!(!sentence.is_empty() && failure.message.contains(sentence), "row {row}: {failure}"),
        }
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), mode(&target)), ("mine", 0o644), "row {row}");
        assert!(!home.folder().join("nowhere").exists(), "row {row}");
    }
}

#[tokio::test]
async fn a_file_of_another_user_is_refused() {
    let place = tempfile::tempdir().unwrap();
    for name in ["x.json", "x.lock"] {
        let home = Home::at(place.path().join(name));
        make_folder(home.folder(), 0o700);
        let planted = home.folder().join(name);
        fs::write(&planted, "").unwrap();
        if !give_away(&planted) {
            return;
        }
        let opened = Locked::open(&home, "x.json").await;
        let failure = opened.and_then(|file| file.read()).unwrap_err();
        assert!(failure.message.contains(" belongs to the user with the number 12345, "), "{failure}");
    }
}

#[tokio::test]
async fn only_a_folder_of_the_store_gets_a_gitignore() {
    let place = tempfile::tempdir().unwrap();
    for (row, (there, expected)) in [
        (&[][..], true),
        (&["clients.json", "clients.lock", ".new-clients.json-x"][..], true),
        (&["README.md"][..], false),
        (&["clients.json", "src"][..], false),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = place.path().join(row.to_string());
        make_folder(&folder, 0o700);
        there.iter().for_each(|name| fs::write(folder.join(name), "").unwrap());
        drop(Locked::open(&Home::at(&folder), "x").await.unwrap());
        let text = fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
        assert_eq!(text.lines().any(|line| line == "*"), expected, "{there:?}");
    }
    let own = place.path().join("own");
    make_folder(&own, 0o700);
    fs::write(own.join(".gitignore"), "mine").unwrap();
    drop(Locked::open(&Home::at(&own), "x").await.unwrap());
    assert_eq!(fs::read_to_string(own.join(".gitignore")).unwrap(), "mine");
}

#[tokio::test]
async fn a_passphrase_encrypts_the_file_at_the_next_write_and_says_so_once() {
    let folder = private_folder();
    let captured = Captured::json();
    let with = |passphrase: &str| {
        let mut home = Home::at(folder.path());
        home.reporter = Some(captured.reporter());
        if passphrase.is_empty() { home } else { home.with_passphrase(Secret::new(passphrase)) }
    };
    let open = async |passphrase: &str| Locked::open(&with(passphrase), "x.json").await.unwrap();
    let on_disk = || fs::read(folder.path().join("x.json")).unwrap();

    open("").await.write(b"secret 1").unwrap();
    assert_eq!(open("right").await.read().unwrap().unwrap(), b"secret 1");
    assert_eq!(on_disk(), b"secret 1", "reading changes nothing");
    for text in ["secret 2", "secret 3"] {
        let file = open("right").await;
        file.read().unwrap();
        file.write(text.as_bytes()).unwrap();
        drop(file);
        assert!(sealed::is_sealed(&on_disk()) && !on_disk().windows(6).any(|part| part == b"secret"));
        assert_eq!(open("right").await.read().unwrap().unwrap(), text.as_bytes());
    }
    let notes = captured.events();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0]["text"].as_str().unwrap().ends_with("was plain text and is now encrypted with the passphrase."));

    let before = on_disk();
    for (passphrase, sentence) in [
        ("", " is encrypted, and there is no passphrase."),
        ("wrong", " cannot be decrypted: the passphrase is wrong, or the file was changed."),
        ("right ", " cannot be decrypted: "),
    ] {
        let failure = open(passphrase).await.read().unwrap_err();
        assert!(failure.message.ends_with(sentence) || failure.message.contains(sentence), "{failure}");
        assert!(failure.fix.contains(PASSPHRASE_VARIABLE) && failure.fix.contains("cargo reset"), "{failure}");
    }
    assert!(open("").await.write(b"secret 4").is_err(), "an encrypted file does not become plain text");
    assert_eq!(on_disk(), before);
}

#[tokio::test]
async fn what_is_forgotten_is_the_stores_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let home = Home::at(place.path().join("home")).with_passphrase(Secret::new("lost"));
    assert!(stored(&home).unwrap().is_empty(), "there is no folder yet");
    for name in ["clients.json", "tokens.json"] {
        Locked::open(&home, name).await.unwrap().write(b"x").unwrap();
    }
    drop(Locked::open(&home, "never-written.json").await.unwrap());
    let at = |name: &str| home.folder().join(name);
    // What a run left that died in its first write, and what is not the store's.
    fs::write(at("half.lock"), "").unwrap();
    for name in [".new-half.json-abc", ".new-tokens.json-abc", "package.json", "Cargo.toml", "Cargo.lock"] {
        fs::write(at(name), "x").unwrap();
    }
    fs::remove_file(at("clients.json")).unwrap();
    symlink("package.json", at("clients.json")).unwrap();
    let home = Home::at(home.folder());
    let names: Vec<_> = stored(&home).unwrap().into_iter().collect();
    assert_eq!(names, ["clients.json", "half.json", "tokens.json"]);
    for name in &names {
        forget(&home, name).await.unwrap();
    }
    assert!(stored(&home).unwrap().is_empty());
    let left: Vec<_> = names_in(home.folder()).into_iter().filter(|name| !name.ends_with(".lock")).collect();
    assert_eq!(left, [".gitignore", "Cargo.toml", "package.json"], "a link goes, what it leads to stays");
    set_mode(home.folder(), 0o755);
    assert!(stored(&home).is_err());
}
