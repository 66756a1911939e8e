//! Lesson 03: how a client gets its name at an authorization server, and what becomes of that name.
//!
//! | file | what it shows |
//! |---|---|
//! | [`client`] | the client's part, top to bottom, after the lessons before |
//! | [`way`] | the four ways, in MCP's order |
//! | [`client_metadata`] | what a client says about itself: RFC 7591 §2 |
//! | [`mod@register`] | dynamic registration: RFC 7591 §3 |
//! | [`refusal`] | reading a refusal: RFC 7591 §3.2.2, and Keycloak's own |
//! | [`client_information`] | what the authorization server grants: RFC 7591 §3.2.1 |
//! | [`client_authentication`] | how a client authenticates: RFC 6749 §2.3.1 |
//! | [`mod@get_or_register`] | the stored client if it is still good, else a new one |
//! | [`store`] | where clients are kept, by issuer |
//! | [`redirect`] | where the browser brings the code |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why there is no client, and what to do about it |
//!
//! Going further, in [`further`], which is what FURTHER.md is about:
//!
//! | file | what it shows |
//! |---|---|
//! | [`further::initial_access_token`] | the token that opens a closed registration |
//! | [`further::metadata_document`] | OAuth Client ID Metadata Documents |
//! | [`further::preregistered`] | a client that somebody registered by hand |
//! | [`further::manage`] | read, replace, delete: RFC 7592 |
//! | [`further::clients`] | the commands over all clients that are kept |
//! | [`further::tour`] | `--register all`: no failure hides another |
//! | [`further::forgetting`] | forgets all that is stored for one issuer or one MCP server |
//! | [`further::keycloak_policies`] | what Keycloak's policies say when they refuse |
//! | [`further::no_endpoint`] | the ways that are left without a registration endpoint |
//! | [`further::not_listed`] | what was asked for that the metadata does not list |
//! | [`further::granted_credentials`] | what came with a registration: expiry, management URL |
//! | [`further::known_client`] | whether the authorization server knows the client |
//! | [`further::stored_client`] | whether a stored client can be used again |
//! | [`further::redirect_uri`] | which redirect URI the client uses |
//! | [`further::refusal_advice`] | what a person can do about a refusal |
//! | [`further::enable_cimd`] | `-- enable-cimd` |
//! | [`further::reset`] | `cargo reset`: forgets everything that is stored |
//! | [`further::administration`] | Keycloak's admin API: Initial Access Tokens, client policy |
//!
//! [`sabotage`] is all that `--break` does.

pub mod client;
pub mod client_authentication;
pub mod client_information;
pub mod client_metadata;
pub mod error;
pub mod further;
pub mod get_or_register;
pub mod redirect;
pub mod refusal;
pub mod register;
pub mod rules;
pub mod sabotage;
pub mod store;
pub mod way;

pub use client_information::ClientInformation;
pub use client_metadata::ClientMetadata;
pub use error::RegistrationError;
pub use get_or_register::get_or_register;
