//! Going further: tokens that are good only with a key. DPoP, RFC 9449,
//! <https://www.rfc-editor.org/rfc/rfc9449>: the client's part.
//!
//! The client shows with each request that it has the key: a JWT over the request's method, URL and
//! token, good for this one request (§4.2). A token that somebody finds is worth nothing without
//! the key. A server may want a number of its own in it, the nonce (§8, §9), which the client then
//! repeats. [`crate::further::dpop::proof`] is the MCP server's part.
//!
//! Left out: keys that outlive the process, and `dpop_jkt`, which binds the code too (§10).

pub mod nonces;
pub mod proof;
mod proof_jwt;
pub mod unproven;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authorization_code::further::client_assertion::{ClientKey, random};
use authorization_code::{TokenResponse, token_response};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use protected_resource_discovery::challenge::{self, Challenge};
use serde_json::{Value, json};
use shared::http::{Decorate, Http, Request, Response};
use shared::{Failure, Reporter, Secret, Side, spec};
use url::{Url, form_urlencoded};

use crate::authorized_client::AuthorizedClient;
use crate::further::error::FurtherError;
use crate::further::foreign_token::ForeignToken;
use crate::further::rules;
use crate::rules::SERVER_REFUSES_BAD_TOKEN;
use crate::server_demand::ServerDemand;

/// A client's key, and what servers have asked it to repeat.
pub struct Dpop {
    key: ClientKey,
    /// "clients need to keep only one nonce value" (RFC 9449 §8): the newest of each server.
    nonces: Mutex<HashMap<String, String>>,
}

impl Dpop {
    /// Makes a key for this run.
    pub fn generate() -> Result<Self, Failure> {
        let no_randomness = || {
            let message = "The system provided no random numbers, so the client has no key.";
            Failure::new("dpop.key", message, "Read the system's log.")
        };
        Ok(Self { key: ClientKey::generate().ok_or_else(no_randomness)?, nonces: Mutex::default() })
    }

    /// A stage of the story: whether the token is bound to this key.
    pub async fn look_at_the_binding(&self, reporter: &Reporter, client: &AuthorizedClient) {
        reporter.stage("check that the token is bound to the client's key", &spec::RFC9449_7).await;
        if let Some(kept) = client.tokens().await {
            self.check_bound(reporter, &kept.tokens.access_token);
        }
        reporter.note(
            "The client has created a key for this run. It proved it to the IdP with the token request: the header DPoP had a JWT for that request, \
             signed with the key. From now on the client sends a new proof with every request. Without the key, the token is useless.",
        );
    }

    /// Whether a token that was asked for with this key is bound to it, as far as it can be read.
    pub fn check_bound(&self, reporter: &Reporter, token: &Secret) {
        let Some(claims) = token_response::claims(token) else {
            reporter.note(
                "The client cannot read this token, so only the two servers know whether it is bound to the key.",
            );
            return;
        };
        let thumbprint = thumbprint(&self.key.jwk).unwrap_or_default();
        let bound = claims.get("cnf").and_then(|cnf| cnf["jkt"].as_str());
        let expected = format!("cnf.jkt is {thumbprint}, the thumbprint of this client's key");
        let (passed, seen) = (bound == Some(&thumbprint), bound.unwrap_or("absent"));
        reporter.on(Side::Idp).require(&rules::IDP_BINDS_TOKEN, passed, expected, seen).ok();
    }

    /// The request with this token, and with a proof for it that was made for `signed`.
    pub fn with_proof_of(&self, request: Request, signed: &Request, token: &Secret) -> Option<Request> {
        let proof = self.proof(signed, Some(token.expose()), shared::now())?;
        Some(with_token(request, token).header("dpop", proof.expose()))
    }

