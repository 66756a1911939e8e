//! The decisions that this lesson takes, each with the sentence that asks for it. Those that begin
//! with `idp.` are the authorization server's own, as far as its answers tell them.

use shared::{Rule, spec};

/// The page that the browser is sent to is a web page.
pub static URL_SCHEME: Rule = Rule::must("authorization.url-scheme", &spec::MCP_URL_DANGEROUS);

/// The authorization server finds nothing wrong with the request, PKCE included, before anyone
/// signs in.
pub static IDP_TAKES_REQUEST: Rule = Rule::must("idp.authorization-request", &spec::RFC7636_4_4_1);

/// The authorization server knows the redirect URI, and sends nobody anywhere else.
pub static IDP_TAKES_REDIRECT_URI: Rule = Rule::must("idp.redirect-uri-registered", &spec::RFC6749_3_1_2_4);

/// The answer belongs to the request that this client sent.
pub static STATE: Rule = Rule::must("callback.state", &spec::RFC6749_10_12);

/// The answer says who gave it, where it has to.
pub static ISS_PRESENT: Rule = Rule::must("callback.iss-present", &spec::RFC9207_2_4_MISSING);

/// The answer was given by the authorization server that was asked.
pub static ISS: Rule = Rule::must("callback.iss", &spec::RFC9207_2_4);

/// The answer is a code.
pub static CODE: Rule = Rule::must("callback.code", &spec::RFC6749_4_1_2_CODE);

/// The authorization server takes the code, its verifier, and everything that belongs to it.
pub static IDP_TAKES_CODE: Rule = Rule::must("idp.code", &spec::RFC6749_5_2_INVALID_GRANT);

/// The authorization server checks that the verifier is the one of the challenge.
pub static IDP_CHECKS_VERIFIER: Rule = Rule::must("idp.code-verifier", &spec::RFC7636_4_6);

/// The authorization server takes a code once.
pub static IDP_TAKES_CODE_ONCE: Rule = Rule::must("idp.code-once", &spec::RFC6749_4_1_2_ONCE);

/// The authorization server wants the same resource in both requests.
pub static IDP_COMPARES_RESOURCE: Rule = Rule::must("idp.resource", &spec::RFC8707_2_2);

/// The token is one that this client knows how to use.
pub static TOKEN_TYPE: Rule = Rule::must("token.type", &spec::RFC6749_7_1);

/// The token is bound to the client's key, where the client asked for that.
pub static TOKEN_TYPE_DPOP: Rule = Rule::must("token.type-dpop", &spec::RFC9449_5_TOKEN_TYPE);

/// The token response is one.
pub static TOKEN_RESPONSE: Rule = Rule::must("token.response", &spec::RFC6749_5_1);

/// The user, or the authorization server, gave all that was asked for.
pub static SCOPE_GRANTED: Rule = Rule::should("token.scope", &spec::RFC6749_5_1_SCOPE);

/// The token is for the MCP server, as far as it can be read.
pub static AUDIENCE: Rule = Rule::should("token.audience", &spec::RFC8707_2_AUDIENCE);

/// Every rule above.
pub static ALL: &[&Rule] = &[
    &URL_SCHEME,
    &IDP_TAKES_REQUEST,
    &IDP_TAKES_REDIRECT_URI,
    &STATE,
    &ISS_PRESENT,
    &ISS,
    &CODE,
    &IDP_TAKES_CODE,
    &IDP_CHECKS_VERIFIER,
    &IDP_TAKES_CODE_ONCE,
    &IDP_COMPARES_RESOURCE,
    &TOKEN_TYPE,
    &TOKEN_TYPE_DPOP,
    &TOKEN_RESPONSE,
    &SCOPE_GRANTED,
    &AUDIENCE,
];
