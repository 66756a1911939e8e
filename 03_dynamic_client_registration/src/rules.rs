//! The decisions that this lesson takes, each with the sentence that asks for it. Those that begin
//! with `idp.` are the authorization server's own, as far as its answers tell them.

use shared::{Rule, spec};

/// There is a place to register at.
pub static ENDPOINT: Rule = Rule::must("registration.endpoint", &spec::MCP_DCR);

/// The answer says that a client was made. A status of 200 is not worth ending for.
pub static CREATED: Rule = Rule::should("registration.created", &spec::RFC7591_3_2_1_CREATED);

/// The answer is client information.
pub static CLIENT_INFORMATION: Rule = Rule::must("registration.client-information", &spec::RFC7591_3_2_1_CLIENT_ID);

/// The redirect URI that was granted is the one that this client listens on.
pub static REDIRECT_URI_GRANTED: Rule = Rule::must("registration.redirect-uri-granted", &spec::RFC7591_2_REPLACE);

/// The way to authenticate that was granted is one that this client has.
pub static AUTH_METHOD_USABLE: Rule = Rule::must("registration.auth-method-usable", &spec::RFC7591_3_2_1_CHECK);

/// A secret says when it expires.
pub static SECRET_EXPIRY: Rule = Rule::must("registration.secret-expiry", &spec::RFC7591_3_2_1_EXPIRES);

/// The scopes that were granted are those that were asked for.
pub static SCOPES_GRANTED: Rule = Rule::should("registration.scopes-granted", &spec::RFC7591_2_SCOPE);

/// The token for the client's own entry does not travel in the clear.
pub static MANAGEMENT_SECURE: Rule = Rule::must("registration.management-secure", &spec::RFC7592_5);

/// A member that the authorization server does not know is no reason to refuse.
pub static UNKNOWN_MEMBER_IGNORED: Rule = Rule::must("registration.unknown-member-ignored", &spec::RFC7591_2_IGNORE);

/// The authorization server takes the redirect URI.
pub static IDP_TAKES_REDIRECT_URI: Rule = Rule::must("idp.redirect-uri", &spec::RFC7591_5_REDIRECT_URI);

/// The authorization server lets a client register for these scopes.
pub static IDP_TAKES_SCOPE: Rule = Rule::must("idp.scope", &spec::RFC7591_2_SCOPE);

/// The authorization server takes the token that came with the registration, or asks for none.
pub static IDP_TAKES_TOKEN: Rule = Rule::must("idp.initial-access-token", &spec::RFC7591_3_TOKEN);

/// Credentials go to the authorization server that issued them, and to no other.
pub static CREDENTIALS_ISSUER: Rule = Rule::must("credentials.issuer", &spec::MCP_CREDENTIALS_NO_REUSE);

/// A stored secret is still good. One that is not is replaced, so it is no failure.
pub static SECRET_NOT_EXPIRED: Rule = Rule::should("credentials.secret-not-expired", &spec::RFC7591_3_2_1_EXPIRES);

/// A stored client is still there. One that is not is replaced, so it is no failure.
pub static ENTRY_THERE: Rule = Rule::should("credentials.entry-there", &spec::RFC7592_2_1_GONE);

/// A stored client may do what this run needs. One that may not is changed, so it is no failure.
pub static FITS: Rule = Rule::should("credentials.fit", &spec::RFC7591_3_2_1_CHECK);

/// The authorization server knows the client.
pub static KNOWN: Rule = Rule::must("credentials.known", &spec::RFC6749_5_2_INVALID_CLIENT);

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
    &CREDENTIALS_ISSUER,
    &SECRET_NOT_EXPIRED,
    &ENTRY_THERE,
    &FITS,
    &KNOWN,
];
