//! Lesson 01: how an MCP client finds the authorization server of an MCP server.
//!
//! | file | what it shows |
//! |---|---|
//! | [`client`] | the client's stage, top to bottom |
//! | [`mod@discover`] | from an MCP server's URL to its metadata: RFC 9728 §5, in MCP's order |
//! | [`challenge`] | reading `WWW-Authenticate`: RFC 9110 §11.6.1, RFC 6750 §3 |
//! | [`well_known`] | where the metadata is when no challenge says it: RFC 9728 §3 |
//! | `fetch` | asking those places, one after the other |
//! | [`metadata`] | the document: RFC 9728 §2 |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why discovery ends, and what to do about it |
//! | [`server`] | the MCP server: the 401, the challenge, the document |
//! | [`setup`] | the options of the MCP server, and its start |
//! | [`duties`] | who has to do what: the closing table |
//!
//! Beside the straight path: [`further`], what FURTHER.md is about; [`sabotage`], all that
//! `--break` does.

pub mod challenge;
pub mod client;
pub mod discover;
pub mod duties;
pub mod error;
mod fetch;
pub mod further;
pub mod metadata;
pub mod rules;
pub mod sabotage;
pub mod server;
pub mod setup;
pub mod well_known;

pub use discover::{Discovery, discover};
pub use error::DiscoveryError;
pub use metadata::ProtectedResourceMetadata;
