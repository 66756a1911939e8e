//! Lesson 05: a token is used, checked, refreshed and revoked.
//!
//! | file | what it shows |
//! |---|---|
//! | [`server`] | the MCP server: lesson 01's, with a layer that checks tokens, and tools |
//! | [`mod@guard`] | that layer: token, its checks, what is asked for, what the token allows |
//! | [`bearer`] | where the token is: RFC 6750 §2 |
//! | [`access_token`] | the list of checks: RFC 9068 §4, RFC 8725 |
//! | [`jwks`] | the authorization server's keys, fetched rarely and kept: RFC 7517 |
//! | [`permissions`] | which tool needs which scope and role |
//! | [`refusal`] | 400, 401, 403 and 503: RFC 6750 §3 |
//! | [`further::sessions`] | older MCP versions: nobody goes on with another user's session |
//! | [`tools`], [`sample_folder`] | the tools |
//! | [`checks`] | one check after the other, each told |
//! | [`client`] | the client's part, top to bottom, after the lessons before |
//! | [`authorized_client`] | a token on every request; 401: refresh, else sign in; 403: step-up |
//! | [`server_demand`] | what a 401 or a 403 demands, and what the client does next |
//! | [`token_store`] | the tokens: stored, refreshed, and at whose authorization server |
//! | [`further::token_endpoints`] | revocation (RFC 7009) and introspection (RFC 7662) |
//! | [`further::commands`] | over kept tokens: list-tools, call-tool, refresh, logout |
//! | [`further::remembered_tokens`] | going further: a bounded cache of verified tokens |
//! | [`further::dpop`] | going further: tokens that are good only with a key (RFC 9449): the client's part |
//! | [`further::dpop`], [`further::dpop::nonces`] | the MCP server's part |
//! | [`options`] | how tokens are checked |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why the client cannot go on, and what to do about it |
//!
//! Beside the straight path: [`further`], what FURTHER.md is about; [`sabotage`], all that `--break`
//! does.

pub mod access_token;
pub mod authorized_client;
pub mod bearer;
pub mod client;
pub mod error;
pub mod further;
pub mod jwks;
pub mod refusal;
pub mod rules;
pub mod sabotage;
pub mod server;
pub mod server_demand;
pub mod token_store;
pub mod tools;

pub use further::options;
