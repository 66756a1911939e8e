//! Who the client at the token endpoint and its neighbours is, and that it is that one: RFC 6749
//! §2.3.1 (a secret), RFC 7523 §2.2 and §3 (an assertion that it signed).
//!
//! Left out: assertions with a shared secret, certificates, and fetching keys from a `jwks_uri`.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::clients::Client;
use super::jwk::{ALGORITHMS, PublicKey};
use super::jws::Jws;
use super::token::Fields;
use super::{Refusal, Server, described, now};

const UNKNOWN: &str = "Invalid client or Invalid client credentials";
/// The value of `client_assertion_type` (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds for which an assertion without a nearer end may be used, counted from its `iat`;
/// Keycloak wants it younger.
const ASSERTION_LIFESPAN: u64 = 60;
/// Seconds by which the client's clock may be ahead.
const CLOCK_SKEW: u64 = 15;

/// The client of a token request.
pub fn authenticate(server: &Server, headers: &HeaderMap, fields: &Fields) -> Result<Client, Refusal> {
    let basic = basic(headers);
    let named = basic.as_ref().map(|(id, _)| id.as_str()).or_else(|| fields.get("client_id"));
    let client = match named {
        Some(id) => server.clients.get(id),
        // An assertion names the client by its subject, so that no `client_id` is needed beside it
        // (RFC 7521 §4.2).
        None => fields
            .get("client_assertion")
            .filter(|_| fields.get("client_assertion_type") == Some(JWT_BEARER))
            .and_then(|assertion| server.clients.get(unverified(assertion)?["sub"].as_str()?).filter(Client::signs)),
    };
    let client = client.ok_or_else(unknown)?;
    if client.signs() {
        return check_assertion(server, &client, fields).map(|()| client);
    }
    let (secret, place) = match &basic {
        Some((_, secret)) => (Some(secret.as_str()), "client_secret_basic"),
        None => (fields.get("client_secret"), "client_secret_post"),
    };
    let unauthorized = |sentence: &str| Err(described(StatusCode::UNAUTHORIZED, "unauthorized_client", sentence));
    let Some(expected) = &client.secret else { return Ok(client) };
    match secret {
        None => unauthorized(UNKNOWN),
        Some(_) if client.auth_method.starts_with("client_secret_") && client.auth_method != place => {
            unauthorized(&format!(
                "Invalid method used to get client secret. Client requires method '{}' to obtain client secret from the request",
                client.auth_method
            ))
        }
        // How long a comparison takes must not say how much of the secret was right.
        Some(secret) if secret.as_bytes().ct_eq(expected.as_bytes()).into() => Ok(client),
        Some(_) => unauthorized(UNKNOWN),
    }
}

