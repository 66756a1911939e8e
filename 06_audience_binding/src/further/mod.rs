//! What is not on the lesson's straight path: FURTHER.md.

pub mod account_token;
pub mod api_page;
pub mod assertions;
pub mod at_idp;
pub mod audience_probe;
pub mod confused_deputy;
pub mod error;
pub mod exchange_advice;
pub mod grant_options;
pub mod lab;
pub mod learn;
pub mod matrix;
pub mod proxy;
pub mod rules;
pub mod server_client;
pub mod token_tables;
