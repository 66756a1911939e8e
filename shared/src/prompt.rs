//! Asks the user for something that nobody else should see, without an echo. However the process
//! ends, the terminal echoes again.

use std::io::{self, IsTerminal};
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The signal of a Ctrl-C that was typed at the prompt is there by then.
const SIGNAL_TIME: Duration = Duration::from_secs(5);

/// The terminal and how it was before the prompt; `None` while there is no prompt.
#[cfg(unix)]
static BEFORE: Mutex<Option<(std::fs::File, rustix::termios::Termios)>> = Mutex::new(None);

/// What the user types; `None` where there is no terminal.
pub async fn hidden(prompt: String) -> Option<String> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return None;
    }
    // The prompt names what a stranger may have named.
    let prompt: String = prompt.chars().filter(|c| !c.is_control()).collect();
    remember_terminal();
    let typed = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await.ok()?;
    restore_terminal();
    if typed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        // The signal ends the story. Without this, an empty response could come first.
        tokio::time::sleep(SIGNAL_TIME).await;
    }
    typed.ok()
}

#[cfg(unix)]
fn remember_terminal() {
    let Ok(terminal) = std::fs::File::open("/dev/tty") else { return };
    if let Ok(before) = rustix::termios::tcgetattr(&terminal) {
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some((terminal, before));
    }
}

/// Makes the terminal what it was before the prompt, if there is one: the thread that waits for the
/// keyboard may be abandoned.
#[cfg(unix)]
pub(crate) fn restore_terminal() {
    if let Some((terminal, before)) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = rustix::termios::tcsetattr(&terminal, rustix::termios::OptionalActions::Now, &before);
    }
}

#[cfg(not(unix))]
fn remember_terminal() {}

#[cfg(not(unix))]
pub(crate) fn restore_terminal() {}
