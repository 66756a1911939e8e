//! The decisions of the topics of FURTHER.md, each with the sentence that asks for it.

use shared::{Rule, spec};

/// The authorization server takes the client's metadata document.
pub static IDP_TAKES_DOCUMENT: Rule = Rule::must("idp.metadata-document", &spec::MCP_CIMD_FETCH);

/// The client may use the grant and the response type that it registered for.
pub static GRANT_TYPES_GRANTED: Rule = Rule::must("registration.grant-types", &spec::RFC7591_3_2_1_CHECK);

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

/// Everyone may register; a closed registration is a decision of its operator, and no fault.
pub static REGISTRATION_OPEN: Rule = Rule::should("idp.registration-open", &spec::RFC7591_3_OPEN);

/// The secret that came with the registration can be used.
pub static SECRET_ALIVE: Rule = Rule::must("registration.secret-alive", &spec::RFC7591_3_2_1_EXPIRES);

/// No token for a code that the authorization server never issued.
pub static UNISSUED_CODE_REFUSED: Rule = Rule::must("idp.unissued-code-refused", &spec::RFC6749_4_1_3_VALID);

/// Such a code is refused in the standard's words.
pub static UNISSUED_CODE_ERROR: Rule = Rule::should("idp.unissued-code-error", &spec::RFC6749_5_2_INVALID_GRANT);

/// The client may use the grant that lesson 04 uses.
pub static CODE_GRANT_ALLOWED: Rule =
    Rule::must("credentials.code-grant-allowed", &spec::RFC6749_5_2_UNAUTHORIZED_CLIENT);

/// The entry of a stored client can be read. One that cannot is no reason to give the client up.
pub static ENTRY_READABLE: Rule = Rule::should("credentials.entry-readable", &spec::RFC7592_2_1);

/// A document is there for everyone.
pub static DOCUMENT_SERVED: Rule = Rule::must("cimd.response", &spec::MCP_CIMD_PROPERTIES);

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
    &REGISTRATION_OPEN,
    &SECRET_ALIVE,
    &UNISSUED_CODE_REFUSED,
    &UNISSUED_CODE_ERROR,
    &CODE_GRANT_ALLOWED,
    &ENTRY_READABLE,
    &DOCUMENT_SERVED,
];
