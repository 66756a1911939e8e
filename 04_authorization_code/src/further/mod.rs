//! What is not on the lesson's straight path: FURTHER.md.

pub mod client_assertion;
pub mod client_credentials;
pub mod grant;
pub mod refresh;
pub mod stored_tokens;
