//! Lesson 04: the user signs in, and a code becomes tokens.
//!
//! | file | what it shows |
//! |---|---|
//! | [`client`] | the client's part, top to bottom, after the lessons before |
//! | [`mod@scopes`] | which scopes to ask for: MCP 2026-07-28 |
//! | [`authorization_request`] | the authorization request: RFC 6749 §4.1.1, PKCE, `state` |
//! | [`callback`] | the listener that takes one answer: RFC 8252 §7.3 |
//! | [`user_agent`] | a person with a browser, or a program that fills in the pages |
//! | [`authorization_response`] | the answer: `state`, `iss` (RFC 9207 §2.4), code or error |
//! | [`token_request`] | the token request: RFC 6749 §4.1.3 |
//! | [`token_response`] | the tokens, claim by claim |
//! | [`further::recipients`] | whom a token is for, and whether it may be sent there |
//! | [`further::stored_tokens`] | where tokens are kept |
//! | [`further::refresh`] | going further: refresh, and rotation |
//! | [`further::client_credentials`] | going further: a token without a user |
//! | [`further::grant`] | going further: what ways to a token without a user have in common |
//! | [`further::client_assertion`] | going further: a client that signs (RFC 7523) |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why there is no token, and what to do about it |
//!
//! Beside the straight path: [`further`], what FURTHER.md is about; [`sabotage`], all that
//! `--break` does.

pub mod authorization_request;
pub mod authorization_response;
pub mod callback;
pub mod client;
pub mod error;
pub mod further;
pub mod rules;
pub mod sabotage;
pub mod scopes;
pub mod token_request;
pub mod token_response;
pub mod user_agent;

pub use error::AuthorizationError;
pub use token_response::TokenResponse;
