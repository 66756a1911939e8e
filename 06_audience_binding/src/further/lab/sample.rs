//! One sign-in of the audience lab.

use serde_json::{Map, Value};

use crate::further::lab::Mode;
use crate::further::lab::verdict::Seen;

/// What a sign-in asks for, of two servers A and B.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    NoScopeForA,
    BothScopesForA,
    BothScopesForB,
}

/// Two requests that differ in nothing but `resource`.
pub(super) const PAIR: &[Request] = &[Request::BothScopesForA, Request::BothScopesForB];

/// The result of one sign-in.
pub(super) struct Sample {
    pub issuer: String,
    pub mode: Mode,
    pub request: Request,
    pub seen: Seen,
}

impl Sample {
    pub fn claims(&self) -> Option<&Map<String, Value>> {
        match &self.seen {
            Seen::Claims(claims) => Some(claims),
            Seen::Opaque | Seen::Refused(_) => None,
        }
    }

    pub fn title(&self) -> &'static str {
        match (self.request, self.mode) {
            (Request::NoScopeForA, _) => "no scope, for A",
            (Request::BothScopesForA, Mode::ResourceIndicators) => "indicators, for A",
            (Request::BothScopesForB, Mode::ResourceIndicators) => "indicators, for B",
            (Request::BothScopesForA, _) => "both scopes, for A",
            (Request::BothScopesForB, _) => "both scopes, for B",
        }
    }
}
