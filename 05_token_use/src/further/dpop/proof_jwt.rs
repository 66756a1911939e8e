//! Going further: one DPoP proof, a JWT with a public key in its header: RFC 9449 §4.2,
//! <https://www.rfc-editor.org/rfc/rfc9449#section-4.2>.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use serde_json::Value;

use crate::access_token::{AccessToken, algorithm};
use crate::further::candidate_keys::{Key, PRIVATE};
use crate::further::dpop::thumbprint;
use crate::further::dpop::unproven::{ALGORITHMS, invalid_proof};
use crate::further::rules;
use crate::jwt::{Jwt, number, or_absent};
use crate::refusal::{Checks, Refusal, RefusalKind};

/// A proof, which fits the key in its header.
pub(super) struct Proof<'a> {
    pub(super) jwt: Jwt<'a>,
    /// The key's thumbprint (RFC 7638).
    thumbprint: String,
}

impl<'a> Proof<'a> {
    /// The proof of a request, if it has one that is complete and fits its key.
    pub(super) fn read(checks: &Checks<'_>, headers: &'a HeaderMap) -> Result<Self, Refusal> {
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
        let got = if jwt.is_some() { "it is a signed JWT" } else { "it is not a signed JWT" };
        let kind = invalid_proof("The proof is not a JWT");
        let jwt = checks.require_some(&rules::PROOF_JWT, jwt, "the proof is a signed JWT", got, kind)?;

        // "All required claims per Section 4.2 are contained in the JWT."
        let missing = missing(&jwt);
        checks.require(
            &rules::PROOF_CLAIMS,
            missing.is_empty(),
            "the proof has jti, htm, htu, iat and ath",
            if missing.is_empty() { "it has them".to_owned() } else { format!("without {}", missing.join(", ")) },
            invalid_proof("The proof lacks a claim"),
        )?;
        let thumbprint = check_signature(checks, &jwt)?;
        Ok(Self { jwt, thumbprint })
    }

    /// Is it for this token, and is the token for this key?
    pub(super) fn check_token(&self, checks: &Checks<'_>, text: &str, token: &AccessToken) -> Result<(), Refusal> {
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
            RefusalKind::InvalidToken("The token is not bound to the proof's key".into()),
        )
    }

    /// Of the key and the `jti`: "store only a hash thereof" (RFC 9449 §11.1).
    pub(super) fn hash(&self) -> [u8; 32] {
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
    let kind = invalid_proof("The proof is signed with an algorithm that this server does not accept");
    let algorithm = checks.require_some(&rules::PROOF_ALG, known, expected, or_absent(alg), kind)?;

    // "The jwk JOSE Header Parameter does not contain a private key."
    let jwk = jwt.header.get("jwk").cloned().unwrap_or_default();
    let private: Vec<_> = PRIVATE.iter().copied().filter(|name| jwk.get(name).is_some()).collect();
    let public = Some(&jwk).filter(|_| private.is_empty());
    let key = public.and_then(|jwk| Some((Key::read(jwk)?, thumbprint(jwk)?)));
    let got = match (&key, private.is_empty()) {
        (Some(_), _) => "it is a public key".to_owned(),
        (None, true) => "there is no readable key".to_owned(),
        (None, false) => format!("it has {}", private.join(", ")),
    };
    let kind = invalid_proof("The proof's jwk is not a public key");
    let (key, thumbprint) =
        checks.require_some(&rules::PROOF_JWK, key, "jwk in the header is a public key", got, kind)?;

    // "The JWT signature verifies with the public key contained in the jwk JOSE Header Parameter."
    let verifies =
        |algorithm: Algorithm| crypto::verify(jwt.signature, jwt.signed.as_bytes(), &key.decoding, algorithm);
    let good = key.is_for(algorithm) && verifies(algorithm).unwrap_or(false);
    checks.require(
        &rules::PROOF_SIGNATURE,
        good,
        "the signature matches that key",
        if good { "it matches the key" } else { "it does not match the key" },
        invalid_proof("The proof's signature is wrong"),
    )?;
    Ok(thumbprint)
}
