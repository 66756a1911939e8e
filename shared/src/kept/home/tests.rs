use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;

use super::super::tests::{make_folder, set_mode};
use super::*;

#[test]
fn the_folder_is_the_chosen_one_else_the_state_directory() {
    let nowhere = Path::new("/nowhere");
    let state = || Some(PathBuf::from("/home/me/.local/state/mcp-oauth"));
    for (chosen, state, expected) in [
        (None, state(), Some("/home/me/.local/state/mcp-oauth")),
        (Some("/other"), state(), Some("/other")),
        (Some("/other/"), None, Some("/other")),
        (Some(".mcp-oauth"), state(), Some(".mcp-oauth")),
        (None, None, None),
        // No home directory.
        (None, Some(PathBuf::from(".local/state/mcp-oauth")), None),
    ] {
        let found = choose(chosen.map(OsString::from), state, nowhere);
        assert_eq!(found.clone().ok(), expected.map(|folder| (PathBuf::from(folder), None)), "{chosen:?}");
        assert!(found.is_ok() || found.unwrap_err().fix.contains(HOME_VARIABLE));
    }
    assert!(guard::state_folder().unwrap().ends_with("mcp-oauth"));
}

#[test]
fn a_passphrase_is_text() {
    let of = |bytes: &[u8]| passphrase(Some(OsString::from_vec(bytes.to_vec())));
    assert!(passphrase(None).unwrap().is_none() && of(b"").unwrap().is_none());
    assert_eq!(of(b" a b ").unwrap().unwrap().expose(), " a b ");
    assert_eq!(of(b"\xff").unwrap_err().id, "kept.passphrase");
}

/// A former store of two files with their locks.
fn former(place: &Path) -> PathBuf {
    let former = place.join(FORMER);
    make_folder(&former, 0o700);
    for name in ["clients.json", "clients.lock", "tokens.json", "tokens.lock"] {
        fs::write(former.join(name), if name.ends_with("json") { name } else { "" }).unwrap();
        set_mode(&former.join(name), 0o600);
    }
    former
}

/// What is done to the former store, and how the sentence about it goes on.
#[test]
fn a_former_store_moves_only_if_it_is_the_users_own() {
    type Change<'a> = &'a dyn Fn(&Path);
    let rows: [(Change, &str); 8] = [
        (&|_| (), " moved"),
        (&|former| fs::write(former.join("notes.txt"), "").unwrap(), " moved"),
        (&|former| set_mode(former, 0o755), " is open to other users: its mode is 0755, "),
        (&|former| set_mode(&former.join("tokens.json"), 0o644), "its mode is 0644, not 0600."),
        (
            &|former| {
                fs::rename(former, former.with_extension("x")).unwrap();
                symlink(former.with_extension("x"), former).unwrap();
            },
            " is a symbolic link, ",
        ),
        (
            &|former| {
                fs::rename(former.join("tokens.json"), former.join("elsewhere")).unwrap();
                symlink("elsewhere", former.join("tokens.json")).unwrap();
            },
            " is a symbolic link, ",
        ),
        (
            &|former| {
                fs::remove_file(former.join("tokens.json")).unwrap();
                let made = std::process::Command::new("mkfifo").arg(former.join("tokens.json")).status();
                assert!(made.unwrap().success());
            },
            " is a special file ",
        ),
        (
            &|former| {
                if std::os::unix::fs::chown(former, Some(12_345), None).is_err() {
                    set_mode(former, 0o750);
                }
            },
            "",
        ),
    ];
    for (row, (change, expected)) in rows.into_iter().enumerate() {
        let place = tempfile::tempdir().unwrap();
        let (former, state) = (former(place.path()), place.path().join("state/mcp-oauth"));
        change(&former);
        let (folder, sentence) = choose(None, Some(state.clone()), &former).unwrap();
        let sentence = sentence.unwrap();
        assert_eq!(folder, state);
        if expected == " moved" {
            assert!(sentence.ends_with("clients.json, tokens.json."), "row {row}: {sentence}");
            assert_eq!(fs::read_to_string(state.join("tokens.json")).unwrap(), "tokens.json");
            let left: Vec<_> = fs::read_dir(&former).into_iter().flatten().collect();
            assert_eq!(former.exists(), !left.is_empty(), "row {row}: only what is not the store's stays");
            assert!(!former.join("tokens.lock").exists());
            assert_eq!(choose(None, Some(state), &place.path().join("x")).unwrap().1, None);
        } else {
            assert!(sentence.contains(" is not used: ") && sentence.contains(expected), "row {row}: {sentence}");
            assert!(fs::symlink_metadata(former.join("tokens.json")).is_ok() && !state.exists(), "row {row}");
        }
    }
}

#[test]
fn a_former_store_neither_replaces_nor_joins_one_that_is_there() {
    let place = tempfile::tempdir().unwrap();
    let (former, state) = (former(place.path()), place.path().join("mcp-oauth"));
    make_folder(&state, 0o700);
    let (_, sentence) = choose(None, Some(state.clone()), &former).unwrap();
    assert!(sentence.unwrap().contains(" is not used: "));
    assert_eq!(fs::read_dir(state).unwrap().count(), 0);
    assert!(former.join("tokens.json").exists());
    let chosen = choose(Some(former.clone().into()), None, &former).unwrap();
    assert_eq!(chosen, (former, None), "the variable can still name it");
}
