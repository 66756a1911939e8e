//! What `--break` can break in this lesson, and who catches it. All of it is done by the IdP, and
//! so by the embedded one.

use keycloak::Defect;
use shared::Side;
use shared::breakage::Breakage;
use shared::event::Rule;

use crate::rules;

const fn by_idp(name: &'static str, what: &'static str, caught_as: &'static Rule) -> Breakage {
    Breakage { name, broken_by: Side::Idp, what, caught_by: Side::Client, caught_as }
}

/// The metadata claims another issuer: with it, an attacker's server passes for an honest one.
pub static WRONG_ISSUER: Breakage =
    by_idp("wrong-issuer", "publishes metadata of https://honest.example", &rules::ISSUER_IDENTICAL);

/// PKCE is not announced.
pub static NO_PKCE: Breakage =
    by_idp("no-pkce", "does not say which PKCE methods it knows; the client refuses", &rules::PKCE_ANNOUNCED);

/// PKCE without a hash.
pub static PLAIN_ONLY: Breakage = by_idp(
    "plain-only",
    "offers only the PKCE method plain, which whoever reads the request can use",
    &rules::PKCE_S256,
);

/// Only OpenID Connect's place.
pub static OIDC_ONLY: Breakage = by_idp(
    "oidc-only",
    "has its metadata only where OpenID Connect Discovery puts it; the client finds it on the third try",
    &rules::RFC_8414_LOCATION,
);

/// One character too many.
pub static TRAILING_SLASH: Breakage =
    by_idp("trailing-slash", "spells its issuer with a slash at the end", &rules::ISSUER_IDENTICAL);

/// A token endpoint in the clear.
pub static HTTP_NOT_LOOPBACK: Breakage =
    by_idp("http-not-loopback", "has its token endpoint at http://idp.example/token", &rules::ENDPOINTS_SECURE);

/// The well-known URL sends the client elsewhere.
pub static REDIRECTING_METADATA: Breakage =
    by_idp("redirecting-metadata", "redirects requests for its metadata to another place", &rules::STATUS);

/// Every switch above.
pub static ALL: &[&Breakage] =
    &[&WRONG_ISSUER, &NO_PKCE, &PLAIN_ONLY, &OIDC_ONLY, &TRAILING_SLASH, &HTTP_NOT_LOOPBACK, &REDIRECTING_METADATA];

/// How the IdP misbehaves for this switch.
pub fn defect(breakage: &Breakage) -> Option<Defect> {
    [
        (&WRONG_ISSUER, Defect::WrongIssuer),
        (&NO_PKCE, Defect::NoPkce),
        (&PLAIN_ONLY, Defect::PlainOnly),
        (&OIDC_ONLY, Defect::OidcOnly),
        (&TRAILING_SLASH, Defect::TrailingSlash),
        (&HTTP_NOT_LOOPBACK, Defect::HttpNotLoopback),
        (&REDIRECTING_METADATA, Defect::RedirectingMetadata),
    ]
    .into_iter()
    .find_map(|(known, defect)| (known.name == breakage.name).then_some(defect))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_switch_has_its_defect() {
        assert!(super::ALL.iter().all(|breakage| super::defect(breakage).is_some()));
    }
}
