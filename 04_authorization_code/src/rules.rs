//! The decisions that this lesson takes, each with the sentence that asks for it. Those that begin
//! with `idp.` are the authorization server's own, as far as its answers tell them.

use shared::event::{Keyword, Rule};
use shared::spec::{self, SpecRef};

const fn must(id: &'static str, spec: &'static SpecRef) -> Rule {
    Rule { id, keyword: Keyword::Must, spec }
}

const fn should(id: &'static str, spec: &'static SpecRef) -> Rule {
    Rule { id, keyword: Keyword::Should, spec }
}

/// The page that the browser is sent to is a web page.
pub static URL_SCHEME: Rule = must("authorization.url-scheme", &spec::MCP_URL_DANGEROUS);

/// The authorization server finds nothing wrong with the request, PKCE included, before anyone
/// signs in.
pub static IDP_TAKES_REQUEST: Rule = must("idp.authorization-request", &spec::RFC7636_4_4_1);

/// The authorization server knows the redirect URI, and sends nobody anywhere else.
pub static IDP_TAKES_REDIRECT_URI: Rule = must("idp.redirect-uri-registered", &spec::RFC6749_3_1_2_4);

/// The answer belongs to the request that this client sent.
pub static STATE: Rule = must("callback.state", &spec::RFC6749_10_12);

/// The answer says who gave it, where it has to.
pub static ISS_PRESENT: Rule = must("callback.iss-present", &spec::RFC9207_2_4_MISSING);

/// The answer was given by the authorization server that was asked.
pub static ISS: Rule = must("callback.iss", &spec::RFC9207_2_4);

/// The answer is a code.
pub static CODE: Rule = must("callback.code", &spec::RFC6749_4_1_2_CODE);

/// The authorization server takes the code, its verifier, and everything that belongs to it.
pub static IDP_TAKES_CODE: Rule = must("idp.code", &spec::RFC6749_5_2_INVALID_GRANT);

/// The authorization server checks that the verifier is the one of the challenge.
pub static IDP_CHECKS_VERIFIER: Rule = must("idp.code-verifier", &spec::RFC7636_4_6);

/// The authorization server takes a code once.
pub static IDP_TAKES_CODE_ONCE: Rule = must("idp.code-once", &spec::RFC6749_4_1_2_ONCE);

/// The authorization server wants the same resource in both requests.
pub static IDP_COMPARES_RESOURCE: Rule = must("idp.resource", &spec::RFC8707_2_2);

/// The token is one that this client knows how to use.
pub static TOKEN_TYPE: Rule = must("token.type", &spec::RFC6749_7_1);

/// The token is bound to the client's key, where the client asked for that.
pub static TOKEN_TYPE_DPOP: Rule = must("token.type-dpop", &spec::RFC9449_5_TOKEN_TYPE);

/// The token response is one.
pub static TOKEN_RESPONSE: Rule = must("token.response", &spec::RFC6749_5_1);

/// The user, or the authorization server, gave all that was asked for.
pub static SCOPE_GRANTED: Rule = should("token.scope", &spec::RFC6749_5_1_SCOPE);

/// The token is for the MCP server, as far as it can be read.
pub static AUDIENCE: Rule = should("token.audience", &spec::RFC8707_2_AUDIENCE);

/// A refresh brings a new refresh token, for a public client.
pub static REFRESH_ROTATED: Rule = should("refresh.rotated", &spec::MCP_ROTATE_REFRESH);

/// The old refresh token is good for nothing.
pub static REFRESH_OLD_DEAD: Rule = must("refresh.old-token-dead", &spec::OAUTH_REFRESH_REPLAY);

/// The authorization server makes sure who the client is before it gives it a token of its own.
pub static IDP_GIVES_OWN_TOKEN: Rule = must("idp.client-credentials", &spec::RFC6749_4_4_2);

/// Who can ask again at any time needs no refresh token.
pub static NO_REFRESH_TOKEN: Rule = should("token.no-refresh", &spec::RFC6749_4_4_3);

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
    &REFRESH_ROTATED,
    &REFRESH_OLD_DEAD,
    &IDP_GIVES_OWN_TOKEN,
    &NO_REFRESH_TOKEN,
];
