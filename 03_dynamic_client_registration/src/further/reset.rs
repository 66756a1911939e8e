//! `cargo reset`: forgets everything that the lessons have stored on this machine, after a
//! question. It stands in this lesson because this is the first one that stores something.

use std::io::IsTerminal;

use shared::kept::{self, Home};
use shared::{Failure, Reporter};

/// Whether somebody is there to be asked.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Deletes all stored files; without `yes` only if the user types it.
pub async fn run(reporter: &Reporter, yes: bool) -> Result<(), Failure> {
    let home = Home::of_user(reporter)?;
    let (names, folder) = (kept::stored(&home)?, home.folder().display());
    if names.is_empty() {
        reporter.note(format!("Nothing is stored in {folder}."));
        return Ok(());
    }
    let listed = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    if !yes {
        reporter.note(format!(
            "{folder} has {listed}. IdPs are not asked: a client or a token stays valid there until it is deleted or \
             revoked, or expires. Type yes to delete these files here."
        ));
        if !is_yes(&typed_line().await) {
            reporter.note("Nothing was deleted.");
            return Ok(());
        }
    }
    for name in &names {
        kept::forget(&home, name).await?;
    }
    reporter.note(format!("Deleted from {folder}: {listed}."));
    Ok(())
}

async fn typed_line() -> String {
    let read = || {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    };
    tokio::task::spawn_blocking(read).await.ok().and_then(Result::ok).unwrap_or_default()
}

fn is_yes(line: &str) -> bool {
    ["y", "yes"].contains(&line.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_yes_deletes() {
        for (line, expected) in [
            ("yes\n", true),
            ("Y\r\n", true),
            (" YES ", true),
            ("", false),
            ("\n", false),
            ("no\n", false),
            ("yes please\n", false),
            ("yesno\n", false),
        ] {
            assert_eq!(is_yes(line), expected, "{line:?}");
        }
    }
}
