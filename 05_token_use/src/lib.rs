//! Lesson 05: a token is used, checked, refreshed and revoked.
//!
//! | file | what it shows |
//! |---|---|
//! | [`server`] | the MCP server, and the layer that decides about each request |
//! | [`bearer`] | where the token is: RFC 6750 §2 |
//! | [`access_token`] | the list of checks: RFC 9068 §4, RFC 8725 |
//! | [`jwt`] | a JWT in its parts: RFC 7519 |
//! | [`jwks`] | the authorization server's keys: RFC 7517 |
//! | [`tools`] | which tool needs which scope and role |
//! | [`refusal`] | one check after the other, and 400, 401, 403 and 503: RFC 6750 §3 |
//! | [`client`] | the client's part, top to bottom, after the lessons before |
//! | [`authorized_client`] | a token on every request; refresh, sign-in and step-up |
//! | [`server_demand`] | what a 401 or a 403 demands, and what the client does next |
//! | [`token_store`] | the tokens, and their refresh at the authorization server that gave them |
//! | [`error`] | why the client cannot go on, and what to do about it |
//! | [`rules`] | every check, with the sentence that asks for it |
//!
//! Beside the straight path: [`further`], what FURTHER.md is about; [`sabotage`], all that
//! `--break` does.

pub mod access_token;
pub mod authorized_client;
pub mod bearer;
pub mod client;
pub mod error;
pub mod further;
pub mod jwks;
pub mod jwt;
pub mod refusal;
pub mod rules;
pub mod sabotage;
pub mod server;
pub mod server_demand;
pub mod token_store;
pub mod tools;

pub use further::options;
