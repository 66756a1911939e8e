//! What is not on the lesson's straight path: FURTHER.md.
//!
//! | file | what it shows |
//! |---|---|
//! | [`refused_tokens`] | what a refusal of the token endpoint means, code by code |
//! | [`refresh`] | new tokens without the user, and rotation: RFC 6749 §6 |
//! | [`stored_tokens`] | where tokens are stored between runs |
//! | [`recipients`] | whom a token is for, and whether it may be sent there |
//! | [`client_credentials`] | a token without a user: RFC 6749 §4.4 |
//! | [`client_assertion`] | a client that signs: RFC 7523 |
//! | [`grant`] | what ways to a token without a user have in common |
//! | [`other_sign_ins`] | with another client, or for another resource |
//! | [`login`] | whose password a program types, and where |
//! | [`scripted_browser`] | a user who is a program |
//! | [`open_browser`] | where a person signs in |
//! | [`discarded`] | redirects without a usable response, and a wait to which none came |
//! | [`pasted`] | the callback URL from a browser on another machine |
//! | [`consent`] | which button of a page means yes |
//! | [`resource_parameter`] | authorization servers that know no resource indicators |
//! | [`scope_advice`] | scopes that were refused, or granted in an odd way |
//! | [`explanation`], [`token_tables`], [`callback_page`] | for people to read |

pub mod callback_page;
pub mod client_assertion;
pub mod client_credentials;
pub mod consent;
pub mod discarded;
pub mod explanation;
pub mod grant;
pub mod login;
pub mod open_browser;
pub mod other_sign_ins;
pub mod pasted;
pub mod recipients;
pub mod refresh;
pub mod refused_tokens;
pub mod resource_parameter;
pub mod rules;
pub mod scope_advice;
pub mod scripted_browser;
pub mod stored_tokens;
pub mod token_tables;
