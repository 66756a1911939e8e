//! The decisions that this lesson takes, each with the sentence that asks for it.

use shared::event::{Keyword, Rule};
use shared::spec;

/// The header field follows its grammar.
pub static CHALLENGE_READABLE: Rule =
    Rule { id: "challenge.readable", keyword: Keyword::Should, spec: &spec::RFC9110_11_6_1 };

/// The challenge says where the metadata is. Without it, MCP asks for a well-known URL: so it is no
/// MUST.
pub static CHALLENGE_NAMES_METADATA: Rule =
    Rule { id: "challenge.resource-metadata", keyword: Keyword::Should, spec: &spec::MCP_SERVER_LOCATION };

/// The challenge says which scopes the server would like to see.
pub static CHALLENGE_NAMES_SCOPE: Rule =
    Rule { id: "challenge.scope", keyword: Keyword::Should, spec: &spec::MCP_SCOPE_CHALLENGE };

/// A request without a token is no error.
pub static CHALLENGE_WITHOUT_ERROR: Rule =
    Rule { id: "challenge.no-error", keyword: Keyword::Should, spec: &spec::RFC6750_3_1_NO_ERROR };

/// Without a challenge, the metadata is at the URL of RFC 9728 rather than only at the root.
pub static WELL_KNOWN_PATH: Rule =
    Rule { id: "metadata.well-known-path", keyword: Keyword::Should, spec: &spec::MCP_CLIENT_DISCOVERY };

/// The metadata's URL, redirects included, does not lead into a network that the server has no
/// business with.
pub static METADATA_ADDRESS: Rule = Rule { id: "metadata.address", keyword: Keyword::Should, spec: &spec::RFC9728_7_7 };

/// The metadata's URL does not send its answer, which decides where the user signs in, over an open
/// network in the clear.
pub static METADATA_SECURE: Rule =
    Rule { id: "metadata.secure", keyword: Keyword::Should, spec: &spec::MCP_HTTP_LOOPBACK };

/// The metadata's URL answers 200 with a JSON document of a size that can be read.
pub static METADATA_AVAILABLE: Rule =
    Rule { id: "metadata.available", keyword: Keyword::Must, spec: &spec::RFC9728_3_2 };

/// The document says that it is JSON.
pub static METADATA_MEDIA_TYPE: Rule =
    Rule { id: "metadata.media-type", keyword: Keyword::Must, spec: &spec::RFC9728_3_2 };

/// The document is a JSON object.
pub static METADATA_OBJECT: Rule =
    Rule { id: "metadata.json-object", keyword: Keyword::Must, spec: &spec::RFC9728_3_2 };

/// Each member that is used has the type that RFC 9728 gives it.
pub static METADATA_MEMBER_TYPES: Rule =
    Rule { id: "metadata.member-types", keyword: Keyword::Must, spec: &spec::RFC9728_3_2_ARRAYS };

/// The document of a challenge is about the URL that was asked.
pub static RESOURCE_OF_CHALLENGE: Rule =
    Rule { id: "metadata.resource-of-challenge", keyword: Keyword::Must, spec: &spec::RFC9728_3_3_CHALLENGE };

/// The document of a well-known URL is about the URL that it was built from.
pub static RESOURCE_OF_WELL_KNOWN: Rule =
    Rule { id: "metadata.resource-of-well-known", keyword: Keyword::Must, spec: &spec::RFC9728_3_3 };

/// The document names at least one authorization server.
pub static AUTHORIZATION_SERVERS: Rule =
    Rule { id: "metadata.authorization-servers", keyword: Keyword::Must, spec: &spec::MCP_AUTHORIZATION_SERVERS };

/// The server takes tokens where MCP clients put them.
pub static BEARER_HEADER: Rule =
    Rule { id: "metadata.bearer-header", keyword: Keyword::Must, spec: &spec::MCP_BEARER_HEADER };

/// The document says which scopes there are.
pub static SCOPES_SUPPORTED: Rule =
    Rule { id: "metadata.scopes-supported", keyword: Keyword::Should, spec: &spec::RFC9728_2_SCOPES };

/// Refresh tokens are between the client and its authorization server.
pub static NO_OFFLINE_ACCESS: Rule =
    Rule { id: "metadata.no-offline-access", keyword: Keyword::Should, spec: &spec::MCP_NO_OFFLINE_ACCESS };

/// A page of another origin gets 403; seen from the client that pretends to be one.
pub static FOREIGN_ORIGIN_REFUSED: Rule =
    Rule { id: "origin.refused", keyword: Keyword::Must, spec: &spec::MCP_ORIGIN };

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
