//! Client authentication with an assertion that the client signs (RFC 7523 §2.2 and §3).
//!
//! Left out: assertions with a shared secret, certificates, and fetching keys from a `jwks_uri`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::embedded::clients::IdpClient;
use crate::embedded::form::FormFields;
use crate::embedded::jws::Jws;
use crate::embedded::now;
use crate::embedded::refusal::{IdpRefusal, bad_request};
use crate::embedded::server::IdpServer;

/// The algorithms that a client may sign an assertion with.
pub const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// The value of `client_assertion_type` (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds for which an assertion may be used, counted from its `iat`.
const ASSERTION_LIFESPAN: u64 = 60;
/// Seconds by which the client's clock may be ahead.
const CLOCK_SKEW: u64 = 15;
/// Seconds for which an assertion is remembered at most: `exp` may not be later.
const LONGEST_EXP: u64 = 300;

/// The client that an assertion names by its subject. No `client_id` is needed beside it (RFC 7521
/// §4.2).
pub fn named_client(server: &IdpServer, fields: &FormFields) -> Option<IdpClient> {
    let claims = Jws::read(fields.get("client_assertion")?)?.claims;
    server.clients.get(claims["sub"].as_str()?).filter(IdpClient::signs)
}

/// Checks that the client has signed the assertion, for this server, a short time ago (RFC 7523
/// §3).
pub fn check(server: &IdpServer, client: &IdpClient, fields: &FormFields) -> Result<(), IdpRefusal> {
    let is_assertion = fields.get("client_assertion_type") == Some(JWT_BEARER);
    let assertion = fields.get("client_assertion").filter(|_| is_assertion).and_then(Jws::read);
    let now = now();
    let claims = assertion.filter(|jws| is_signed(client, jws)).map(|jws| jws.claims);
    let Some(claims) = claims.filter(|claims| are_valid(server, client, claims, now)) else {
        return Err(bad_request("invalid_client", "Client authentication with signed JWT failed"));
    };
    // "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of
    // used "jti" values" (RFC 7523 §3)
    let (jti, exp) = (claims["jti"].as_str().unwrap_or_default(), claims["exp"].as_u64().unwrap_or_default());
    if server.used_assertions.insert(&client.client_id, &format!("{} {jti}", client.client_id), exp, now)? {
        Ok(())
    } else {
        Err(bad_request("invalid_client", "Token reuse detected"))
    }
}

/// "The authorization server MUST reject JWTs with an invalid signature or MAC" (RFC 7523 §3)
fn is_signed(client: &IdpClient, jws: &Jws<'_>) -> bool {
    let keys = client.jwks.as_ref().and_then(read_keys).unwrap_or_default();
    let key = match jws.key_id() {
        Some(kid) => keys.iter().find(|key| key.get("kid").is_some_and(|own| own == kid)),
        None => keys.first(),
    };
    jws.algorithm().is_some_and(|alg| ALGORITHMS.contains(&alg)) && key.is_some_and(|key| jws.is_signed_by(key))
}

fn are_valid(server: &IdpServer, client: &IdpClient, claims: &Value, now: u64) -> bool {
    let time = |name: &str| claims[name].as_u64();
    // Keycloak accepts these audiences at every endpoint. The revocation endpoint's own URL is not
    // among them.
    let ours = [server.issuer.clone(), server.endpoint("token"), server.endpoint("token/introspect")];
    let audience = match &claims["aud"] {
        Value::Array(audiences) if audiences.len() == 1 => audiences[0].as_str(),
        other => other.as_str(),
    };
    // "the subject MUST be the "client_id" of the OAuth client" (RFC 7523 §3)
    claims["iss"] == client.client_id
        && claims["sub"] == client.client_id
        // "The JWT MUST contain an "aud" (audience) claim containing a value that identifies the
        // authorization server as an intended audience." (RFC 7523 §3)
        && ours.iter().any(|ours| audience == Some(ours))
        // "The JWT MUST contain an "exp" (expiration time) claim" (RFC 7523 §3)
        && time("exp").is_some_and(|exp| exp > now && exp <= now + LONGEST_EXP)
        && time("nbf").is_none_or(|nbf| nbf <= now)
        && time("iat").is_none_or(|iat| iat <= now + CLOCK_SKEW && iat.saturating_add(ASSERTION_LIFESPAN) >= now)
        && claims["jti"].is_string()
}

/// A set of at least one key, each of which has the members of its type in base64url (RFC 7518 §6).
pub fn read_keys(jwks: &Value) -> Option<Vec<Map<String, Value>>> {
    let keys: Vec<_> = jwks["keys"].as_array()?.iter().map(|key| key.as_object().cloned()).collect::<Option<_>>()?;
    let is_usable = |key: &Map<String, Value>| {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let encodes = |name: &str| text(name).is_some_and(|value| URL_SAFE_NO_PAD.decode(value).is_ok());
        match text("kty") {
            Some("EC") => text("crv").is_some() && encodes("x") && encodes("y"),
            Some("RSA") => encodes("n") && encodes("e"),
            Some("OKP") => text("crv").is_some() && encodes("x"),
            _ => false,
        }
    };
    (!keys.is_empty() && keys.iter().all(is_usable)).then_some(keys)
}
