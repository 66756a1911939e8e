//! Going further: tokens that are good only with a key. DPoP, RFC 9449,
//! <https://www.rfc-editor.org/rfc/rfc9449#section-4.3>: the MCP server's part; [`crate::further::dpop`] is
//! the client's.
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

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use protected_resource_discovery::server::ProtectedResource;
use serde_json::{Value, json};
use url::Url;

use crate::access_token::jwt::{Jwt, number, or_absent};
use crate::access_token::{AccessToken, LEEWAY, algorithm, seconds_now};
use crate::bearer::{Credentials, Scheme};
use crate::further::dpop::nonces::{Nonces, Standing};
use crate::further::rules;
use crate::jwks;
use crate::refusal::{Checks, Refusal, RefusalKind};

/// Seconds for which a proof is good: "preferably only for a relatively brief period on the order
/// of seconds or minutes" (RFC 9449 §11.1).
const MAX_AGE: f64 = 60.0;
/// Proofs that are remembered at a time, each as 32 bytes; then the server asks for patience.
const MAX_SEEN: usize = 100_000;
/// Algorithms of proofs, as metadata and challenges name them.
pub const ALGORITHMS: &[&str] = &["ES256", "ES384", "PS256", "RS256", "EdDSA"];
/// Members of a JWK that only the owner of the key may know (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

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
            Self::NeedsNonce(_) => "The proof needs the nonce that came with this answer",
        }
    }

    /// The refusal in a few words, for the server's terminal.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Invalid(_) => self.code(),
            Self::NeedsNonce(_) => "use_dpop_nonce: the proof needs a nonce of this server's, and here it is",
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

fn invalid_proof(why: &'static str) -> RefusalKind {
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
                "it is not",
                RefusalKind::InvalidToken("This server takes tokens that are bound to a key (DPoP) only"),
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
            format_args!("iat lies {MAX_AGE} s back at the most, or {LEEWAY} s ahead"),
            format_args!("{age} s back"),
            invalid_proof("The proof is too old, or from the future: are both clocks right?"),
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
        RefusalKind::InvalidToken("The token is bound to a key, and came without a proof of it"),
    )
}

/// A proof, which fits the key in its header.
struct Proof<'a> {
    jwt: Jwt<'a>,
    /// The key's thumbprint (RFC 7638).
    thumbprint: String,
}

impl<'a> Proof<'a> {
    fn read(checks: &Checks<'_>, headers: &'a HeaderMap) -> Result<Self, Refusal> {
        // "There is not more than one DPoP HTTP request header field." (RFC 9449 §4.3) And there is
        // one: "a resource server MUST check that a DPoP proof was also received" (RFC 9449 §7.1).
        let mut fields = headers.get_all("dpop").iter();
        let (first, others) = (fields.next(), fields.count());
        let got = if first.is_none() { "none".to_owned() } else { (others + 1).to_string() };
        let only = first.filter(|_| others == 0);
        let kind = invalid_proof("There must be one DPoP header");
        let field = checks.require_some(&rules::PROOF_ONE, only, "one DPoP header", got, kind)?;

        // "The DPoP HTTP request header field value is a single and well-formed JWT."
        let jwt = field.to_str().ok().and_then(Jwt::split);
        let got = if jwt.is_some() { "it is one" } else { "it is none" };
        let kind = invalid_proof("The proof is no JWT");
        let jwt = checks.require_some(&rules::PROOF_JWT, jwt, "the proof is a signed JWT", got, kind)?;

        // "All required claims per Section 4.2 are contained in the JWT."
        let missing = missing(&jwt);
        checks.require(
            &rules::PROOF_CLAIMS,
            missing.is_empty(),
            "jti, htm, htu, iat and ath are there",
            if missing.is_empty() { "they are".to_owned() } else { format!("without {}", missing.join(", ")) },
            invalid_proof("The proof lacks a claim"),
        )?;
        let thumbprint = check_signature(checks, &jwt)?;
        Ok(Self { jwt, thumbprint })
    }

