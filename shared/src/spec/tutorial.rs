//! Rules that no standard has: they are this tutorial's own, so they are never printed as an RFC's.
//! They have no link, since the sentence is the whole rule.

use super::SpecRef;

/// The limits of the HTTP client on every response.
pub static TUTORIAL_LIMITS: SpecRef = SpecRef {
    id: "This tutorial",
    section: "Limits",
    url: "",
    quote: "A response has at most a megabyte, arrives in time, and comes after at most three redirects.",
};

pub(super) static ALL: &[&SpecRef] = &[&TUTORIAL_LIMITS];
