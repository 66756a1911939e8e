//! Demonstrating Proof of Possession (DPoP), RFC 9449, <https://www.rfc-editor.org/rfc/rfc9449>:
//! tokens that need the client's key. This is the token endpoint's part; `jwk.rs` has the keys and
//! their signatures.
//!
//! Left out: the nonce that a server may ask for (§8), which Keycloak does not have either, and
//! `ath` (§4.2), since no endpoint here accepts an access token for a request of the user.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::jwk;
use crate::embedded::clients::IdpClient;
use crate::embedded::expiring::ExpiringIds;
use crate::embedded::jws::Jws;
use crate::embedded::now;
use crate::embedded::refusal::{IdpRefusal, first_fault, invalid_request};
use crate::embedded::server::IdpServer;

/// The header with the proof (RFC 9449 §4.1).
const HEADER: &str = "dpop";
/// `token_type` (RFC 9449 §5), and Keycloak's `typ` of an access token that is bound.
pub const TOKEN_TYPE: &str = "DPoP";
/// Seconds for which a proof may be used, counted from its `iat`.
const LIFETIME: u64 = 10;
/// Seconds by which the client's clock may be ahead or behind.
const CLOCK_SKEW: u64 = 15;
/// The members of a private or symmetric key (RFC 7518 §6.2.2, §6.3.2 and §6.4.1, RFC 8037 §2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof that has passed the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedProof {
    /// The thumbprint of the key.
    pub jkt: String,
    /// `jti` and `htu`, which the client must not send again.
    single_use: String,
    /// The second at which the proof is no longer valid.
    ends: u64,
}

/// The proof of a token request, not yet used; `None` if the client need not prove a key and did
/// not.
pub fn check_request(
    server: &IdpServer,
    headers: &HeaderMap,
    client: &IdpClient,
) -> Result<Option<CheckedProof>, IdpRefusal> {
    // "If the value is true, the authorization server MUST reject token requests from the client
    // that do not contain the DPoP header." (RFC 9449 §5.2)
    if !headers.contains_key(HEADER) && !client.dpop_bound_access_tokens {
        return Ok(None);
    }
    check(proof(headers)?, "POST", &server.endpoint("token"), now()).map(Some)
}

/// Refuses a token that is bound to a key, unless the request proves that key. The error is
/// Keycloak's sentence.
///
/// "such a client MUST present a DPoP proof for the same key that was used to obtain the refresh
/// token each time that refresh token is used to obtain a new access token" (RFC 9449 §5)
pub fn check_binding(bound: Option<&str>, proven: Option<&str>) -> Result<(), &'static str> {
    match (bound, proven) {
        (None, _) => Ok(()),
        (Some(_), None) => Err("DPoP proof is missing"),
        (Some(bound), Some(proven)) if bound == proven => Ok(()),
        (Some(_), Some(_)) => Err("DPoP confirmation doesn't match DPoP proof"),
    }
}

/// `cnf`: the JWK SHA-256 Thumbprint Confirmation Method (RFC 9449 §6.1), with Keycloak's addition.
pub fn confirmation(jkt: &str) -> Value {
    json!({"jkt": jkt, "kc-jkt-type": TOKEN_TYPE})
}

/// `token_type` of a response with a token that is bound to this key, or to none.
pub fn token_type(key: Option<&str>) -> &'static str {
    if key.is_some() { TOKEN_TYPE } else { "Bearer" }
}

/// "There is not more than one DPoP HTTP request header field." (RFC 9449 §4.3)
fn proof(headers: &HeaderMap) -> Result<&str, IdpRefusal> {
    let mut values = headers.get_all(HEADER).iter();
    match (values.next(), values.next()) {
        (Some(one), None) => one.to_str().map(str::trim).map_err(|_| unreadable()),
        (Some(_), Some(_)) => Err(unreadable()),
        (None, _) => Ok(""),
    }
}

