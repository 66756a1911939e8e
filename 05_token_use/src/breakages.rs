//! What `--break` can break in this lesson, and who catches it. Where the IdP breaks a rule, it is
//! the embedded one.

use keycloak::Defect;
use shared::Side;
use shared::breakage::Breakage;
use shared::event::Rule;

use crate::rules;

const fn by_client(name: &'static str, what: &'static str, caught_as: &'static Rule) -> Breakage {
    Breakage { name, broken_by: Side::Client, what, caught_by: Side::Server, caught_as }
}

const fn by_idp(name: &'static str, what: &'static str, caught_as: &'static Rule) -> Breakage {
    Breakage { name, broken_by: Side::Idp, what, caught_by: Side::Server, caught_as }
}

/// A token that has ended.
pub static EXPIRED: Breakage = by_idp("expired", "gives a token that ended an hour ago", &rules::EXPIRY);

/// A token that has not begun.
pub static NOT_YET: Breakage = by_idp("not-yet", "gives a token that is good in an hour", &rules::NOT_BEFORE);

/// A token in another's name.
pub static WRONG_ISS: Breakage =
    by_idp("wrong-iss", "signs a token in the name of https://other.example", &rules::ISSUER);

/// No keys.
pub static JWKS_DOWN: Breakage = by_idp("jwks-down", "does not give out its keys", &rules::KEY);

/// No signature.
pub static ALG_NONE: Breakage =
    by_client("alg-none", "takes the signature off its token and says that it needs none", &rules::ALGORITHM);

/// A signature that everybody can make.
pub static HS256_WITH_PUBLIC_KEY: Breakage = by_client(
    "hs256-with-public-key",
    "signs a token itself, with the IdP's public key as if it were a shared secret",
    &rules::ALGORITHM,
);

/// A key that nobody knows.
pub static UNKNOWN_KID: Breakage = by_client("unknown-kid", "names a key that the IdP does not publish", &rules::KEY);

/// A token for somebody else.
pub static ID_TOKEN: Breakage = by_client("id-token", "sends its ID token instead of the access token", &rules::TYPE);

/// A token for everybody to read.
pub static TOKEN_IN_QUERY: Breakage =
    by_client("token-in-query", "puts its token into the URL, where every log keeps it", &rules::NOT_IN_QUERY);

/// Two tokens.
pub static TWO_HEADERS: Breakage = by_client("two-headers", "sends two Authorization headers", &rules::ONE_HEADER);

/// Too little.
pub static MISSING_SCOPE: Breakage =
    by_client("missing-scope", "calls the tool that writes with a token that may only read", &rules::SCOPE);

/// A token without its key.
pub static BOUND_AS_BEARER: Breakage = by_client(
    "bound-as-bearer",
    "sends a token that is bound to a key (DPoP) as if it were not, as a thief would",
    &rules::NOT_AS_BEARER,
);

/// A token with another key.
pub static OTHER_KEY: Breakage =
    by_client("other-key", "sends a bound token with a proof of another key, as a thief would", &rules::PROOF_KEY);

/// Somebody else's proof.
pub static REPLAYED_PROOF: Breakage =
    by_client("replayed-proof", "sends a DPoP proof a second time, as who overheard it would", &rules::PROOF_ONCE);

/// A proof from somewhere else.
pub static PROOF_FOR_OTHER_URL: Breakage =
    by_client("proof-for-other-url", "sends a DPoP proof that was made for another server", &rules::PROOF_HTU);

/// Somebody else's refresh token.
pub static STOLEN_REFRESH: Breakage = Breakage {
    name: "stolen-refresh",
    broken_by: Side::Client,
    what: "uses a refresh token a second time, as a thief would who comes late",
    caught_by: Side::Idp,
    caught_as: &rules::IDP_TAKES_REFRESH_TOKEN_ONCE,
};

