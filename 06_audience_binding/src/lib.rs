//! Lesson 06: a token for one server is no token for another; and the complete client of all six
//! lessons.
//!
//! | file | what it shows |
//! |---|---|
//! | [`audience`] | the check that lesson 05's server lacks: RFC 9068 §4 |
//! | [`server`] | lesson 05's server with that one line |
//! | [`verdict`] | a token claim by claim, for both sides |
//! | [`token_exchange`] | a token traded for one of the server's own: RFC 8693 |
//! | [`reports`] | how the MCP server asks the API behind it: rightly, or with its client's token |
//! | [`downstream`] | that API |
//! | [`tools`] | what the two MCP servers can do |
//! | [`client`] | the client's part, top to bottom; and the complete client |
//! | [`further::lab`] | what decides about `aud`: nothing, scopes, or `resource` (RFC 8707) |
//! | [`further::matrix`] | every kind of token at every server |
//! | [`further::proxy`], [`further::confused_deputy`] | an OAuth proxy with one client id, and what it has to ask |
//! | [`further::assertions`] | going further: workload identity and enterprise-managed authorization (RFC 7523, ID-JAG) |
//! | [`further::grant_options`] | the same on the command line, and client credentials (lesson 04) |
//! | [`parties`] | the servers, started |
//! | [`options`] | their ports and names |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why it cannot go on, and what to do about it |
//!
//! Beside the straight path: [`further`], what FURTHER.md is about; [`sabotage`], all that `--break`
//! does.

pub mod audience;
pub mod client;
pub mod downstream;
pub mod error;
pub mod further;
pub mod options;
pub mod parties;
pub mod reports;
pub mod rules;
pub mod sabotage;
pub mod server;
pub mod token_exchange;
pub mod tools;
pub mod verdict;
