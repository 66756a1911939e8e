//! Helpers for tests; the feature `testing` turns them on.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod breakages;
mod captured;
mod ports;
mod run;
mod running;
pub mod secrets;
mod transcript;

pub use breakages::{assert_breakages_are_caught, assert_names_are_unique};
pub use captured::{Captured, assert_events_hold};
pub use ports::any_ports;
pub use run::Run;
pub use running::Running;
pub use transcript::{Transcript, check_readme, check_readme_at, check_readme_with};