/// Every switch above.
pub static ALL: &[&Breakage] = &[
    &EXPIRED,
    &NOT_YET,
    &ALG_NONE,
    &HS256_WITH_PUBLIC_KEY,
    &UNKNOWN_KID,
    &WRONG_ISS,
    &ID_TOKEN,
    &TOKEN_IN_QUERY,
    &TWO_HEADERS,
    &MISSING_SCOPE,
    &BOUND_AS_BEARER,
    &OTHER_KEY,
    &REPLAYED_PROOF,
    &PROOF_FOR_OTHER_URL,
    &STOLEN_REFRESH,
    &JWKS_DOWN,
];

/// What the IdP has to be for this switch.
pub fn defect(breakage: &Breakage) -> Option<Defect> {
    [
        (&EXPIRED, Defect::ExpiredTokens),
        (&NOT_YET, Defect::TokensNotYetGood),
        (&WRONG_ISS, Defect::OtherIssuerInTokens),
        (&JWKS_DOWN, Defect::NoKeys),
    ]
    .into_iter()
    .find_map(|(known, defect)| (known.name == breakage.name).then_some(defect))
}

/// Scopes that the sign-in asks for, beyond those of the MCP server.
pub fn scopes(breakage: &Breakage) -> Vec<String> {
    // Without it, OpenID Connect gives no ID token.
    if breakage.name == ID_TOKEN.name { vec!["openid".to_owned()] } else { Vec::new() }
}

/// Whether this switch needs a token that is bound to a key.
pub fn needs_dpop(breakage: &Breakage) -> bool {
    [&BOUND_AS_BEARER, &OTHER_KEY, &REPLAYED_PROOF, &PROOF_FOR_OTHER_URL]
        .iter()
        .any(|known| known.name == breakage.name)
}

/// What can be broken in this lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// A token that has ended.
    Expired,
    /// A token that has not begun.
    NotYet,
    /// No signature.
    AlgNone,
    /// A signature that everybody can make.
    Hs256WithPublicKey,
    /// A key that nobody knows.
    UnknownKid,
    /// A token in another's name.
    WrongIss,
    /// A token for somebody else.
    IdToken,
    /// A token for everybody to read.
    TokenInQuery,
    /// Two tokens.
    TwoHeaders,
    /// Too little.
    MissingScope,
    /// A token without its key.
    BoundAsBearer,
    /// A token with another key.
    OtherKey,
    /// Somebody else's proof.
    ReplayedProof,
    /// A proof from somewhere else.
    ProofForOtherUrl,
    /// Somebody else's refresh token.
    StolenRefresh,
    /// No keys.
    JwksDown,
}

impl shared::breakage::Switch for Switch {
    const ALL: &'static [Self] = &[
        Switch::Expired,
        Switch::NotYet,
        Switch::AlgNone,
        Switch::Hs256WithPublicKey,
        Switch::UnknownKid,
        Switch::WrongIss,
        Switch::IdToken,
        Switch::TokenInQuery,
        Switch::TwoHeaders,
        Switch::MissingScope,
        Switch::BoundAsBearer,
        Switch::OtherKey,
        Switch::ReplayedProof,
        Switch::ProofForOtherUrl,
        Switch::StolenRefresh,
        Switch::JwksDown,
    ];

    fn breakage(self) -> &'static Breakage {
        match self {
            Switch::Expired => &EXPIRED,
            Switch::NotYet => &NOT_YET,
            Switch::AlgNone => &ALG_NONE,
            Switch::Hs256WithPublicKey => &HS256_WITH_PUBLIC_KEY,
            Switch::UnknownKid => &UNKNOWN_KID,
            Switch::WrongIss => &WRONG_ISS,
            Switch::IdToken => &ID_TOKEN,
            Switch::TokenInQuery => &TOKEN_IN_QUERY,
            Switch::TwoHeaders => &TWO_HEADERS,
            Switch::MissingScope => &MISSING_SCOPE,
            Switch::BoundAsBearer => &BOUND_AS_BEARER,
            Switch::OtherKey => &OTHER_KEY,
            Switch::ReplayedProof => &REPLAYED_PROOF,
            Switch::ProofForOtherUrl => &PROOF_FOR_OTHER_URL,
            Switch::StolenRefresh => &STOLEN_REFRESH,
            Switch::JwksDown => &JWKS_DOWN,
        }
    }
}
