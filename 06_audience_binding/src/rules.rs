//! The decisions that this lesson takes, each with the sentence that asks for it. `token.` and
//! `downstream.` are the servers' own, `idp.` the authorization server's as far as its responses
//! show them.

use shared::{Rule, spec};

/// The token is for this MCP server.
pub static AUDIENCE: Rule = Rule::must("token.aud", &spec::RFC9068_4_AUD);

/// The token is for the downstream API.
pub static DOWNSTREAM_AUDIENCE: Rule = Rule::must("downstream.aud", &spec::RFC9068_4_AUD);

/// The token allows what the downstream API is asked for.
pub static DOWNSTREAM_SCOPE: Rule = Rule::must("downstream.scope", &spec::RFC6750_3_1_INSUFFICIENT_SCOPE);

/// The authorization server binds the token to the server that was asked for, and to no other; seen
/// from the client.
pub static IDP_BINDS: Rule = Rule::should("idp.binds-audience", &spec::RFC8707_2_AUDIENCE);

/// An MCP server refuses a token that does not name it; seen from the client.
pub static SERVER_REFUSES_OTHERS: Rule = Rule::must("server.refuses-other-audiences", &spec::MCP_AUDIENCE_CLAIM);

/// An MCP server takes a token that names it; seen from the client.
pub static SERVER_TAKES_OWN: Rule = Rule::must("server.takes-own-audience", &spec::MCP_AUDIENCE);

/// A token that was sent to one server opens no other; seen from the client.
pub static NOT_PASSED_THROUGH: Rule = Rule::must("server.no-passthrough", &spec::MCP_PASSTHROUGH);

/// The authorization server exchanges a token for the server that it is for, and for nobody else.
pub static IDP_EXCHANGES: Rule = Rule::must("idp.token-exchange", &spec::RFC8693_2_1);

/// The response to an exchange says what it brings.
pub static ISSUED_TOKEN_TYPE: Rule = Rule::must("exchange.issued-token-type", &spec::RFC8693_2_2_1);

/// The exchanged token is for the one server that it was asked for.
pub static EXCHANGED_AUDIENCE: Rule = Rule::should("exchange.audience", &spec::RFC8707_2_AUDIENCE);

/// Every rule above.
pub static ALL: &[&Rule] = &[
    &AUDIENCE,
    &DOWNSTREAM_AUDIENCE,
    &DOWNSTREAM_SCOPE,
    &IDP_BINDS,
    &SERVER_REFUSES_OTHERS,
    &SERVER_TAKES_OWN,
    &NOT_PASSED_THROUGH,
    &IDP_EXCHANGES,
    &ISSUED_TOKEN_TYPE,
    &EXCHANGED_AUDIENCE,
];
