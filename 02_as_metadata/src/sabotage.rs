//! All that `--break` does in this lesson. The IdP breaks every rule here, and so the embedded one
//! does.

use keycloak::Defect;
use shared::Side;
use shared::breakage::{self, Breakage};

use crate::rules;

/// What can be broken in this lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// The metadata claims another issuer: with it, an attacker's server passes for an honest one.
    WrongIssuer,
    /// PKCE is not announced.
    NoPkce,
    /// PKCE without a hash.
    PlainOnly,
    /// The metadata is only where OpenID Connect puts it.
    OidcOnly,
    /// The issuer has one character too many.
    TrailingSlash,
    /// The token endpoint is in the clear.
    HttpNotLoopback,
    /// The well-known URL sends the client elsewhere.
    RedirectingMetadata,
}

impl Switch {
    /// How the IdP misbehaves for this switch.
    pub fn defect(self) -> Defect {
        match self {
            Switch::WrongIssuer => Defect::WrongIssuer,
            Switch::NoPkce => Defect::NoPkce,
            Switch::PlainOnly => Defect::PlainOnly,
            Switch::OidcOnly => Defect::OidcOnly,
            Switch::TrailingSlash => Defect::TrailingSlash,
            Switch::HttpNotLoopback => Defect::HttpNotLoopback,
            Switch::RedirectingMetadata => Defect::RedirectingMetadata,
        }
    }
}

impl breakage::Switch for Switch {
    const ALL: &'static [Self] = &[
        Switch::WrongIssuer,
        Switch::NoPkce,
        Switch::PlainOnly,
        Switch::OidcOnly,
        Switch::TrailingSlash,
        Switch::HttpNotLoopback,
        Switch::RedirectingMetadata,
    ];

    fn breakage(self) -> &'static Breakage {
        match self {
            Switch::WrongIssuer => &WRONG_ISSUER,
            Switch::NoPkce => &NO_PKCE,
            Switch::PlainOnly => &PLAIN_ONLY,
            Switch::OidcOnly => &OIDC_ONLY,
            Switch::TrailingSlash => &TRAILING_SLASH,
            Switch::HttpNotLoopback => &HTTP_NOT_LOOPBACK,
            Switch::RedirectingMetadata => &REDIRECTING_METADATA,
        }
    }
}

static WRONG_ISSUER: Breakage = Breakage::by_idp(
    "wrong-issuer",
    "publishes metadata of https://honest.example",
    Side::Client,
    &rules::ISSUER_IDENTICAL,
);

static NO_PKCE: Breakage = Breakage::by_idp(
    "no-pkce",
    "does not say which PKCE methods it knows; the client refuses",
    Side::Client,
    &rules::PKCE_ANNOUNCED,
);

static PLAIN_ONLY: Breakage = Breakage::by_idp(
    "plain-only",
    "offers only the PKCE method plain, which anyone who reads the request can use",
    Side::Client,
    &rules::PKCE_S256,
);

static OIDC_ONLY: Breakage = Breakage::by_idp(
    "oidc-only",
    "has its metadata only where OpenID Connect Discovery puts it; the client finds it on the third try",
    Side::Client,
    &rules::RFC_8414_LOCATION,
);

static TRAILING_SLASH: Breakage = Breakage::by_idp(
    "trailing-slash",
    "spells its issuer with a slash at the end",
    Side::Client,
    &rules::ISSUER_IDENTICAL,
);

static HTTP_NOT_LOOPBACK: Breakage = Breakage::by_idp(
    "http-not-loopback",
    "has its token endpoint at http://idp.example/token",
    Side::Client,
    &rules::ENDPOINTS_SECURE,
);

static REDIRECTING_METADATA: Breakage = Breakage::by_idp(
    "redirecting-metadata",
    "redirects requests for its metadata to another place",
    Side::Client,
    &rules::RFC_8414_LOCATION,
);
