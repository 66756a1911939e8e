//! Going further: tokens that are good only with a key. DPoP, RFC 9449,
//! <https://www.rfc-editor.org/rfc/rfc9449#section-4.3>: the MCP server's part;
//! [`crate::further::dpop`] is the client's.
//!
//! A token with the claim `cnf` is bound to a key (§6). This server takes it from whoever shows
//! with each request that the key is there: by a proof for this method, URL and token, made just
//! now, and good once. It takes bound tokens and others alike, unless `--require-dpop` asks for
//! bound ones; then it wants a nonce of its own in each proof, too.
//!
//! Left out: proofs over the body of a request (a draft of MCP's has them), and several servers
//! that share what they have seen.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::request::Parts;
use protected_resource_discovery::server::ProtectedResource;
use serde_json::json;
use url::Url;

use crate::access_token::AccessToken;
use crate::bearer::{Credentials, Scheme};
use crate::further::dpop::nonces::{Nonces, Standing};
use crate::further::dpop::proof_jwt::Proof;
use crate::further::dpop::unproven::{ALGORITHMS, Unproven, invalid_proof};
use crate::further::rules;
use crate::jwt::{LEEWAY, number, or_absent, seconds_now};
use crate::refusal::{Checks, Refusal, RefusalKind};

/// Seconds for which a proof is good: "preferably only for a relatively brief period on the order
/// of seconds or minutes" (RFC 9449 §11.1).
const MAX_AGE: f64 = 60.0;
/// Proofs that are remembered at a time, each as 32 bytes; then the server asks for patience.
const MAX_SEEN: usize = 100_000;
/// What proofs are held against.
pub struct Proofs {
    /// This server's URL, as [`normalized`] has it.
    url: Option<String>,
    /// What this server asks for, where it takes bound tokens only.
    nonces: Option<Nonces>,
    /// Until when (seconds since 1970) a proof that was seen would be good.
    seen: Mutex<HashMap<[u8; 32], f64>>,
}

impl Proofs {
    /// For the server of this URL; one that takes bound tokens only, or any.
    pub fn new(resource: &str, is_required: bool) -> Self {
        let nonces = is_required.then(Nonces::default);
        Self { url: normalized(resource), nonces, seen: Mutex::default() }
    }

    /// A server that takes bound tokens only says so in its metadata: RFC 9728 §2.
    pub fn announce(&self, protected: &mut ProtectedResource) {
        if self.nonces.is_some() {
            protected.more =
                json!({"dpop_signing_alg_values_supported": ALGORITHMS, "dpop_bound_access_tokens_required": true});
        }
    }

    /// The scheme of a challenge to a client that has used this one; but a server that takes bound
    /// tokens only says so, whatever came.
    pub fn scheme_for(&self, used: Scheme) -> Scheme {
        match used {
            Scheme::Dpop => Scheme::Dpop,
            Scheme::Bearer => self.scheme(),
        }
    }

    /// The scheme of a challenge to a client that has used none.
    pub fn scheme(&self) -> Scheme {
        if self.nonces.is_some() { Scheme::Dpop } else { Scheme::Bearer }
    }

    /// Whether who sends this token may have it. Gives a nonce where the client should use another
    /// one from now on.
    pub fn check(
        &self,
        checks: &Checks<'_>,
        credentials: Credentials<'_>,
        parts: &Parts,
        token: &AccessToken,
    ) -> Result<Option<String>, Refusal> {
        match credentials.scheme {
            Scheme::Bearer => self.check_bearer(checks, token).map(|()| None),
            Scheme::Dpop => self.check_proof(checks, credentials.token, parts, token),
        }
    }

    fn check_bearer(&self, checks: &Checks<'_>, token: &AccessToken) -> Result<(), Refusal> {
        not_bound(checks, token)?;
        // A server's own choice, which its metadata tells: dpop_bound_access_tokens_required (RFC
        // 9728 §2).
        match self.nonces {
            None => Ok(()),
            Some(_) => checks.require(
                &rules::BOUND,
                false,
                "the token is bound to a key (--require-dpop)",
                "it is not bound",
                RefusalKind::InvalidToken("This server accepts only tokens that are bound to a key (DPoP)".into()),
            ),
        }
    }

    /// RFC 9449 §4.3, in its order but for what costs least first.
    fn check_proof(
        &self,
        checks: &Checks<'_>,
        token_text: &str,
        parts: &Parts,
        token: &AccessToken,
    ) -> Result<Option<String>, Refusal> {
        let proof = Proof::read(checks, &parts.headers)?;
        self.check_request(checks, &proof, parts)?;
        proof.check_token(checks, token_text, token)?;
        let newer = self.check_nonce(&proof)?;
        self.check_first_use(checks, &proof)?;
        Ok(newer)
    }

