//! The decisions of the topics of FURTHER.md, each with the sentence that asks for it.

use shared::{Rule, spec};

/// The authorization server takes the client's metadata document.
pub static IDP_TAKES_DOCUMENT: Rule = Rule::must("idp.metadata-document", &spec::MCP_CIMD_FETCH);

/// The URL of a document can name a client.
pub static DOCUMENT_URL: Rule = Rule::must("cimd.url", &spec::CIMD_3);

/// The document has what it must have.
pub static DOCUMENT_MEMBERS: Rule = Rule::must("cimd.members", &spec::MCP_CIMD_PROPERTIES);

/// The document is about the client that it is the name of.
pub static DOCUMENT_CLIENT_ID: Rule = Rule::must("cimd.client-id", &spec::CIMD_4_1);

/// What everyone can read holds no secret.
pub static DOCUMENT_NO_SECRET: Rule = Rule::must("cimd.no-secret", &spec::CIMD_4_1_SECRET);

/// Replacing the entry replaces its token. Not every authorization server does that.
pub static TOKEN_RENEWED: Rule = Rule::should("management.token-renewed", &spec::RFC7592_5_ROTATE);

/// The replaced token is good for nothing.
pub static OLD_TOKEN_DEAD: Rule = Rule::must("management.old-token-dead", &spec::RFC7592_2_2_TOKEN);

/// A client that was deleted is gone.
pub static DELETED: Rule = Rule::must("management.deleted", &spec::RFC7592_2_3);

/// Every rule above.
pub static ALL: &[&Rule] = &[
    &IDP_TAKES_DOCUMENT,
    &DOCUMENT_URL,
    &DOCUMENT_MEMBERS,
    &DOCUMENT_CLIENT_ID,
    &DOCUMENT_NO_SECRET,
    &TOKEN_RENEWED,
    &OLD_TOKEN_DEAD,
    &DELETED,
];
