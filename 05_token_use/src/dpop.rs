//! Going further: tokens that are good only with a key. DPoP, RFC 9449, <https://www.rfc-editor.org/rfc/rfc9449>: the client's part.
//!
//! The client shows with each request that it has the key: a JWT over the request's method, URL and token, good for this one request (§4.2). A token that
//! somebody finds is worth nothing without the key. A server may want a number of its own in it, the nonce (§8, §9), which the client then repeats.
//!
//! Left out: keys that outlive the process, and `dpop_jkt`, which binds the code too (§10).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use authorization_code::client_assertion::{ClientKey, random};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protected_resource_discovery::challenge;
use serde_json::{Value, json};
use shared::Secret;
use shared::http::{Answer, Decorate, Request};
use url::{Url, form_urlencoded};

/// A client's key, and what servers have asked it to repeat.
pub struct Dpop {
    key: ClientKey,
    /// "a nonce value … by origin": the newest of each server.
    nonces: Mutex<HashMap<String, String>>,
}

impl Dpop {
    /// A new key; `None` where the system has no randomness.
    pub fn generate() -> Option<Self> {
        Some(Self { key: ClientKey::generate()?, nonces: Mutex::default() })
    }

    /// A proof for this request at `now` (seconds since 1970): RFC 9449 §4.2.
    fn proof(&self, request: &Request, token: Option<&str>, now: u64) -> Option<Secret> {
        let url = Url::parse(request.url()).ok()?;
        let jwk = &self.key.jwk;
        let public = json!({"kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"]});
        let mut claims = json!({
            // "a value that is unique for each DPoP proof": with it a server can tell a second use.
            "jti": random()?,
            "htm": request.method(),
            // "The HTTP target URI …, without query and fragment parts."
            "htu": request.url().split(['?', '#']).next()?,
            "iat": now,
        });
        if let Some(token) = token {
            // "ath: Hash of the access token."
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes())));
        }
        if let Some(nonce) = self.nonces().get(&url.origin().ascii_serialization()) {
            claims["nonce"] = json!(nonce);
        }
        self.key.sign(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": public}), &claims)
    }

    fn nonces(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Decorate for Dpop {
    fn decorated(&self, request: &Request) -> Request {
        let token = request.header_value("authorization").and_then(|value| value.strip_prefix("DPoP "));
        if token.is_none() && !is_token_request(request) {
            return request.clone();
        }
        match self.proof(request, token, shared::now()) {
            Some(proof) => request.clone().header("dpop", proof.expose()),
            None => request.clone(),
        }
    }

    fn wants_another(&self, request: &Request, answer: &Answer) -> bool {
        let Some(nonce) = answer.header_values("dpop-nonce").pop() else { return false };
        let Ok(url) = Url::parse(request.url()) else { return false };
        let before = self.nonces().insert(url.origin().ascii_serialization(), nonce.clone());
        // The same once more would bring the same.
        before.as_ref() != Some(&nonce) && wants_nonce(answer)
    }
}

/// "A DPoP proof is … included in the DPoP header of the token request" (RFC 9449 §5): a form with a grant.
fn is_token_request(request: &Request) -> bool {
    let is_form =
        request.header_value("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    is_form && form_urlencoded::parse(request.body()).any(|(name, _)| name == "grant_type")
}

/// `use_dpop_nonce`: from an authorization server in the error response (RFC 9449 §8), from a resource server in the challenge (§9).
fn wants_nonce(answer: &Answer) -> bool {
    match answer.status {
        400 => serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["error"] == "use_dpop_nonce"),
        401 => answer.header_values("www-authenticate").iter().any(|field| {
            let challenges = challenge::parse(field).unwrap_or_default();
            challenges.iter().any(|challenge| challenge.parameter("error") == Some("use_dpop_nonce"))
        }),
        _ => false,
    }
}
