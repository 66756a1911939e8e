//! What is not on the lesson's straight path: FURTHER.md.

pub mod commands;
pub mod dpop;
pub mod error;
pub mod issued_by;
pub mod options;
pub mod other_uses;
pub mod remembered_tokens;
pub mod rules;
pub mod sessions;
pub mod token_endpoints;
pub mod without_a_user;
