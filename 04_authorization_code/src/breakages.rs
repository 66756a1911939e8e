//! What `--break` can break in this lesson, and who catches it. Where the IdP breaks a rule, it is
//! the embedded one.

use keycloak::Defect;
use shared::Side;
use shared::breakage::Breakage;
use shared::event::Rule;

use crate::rules;

const fn by_client(name: &'static str, what: &'static str, caught_as: &'static Rule) -> Breakage {
    Breakage { name, broken_by: Side::Client, what, caught_by: Side::Idp, caught_as }
}

const fn by_idp(name: &'static str, what: &'static str, caught_as: &'static Rule) -> Breakage {
    Breakage { name, broken_by: Side::Idp, what, caught_by: Side::Client, caught_as }
}

/// No challenge.
pub static NO_PKCE: Breakage = by_client("no-pkce", "asks for a code without PKCE", &rules::IDP_TAKES_REQUEST);

/// A challenge that is its own verifier.
pub static PLAIN_PKCE: Breakage = by_client(
    "plain-pkce",
    "uses the PKCE method plain, so that whoever reads the request has the verifier",
    &rules::IDP_TAKES_REQUEST,
);

/// Another verifier than that of the challenge: what somebody has who stole the code.
pub static WRONG_VERIFIER: Breakage = by_client(
    "wrong-verifier",
    "redeems the code with another code_verifier, as a thief would",
    &rules::IDP_CHECKS_VERIFIER,
);

/// The code a second time.
pub static REPLAYED_CODE: Breakage = by_client("replayed-code", "redeems the code twice", &rules::IDP_TAKES_CODE_ONCE);

/// A redirect URI that was not registered.
pub static WRONG_REDIRECT: Breakage = by_client(
    "wrong-redirect",
    "asks for the code to be sent to a redirect URI that it did not register",
    &rules::IDP_TAKES_REDIRECT_URI,
);

/// Another resource in the token request.
pub static RESOURCE_DIFFERS: Breakage = by_client(
    "resource-differs",
    "asks the user for one resource and the token endpoint for another (an IdP with resource indicators notices; a stock Keycloak does not)",
    &rules::IDP_COMPARES_RESOURCE,
);

/// The answer to somebody else's request.
pub static BAD_STATE: Breakage =
    by_idp("bad-state", "answers with another state, as in an attack with somebody else's code (CSRF)", &rules::STATE);

/// An answer in another's name.
pub static WRONG_ISS: Breakage =
    by_idp("wrong-iss", "answers in the name of https://honest.example (mix-up)", &rules::ISS);

/// An answer without a name.
pub static MISSING_ISS: Breakage =
    by_idp("missing-iss", "leaves iss out, although its metadata promises it", &rules::ISS_PRESENT);

/// A page that is a script. Lesson 02 catches it where it looks at the metadata.
pub static JAVASCRIPT_URL: Breakage = by_idp(
    "javascript-url",
    "has a script as its authorization endpoint, for the client to open",
    &as_metadata::rules::ENDPOINTS_SECURE,
);

/// Every switch above.
pub static ALL: &[&Breakage] = &[
    &NO_PKCE,
    &PLAIN_PKCE,
    &WRONG_VERIFIER,
    &BAD_STATE,
    &WRONG_ISS,
    &MISSING_ISS,
    &REPLAYED_CODE,
    &WRONG_REDIRECT,
    &RESOURCE_DIFFERS,
    &JAVASCRIPT_URL,
];

/// What the IdP has to be for this switch.
pub fn defect(breakage: &Breakage) -> Option<Defect> {
    [
        (&BAD_STATE, Defect::OtherState),
        (&WRONG_ISS, Defect::OtherIss),
        (&MISSING_ISS, Defect::NoIss),
        (&JAVASCRIPT_URL, Defect::JavascriptUrl),
        (&RESOURCE_DIFFERS, Defect::ResourceIndicators),
    ]
    .into_iter()
    .find_map(|(known, defect)| (known.name == breakage.name).then_some(defect))
}
