//! What is not on the lesson's straight path: FURTHER.md.
//!
//! | file | what it shows |
//! |---|---|
//! | [`configured`] | authorization servers without metadata, whose endpoints the user names |
//! | `endpoints` | what is wrong with the URL of an endpoint |
//! | [`older`] | servers of MCP 2025-03-26, which are their own authorization server |
//! | [`verdict`] | the last line of `inspect` |

pub mod configured;
pub(crate) mod endpoints;
pub mod older;
pub mod verdict;
