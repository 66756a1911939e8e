//! All that `--break` does in this lesson. The client breaks a rule with one request after a valid
//! sign-in ([`attacks`], made of [`forgeries`]). Where the IdP breaks a rule, it is the embedded
//! one.

pub mod attacks;
pub mod forgeries;

use keycloak::Defect;
use shared::breakage::{self, Breakage};
use shared::{Failure, Side};

use crate::{further, rules};

/// What can be broken in this lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// A token that has ended.
    Expired,
    /// A token that is not valid yet.
    NotYet,
    /// No signature.
    AlgNone,
    /// A signature that everybody can make.
    Hs256WithPublicKey,
    /// A key that nobody knows.
    UnknownKid,
    /// A token in another's name.
    WrongIss,
    /// A token that is not for servers.
    IdToken,
    /// A token for everybody to read.
    TokenInQuery,
    /// Two tokens.
    TwoHeaders,
    /// Too little.
    MissingScope,
    /// A bound token without a proof.
    BoundAsBearer,
    /// A bound token with a proof of another key.
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

impl breakage::Switch for Switch {
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

impl Switch {
    /// What the IdP has to be for this switch.
    pub fn defect(self) -> Option<Defect> {
        match self {
            Switch::Expired => Some(Defect::ExpiredTokens),
            Switch::NotYet => Some(Defect::TokensNotYetGood),
            Switch::WrongIss => Some(Defect::OtherIssuerInTokens),
            Switch::JwksDown => Some(Defect::NoKeys),
            Switch::AlgNone
            | Switch::Hs256WithPublicKey
            | Switch::UnknownKid
            | Switch::IdToken
            | Switch::TokenInQuery
            | Switch::TwoHeaders
            | Switch::MissingScope
            | Switch::BoundAsBearer
            | Switch::OtherKey
            | Switch::ReplayedProof
            | Switch::ProofForOtherUrl
            | Switch::StolenRefresh => None,
        }
    }

    /// Scopes that the sign-in asks for, beyond those of the MCP server.
    pub fn scopes(self) -> Vec<String> {
        // Without it, OpenID Connect gives no ID token.
        if self == Switch::IdToken { vec!["openid".to_owned()] } else { Vec::new() }
    }

    /// Whether this switch needs a token that is bound to a key.
    pub fn needs_dpop(self) -> bool {
        matches!(self, Switch::BoundAsBearer | Switch::OtherKey | Switch::ReplayedProof | Switch::ProofForOtherUrl)
    }

    /// The other switches are about bearer tokens.
    pub fn check_tokens(self, are_bound: bool) -> Result<(), Failure> {
        if self.needs_dpop() == are_bound {
            return Ok(());
        }
        let name = breakage::Switch::breakage(self).name;
        let message =
            format!("--break {name} is about bearer tokens, but with these options tokens are bound to a key (DPoP).");
        Err(Failure::new(
            "configuration.dpop",
            message,
            "Leave --dpop and --require-dpop out, or use a switch that breaks DPoP.",
        ))
    }
}

static EXPIRED: Breakage =
    Breakage::by_idp("expired", "issues a token that expired an hour ago", Side::Server, &rules::EXPIRY);

static NOT_YET: Breakage =
    Breakage::by_idp("not-yet", "issues a token that becomes valid in an hour", Side::Server, &rules::NOT_BEFORE);

static WRONG_ISS: Breakage =
    Breakage::by_idp("wrong-iss", "signs a token in the name of https://other.example", Side::Server, &rules::ISSUER);

static JWKS_DOWN: Breakage = Breakage::by_idp("jwks-down", "does not publish its keys", Side::Server, &rules::KEY);

static ALG_NONE: Breakage = Breakage::by_client(
    "alg-none",
    "removes the signature from its token and sets alg to none",
    Side::Server,
    &rules::ALGORITHM,
);

static HS256_WITH_PUBLIC_KEY: Breakage = Breakage::by_client(
    "hs256-with-public-key",
    "signs a token itself, using the IdP's public key as a shared secret",
    Side::Server,
    &rules::ALGORITHM,
);

static UNKNOWN_KID: Breakage =
    Breakage::by_client("unknown-kid", "names a key that the IdP does not publish", Side::Server, &rules::KEY);

static ID_TOKEN: Breakage =
    Breakage::by_client("id-token", "sends its ID token instead of the access token", Side::Server, &rules::TYPE);

static TOKEN_IN_QUERY: Breakage = Breakage::by_client(
    "token-in-query",
    "puts its token into the URL, which many logs store",
    Side::Server,
    &rules::NOT_IN_QUERY,
);

static TWO_HEADERS: Breakage =
    Breakage::by_client("two-headers", "sends two Authorization headers", Side::Server, &rules::ONE_HEADER);

static MISSING_SCOPE: Breakage = Breakage::by_client(
    "missing-scope",
    "calls the tool that writes with a token that allows only reading",
    Side::Server,
    &rules::SCOPE,
);

static BOUND_AS_BEARER: Breakage = Breakage::by_client(
    "bound-as-bearer",
    "sends a token that is bound to a key (DPoP) as a bearer token, as a thief would",
    Side::Server,
    &further::rules::NOT_AS_BEARER,
);

static OTHER_KEY: Breakage = Breakage::by_client(
    "other-key",
    "sends a bound token with a proof of another key, as a thief would",
    Side::Server,
    &further::rules::PROOF_KEY,
);

static REPLAYED_PROOF: Breakage = Breakage::by_client(
    "replayed-proof",
    "sends a DPoP proof a second time, as an attacker who recorded it would",
    Side::Server,
    &further::rules::PROOF_ONCE,
);

static PROOF_FOR_OTHER_URL: Breakage = Breakage::by_client(
    "proof-for-other-url",
    "sends a DPoP proof that was made for another server",
    Side::Server,
    &further::rules::PROOF_HTU,
);

static STOLEN_REFRESH: Breakage = Breakage::by_client(
    "stolen-refresh",
    "uses a refresh token a second time, as a thief who comes late would",
    Side::Idp,
    &further::rules::IDP_TAKES_REFRESH_TOKEN_ONCE,
);
