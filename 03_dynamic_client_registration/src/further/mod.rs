//! What is not on the lesson's straight path: FURTHER.md.

pub mod administration;
pub mod clients;
pub mod enable_cimd;
pub mod endpoints;
pub mod forgetting;
pub mod granted_credentials;
pub mod initial_access_token;
pub mod keycloak_policies;
pub mod known_client;
pub mod manage;
pub mod metadata_document;
pub mod no_endpoint;
pub mod not_listed;
pub mod options;
pub mod preregistered;
pub mod redirect_uri;
pub mod refusal_advice;
pub mod reset;
pub mod rules;
pub mod stored_client;
pub mod tour;
