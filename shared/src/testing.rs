//! Helpers for tests; the feature `testing` turns them on.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod breakages;
mod captured;
mod fake;
pub mod fuzz;
mod network;
mod pages;
mod ports;
mod run;
mod running;
pub mod secrets;
mod start_page;
mod tls;
mod transcript;
mod view;

pub use breakages::{assert_breakages_are_caught, assert_names_are_unique};
pub use captured::{Captured, assert_events_hold};
pub use fake::{Fake, Received};
pub use network::HostileNetwork;
pub use pages::{check_switches, troubleshooting};
pub use ports::{ReservedPort, any_ports};
pub use run::Run;
pub use running::Running;
pub use start_page::check_start_page;
pub use tls::{Certificate, TlsFront};
pub use transcript::{Transcript, check_readme, check_readme_at, check_readme_with};
pub use view::assert_plain_run_fits;

/// A folder for a store. One that `tempfile::tempdir` makes is open to other users, and is refused.
pub fn private_folder() -> tempfile::TempDir {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().expect("a folder can be made")
}
