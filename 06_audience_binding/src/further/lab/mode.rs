//! The three modes of the audience lab.

use clap::ValueEnum;

/// What brings the audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Nothing does: no scope with an audience mapper is asked for
    NoMapper,
    /// The scopes: each of the two that are asked for has an audience mapper
    ScopeMapper,
    /// The parameter resource, at an IdP that heeds it (RFC 8707)
    ResourceIndicators,
}

impl Mode {
    /// All three, in the order of the story.
    pub const ALL: &[Mode] = &[Mode::NoMapper, Mode::ScopeMapper, Mode::ResourceIndicators];

    /// The mode, as a heading names it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Mode::NoMapper => "no mapper",
            Mode::ScopeMapper => "a mapper in each scope",
            Mode::ResourceIndicators => "resource indicators",
        }
    }

    /// What the result means for a real deployment.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Mode::NoMapper => {
                "In a real deployment: what comes out of a Keycloak before somebody gives its scopes audiences (or aud is account, where clients have full \
                 scope: -- matrix shows one). A server that checks aud refuses every such token, and the tempting way out is to drop the check. Give \
                 each MCP server's scopes an audience mapper instead."
            }
            Mode::ScopeMapper => {
                "In a real deployment: works with any Keycloak. The scopes decide, whatever resource says, so scopes of two servers in one request make a \
                 token that each of them can use at the other. Give each server scopes of its own, and have clients ask for one server at a time."
            }
            Mode::ResourceIndicators => {
                "In a real deployment: what MCP clients are built for. They send resource with every request, and the token is for that server alone, \
                 whatever scopes are in it. In Keycloak the feature is experimental (26.7.3 answers HTTP 500 where no mapper brings an aud); it narrows what \
                 mappers bring, and adds nothing."
            }
        }
    }
}
