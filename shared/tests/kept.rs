//! A process that is killed while it writes leaves the old file or the new one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use shared::kept::{Home, Locked};
use shared::testing::private_folder;

/// Names the folder to the writer.
const FOLDER: &str = "KEPT_TEST_FOLDER";
const BYTES: usize = 4 * 1024 * 1024;

/// The process that is killed: this very program, started again.
#[tokio::test]
#[ignore = "the other test starts it"]
async fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let file = Locked::open(&Home::at(folder), "x").await.unwrap();
    for letter in [b'a', b'b'].into_iter().cycle() {
        file.write(&vec![letter; BYTES]).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_the_old_file_or_the_new_one() {
    let folder = private_folder();
    let mut writer = Command::new(std::env::current_exe().unwrap());
    writer.args(["--exact", "writer", "--ignored"]).env(FOLDER, folder.path()).stdout(Stdio::null());
    let file = folder.path().join("x");
    let mut killed_in_between = 0;
    for round in 0..200 {
        if round >= 25 && killed_in_between > 0 {
            break;
        }
        let mut child = writer.spawn().unwrap();
        let begun = Instant::now();
        while fs::metadata(&file).is_err() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(10 + round % 25));
        child.kill().unwrap();
        child.wait().unwrap();
        let bytes = fs::read(&file).unwrap();
        assert_eq!(bytes.len(), BYTES);
        assert!(bytes.iter().all(|byte| *byte == bytes[0]), "a mixture of two writes");
        let leftovers = fs::read_dir(folder.path()).unwrap().count() - 3;
        assert!(leftovers <= 1, "the next writer removes what the last one left");
        killed_in_between += leftovers;
    }
    assert!(killed_in_between > 0, "some were killed in the middle of a write, or this shows nothing");
}
