//! The identity provider that a lesson talks to: a running Keycloak, any other authorization
//! server, or one inside this process that stands in for Keycloak.
//!
//! | file | what it holds |
//! |---|---|
//! | `select.rs` | [`IdpRequest`]: which IdP a run uses, and why |
//! | `probe.rs` | what is found where an IdP should be |
//! | `realm.rs` | reads `realm-export.json` |
//! | `embedded/` | the stand-in |
//! | [`doctor`] | what the lessons need of this machine |
//! | `container.rs` | for tests: Keycloak in a container |
//! | `watched.rs` | for tests: a stand-in whose secrets are known, and the search for them |
//! | `trials.rs` | for tests: one scenario, run on the stand-in and on Keycloak |

#[cfg(feature = "container")]
pub mod container;
pub mod doctor;
mod embedded;
mod probe;
mod realm;
mod select;
#[cfg(feature = "container")]
pub mod trials;
#[cfg(feature = "container")]
pub mod watched;

pub use embedded::{Defect, Embedded};
pub use realm::{Realm, RealmError, SERVERS, issuer_at};
pub use select::{Idp, IdpChoice, IdpOptions, IdpRequest, Lifetime};

/// The port of the embedded IdP where it has to be found again. Keycloak has 9000.
pub const EMBEDDED_PORT: u16 = 9100;
