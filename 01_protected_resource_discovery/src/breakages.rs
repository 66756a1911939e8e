//! What `--break` can break in this lesson, and who catches it.

use shared::Side;
use shared::breakage::Breakage;
use shared::mcp;

use crate::rules;

/// The 401 has no `WWW-Authenticate`.
pub static NO_CHALLENGE: Breakage = Breakage {
    name: "no-challenge",
    broken_by: Side::Server,
    what: "answers 401 without WWW-Authenticate; the client falls back to the well-known URL",
    caught_by: Side::Client,
    caught_as: &rules::CHALLENGE_NAMES_METADATA,
};

/// The metadata is at the root only.
pub static ROOT_ONLY: Breakage = Breakage {
    name: "root-only",
    broken_by: Side::Server,
    what: "sends no challenge and has its metadata only at the root; the client finds it on the second try",
    caught_by: Side::Client,
    caught_as: &rules::WELL_KNOWN_PATH,
};

/// The metadata is about another resource.
pub static WRONG_RESOURCE: Breakage = Breakage {
    name: "wrong-resource",
    broken_by: Side::Server,
    what: "publishes metadata of another resource",
    caught_by: Side::Client,
    caught_as: &rules::RESOURCE_OF_CHALLENGE,
};

/// The metadata names no authorization server.
pub static NO_AUTHORIZATION_SERVERS: Breakage = Breakage {
    name: "no-authorization-servers",
    broken_by: Side::Server,
    what: "publishes metadata without authorization_servers",
    caught_by: Side::Client,
    caught_as: &rules::AUTHORIZATION_SERVERS,
};

/// The challenge points into the network of the client.
pub static PRIVATE_METADATA_URL: Breakage = Breakage {
    name: "private-metadata-url",
    broken_by: Side::Server,
    what: "says that its metadata is at 169.254.169.254, where a cloud keeps its credentials (SSRF)",
    caught_by: Side::Client,
    caught_as: &rules::METADATA_ADDRESS,
};

/// The metadata redirects into the network of the client.
pub static PRIVATE_METADATA_REDIRECT: Breakage = Breakage {
    name: "private-metadata-redirect",
    broken_by: Side::Server,
    what: "redirects requests for its metadata to 169.254.169.254 (SSRF by redirect)",
    caught_by: Side::Client,
    caught_as: &rules::METADATA_ADDRESS,
};

/// The metadata is no JSON.
pub static GARBAGE_METADATA: Breakage = Breakage {
    name: "garbage-metadata",
    broken_by: Side::Server,
    what: "publishes HTML as its metadata",
    caught_by: Side::Client,
    caught_as: &rules::METADATA_OBJECT,
};

/// The metadata has five megabytes.
pub static GARBAGE_METADATA_SIZE: Breakage = Breakage {
    name: "garbage-metadata-size",
    broken_by: Side::Server,
    what: "publishes metadata of five megabytes",
    caught_by: Side::Client,
    caught_as: &rules::METADATA_AVAILABLE,
};

/// The metadata's members have wrong types.
pub static GARBAGE_METADATA_TYPES: Breakage = Breakage {
    name: "garbage-metadata-types",
    broken_by: Side::Server,
    what: "publishes metadata whose authorization_servers is a string",
    caught_by: Side::Client,
    caught_as: &rules::METADATA_MEMBER_TYPES,
};

/// The client is a page of another origin.
pub static EVIL_ORIGIN: Breakage = Breakage {
    name: "evil-origin",
    broken_by: Side::Client,
    what: "calls as a page of evil.example would after DNS rebinding",
    caught_by: Side::Server,
    caught_as: &mcp::ORIGIN_ALLOWED,
};

/// Every switch above.
pub static ALL: &[&Breakage] = &[
    &NO_CHALLENGE,
    &ROOT_ONLY,
    &WRONG_RESOURCE,
    &NO_AUTHORIZATION_SERVERS,
    &PRIVATE_METADATA_URL,
    &PRIVATE_METADATA_REDIRECT,
    &GARBAGE_METADATA,
    &GARBAGE_METADATA_SIZE,
    &GARBAGE_METADATA_TYPES,
    &EVIL_ORIGIN,
];
