//! What is not on the lesson's straight path: FURTHER.md.
//!
//! | file | what it shows |
//! |---|---|
//! | [`registration_hint`] | a member that no standard defines, and that a client ignores |
//! | [`select`] | which of several authorization servers a client uses |

pub mod registration_hint;
pub mod select;