/// RFC 7523 §3, in Keycloak's order and words.
fn check_assertion(server: &Server, client: &Client, fields: &Fields) -> Result<(), Refusal> {
    match fields.get("client_assertion_type") {
        Some(JWT_BEARER) => {}
        None => return invalid("Parameter client_assertion_type is missing"),
        Some(other) => {
            let sentence =
                format!("Parameter client_assertion_type has value '{other}' but expected is '{JWT_BEARER}'");
            return invalid(&sentence);
        }
    }
    let Some(assertion) = fields.get("client_assertion") else {
        return invalid("client_assertion parameter missing");
    };
    let Some(claims) = unverified(assertion) else {
        return invalid(
            "Client authentication with signed JWT failed: java.lang.IllegalArgumentException: Parsing error",
        );
    };
    // "the subject MUST be the "client_id" of the OAuth client" (RFC 7523 §3)
    if [&claims["iss"], &claims["sub"]].iter().any(|claim| **claim != client.client_id) {
        return Err(unknown());
    }
    check_signature(client, assertion)?;
    // "The JWT MUST contain an "aud" (audience) claim containing a value that identifies the
    // authorization server as an intended audience." (RFC 7523 §3)
    let audience = match &claims["aud"] {
        Value::Array(many) if many.len() > 1 => return invalid("Multiple audiences not allowed"),
        Value::Array(one) => one.first().and_then(Value::as_str),
        other => other.as_str(),
    };
    let token_endpoint = format!("{}/protocol/openid-connect/token", server.issuer);
    // Keycloak takes these for any endpoint; the revocation endpoint's own URL is not among them.
    let ours = [&server.issuer, &token_endpoint, &format!("{token_endpoint}/introspect")];
    if !ours.iter().any(|ours| audience == Some(ours)) {
        return invalid("Invalid token audience");
    }
    // "The JWT MUST contain an "exp" (expiration time) claim" (RFC 7523 §3)
    let Some(exp) = claims["exp"].as_u64() else { return invalid("Token exp claim is required") };
    let now = now();
    if exp <= now || claims["nbf"].as_u64().is_some_and(|nbf| nbf > now) {
        return invalid("Token is not active");
    }
    match claims["iat"].as_u64() {
        Some(iat) if iat > now + CLOCK_SKEW => return invalid("Token was issued in the future"),
        Some(iat) if iat + ASSERTION_LIFESPAN < now => {
            return invalid("Token was issued too far in the past to be used now");
        }
        _ => {}
    }
    // "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of
    // used "jti" values" (RFC 7523 §3)
    let Some(jti) = claims["jti"].as_str() else { return invalid("Token jti claim is required") };
    let mut sessions = server.sessions.lock();
    sessions.assertions.retain(|_, ends| *ends > now);
    match sessions.assertions.insert((client.client_id.clone(), jti.to_owned()), exp) {
        None => Ok(()),
        Some(_) => invalid("Token reuse detected"),
    }
}

/// "The authorization server MUST reject JWTs with an invalid signature or MAC" (RFC 7523 §3)
fn check_signature(client: &Client, assertion: &str) -> Result<(), Refusal> {
    let Some(jws) = Jws::read(assertion).filter(|jws| jws.algorithm().is_some_and(|alg| ALGORITHMS.contains(&alg)))
    else {
        return invalid("Invalid signature algorithm");
    };
    let keys = client.jwks.as_ref().and_then(read_keys).unwrap_or_default();
    let key = match jws.key_id() {
        Some(kid) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
        None => keys.first(),
    };
    let Some(AssertionKey { key, .. }) = key else {
        return invalid("Unable to load public key");
    };
    match jws.is_signed_by(key) {
        true => Ok(()),
        false => invalid("Client authentication with signed JWT failed: Signature on JWT token failed validation"),
    }
}

/// A key with which a client signs its assertions.
pub struct AssertionKey {
    kid: Option<String>,
    key: PublicKey,
}

/// A set of at least one key, each of which can be used (RFC 7517 §5).
pub fn read_keys(jwks: &Value) -> Option<Vec<AssertionKey>> {
    let read = |jwk: &Value| {
        let key = PublicKey::read(jwk.as_object()?).ok()?;
        Some(AssertionKey { kid: jwk["kid"].as_str().map(str::to_owned), key })
    };
    let keys: Option<Vec<_>> = jwks["keys"].as_array()?.iter().map(read).collect();
    keys.filter(|keys| !keys.is_empty())
}

/// What a JWT says, before anyone has looked at its signature: good for finding the key, and for
/// nothing else.
fn unverified(jwt: &str) -> Option<Value> {
    let payload = jwt.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.is_object().then_some(claims)
}

/// The credentials of an `Authorization: Basic` header, each of them form-encoded inside.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let pair = form_urlencoded::parse(text.as_bytes()).next();
        pair.map(|(plain, _)| plain.into_owned()).unwrap_or_default()
    };
    Some((plain(id), plain(secret)))
}

fn unknown() -> Refusal {
    described(StatusCode::UNAUTHORIZED, "invalid_client", UNKNOWN)
}

fn invalid(description: &str) -> Result<(), Refusal> {
    Err(described(StatusCode::BAD_REQUEST, "invalid_client", description))
}
