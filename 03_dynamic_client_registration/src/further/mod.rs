//! What is not on the lesson's straight path: FURTHER.md.

pub mod administration;
pub mod clients;
pub mod initial_access_token;
pub mod manage;
pub mod metadata_document;
pub mod options;
pub mod preregistered;
pub mod reset;
pub mod rules;
