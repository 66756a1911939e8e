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
        // What was there before the first of several is what the terminal becomes again.
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((terminal, before));
    }
}

/// Has the terminal give each byte as it comes and echo none, until it is restored. A line that it
/// gathers itself is cut off at 4,095 bytes, and a longer URL is nothing special. `None` where this
/// is not possible: a program in the background that tries it is stopped.
#[cfg(unix)]
pub(crate) fn read_hidden(terminal: &std::os::fd::OwnedFd) -> Option<()> {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex};
    if !is_in_foreground(terminal) {
        return None;
    }
    remember_terminal();
    let mut changed = rustix::termios::tcgetattr(terminal).ok()?;
    changed.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    changed.special_codes[SpecialCodeIndex::VMIN] = 1;
    changed.special_codes[SpecialCodeIndex::VTIME] = 0;
    rustix::termios::tcsetattr(terminal, OptionalActions::Now, &changed).ok()
}

/// Whether the terminal is this program's at the moment.
#[cfg(unix)]
pub(crate) fn is_in_foreground(terminal: impl std::os::fd::AsFd) -> bool {
    rustix::termios::tcgetpgrp(terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// Makes the terminal what it was before the prompt, if there is one: the thread that waits for the
/// keyboard may be abandoned.
#[cfg(unix)]
pub(crate) fn restore_terminal() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    // A program in the background that changes the terminal is stopped; the shell has changed it.
    if let Some((terminal, before)) = before.filter(|(terminal, _)| is_in_foreground(terminal)) {
        let _ = rustix::termios::tcsetattr(&terminal, rustix::termios::OptionalActions::Now, &before);
    }
}

#[cfg(not(unix))]
fn remember_terminal() {}

#[cfg(not(unix))]
pub(crate) fn restore_terminal() {}
