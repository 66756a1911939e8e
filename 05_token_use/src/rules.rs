//! The decisions that this lesson takes, each with the sentence that asks for it. Those that begin
//! with `token.` and `request.` are the MCP server's own; those with `idp.` and `server.` are the
//! authorization server's and the MCP server's as far as their answers tell them.

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

/// The token says whose it is.
pub static SUBJECT: Rule = Rule::must("token.sub", &spec::RFC9068_2_2_SUB);

/// The token has the scope that the tool needs.
pub static SCOPE: Rule = Rule::must("token.scope-of-tool", &spec::RFC6750_3_1_INSUFFICIENT_SCOPE);

/// The user has the role that the tool needs.
pub static ROLE: Rule = Rule::must("token.role-of-tool", &spec::RFC6750_3_1_INSUFFICIENT_SCOPE);

/// A token that is bound to a key is not sent as if it were not.
pub static NOT_AS_BEARER: Rule = Rule::must("token.not-bound", &spec::RFC9449_7_2);

/// The token is bound to a key, on a server that wants it.
pub static BOUND: Rule = Rule::must("proof.required", &spec::RFC9728_2_DPOP);

/// There is one proof.
pub static PROOF_ONE: Rule = Rule::must("proof.one-header", &spec::RFC9449_4_3_ONE);

/// The proof is a JWT.
pub static PROOF_JWT: Rule = Rule::must("proof.jwt", &spec::RFC9449_4_3_JWT);

/// The proof is complete.
pub static PROOF_CLAIMS: Rule = Rule::must("proof.claims", &spec::RFC9449_4_3_CLAIMS);

/// The JWT is a proof.
pub static PROOF_TYP: Rule = Rule::must("proof.typ", &spec::RFC9449_4_3_TYP);

/// The algorithm is on the list.
pub static PROOF_ALG: Rule = Rule::must("proof.alg", &spec::RFC9449_4_3_ALG);

/// The proof brings a public key.
pub static PROOF_JWK: Rule = Rule::must("proof.jwk", &spec::RFC9449_4_3_JWK);

/// The signature is the key's.
pub static PROOF_SIGNATURE: Rule = Rule::must("proof.signature", &spec::RFC9449_4_3_SIGNATURE);

/// The proof is for this method.
pub static PROOF_HTM: Rule = Rule::must("proof.htm", &spec::RFC9449_4_3_HTM);

/// The proof is for this URL.
pub static PROOF_HTU: Rule = Rule::must("proof.htu", &spec::RFC9449_4_3_HTU);

/// The proof was made just now.
pub static PROOF_IAT: Rule = Rule::must("proof.iat", &spec::RFC9449_4_3_IAT);

/// The proof is for this token.
pub static PROOF_ATH: Rule = Rule::must("proof.ath", &spec::RFC9449_4_3_ATH);

/// The token is for this key.
pub static PROOF_KEY: Rule = Rule::must("proof.key", &spec::RFC9449_4_3_KEY);

/// The proof is good for one request.
pub static PROOF_ONCE: Rule = Rule::must("proof.once", &spec::RFC9449_11_1);

/// The session, where there is one, is the user's own.
pub static SESSION_OWNER: Rule = Rule::should("request.session-owner", &spec::MCP_2025_11_25_SESSION);

/// The authorization server binds a token to the client's key.
pub static IDP_BINDS_TOKEN: Rule = Rule::must("idp.binds-token", &spec::RFC9449_6_1);

/// The authorization server takes a refresh token that it gave, and that is not dead.
pub static IDP_TAKES_REFRESH_TOKEN: Rule = Rule::must("idp.refresh-token", &spec::RFC6749_5_2_INVALID_GRANT);

/// A refresh token is good for one use.
pub static IDP_TAKES_REFRESH_TOKEN_ONCE: Rule = Rule::must("idp.refresh-token-once", &spec::OAUTH_REFRESH_REPLAY);

/// With the second use of a refresh token all that came from it dies.
pub static IDP_ENDS_FAMILY: Rule = Rule::should("idp.refresh-token-family", &spec::MCP_ROTATE_REFRESH);

/// The authorization server takes a revocation.
pub static IDP_REVOKES: Rule = Rule::must("idp.revocation", &spec::RFC7009_2_2);

/// What was revoked is good for nothing.
pub static IDP_REVOKES_AT_ONCE: Rule = Rule::must("idp.revoked-at-once", &spec::RFC7009_2_1);

/// The authorization server tells whoever may know whether a token is good.
pub static IDP_INTROSPECTS: Rule = Rule::must("idp.introspection", &spec::RFC7662_2_2);

/// A token that allows too little is refused, and the answer says what is missing; seen from the
/// client.
pub static SERVER_WANTS_SCOPE: Rule = Rule::must("server.refuses-too-little", &spec::RFC6750_3_1_INSUFFICIENT_SCOPE);

/// A token that is not good is refused; seen from the client.
pub static SERVER_REFUSES_BAD_TOKEN: Rule = Rule::must("server.refuses-bad-token", &spec::MCP_INVALID_TOKEN_401);

/// A token of another server is not let in; seen from the client.
pub static FOREIGN_TOKEN: Rule = Rule::must("server.refuses-foreign-token", &spec::MCP_AUDIENCE);

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
    &SUBJECT,
    &SCOPE,
    &ROLE,
    &NOT_AS_BEARER,
    &BOUND,
    &PROOF_ONE,
    &PROOF_JWT,
    &PROOF_CLAIMS,
    &PROOF_TYP,
    &PROOF_ALG,
    &PROOF_JWK,
    &PROOF_SIGNATURE,
    &PROOF_HTM,
    &PROOF_HTU,
    &PROOF_IAT,
    &PROOF_ATH,
    &PROOF_KEY,
    &PROOF_ONCE,
    &SESSION_OWNER,
    &IDP_BINDS_TOKEN,
    &IDP_TAKES_REFRESH_TOKEN,
    &IDP_TAKES_REFRESH_TOKEN_ONCE,
    &IDP_ENDS_FAMILY,
    &IDP_REVOKES,
    &IDP_REVOKES_AT_ONCE,
    &IDP_INTROSPECTS,
    &SERVER_WANTS_SCOPE,
    &SERVER_REFUSES_BAD_TOKEN,
    &FOREIGN_TOKEN,
];
