//! The decisions of the further topics, each with the sentence that asks for it.

use shared::{Rule, spec};

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

/// A refresh token is good for one use.
pub static IDP_TAKES_REFRESH_TOKEN_ONCE: Rule = Rule::must("idp.refresh-token-once", &spec::OAUTH_REFRESH_REPLAY);

/// With the second use of a refresh token all that came from it dies.
pub static IDP_ENDS_FAMILY: Rule = Rule::should("idp.refresh-token-family", &spec::RFC9700_4_14_2_REUSE);

/// The authorization server takes a revocation.
pub static IDP_REVOKES: Rule = Rule::must("idp.revocation", &spec::RFC7009_2_2);

/// What was revoked is good for nothing.
pub static IDP_REVOKES_AT_ONCE: Rule = Rule::must("idp.revoked-at-once", &spec::RFC7009_2_1);

/// The authorization server tells whoever may know whether a token is good.
pub static IDP_INTROSPECTS: Rule = Rule::must("idp.introspection", &spec::RFC7662_2_2);

/// A token of another server is not let in; seen from the client.
pub static FOREIGN_TOKEN: Rule = Rule::must("server.refuses-foreign-token", &spec::MCP_AUDIENCE);

/// Every rule above.
pub static ALL: &[&Rule] = &[
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
    &IDP_TAKES_REFRESH_TOKEN_ONCE,
    &IDP_ENDS_FAMILY,
    &IDP_REVOKES,
    &IDP_REVOKES_AT_ONCE,
    &IDP_INTROSPECTS,
    &FOREIGN_TOKEN,
];
