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

/// There is a place to register at.
pub static ENDPOINT: Rule = must("registration.endpoint", &spec::MCP_DCR);

/// The answer says that a client was made. A status of 200 is not worth ending for.
pub static CREATED: Rule = should("registration.created", &spec::RFC7591_3_2_1_CREATED);

/// The answer is client information.
pub static CLIENT_INFORMATION: Rule = must("registration.client-information", &spec::RFC7591_3_2_1_CLIENT_ID);

/// The redirect URI that was granted is the one that this client listens on.
pub static REDIRECT_URI_GRANTED: Rule = must("registration.redirect-uri-granted", &spec::RFC7591_2_REPLACE);

/// The way to authenticate that was granted is one that this client has.
pub static AUTH_METHOD_USABLE: Rule = must("registration.auth-method-usable", &spec::RFC7591_3_2_1_CHECK);

/// A secret says when it expires.
pub static SECRET_EXPIRY: Rule = must("registration.secret-expiry", &spec::RFC7591_3_2_1_EXPIRES);

/// The scopes that were granted are those that were asked for.
pub static SCOPES_GRANTED: Rule = should("registration.scopes-granted", &spec::RFC7591_2_SCOPE);

/// The token for the client's own entry does not travel in the clear.
pub static MANAGEMENT_SECURE: Rule = must("registration.management-secure", &spec::RFC7592_5);

/// A member that the authorization server does not know is no reason to refuse.
pub static UNKNOWN_MEMBER_IGNORED: Rule = must("registration.unknown-member-ignored", &spec::RFC7591_2_IGNORE);

/// The authorization server takes the redirect URI.
pub static IDP_TAKES_REDIRECT_URI: Rule = must("idp.redirect-uri", &spec::RFC7591_5_REDIRECT_URI);

/// The authorization server lets a client register for these scopes.
pub static IDP_TAKES_SCOPE: Rule = must("idp.scope", &spec::RFC7591_2_SCOPE);

/// The authorization server takes the token that came with the registration, or asks for none.
pub static IDP_TAKES_TOKEN: Rule = must("idp.initial-access-token", &spec::RFC7591_3_TOKEN);

/// The authorization server takes the client's metadata document.
pub static IDP_TAKES_DOCUMENT: Rule = must("idp.metadata-document", &spec::MCP_CIMD_FETCH);

/// The URL of a document can name a client.
pub static DOCUMENT_URL: Rule = must("cimd.url", &spec::CIMD_3);

/// The document has what it must have.
pub static DOCUMENT_MEMBERS: Rule = must("cimd.members", &spec::MCP_CIMD_PROPERTIES);

/// The document is about the client that it is the name of.
pub static DOCUMENT_CLIENT_ID: Rule = must("cimd.client-id", &spec::CIMD_4_1);

/// What everyone can read holds no secret.
pub static DOCUMENT_NO_SECRET: Rule = must("cimd.no-secret", &spec::CIMD_4_1_SECRET);

/// Credentials go to the authorization server that issued them, and to no other.
pub static CREDENTIALS_ISSUER: Rule = must("credentials.issuer", &spec::MCP_CREDENTIALS_NO_REUSE);

/// A stored secret is still good. One that is not is replaced, so it is no failure.
pub static SECRET_NOT_EXPIRED: Rule = should("credentials.secret-not-expired", &spec::RFC7591_3_2_1_EXPIRES);

/// A stored client is still there. One that is not is replaced, so it is no failure.
pub static ENTRY_THERE: Rule = should("credentials.entry-there", &spec::RFC7592_2_1_GONE);

/// A stored client may do what this run needs. One that may not is changed, so it is no failure.
pub static FITS: Rule = should("credentials.fit", &spec::RFC7591_3_2_1_CHECK);

/// The authorization server knows the client.
pub static KNOWN: Rule = must("credentials.known", &spec::RFC6749_5_2_INVALID_CLIENT);

/// Replacing the entry replaces its token. Not every authorization server does that.
pub static TOKEN_RENEWED: Rule = should("management.token-renewed", &spec::RFC7592_5_ROTATE);

/// The replaced token is good for nothing.
pub static OLD_TOKEN_DEAD: Rule = must("management.old-token-dead", &spec::RFC7592_2_2_TOKEN);

/// A client that was deleted is gone.
pub static DELETED: Rule = must("management.deleted", &spec::RFC7592_2_3);

/// Every rule above.
pub static ALL: &[&Rule] = &[
    &ENDPOINT,
    &CREATED,
    &CLIENT_INFORMATION,
    &REDIRECT_URI_GRANTED,
    &AUTH_METHOD_USABLE,
    &SECRET_EXPIRY,
    &SCOPES_GRANTED,
    &MANAGEMENT_SECURE,
    &UNKNOWN_MEMBER_IGNORED,
    &IDP_TAKES_REDIRECT_URI,
    &IDP_TAKES_SCOPE,
    &IDP_TAKES_TOKEN,
    &IDP_TAKES_DOCUMENT,
    &DOCUMENT_URL,
    &DOCUMENT_MEMBERS,
    &DOCUMENT_CLIENT_ID,
    &DOCUMENT_NO_SECRET,
    &CREDENTIALS_ISSUER,
    &SECRET_NOT_EXPIRED,
    &ENTRY_THERE,
    &FITS,
    &KNOWN,
    &TOKEN_RENEWED,
    &OLD_TOKEN_DEAD,
    &DELETED,
];
