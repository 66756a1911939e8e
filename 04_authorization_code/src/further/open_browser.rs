//! Sends a person's browser to the authorization server.

use shared::Reporter;

/// Prints the URL and opens it, if there is a browser here. `hint` says whom to sign in as.
///
/// "MUST NOT use shell commands (e.g., cmd.exe, sh, PowerShell) to open URLs" (MCP 2026-07-28,
/// OAuth Authorization URL Validation): the crate asks the system.
pub fn open(reporter: &Reporter, url: &str, hint: Option<&str>) {
    reporter.announce(format!("Sign in here (on another machine: forward the callback port, or bring the address that your browser ends at to this one):\n{url}"));
    if let Some(hint) = hint {
        reporter.announce(hint);
    }
    match webbrowser::open(url) {
        Ok(()) => reporter.announce(
            "The system was asked to open a browser; where none appears, open the URL yourself. Ctrl-C ends the wait.",
        ),
        Err(error) => reporter.announce(format!("No browser could be opened here ({error}). Open the URL yourself.")),
    }
}