/// "To validate a DPoP proof, the receiving server MUST ensure the following:" (RFC 9449 §4.3) This
/// checks all of it except that the proof was not used before.
fn check(proof: &str, method: &str, uri: &str, now: u64) -> Result<CheckedProof, IdpRefusal> {
    if proof.is_empty() {
        return Err(invalid_request("DPoP proof is missing"));
    }
    // "The DPoP HTTP request header field value is a single and well-formed JWT."
    let jws = Jws::read(proof).ok_or_else(unreadable)?;
    let jkt = signer(&jws).map_err(invalid_request)?;
    // "All required claims per Section 4.2 are contained in the JWT."
    let text = |name: &str| jws.claims[name].as_str().filter(|text| !text.trim().is_empty());
    let (Some(jti), Some(htm), Some(htu), Some(iat)) =
        (text("jti"), text("htm"), text("htu"), jws.claims["iat"].as_f64())
    else {
        return Err(invalid_request("DPoP mandatory claims are missing"));
    };
    let age = now as f64 - iat;
    first_fault(&[
        // "The htu claim matches the HTTP URI value for the HTTP request in which the JWT was
        // received, ignoring any query and fragment parts."
        (normalized(htu.split(['?', '#']).next().unwrap_or_default()) != normalized(uri), "DPoP HTTP URL mismatch"),
        // "The htm claim matches the HTTP method of the current request."
        (htm != method, "DPoP HTTP method mismatch"),
        // "The creation time of the JWT, as determined by either the iat claim or a server managed
        // timestamp via the nonce claim, is within an acceptable window (see Section 11.1)."
        (age < -(CLOCK_SKEW as f64) || age > (LIFETIME + CLOCK_SKEW) as f64, "DPoP proof is not active"),
    ])
    .map_err(invalid_request)?;
    Ok(CheckedProof { jkt, single_use: format!("{jti}\n{htu}"), ends: iat as u64 + LIFETIME + CLOCK_SKEW + 1 })
}

/// The thumbprint of the key that has signed the proof.
fn signer(jws: &Jws<'_>) -> Result<String, &'static str> {
    let algorithm = jws.algorithm().unwrap_or_default();
    let jwk = jws.header["jwk"].as_object();
    let is_private = jwk.is_some_and(|jwk| PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)));
    first_fault(&[
        // "The typ JOSE Header Parameter has the value dpop+jwt."
        (jws.header["typ"] != "dpop+jwt", "Invalid or missing type in DPoP header"),
        // "The alg JOSE Header Parameter indicates a registered asymmetric digital signature
        // algorithm [IANA.JOSE.ALGS], is not none, is supported by the application, and is
        // acceptable per local policy."
        (!jwk::ALGORITHMS.contains(&algorithm), "Unsupported DPoP algorithm"),
        // "The jwk JOSE Header Parameter does not contain a private key."
        (is_private, "Private key material must not be present in DPoP JWK"),
    ])?;
    // "The JWT signature verifies with the public key contained in the jwk JOSE Header Parameter."
    let signer = jwk.and_then(|jwk| jwk::signer(jwk, algorithm, jws.signing_input.as_bytes(), &jws.signature));
    signer.ok_or("DPoP verification failure")
}

/// "the scheme and host are case-insensitive and therefore should be normalized to lowercase" (RFC
/// 3986 §6.2.2.1). RFC 9449 §4.3 has more: "servers SHOULD employ syntax-based normalization …
/// and scheme-based normalization"; Keycloak stops here.
fn normalized(uri: &str) -> Option<(String, &str)> {
    let host = uri.find("://")? + 3;
    let path = uri[host..].find('/').map_or(uri.len(), |path| host + path);
    Some((uri[..path].to_ascii_lowercase(), &uri[path..]))
}

/// "In the context of the target URI, servers can store the jti value of each DPoP proof for the
/// time window in which the respective DPoP proof JWT would be accepted to prevent multiple uses of
/// the same DPoP proof. HTTP requests to the same URI for which the jti value has been seen before
/// would be declined." "In order to guard against memory exhaustion attacks, a server that is
/// tracking jti values should reject DPoP proof JWTs with unnecessarily large jti values or store
/// only a hash thereof." (RFC 9449 §11.1)
///
/// Only a request whose grant is valid gets here, so that nobody fills the memory with proofs.
pub fn use_once(used: &ExpiringIds, client_id: &str, proof: &CheckedProof, now: u64) -> Result<(), IdpRefusal> {
    if used.insert(client_id, &proof.single_use, proof.ends, now)? {
        Ok(())
    } else {
        Err(invalid_request("DPoP proof has already been used"))
    }
}

/// "If the DPoP proof is invalid, the authorization server issues an error response … with
/// invalid_dpop_proof as the value of the error parameter." (RFC 9449 §5) Keycloak
/// sends `invalid_request` instead.
fn unreadable() -> IdpRefusal {
    invalid_request("DPoP header verification failure")
}

#[cfg(test)]
pub mod tests;
