//! Lesson 02: what an authorization server says it can do.
//!
//! | file | what it shows |
//! |---|---|
//! | [`client`] | the client's part, top to bottom, after lesson 01's |
//! | [`mod@find`] | the places in order, and each check before a document is used: RFC 8414 §3 |
//! | [`well_known`] | the places themselves: RFC 8414 §3.1, OpenID Connect Discovery §4 |
//! | [`metadata`] | the document: RFC 8414 §2 |
//! | [`requirements`] | what MCP requires of an authorization server, requirement by requirement |
//! | [`capabilities`] | what MCP asks of an authorization server, and what this one says |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why there is no metadata to use, and what to do about it |
//!
//! Beside the straight path: [`further`], what FURTHER.md is about; [`sabotage`], all that
//! `--break` does.

pub mod capabilities;
pub mod client;
pub mod error;
pub mod find;
pub mod further;
pub mod metadata;
pub mod requirements;
pub mod rules;
pub mod sabotage;
pub mod well_known;

pub use error::MetadataError;
pub use find::find;
pub use metadata::AuthorizationServerMetadata;