    /// Is the proof for this request, and made just now?
    fn check_request(&self, checks: &Checks<'_>, proof: &Proof<'_>, parts: &Parts) -> Result<(), Refusal> {
        // "The htm claim matches the HTTP method of the current request."
        let htm = proof.jwt.claim_text("htm");
        checks.require(
            &rules::PROOF_HTM,
            htm == parts.method.as_str(),
            format_args!("htm is {}", parts.method),
            or_absent(htm),
            invalid_proof("The proof is for another method"),
        )?;
        // "The htu claim matches the HTTP URI value for the HTTP request in which the JWT was
        // received, ignoring any query and fragment parts." Behind a proxy the request does not say
        // which URL the client called, so this server's own is what counts.
        let htu = proof.jwt.claim_text("htu");
        checks.require(
            &rules::PROOF_HTU,
            self.url.is_some() && normalized(htu) == self.url,
            format_args!("htu is {}", self.url.as_deref().unwrap_or("this server's URL")),
            or_absent(htu),
            invalid_proof("The proof is for another URL"),
        )?;
        // "The creation time of the JWT … is within an acceptable window"
        let iat = number(&proof.jwt.claims, "iat").unwrap_or_default();
        let age = seconds_now() - iat;
        checks.require(
            &rules::PROOF_IAT,
            (-LEEWAY..=MAX_AGE).contains(&age),
            format_args!("iat is at most {MAX_AGE} s in the past or {LEEWAY} s in the future"),
            format_args!("{age} s in the past"),
            invalid_proof("The proof is too old, or from the future: compare both clocks."),
        )
    }

    /// "A server MUST NOT accept any DPoP proofs without the nonce claim when a DPoP nonce has been
    /// provided to the client." (RFC 9449 §11.3) To have none is no fault: how could a client know
    /// it?
    fn check_nonce(&self, proof: &Proof<'_>) -> Result<Option<String>, Refusal> {
        let Some(nonces) = &self.nonces else { return Ok(None) };
        let (newest, standing) = nonces.look_at(proof.jwt.claim_text("nonce")).ok_or_else(busy)?;
        match standing {
            Standing::Newest => Ok(None),
            Standing::Former => Ok(Some(newest)),
            Standing::Unknown => Err(Refusal::from(RefusalKind::Unproven(Unproven::NeedsNonce(newest)))),
        }
    }

    /// "HTTP requests to the same URI for which the jti value has been seen before would be
    /// declined." (RFC 9449 §11.1) Only who has the key gets this far, so a stranger cannot fill
    /// the memory; who has one can, and then waits.
    fn check_first_use(&self, checks: &Checks<'_>, proof: &Proof<'_>) -> Result<(), Refusal> {
        let (hash, until) = (proof.hash(), number(&proof.jwt.claims, "iat").unwrap_or_default() + MAX_AGE);
        let is_first = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.len() >= MAX_SEEN {
                let now = seconds_now();
                seen.retain(|_, until| *until >= now);
            }
            if seen.len() >= MAX_SEEN {
                return Err(busy());
            }
            seen.insert(hash, until).is_none()
        };
        checks.require(
            &rules::PROOF_ONCE,
            is_first,
            "the proof was not used before (jti)",
            if is_first { "it was not" } else { "it was" },
            invalid_proof("The proof was used before"),
        )
    }
}

/// "such a protected resource MUST reject a DPoP-bound access token received as a bearer token"
/// (RFC 9449 §7.2): it is stolen, or else its owner gives its protection away. The same goes for
/// what is bound in a way that this server does not know.
pub fn not_bound(checks: &Checks<'_>, token: &AccessToken) -> Result<(), Refusal> {
    let bound = token.claims.get("cnf");
    // What is seldom there is not worth a line where it is not.
    let Some(cnf) = bound else { return Ok(()) };
    checks.require(
        &rules::NOT_AS_BEARER,
        false,
        "a token that is sent as Bearer is bound to no key",
        format_args!("cnf is {cnf}"),
        RefusalKind::InvalidToken("The token is bound to a key, and came without a proof of it".into()),
    )
}

/// Without query and fragment, and spelt as a URL library spells it: "servers SHOULD employ
/// syntax-based normalization … and scheme-based normalization … before comparing the htu claim"
/// (RFC 9449 §4.3).
fn normalized(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

fn busy() -> Refusal {
    Refusal::from(RefusalKind::Unavailable { retry_after: 60 })
}
