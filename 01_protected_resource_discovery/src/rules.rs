//! The decisions that this lesson takes, each with the sentence that asks for it.

use shared::{Rule, spec};

/// The header field follows its grammar.
pub static CHALLENGE_READABLE: Rule = Rule::should("challenge.readable", &spec::RFC9110_11_6_1);

/// The challenge says where the metadata is. Without it, MCP asks for a well-known URL: so it is no
/// MUST.
pub static CHALLENGE_NAMES_METADATA: Rule = Rule::should("challenge.resource-metadata", &spec::MCP_SERVER_LOCATION);

/// The challenge says which scopes the server would like to see.
pub static CHALLENGE_NAMES_SCOPE: Rule = Rule::should("challenge.scope", &spec::MCP_SCOPE_CHALLENGE);

/// A request without a token is no error.
pub static CHALLENGE_WITHOUT_ERROR: Rule = Rule::should("challenge.no-error", &spec::RFC6750_3_1_NO_ERROR);

/// Without a challenge, the metadata is at the URL of RFC 9728 rather than only at the root.
pub static WELL_KNOWN_PATH: Rule = Rule::should("metadata.well-known-path", &spec::MCP_CLIENT_DISCOVERY);

/// The metadata's URL, redirects included, does not lead into a network that the server has no
/// business with.
pub static METADATA_ADDRESS: Rule = Rule::should("metadata.address", &spec::RFC9728_7_7);

/// The metadata's URL does not send its answer, which decides where the user signs in, over an open
/// network in the clear.
pub static METADATA_SECURE: Rule = Rule::should("metadata.secure", &spec::MCP_HTTP_LOOPBACK);

/// The metadata's URL responds with 200.
pub static METADATA_AVAILABLE: Rule = Rule::must("metadata.available", &spec::RFC9728_3_2);

/// The document is of a size that can be read, and it arrives in time.
pub static METADATA_LIMITS: Rule = Rule::must("metadata.limits", &spec::TUTORIAL_LIMITS);

/// The document says that it is JSON.
pub static METADATA_MEDIA_TYPE: Rule = Rule::must("metadata.media-type", &spec::RFC9728_3_2);

/// The document is a JSON object.
pub static METADATA_OBJECT: Rule = Rule::must("metadata.json-object", &spec::RFC9728_3_2);

/// Each member that is used has the type that RFC 9728 gives it.
pub static METADATA_MEMBER_TYPES: Rule = Rule::must("metadata.member-types", &spec::RFC9728_3_2_ARRAYS);

/// The document of a challenge is about the URL that was asked.
pub static RESOURCE_OF_CHALLENGE: Rule = Rule::must("metadata.resource-of-challenge", &spec::RFC9728_3_3_CHALLENGE);

/// The document of a well-known URL is about the URL that it was built from.
pub static RESOURCE_OF_WELL_KNOWN: Rule = Rule::must("metadata.resource-of-well-known", &spec::RFC9728_3_3);

/// The document names at least one authorization server.
pub static AUTHORIZATION_SERVERS: Rule = Rule::must("metadata.authorization-servers", &spec::MCP_AUTHORIZATION_SERVERS);

/// The server takes tokens where MCP clients put them.
pub static BEARER_HEADER: Rule = Rule::must("metadata.bearer-header", &spec::MCP_BEARER_HEADER);

/// The document says which scopes there are.
pub static SCOPES_SUPPORTED: Rule = Rule::should("metadata.scopes-supported", &spec::RFC9728_2_SCOPES);

/// Refresh tokens are between the client and its authorization server.
pub static NO_OFFLINE_ACCESS: Rule = Rule::should("metadata.no-offline-access", &spec::MCP_NO_OFFLINE_ACCESS);

/// A page of another origin gets 403; seen from the client that pretends to be one.
pub static FOREIGN_ORIGIN_REFUSED: Rule = Rule::must("origin.refused", &spec::MCP_ORIGIN);

/// Every rule above.
pub static ALL: &[&Rule] = &[
    &CHALLENGE_READABLE,
    &CHALLENGE_NAMES_METADATA,
    &CHALLENGE_NAMES_SCOPE,
    &CHALLENGE_WITHOUT_ERROR,
    &WELL_KNOWN_PATH,
    &METADATA_ADDRESS,
    &METADATA_SECURE,
    &METADATA_AVAILABLE,
    &METADATA_LIMITS,
    &METADATA_MEDIA_TYPE,
    &METADATA_OBJECT,
    &METADATA_MEMBER_TYPES,
    &RESOURCE_OF_CHALLENGE,
    &RESOURCE_OF_WELL_KNOWN,
    &AUTHORIZATION_SERVERS,
    &BEARER_HEADER,
    &SCOPES_SUPPORTED,
    &NO_OFFLINE_ACCESS,
    &FOREIGN_ORIGIN_REFUSED,
];
