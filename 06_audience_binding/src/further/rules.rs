//! The decisions of the further topics, each with the sentence that asks for it.

use shared::{Rule, spec};

/// The company's IdP gives a grant for the MCP server's authorization server.
pub static IDP_GIVES_GRANT: Rule = Rule::must("idp.id-jag", &spec::RFC8693_2_1);

/// The authorization server takes an assertion as a grant.
pub static IDP_TAKES_ASSERTION: Rule = Rule::must("idp.assertion", &spec::RFC7523_2_1);

/// A proxy with one client id asks the user for each of its clients.
pub static PROXY_ASKS: Rule = Rule::must("proxy.consent-for-each-client", &spec::MCP_CONFUSED_DEPUTY);

/// Every rule above.
pub static ALL: &[&Rule] = &[&IDP_GIVES_GRANT, &IDP_TAKES_ASSERTION, &PROXY_ASKS];
