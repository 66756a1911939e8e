//! The decisions of the further topics, each with the sentence that asks for it.

use shared::{Rule, spec};

/// A refresh brings a new refresh token, for a public client.
pub static REFRESH_ROTATED: Rule = Rule::should("refresh.rotated", &spec::RFC9700_4_14_2_ROTATION);

/// The old refresh token is good for nothing.
pub static REFRESH_OLD_DEAD: Rule = Rule::must("refresh.old-token-dead", &spec::OAUTH_REFRESH_REPLAY);

/// The authorization server makes sure who the client is before it gives it a token of its own.
pub static IDP_GIVES_OWN_TOKEN: Rule = Rule::must("idp.client-credentials", &spec::RFC6749_4_4_2);

/// Who can ask again at any time needs no refresh token.
pub static NO_REFRESH_TOKEN: Rule = Rule::should("token.no-refresh", &spec::RFC6749_4_4_3);

/// The token goes to nobody for whom it is not, as far as it can be read.
pub static RECIPIENT: Rule = Rule::must("token.recipient", &spec::RFC6750_5_3);

/// Both requests say which MCP server the token is for.
pub static RESOURCE_SENT: Rule = Rule::must("authorization.resource", &spec::MCP_RESOURCE_BOTH);

/// Every rule above.
pub static ALL: &[&Rule] =
    &[&REFRESH_ROTATED, &REFRESH_OLD_DEAD, &IDP_GIVES_OWN_TOKEN, &NO_REFRESH_TOKEN, &RECIPIENT, &RESOURCE_SENT];
