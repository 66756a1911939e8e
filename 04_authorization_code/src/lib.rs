//! Lesson 04: the user signs in, and a code becomes tokens.
//!
//! | file | what it shows |
//! |---|---|
//! | [`client`] | the client's part, top to bottom, after the lessons before |
//! | [`mod@scopes`] | which scopes to ask for: MCP 2026-07-28 |
//! | [`mod@request`] | the authorization request: RFC 6749 §4.1.1, PKCE, `state`, `resource` |
//! | [`callback`] | the listener that takes one answer: RFC 8252 §7.3 |
//! | [`user_agent`] | a person with a browser, or a program that fills in the pages |
//! | [`mod@response`] | the answer: `state`, `iss` (RFC 9207 §2.4), code or error |
//! | [`mod@exchange`] | the token request: RFC 6749 §4.1.3, through the crate `oauth2` |
//! | [`token_response`] | the tokens, claim by claim |
//! | [`tokens`] | where tokens are kept |
//! | [`mod@refresh`] | going further: refresh, and rotation |
//! | [`client_credentials`] | going further: a token without a user |
//! | [`grant`] | going further: what ways to a token without a user have in common |
//! | [`client_assertion`] | going further: a client that signs (RFC 7523) |
//! | [`options`] | who signs in |
//! | [`rules`] | every check, with the sentence that asks for it |
//! | [`error`] | why there is no token, and what to do about it |
//! | [`breakages`] | what `--break` can break |

pub mod breakages;
pub mod callback;
pub mod client;
pub mod client_assertion;
pub mod client_credentials;
pub mod error;
pub mod exchange;
pub mod grant;
pub mod options;
pub mod refresh;
pub mod request;
pub mod response;
pub mod rules;
pub mod scopes;
pub mod token_response;
pub mod tokens;
pub mod user_agent;

pub use error::AuthorizationError;
pub use token_response::TokenResponse;
