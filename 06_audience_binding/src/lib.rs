//! Lesson 06: a token for one server is no token for another; and the complete client of all six
//! lessons.
//!
//! | file | what it shows |
//! |---|---|
//! | [`client`] | this lesson's story, top to bottom |
//! | [`parties`] | two MCP servers and the API behind the first one, started; their options |
//! | [`server`] | lesson 05's server with one line more |
//! | [`audience`] | the check that lesson 05's server lacks: RFC 9068 §4; a token claim by claim |
//! | [`tools`] | the tools; `list_reports` asks the API: rightly, or with the client's token |
//! | [`token_exchange`] | a token traded for one of the server's own: RFC 8693 |
//! | [`downstream`] | the API behind the first server |
//! | [`complete_client`] | the client of all six lessons, for any MCP server |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why it cannot go on, and what to do about it |
//!
//! Beside the straight path: [`further`], what FURTHER.md is about; [`sabotage`], all that
//! `--break` does.

pub mod audience;
pub mod client;
pub mod complete_client;
pub mod downstream;
pub mod error;
pub mod further;
pub mod parties;
pub mod rules;
pub mod sabotage;
pub mod server;
pub mod token_exchange;
pub mod tools;