    /// Is it for this token, and is the token for this key?
    fn check_token(&self, checks: &Checks<'_>, text: &str, token: &AccessToken) -> Result<(), Refusal> {
        // "ensure that the value of the ath claim equals the hash of that access token"
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()));
        let ath = self.jwt.claim_text("ath");
        let kind = invalid_proof("The proof is for another token");
        checks.require(&rules::PROOF_ATH, ath == hash, format_args!("ath is {hash}"), ath, kind)?;
        // "confirm that the public key to which the access token is bound matches the public key
        // from the DPoP proof"
        let bound = token.claims.get("cnf").and_then(|cnf| cnf.get("jkt")).and_then(Value::as_str);
        checks.require(
            &rules::PROOF_KEY,
            bound == Some(&self.thumbprint),
            format_args!("the token is bound to the proof's key: cnf.jkt is {}", self.thumbprint),
            bound.unwrap_or("absent"),
            RefusalKind::InvalidToken("The token is not bound to the proof's key"),
        )
    }

    /// Of the key and the `jti`: "store only a hash thereof" (RFC 9449 §11.1).
    fn hash(&self) -> [u8; 32] {
        let text = format!("{} {}", self.thumbprint, self.jwt.claim_text("jti"));
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        hash
    }
}

fn missing(jwt: &Jwt<'_>) -> Vec<&'static str> {
    let texts = ["jti", "htm", "htu", "ath"].into_iter().filter(|name| jwt.claim_text(name).is_empty());
    texts.chain(number(&jwt.claims, "iat").is_none().then_some("iat")).collect()
}

/// Type, algorithm, key and signature; the key's thumbprint.
fn check_signature(checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<String, Refusal> {
    // "The typ JOSE Header Parameter has the value dpop+jwt."
    let typ = jwt.header_text("typ");
    let kind = invalid_proof("The proof is another kind of JWT");
    checks.require(&rules::PROOF_TYP, typ == "dpop+jwt", "typ is dpop+jwt", or_absent(typ), kind)?;
    // "The alg JOSE Header Parameter indicates a registered asymmetric digital signature algorithm
    // …, is not none, is supported by the application"
    let alg = jwt.header_text("alg");
    let known = algorithm(alg).filter(|_| ALGORITHMS.contains(&alg));
    let expected = format!("alg is one of {}", ALGORITHMS.join(" "));
    let kind = invalid_proof("The proof is signed with an algorithm that is not taken");
    let algorithm = checks.require_some(&rules::PROOF_ALG, known, expected, or_absent(alg), kind)?;

    // "The jwk JOSE Header Parameter does not contain a private key."
    let jwk = jwt.header.get("jwk").cloned().unwrap_or_default();
    let private: Vec<_> = PRIVATE.iter().copied().filter(|name| jwk.get(name).is_some()).collect();
    let public = Some(&jwk).filter(|_| private.is_empty());
    let key = public.and_then(|jwk| Some((jwks::key(jwk)?, jwks::thumbprint(jwk)?)));
    let got = match (&key, private.is_empty()) {
        (Some(_), _) => "it is".to_owned(),
        (None, true) => "there is none that can be read".to_owned(),
        (None, false) => format!("it has {}", private.join(", ")),
    };
    let kind = invalid_proof("The proof's jwk is no public key");
    let (key, thumbprint) =
        checks.require_some(&rules::PROOF_JWK, key, "jwk in the header is a public key", got, kind)?;

    // "The JWT signature verifies with the public key contained in the jwk JOSE Header Parameter."
    let verifies =
        |algorithm: Algorithm| crypto::verify(jwt.signature, jwt.signed.as_bytes(), &key.decoding, algorithm);
    let good = key.is_for(algorithm) && verifies(algorithm).unwrap_or(false);
    checks.require(
        &rules::PROOF_SIGNATURE,
        good,
        "the signature is that key's",
        if good { "it is" } else { "it is not" },
        invalid_proof("The proof's signature is wrong"),
    )?;
    Ok(thumbprint)
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
