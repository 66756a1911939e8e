//! The decisions that this lesson takes, each with the sentence that asks for it.

use shared::{Rule, spec};

/// The metadata is at one of the places where a client looks.
pub static LOCATION: Rule = Rule::must("as-metadata.location", &spec::MCP_AS_METADATA);

/// The metadata is where RFC 8414 puts it. OpenID Connect's places are enough for MCP, so it is no
/// MUST.
pub static RFC_8414_LOCATION: Rule = Rule::should("as-metadata.rfc8414-location", &spec::MCP_AS_METADATA);

/// The place itself answers, rather than sending the client elsewhere.
pub static STATUS: Rule = Rule::must("as-metadata.status", &spec::RFC8414_3_2);

/// The document is of a size that can be read, and it arrives in time.
pub static LIMITS: Rule = Rule::must("as-metadata.limits", &spec::TUTORIAL_LIMITS);

/// The document is a JSON object.
pub static OBJECT: Rule = Rule::must("as-metadata.json-object", &spec::RFC8414_3_2);

/// Each member that is used has the type that RFC 8414 gives it.
pub static MEMBER_TYPES: Rule = Rule::must("as-metadata.member-types", &spec::RFC8414_3_2_ARRAYS);

/// The document is about the issuer that it was asked for.
pub static ISSUER_IDENTICAL: Rule = Rule::must("as-metadata.issuer-identical", &spec::MCP_AS_ISSUER);

/// The issuer is a URL that an issuer may be.
pub static ISSUER_URL: Rule = Rule::must("as-metadata.issuer-url", &spec::RFC8414_2_ISSUER);

/// Codes and tokens do not travel in the clear.
pub static ENDPOINTS_SECURE: Rule = Rule::must("as-metadata.endpoints-secure", &spec::MCP_AS_HTTPS);

/// There is a page where the user signs in.
pub static AUTHORIZATION_ENDPOINT: Rule =
    Rule::must("as-metadata.authorization-endpoint", &spec::RFC8414_2_AUTHORIZATION_ENDPOINT);

/// There is a place where a code becomes a token.
pub static TOKEN_ENDPOINT: Rule = Rule::must("as-metadata.token-endpoint", &spec::RFC8414_2_TOKEN_ENDPOINT);

/// The user's browser can bring back a code.
pub static RESPONSE_TYPE_CODE: Rule = Rule::must("as-metadata.response-type-code", &spec::RFC8414_2_RESPONSE_TYPES);

/// A code can become a token.
pub static GRANT_TYPE_CODE: Rule = Rule::must("as-metadata.grant-type-code", &spec::RFC8414_2_GRANT_TYPES);

/// PKCE is announced; a client cannot know otherwise.
pub static PKCE_ANNOUNCED: Rule = Rule::must("as-metadata.pkce-announced", &spec::MCP_PKCE_SUPPORT);

/// PKCE is offered with a hash.
pub static PKCE_S256: Rule = Rule::must("as-metadata.pkce-s256", &spec::MCP_PKCE_S256);

/// A client can be known by the URL of a document about it.
pub static CLIENT_ID_METADATA: Rule = Rule::should("as-metadata.client-id-metadata", &spec::MCP_CLIENT_ID_METADATA);

/// The answer that carries the code says who gave it.
pub static ISS_PARAMETER: Rule = Rule::should("as-metadata.iss-parameter", &spec::MCP_ISS_PARAMETER);

/// The document says which scopes there are.
pub static SCOPES_SUPPORTED: Rule = Rule::should("as-metadata.scopes-supported", &spec::RFC8414_2_SCOPES);

/// Every rule above.
pub static ALL: &[&Rule] = &[
    &LOCATION,
    &RFC_8414_LOCATION,
    &STATUS,
    &LIMITS,
    &OBJECT,
    &MEMBER_TYPES,
    &ISSUER_IDENTICAL,
    &ISSUER_URL,
    &ENDPOINTS_SECURE,
    &AUTHORIZATION_ENDPOINT,
    &TOKEN_ENDPOINT,
    &RESPONSE_TYPE_CODE,
    &GRANT_TYPE_CODE,
    &PKCE_ANNOUNCED,
    &PKCE_S256,
    &CLIENT_ID_METADATA,
    &ISS_PARAMETER,
    &SCOPES_SUPPORTED,
];
