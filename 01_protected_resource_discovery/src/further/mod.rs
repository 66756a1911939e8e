//! What is not on the lesson's straight path: FURTHER.md.
//!
//! | file | what it shows |
//! |---|---|
//! | `challenge_faults` | what is wrong with a challenge that cannot be read |
//! | [`first_response`] | a first response that is neither 401 nor success |
//! | `mismatch` | metadata that is about another resource |
//! | `named_url` | a challenge whose `resource_metadata` leads to no document |
//! | [`registration_hint`] | a member that no standard defines, and that a client ignores |
//! | [`select`] | which of several authorization servers a client uses |
//! | [`start_page`] | what a person sees who opens the server in a browser |

pub(crate) mod challenge_faults;
pub mod first_response;
pub(crate) mod mismatch;
pub(crate) mod named_url;
pub mod registration_hint;
pub mod select;
pub mod start_page;
