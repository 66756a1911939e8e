//! What is not on the lesson's straight path: FURTHER.md.

pub mod candidate_keys;
pub mod commands;
pub mod dpop;
pub mod error;
pub mod foreign_token;
pub mod hidden_credentials;
pub mod issued_by;
pub mod kept_tokens;
pub mod key_rotation;
pub(crate) mod mcp_call;
pub mod options;
pub mod other_uses;
pub mod refused_token;
pub mod remembered_tokens;
pub mod rules;
pub mod sample_tools;
pub mod sessions;
pub mod token_advice;
pub mod token_endpoints;
pub mod tools_table;
pub mod without_a_user;