    /// A proof for this request at `now` (seconds since 1970): RFC 9449 §4.2.
    fn proof(&self, request: &Request, token: Option<&str>, now: u64) -> Option<Secret> {
        let url = Url::parse(request.url()).ok()?;
        let jwk = &self.key.jwk;
        let public = json!({"kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"]});
        let mut claims = json!({
            // "Unique identifier for the DPoP proof JWT." (RFC 9449 §4.2) With it a server can tell
            // a second use.
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

/// The last stage of the story, where the token is bound to a key.
pub const FOREIGN_TOKEN: ForeignToken = ForeignToken {
    fails_at: (Side::Server, &rules::NOT_AS_BEARER),
    why: "The calendar has the token, but not the client's key.",
    rule: &SERVER_REFUSES_BAD_TOKEN,
    expected: "the server refuses a bound token that comes without a proof of its key",
    conclusion: "The calendar's operator cannot use the token here, although this server does not check aud. But the client itself could use it here: \
                 only aud names the server that a token is for (lesson 06).",
};

/// The client that shows with each request that it has the key, where there is one.
pub fn proving(http: &Http, dpop: Option<&Arc<Dpop>>) -> Http {
    match dpop {
        Some(dpop) => http.clone().decorated_by(dpop.clone()),
        None => http.clone(),
    }
}

/// A token that is bound to a key, in the scheme for such tokens: RFC 9449 §7.1.
fn with_token(request: Request, token: &Secret) -> Request {
    request.header("authorization", &format!("DPoP {}", token.expose()))
}

/// The key's thumbprint, by which a token that is bound to it names it: RFC 7638.
fn thumbprint(jwk: &Value) -> Option<String> {
    let parsed: Jwk = serde_json::from_value(jwk.clone()).ok()?;
    parsed.thumbprint(ThumbprintHash::SHA256).ok()
}

/// The request with a token, in the scheme that goes with its type; a proof is added where it is
/// sent.
pub fn presenting(request: Request, tokens: &TokenResponse) -> Request {
    if tokens.token_type.eq_ignore_ascii_case("DPoP") {
        with_token(request, &tokens.access_token)
    } else {
        request.bearer(&tokens.access_token)
    }
}

/// A server that demands bound tokens gets none from a client that has no key: neither a refresh
/// nor a sign-in would bring one.
pub fn check_demand(demand: &ServerDemand, has_key: bool) -> Result<(), FurtherError> {
    match demand {
        ServerDemand::Token { said, bound: true, .. } if !has_key => {
            Err(FurtherError::WantsBoundToken { got: said.clone() })
        }
        _ => Ok(()),
    }
}

impl Decorate for Dpop {
    fn decorated(&self, request: &Request) -> Request {
        // Whoever brings a proof wants no other.
        if request.header_value("dpop").is_some() {
            return request.clone();
        }
        let token = request.header_value("authorization").and_then(|value| value.strip_prefix("DPoP "));
        if token.is_none() && !is_token_request(request) {
            return request.clone();
        }
        match self.proof(request, token, shared::now()) {
            Some(proof) => request.clone().header("dpop", proof.expose()),
            None => request.clone(),
        }
    }

    fn wants_another(&self, request: &Request, response: &Response) -> bool {
        let Some(nonce) = response.header_values("dpop-nonce").pop() else { return false };
        let Ok(url) = Url::parse(request.url()) else { return false };
        let before = self.nonces().insert(url.origin().ascii_serialization(), nonce.clone());
        // The same once more would bring the same.
        before.as_ref() != Some(&nonce) && wants_nonce(response)
    }
}

/// "the client MUST provide a valid DPoP proof JWT in a DPoP header when making an access token
/// request" (RFC 9449 §5): a form with a grant.
fn is_token_request(request: &Request) -> bool {
    let is_form =
        request.header_value("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    is_form && form_urlencoded::parse(request.body()).any(|(name, _)| name == "grant_type")
}

/// `use_dpop_nonce`: from an authorization server in the error response (RFC 9449 §8), from a
/// resource server in the challenge (§9).
fn wants_nonce(response: &Response) -> bool {
    match response.status {
        400 => serde_json::from_slice::<Value>(&response.body).is_ok_and(|body| body["error"] == "use_dpop_nonce"),
        401 => {
            let asks = |challenge: &Challenge| challenge.parameter("error") == Some("use_dpop_nonce");
            challenge::of(response).0.iter().any(asks)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
