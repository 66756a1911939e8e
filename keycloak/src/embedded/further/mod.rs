//! Everything that the lessons' straight path does without. `embedded/mod.rs` has the map.

pub mod administration;
pub mod cimd;
pub mod client_assertion;
pub mod client_credentials;
pub mod dpop;
pub mod introspection;
pub mod jwk;
pub mod key_rotation;
pub mod management;
pub mod presented;
pub mod resource_indicators;
pub mod revocation;
pub mod token_exchange;
