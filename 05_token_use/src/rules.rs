//! The decisions that this lesson takes, each with the sentence that asks for it. Those that begin
//! with `token.` and `request.` are the MCP server's own; those with `idp.` and `server.` are the
//! authorization server's and the MCP server's as far as their responses tell them.

use shared::{Rule, spec};

/// No token in the URL.
pub static NOT_IN_QUERY: Rule = Rule::must("request.token-not-in-url", &spec::MCP_TOKEN_NOT_IN_QUERY);

/// One `Authorization` header.
pub static ONE_HEADER: Rule = Rule::must("request.one-authorization-header", &spec::RFC6750_3_1_INVALID_REQUEST);

/// After `Bearer` comes one token.
pub static B64TOKEN: Rule = Rule::must("request.bearer-credentials", &spec::RFC6750_3_1_INVALID_REQUEST);

/// The token is a JWT.
pub static JWT: Rule = Rule::must("token.jwt", &spec::RFC7519_7_2);

/// The token needs no extension that this server does not understand.
pub static NO_EXTENSIONS: Rule = Rule::must("token.crit", &spec::RFC7515_4_1_11);

/// The algorithm is on the list.
pub static ALGORITHM: Rule = Rule::must("token.alg", &spec::RFC8725_3_1);

/// The token is an access token.
pub static TYPE: Rule = Rule::must("token.typ", &spec::RFC9068_4_TYP);

/// The key is the authorization server's.
pub static KEY: Rule = Rule::must("token.key", &spec::RFC9068_4_KEYS);

/// The key is for the algorithm.
pub static KEY_ALGORITHM: Rule = Rule::must("token.key-alg", &spec::RFC8725_3_1_ONE);

/// The signature is the key's.
pub static SIGNATURE: Rule = Rule::must("token.signature", &spec::RFC9068_4_SIGNATURE);

/// The token is from the authorization server that this MCP server names.
pub static ISSUER: Rule = Rule::must("token.iss", &spec::RFC9068_4_ISS);

/// The token has not ended.
pub static EXPIRY: Rule = Rule::must("token.exp", &spec::RFC9068_4_EXP);

/// The token has begun.
pub static NOT_BEFORE: Rule = Rule::must("token.nbf", &spec::RFC7519_4_1_5);

/// The token says when it was issued, if it says that, in a number.
pub static ISSUED_AT: Rule = Rule::must("token.iat", &spec::RFC7519_4_1_6);

/// The token says whose it is.
pub static SUBJECT: Rule = Rule::must("token.sub", &spec::RFC9068_2_2_SUB);

/// The token has the scope that the tool needs.
pub static SCOPE: Rule = Rule::must("token.scope-of-tool", &spec::RFC6750_3_1_INSUFFICIENT_SCOPE);

/// The user has the role that the tool needs.
pub static ROLE: Rule = Rule::must("token.role-of-tool", &spec::RFC6750_3_1_INSUFFICIENT_SCOPE);

/// The authorization server takes a refresh token that it gave, and that is not dead.
pub static IDP_TAKES_REFRESH_TOKEN: Rule = Rule::must("idp.refresh-token", &spec::RFC6749_5_2_INVALID_GRANT);

/// A token that allows too little is refused, and the response says what is missing; seen from the
/// client.
pub static SERVER_WANTS_SCOPE: Rule = Rule::must("server.refuses-too-little", &spec::RFC6750_3_1_INSUFFICIENT_SCOPE);

/// A token that is not good is refused; seen from the client.
pub static SERVER_REFUSES_BAD_TOKEN: Rule = Rule::must("server.refuses-bad-token", &spec::MCP_INVALID_TOKEN_401);

/// Every rule above.
pub static ALL: &[&Rule] = &[
    &NOT_IN_QUERY,
    &ONE_HEADER,
    &B64TOKEN,
    &JWT,
    &NO_EXTENSIONS,
    &ALGORITHM,
    &TYPE,
    &KEY,
    &KEY_ALGORITHM,
    &SIGNATURE,
    &ISSUER,
    &EXPIRY,
    &NOT_BEFORE,
    &ISSUED_AT,
    &SUBJECT,
    &SCOPE,
    &ROLE,
    &IDP_TAKES_REFRESH_TOKEN,
    &SERVER_WANTS_SCOPE,
    &SERVER_REFUSES_BAD_TOKEN,
];
