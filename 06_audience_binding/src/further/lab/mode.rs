//! The three modes of the audience lab.

use clap::ValueEnum;

/// What is tried as the source of the audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Only resource; no scope is requested
    NoMapper,
    /// The scopes of both servers, once with each server as resource
    ScopeMapper,
    /// The same at an IdP that follows resource (RFC 8707)
    ResourceIndicators,
}

impl Mode {
    /// All three, in the order of the story.
    pub const ALL: &[Mode] = &[Mode::NoMapper, Mode::ScopeMapper, Mode::ResourceIndicators];

    /// The mode, as a heading names it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Mode::NoMapper => "no scope",
            Mode::ScopeMapper => "the scopes of both servers",
            Mode::ResourceIndicators => "resource indicators",
        }
    }
}
