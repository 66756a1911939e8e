//! Going further: how an MCP server refuses a request without a valid DPoP proof: RFC 9449 §7.1,
//! §9, <https://www.rfc-editor.org/rfc/rfc9449#section-7.1>.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::bearer::Scheme;
use crate::refusal::RefusalKind;

/// Algorithms of proofs, as metadata and challenges name them.
pub const ALGORITHMS: &[&str] = &["ES256", "ES384", "PS256", "RS256", "EdDSA"];

/// Why a request with a token has not shown the token's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// `invalid_dpop_proof`
    Invalid(&'static str),
    /// `use_dpop_nonce`, with the nonce that the next proof has to have.
    NeedsNonce(String),
}

impl Unproven {
    /// The error code of the challenge: RFC 9449 §7.1, §9.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_dpop_proof",
            Self::NeedsNonce(_) => "use_dpop_nonce",
        }
    }

    /// The challenge's words for people.
    pub fn description(&self) -> &'static str {
        match self {
            Self::Invalid(why) => why,
            Self::NeedsNonce(_) => "The proof needs the nonce of this response",
        }
    }

    /// The refusal in a few words, for the server's terminal.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Invalid(_) => self.code(),
            Self::NeedsNonce(_) => "use_dpop_nonce: the proof needs this server's nonce, which this response has",
        }
    }

    /// The nonce that the client gets with the refusal.
    pub fn nonce(&self) -> Option<&str> {
        match self {
            Self::Invalid(_) => None,
            Self::NeedsNonce(nonce) => Some(nonce),
        }
    }
}

/// The refusal of a proof, for this reason.
pub fn invalid_proof(why: &'static str) -> RefusalKind {
    RefusalKind::Unproven(Unproven::Invalid(why))
}

/// "An algs parameter SHOULD be included to signal to the client the JWS algorithms that are
/// acceptable" (RFC 9449 §7.1).
pub fn challenge_parameter(scheme: Scheme) -> Option<(&'static str, String)> {
    (scheme == Scheme::Dpop).then(|| ("algs", ALGORITHMS.join(" ")))
}

/// With the next response the client gets a nonce for its next proof: RFC 9449 §8.2, §9.
pub fn add_nonce(response: &mut Response, nonce: Option<&str>) {
    if let Some(value) = nonce.and_then(|nonce| HeaderValue::from_str(nonce).ok()) {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("dpop-nonce"), value);
        // "Responses that include the DPoP-Nonce HTTP header should be uncacheable" (RFC 9449 §8.2)
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
