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

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authorization_code::further::client_assertion::{ClientKey, random};
use authorization_code::{TokenResponse, token_response};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protected_resource_discovery::challenge;
use serde_json::{Value, json};
use shared::http::{Decorate, Http, Request, Response};
use shared::{Failure, Reporter, Secret, Side};
use url::{Url, form_urlencoded};

use crate::error::TokenUseError;
use crate::server_demand::ServerDemand;
use crate::{jwks, rules};

/// A client's key, and what servers have asked it to repeat.
pub struct Dpop {
    key: ClientKey,
    /// "clients need to keep only one nonce value" (RFC 9449 §8): the newest of each server.
    nonces: Mutex<HashMap<String, String>>,
}

impl Dpop {
    /// A new key.
    pub fn generate() -> Result<Self, Failure> {
        let no_randomness = || {
            let message = "This system gave no random numbers, so there is no key.";
            Failure::new("dpop.key", message, "Look into the system's log.")
        };
        Ok(Self { key: ClientKey::generate().ok_or_else(no_randomness)?, nonces: Mutex::default() })
    }

    /// Whether a token that was asked for with this key is bound to it, as far as it can be read.
    pub fn check_bound(&self, reporter: &Reporter, token: &Secret) {
        let Some(claims) = token_response::claims(token) else {
            reporter
                .note("The token cannot be read here, so whether it is bound to the key is between the two servers.");
            return;
        };
        let thumbprint = jwks::thumbprint(&self.key.jwk).unwrap_or_default();
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

/// The request with a token, in the scheme that goes with its type; a proof is added where it is
/// sent.
pub fn presenting(request: Request, tokens: &TokenResponse) -> Request {
    match tokens.token_type.eq_ignore_ascii_case("DPoP") {
        true => with_token(request, &tokens.access_token),
        false => request.bearer(&tokens.access_token),
    }
}

/// A server that demands bound tokens gets none from a client that has no key: neither a refresh nor
/// a sign-in would bring one.
pub fn check_demand(demand: &ServerDemand, has_key: bool) -> Result<(), TokenUseError> {
    match demand {
        ServerDemand::Token { said, bound: true, .. } if !has_key => {
            Err(TokenUseError::WantsBoundToken { got: said.clone() })
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
        401 => response.header_values("www-authenticate").iter().any(|field| {
            let challenges = challenge::parse(field).unwrap_or_default();
            challenges.iter().any(|challenge| challenge.parameter("error") == Some("use_dpop_nonce"))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

    use super::*;

    /// The claims of a proof whose signature is that of the key in its header; the key has no
    /// private half.
    fn claims(request: &Request) -> Value {
        let proof = request.header_value("dpop").expect("a proof");
        let header = decode_header(proof).unwrap();
        assert_eq!((header.typ.as_deref(), header.alg), (Some("dpop+jwt"), Algorithm::ES256));
        let raw = URL_SAFE_NO_PAD.decode(proof.split('.').next().unwrap()).unwrap();
        let names: Vec<_> =
            serde_json::from_slice::<Value>(&raw).unwrap()["jwk"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["kty", "crv", "x", "y"]);
        let mut validation = Validation::new(Algorithm::ES256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        decode(proof, &DecodingKey::from_jwk(&header.jwk.unwrap()).unwrap(), &validation).unwrap().claims
    }

    fn response(url: &str, status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Response {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Response { url: url.to_owned(), status, headers, body: body.as_bytes().to_vec() }
    }

    const TOKEN_ENDPOINT: &str = "https://idp.example/token";

    fn token_request() -> Request {
        Request::post_form(TOKEN_ENDPOINT, &[("grant_type", "authorization_code"), ("code", "c")])
    }

    fn call() -> Request {
        // The token of RFC 9449's own example (§7.1).
        Request::get("https://mcp.example/mcp?a=b#c")
            .header("authorization", "DPoP Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
    }

    #[test]
    fn a_proof_is_over_this_request_and_this_token() {
        let dpop = Dpop::generate().unwrap();
        let of_token_request = claims(&dpop.decorated(&token_request()));
        assert_eq!((&of_token_request["htm"], &of_token_request["htu"]), (&json!("POST"), &json!(TOKEN_ENDPOINT)));
        assert!(of_token_request["iat"].is_u64() && of_token_request.get("ath").is_none());
        let of_call = claims(&dpop.decorated(&call()));
        assert_eq!((&of_call["htm"], &of_call["htu"]), (&json!("GET"), &json!("https://mcp.example/mcp")));
        assert_eq!(of_call["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", "RFC 9449 §7.1");
        assert_ne!(claims(&dpop.decorated(&call()))["jti"], of_call["jti"], "each is good once");
    }

    #[test]
    fn nothing_else_gets_a_proof() {
        let dpop = Dpop::generate().unwrap();
        let others = [
            Request::get("https://mcp.example/mcp"),
            Request::get("https://mcp.example/mcp").bearer(&Secret::new("token")),
            Request::post_form("https://idp.example/revoke", &[("token", "t")]),
            Request::post_json("https://idp.example/register", &json!({"grant_type": "authorization_code"})),
        ];
        for request in others {
            assert!(dpop.decorated(&request).header_value("dpop").is_none(), "{}", request.url());
        }
    }

    #[test]
    fn a_servers_nonce_is_repeated_to_this_server_and_to_no_other() {
        let dpop = Dpop::generate().unwrap();
        let refusal = |nonce| response(TOKEN_ENDPOINT, 400, &[("dpop-nonce", nonce)], r#"{"error":"use_dpop_nonce"}"#);
        assert!(dpop.wants_another(&token_request(), &refusal("one")));
        assert_eq!(claims(&dpop.decorated(&token_request()))["nonce"], "one");
        assert!(claims(&dpop.decorated(&call())).get("nonce").is_none(), "another server's");
        assert!(!dpop.wants_another(&token_request(), &refusal("one")), "the same once more would go on for ever");
        // A new one may come with any answer (§8.2), which is no reason to ask again.
        assert!(!dpop.wants_another(&token_request(), &response(TOKEN_ENDPOINT, 200, &[("dpop-nonce", "two")], "{}")));
        assert_eq!(claims(&dpop.decorated(&token_request()))["nonce"], "two");
    }

    #[test]
    fn only_the_servers_own_words_ask_for_a_nonce() {
        let url = "https://mcp.example/mcp";
        let challenge = "DPoP error=\"use_dpop_nonce\", algs=\"ES256\"";
        let asks = |status, headers: &[(&'static str, &'static str)], body: &str| {
            Dpop::generate().unwrap().wants_another(&call(), &response(url, status, headers, body))
        };
        assert!(asks(401, &[("www-authenticate", challenge), ("dpop-nonce", "n")], ""));
        assert!(!asks(401, &[("www-authenticate", challenge)], ""), "without a nonce there is nothing to repeat");
        assert!(!asks(401, &[("www-authenticate", "DPoP error=\"invalid_token\""), ("dpop-nonce", "n")], ""));
        assert!(!asks(400, &[("dpop-nonce", "n")], r#"{"error":"invalid_grant"}"#));
        assert!(!asks(500, &[("www-authenticate", challenge), ("dpop-nonce", "n")], r#"{"error":"use_dpop_nonce"}"#));
        assert!(!asks(400, &[("dpop-nonce", "n")], "<html>"));
    }
}
