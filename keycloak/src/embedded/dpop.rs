//! Demonstrating Proof of Possession (DPoP), RFC 9449, <https://www.rfc-editor.org/rfc/rfc9449>:
//! tokens that are good only with the client's key. The token endpoint's part, in Keycloak's order
//! and words; `jwk.rs` has the keys and their signatures.
//!
//! Left out: the nonce that a server may ask for (§8), which Keycloak has none of either, and `ath`
//! (§4.2), since nothing here takes an access token for a request of the user's. Keycloak is laxer
//! in details that no proof needs: claims and headers that are null, padded base64, bytes behind an
//! ECDSA signature.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::{Map, Value, json};

use super::clients::Client;
use super::jwk::{ALGORITHMS, Mismatch, PublicKey, Unusable};
use super::token::invalid_request;
use super::{Refusal, Server, described, no_answer, now};

/// The header with the proof (RFC 9449 §4.1).
const HEADER: &str = "dpop";
/// `token_type` (RFC 9449 §5), and Keycloak's `typ` of an access token that is bound.
pub const TOKEN_TYPE: &str = "DPoP";
/// Seconds for which a proof may be used, counted from its `iat`.
const LIFETIME: u64 = 10;
/// Seconds by which the client's clock may be ahead or behind.
const CLOCK_SKEW: u64 = 15;
/// Proofs that are remembered at most. Each is forgotten within [`LIFETIME`] and twice
/// [`CLOCK_SKEW`].
const PROOFS: usize = 10_000;
/// Algorithms that Keycloak has a name for and takes no proof with; any other name it cannot even
/// read.
const UNSUPPORTED: [&str; 6] = ["none", "HS256", "HS384", "HS512", "Ed25519", "Ed448"];

/// What a proof that was found good tells.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Proof {
    /// The thumbprint of the key.
    jkt: String,
    /// What is not to come twice: a hash of `jti` and `htu`.
    single_use: [u8; 32],
    /// The second after which it is good no more.
    ends: u64,
}

/// The thumbprint of the key that the client of a token request shows that it has; `None` where it
/// shows none and need not.
pub fn proven_key(server: &Server, headers: &HeaderMap, client: &Client) -> Result<Option<String>, Refusal> {
    // "If the value is true, the authorization server MUST reject token requests from the client
    // that do not contain the DPoP header." (RFC 9449 §5.2)
    if !headers.contains_key(HEADER) && !client.dpop_bound_access_tokens {
        return Ok(None);
    }
    let (now, uri) = (now(), format!("{}/protocol/openid-connect/token", server.issuer));
    let proof = check(proof(headers)?, "POST", &uri, now)?;
    server.proofs.use_once(&proof, now)?;
    Ok(Some(proof.jkt))
}

/// Refuses a token that is bound to a key, where the request does not show that one; the error is
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

/// "the authorization server computes the JWK Thumbprint of the proof-of-possession public key in
/// the DPoP proof and verifies that it matches the dpop_jkt parameter value in the authorization
/// request. If they do not match, it MUST reject the request." (RFC 9449 §10)
pub fn check_code(dpop_jkt: Option<&str>, proven: Option<&str>) -> Result<(), Refusal> {
    match (dpop_jkt, proven) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(invalid_request("DPoP Proof missing")),
        (Some(expected), Some(proven)) if expected == proven => Ok(()),
        (Some(_), Some(_)) => Err(invalid_request("DPoP Proof public key thumbprint does not match dpop_jkt")),
    }
}

/// `cnf`: the JWK SHA-256 Thumbprint Confirmation Method (RFC 9449 §6.1), with Keycloak's addition.
pub fn confirmation(jkt: &str) -> Value {
    json!({"jkt": jkt, "kc-jkt-type": TOKEN_TYPE})
}

/// `token_type` of an answer with a token that is bound to this key, or to none.
pub fn token_type(key: Option<&str>) -> &'static str {
    if key.is_some() { TOKEN_TYPE } else { "Bearer" }
}

/// "There is not more than one DPoP HTTP request header field." (RFC 9449 §4.3)
fn proof(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(HEADER).iter();
    match (values.next(), values.next()) {
        (Some(one), None) => one.to_str().map(str::trim).map_err(|_| unreadable()),
        // Keycloak reads several as one, with commas, and that is no JWT.
        (Some(_), Some(_)) => Err(unreadable()),
        (None, _) => Ok(""),
    }
}

/// "To validate a DPoP proof, the receiving server MUST ensure the following:" (RFC 9449 §4.3) All
/// of it, but that the proof was not used before.
fn check(proof: &str, method: &str, uri: &str, now: u64) -> Result<Proof, Refusal> {
    if proof.is_empty() {
        return Err(refused("DPoP proof is missing"));
    }
    let jwt = Jwt::read(proof)?;
    let key = jwt.check_header()?;
    let (jti, htu, iat) = jwt.check_claims(method, uri)?;
    // "The creation time of the JWT, as determined by either the iat claim or a server managed
    // timestamp via the nonce claim, is within an acceptable window (see Section 11.1)."
    let ends = match u64::try_from(iat) {
        Ok(iat) if iat <= now + CLOCK_SKEW && iat + LIFETIME + CLOCK_SKEW >= now => iat + LIFETIME + CLOCK_SKEW,
        _ => return Err(refused("DPoP proof is not active")),
    };
    // Keycloak would remember the proof for no time, and falls over that.
    if ends == now {
        return Err(no_answer());
    }
    let hash = digest::digest(&digest::SHA256, format!("{jti}\n{htu}").as_bytes());
    let mut single_use = [0; 32];
    single_use.copy_from_slice(hash.as_ref());
    Ok(Proof { jkt: key.thumbprint().to_owned(), single_use, ends })
}

/// A proof, taken apart.
struct Jwt<'a> {
    typ: Option<String>,
    alg: Option<String>,
    jwk: Option<Map<String, Value>>,
    jti: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    iat: Option<i64>,
    message: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// "The DPoP HTTP request header field value is a single and well-formed JWT." (RFC 9449 §4.3)
    fn read(proof: &'a str) -> Result<Self, Refusal> {
        let mut parts = proof.split('.');
        let (Some(header), Some(claims), signature, None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(unreadable());
        };
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| unreadable());
        let members = |part: &str| serde_json::from_slice(&bytes(part)?).map_err(|_| unreadable());
        let (header_members, claim_members): (Map<String, Value>, Map<String, Value>) =
            (members(header)?, members(claims)?);
        let alg = text(&header_members, "alg")?;
        if alg.as_ref().is_some_and(|alg| !ALGORITHMS.contains(&alg.as_str()) && !UNSUPPORTED.contains(&alg.as_str())) {
            return Err(unreadable());
        }
        let jwk = match header_members.get("jwk") {
            None | Some(Value::Null) => None,
            Some(Value::Object(jwk)) => Some(jwk.clone()),
            Some(_) => return Err(unreadable()),
        };
        Ok(Self {
            typ: text(&header_members, "typ")?,
            alg,
            jwk,
            jti: text(&claim_members, "jti")?,
            htm: text(&claim_members, "htm")?,
            htu: text(&claim_members, "htu")?,
            iat: seconds(&claim_members, "iat")?,
            message: &proof[..header.len() + 1 + claims.len()],
            // Keycloak takes a missing part for an empty one, which is no signature.
            signature: bytes(signature.unwrap_or_default())?,
        })
    }

    /// The key that has signed it.
    fn check_header(&self) -> Result<PublicKey, Refusal> {
        // "The typ JOSE Header Parameter has the value dpop+jwt."
        if self.typ.as_deref() != Some("dpop+jwt") {
            let typ = self.typ.as_deref().unwrap_or("null");
            return Err(refused(&format!("Invalid or missing type in DPoP header: {typ}")));
        }
        // "The alg JOSE Header Parameter indicates a registered asymmetric digital signature
        // algorithm [IANA.JOSE.ALGS], is not none, is supported by the application, and is
        // acceptable per local policy."
        let alg = self.alg.as_deref().ok_or_else(|| refused("No alg in DPoP header"))?;
        if !ALGORITHMS.contains(&alg) {
            return Err(refused(&format!("Unsupported DPoP algorithm: {alg}")));
        }
        let jwk = self.jwk.as_ref().ok_or_else(|| refused("No JWK in DPoP header"))?;
        let key = PublicKey::read(jwk).map_err(|reason| match reason {
            Unusable::KeyType => refused("Unsupported key type in DPoP header"),
            // Keycloak falls over it.
            Unusable::Material => no_answer(),
        })?;
        // "The jwk JOSE Header Parameter does not contain a private key."
        if private_members(alg).iter().any(|name| jwk.contains_key(*name)) {
            return Err(refused("Private key material must not be present in DPoP JWK"));
        }
        // "The JWT signature verifies with the public key contained in the jwk JOSE Header
        // Parameter."
        let failed = |what: &str| refused(&format!("DPoP verification failure: org.keycloak.{what}"));
        key.verify(alg, self.message.as_bytes(), &self.signature).map_err(|reason| match reason {
            Mismatch::KeyType(kty) => {
                refused(&format!("Key with algorithm {alg} and type {kty} is incorrect for provider algorithm {alg}"))
            }
            Mismatch::Length => failed("common.VerificationException: Signing failed"),
            Mismatch::Signature => failed("exceptions.TokenSignatureInvalidException: Invalid token signature"),
        })?;
        Ok(key)
    }

    /// `jti`, `htu` and `iat`.
    fn check_claims(&self, method: &str, uri: &str) -> Result<(&str, &str, i64), Refusal> {
        // "All required claims per Section 4.2 are contained in the JWT."
        let [jti, htm, htu] =
            [&self.jti, &self.htm, &self.htu].map(|claim| claim.as_deref().filter(|text| !text.trim().is_empty()));
        let (Some(jti), Some(htm), Some(htu), Some(iat)) = (jti, htm, htu, self.iat) else {
            return Err(refused("DPoP mandatory claims are missing"));
        };
        if is_malformed(htu) {
            return Err(refused("Malformed HTTP URL in DPoP proof"));
        }
        // "The htu claim matches the HTTP URI value for the HTTP request in which the JWT was
        // received, ignoring any query and fragment parts."
        let without_query = htu.split(['?', '#']).next().unwrap_or_default();
        if normalized(without_query) != normalized(uri) {
            return Err(refused("DPoP HTTP URL mismatch"));
        }
        // "The htm claim matches the HTTP method of the current request."
        match htm == method {
            true => Ok((jti, htu, iat)),
            false => Err(refused("DPoP HTTP method mismatch")),
        }
    }
}

/// A member that is a text. Keycloak takes numbers and truth values for texts too.
fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
        Some(Value::Array(_) | Value::Object(_)) => Err(unreadable()),
    }
}

/// A member that is a time, in seconds since 1970. Keycloak takes a whole number in a string too,
/// and cuts off what is less than a second.
fn seconds(members: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    let cut = |seconds: f64| (seconds.abs() < 1e18).then_some(seconds as i64);
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let seconds = number.as_i64().or_else(|| cut(number.as_f64().filter(|_| number.is_f64())?));
            seconds.map(Some).ok_or_else(unreadable)
        }
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| unreadable()),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(unreadable()),
    }
}

/// The members of a private key (RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2) that signs by this
/// algorithm.
fn private_members(algorithm: &str) -> &'static [&'static str] {
    match algorithm.starts_with(['R', 'P']) {
        true => &["d", "p", "q", "dp", "dq", "qi", "oth"],
        false => &["d"],
    }
}

/// Whether a URI has characters that none may have (RFC 3986 §2), half an escape, or two fragments.
fn is_malformed(uri: &str) -> bool {
    let is_foreign = |c: char| c.is_ascii_control() || " \"<>\\^`{|}".contains(c);
    let is_escape = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    uri.contains(is_foreign) || uri.split('%').skip(1).any(|after| !is_escape(after)) || uri.matches('#').count() > 1
}

/// "the scheme and host are case-insensitive and therefore should be normalized to lowercase" (RFC
/// 3986 §6.2.2.1). RFC 9449 §4.3 has more: "servers SHOULD employ syntax-based normalization
/// (Section 6.2.2 of [RFC3986]) and scheme-based normalization"; Keycloak stops here.
fn normalized(uri: &str) -> Option<(String, &str)> {
    let host = uri.find("://")? + 3;
    let path = uri[host..].find('/').map_or(uri.len(), |path| host + path);
    Some((uri[..path].to_ascii_lowercase(), &uri[path..]))
}

/// The proofs that were used: a hash of each, and the second after which it is good no more.
#[derive(Default)]
pub struct UsedProofs(Mutex<BTreeMap<[u8; 32], u64>>);

impl UsedProofs {
    /// "In the context of the target URI, servers can store the jti value of each DPoP proof for
    /// the time window in which the respective DPoP proof JWT would be accepted to prevent multiple
    /// uses of the same DPoP proof. HTTP requests to the same URI for which the jti value has been
    /// seen before would be declined." "In order to guard against memory exhaustion attacks, a
    /// server that is tracking jti values should reject DPoP proof JWTs with unnecessarily large
    /// jti values or store only a hash thereof." (RFC 9449 §11.1)
    fn use_once(&self, proof: &Proof, now: u64) -> Result<(), Refusal> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, ends| *ends > now);
        if used.contains_key(&proof.single_use) {
            return Err(refused("DPoP proof has already been used"));
        }
        // To forget one that is still good would let it in again.
        if used.len() >= PROOFS {
            let sentence = "Too many DPoP proofs within a minute";
            return Err(described(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", sentence));
        }
        used.insert(proof.single_use, proof.ends);
        Ok(())
    }
}

fn unreadable() -> Refusal {
    refused("DPoP header verification failure")
}

/// "If the DPoP proof is invalid, the authorization server issues an error response per Section 5.2
/// of [RFC6749] with invalid_dpop_proof as the value of the error parameter." (RFC 9449 §5)
/// Keycloak has another value.
fn refused(description: &str) -> Refusal {
    invalid_request(description)
}

#[cfg(test)]
pub mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use axum::http::HeaderValue;

    use super::*;

    const URI: &str = "http://localhost:9100/realms/mcp-oauth/protocol/openid-connect/token";
    const NOW: u64 = 1_700_000_000;

    /// A client's key.
    pub struct Key {
        pair: EcdsaKeyPair,
        pub jwk: Value,
    }

    impl Key {
        pub fn new() -> Self {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
            let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
            Self { pair, jwk: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}) }
        }

        /// A JWT of these texts, whatever they are.
        fn sign(&self, header: &str, claims: &str) -> String {
            let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
            let message = format!("{header}.{claims}");
            let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }

        /// A good proof, but for these members of its header and claims.
        pub fn proof(&self, header: &Value, claims: &Value) -> String {
            let good_header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk});
            let good_claims = json!({"jti": "1", "htm": "POST", "htu": URI, "iat": NOW});
            self.sign(&changed(good_header, header).to_string(), &changed(good_claims, claims).to_string())
        }
    }

    fn changed(mut members: Value, changes: &Value) -> Value {
        members.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        members
    }

    fn without(mut members: Value, name: &str) -> Value {
        members.as_object_mut().unwrap().shift_remove(name);
        members
    }

    fn check_now(proof: &str) -> Result<Proof, Refusal> {
        check(proof, "POST", URI, NOW)
    }

    /// The sentence of a refusal; it always is an invalid request.
    fn sentence(proof: &str) -> String {
        let refusal = check_now(proof).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.error.as_str()),
            (StatusCode::BAD_REQUEST, "invalid_request"),
            "{refusal:?}"
        );
        refusal.description.unwrap()
    }

    #[test]
    fn a_good_proof_tells_the_key() {
        let key = Key::new();
        let proof = check_now(&key.proof(&json!({}), &json!({}))).unwrap();
        let thumbprint = PublicKey::read(key.jwk.as_object().unwrap()).unwrap().thumbprint().to_owned();
        assert_eq!((proof.jkt, proof.ends), (thumbprint, NOW + 25));
        for header in
            [json!({"kid": "x"}), json!({"jwk": changed(key.jwk.clone(), &json!({"use": "sig", "kid": "x"}))})]
        {
            assert!(check_now(&key.proof(&header, &json!({}))).is_ok(), "{header}");
        }
        for claims in [json!({"nonce": "x"}), json!({"ath": "x"}), json!({"jti": 5}), json!({"iat": NOW.to_string()})] {
            assert!(check_now(&key.proof(&json!({}), &claims)).is_ok(), "{claims}");
        }
    }

    /// Figure 2 of RFC 9449, at the time of its `iat`.
    #[test]
    fn the_rfcs_own_proof_is_good_at_its_time() {
        let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
        let checked = check(proof, "POST", "https://server.example.com/token", 1_562_262_616).unwrap();
        assert_eq!(checked.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }

    #[test]
    fn a_header_that_is_wrong_is_refused() {
        let (key, other) = (Key::new(), Key::new());
        let jwk = |changes: Value| json!({"jwk": changed(key.jwk.clone(), &changes)});
        for (header, expected) in [
            (json!({"typ": "JWT"}), "Invalid or missing type in DPoP header: JWT"),
            (json!({"typ": "DPoP+JWT"}), "Invalid or missing type in DPoP header: DPoP+JWT"),
            (json!({"typ": null}), "Invalid or missing type in DPoP header: null"),
            (json!({"typ": null, "alg": "none"}), "Invalid or missing type in DPoP header: null"),
            (json!({"typ": ["dpop+jwt"]}), "DPoP header verification failure"),
            (json!({"alg": null}), "No alg in DPoP header"),
            (json!({"alg": "none"}), "Unsupported DPoP algorithm: none"),
            (json!({"alg": "none", "jwk": null}), "Unsupported DPoP algorithm: none"),
            (json!({"alg": "HS256"}), "Unsupported DPoP algorithm: HS256"),
            (json!({"alg": "es256"}), "DPoP header verification failure"),
            (json!({"alg": {}}), "DPoP header verification failure"),
            (json!({"alg": "RS256"}), "Key with algorithm RS256 and type EC is incorrect for provider algorithm RS256"),
            (json!({"jwk": null}), "No JWK in DPoP header"),
            (json!({"jwk": "x"}), "DPoP header verification failure"),
            (json!({"jwk": {}}), "Unsupported key type in DPoP header"),
            (json!({"jwk": {"kty": "oct", "k": "AAAA"}}), "Unsupported key type in DPoP header"),
            (jwk(json!({"d": "AAAA"})), "Private key material must not be present in DPoP JWK"),
            (jwk(json!({"d": null})), "Private key material must not be present in DPoP JWK"),
            (
                json!({"jwk": other.jwk}),
                "DPoP verification failure: org.keycloak.exceptions.TokenSignatureInvalidException: Invalid token signature",
            ),
            (
                json!({"alg": "ES384"}),
                "DPoP verification failure: org.keycloak.common.VerificationException: Signing failed",
            ),
        ] {
            assert_eq!(sentence(&key.proof(&header, &json!({}))), expected, "{header}");
        }
        // Keycloak falls over these.
        for jwk in [jwk(json!({"x": null})), jwk(json!({"x": "AAAA"})), jwk(json!({"crv": "P-1"}))] {
            let refusal = check_now(&key.proof(&jwk, &json!({}))).unwrap_err();
            assert_eq!(refusal.status, StatusCode::INTERNAL_SERVER_ERROR, "{jwk}");
        }
    }

    #[test]
    fn an_rsa_key_shows_no_private_half_either() {
        let key = Key::new();
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
            let header = json!({"alg": "PS256", "jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB", name: "x"}});
            let expected = "Private key material must not be present in DPoP JWK";
            assert_eq!(sentence(&key.proof(&header, &json!({}))), expected, "{name}");
        }
    }

    #[test]
    fn claims_that_are_missing_or_wrong_are_refused() {
        let key = Key::new();
        for name in ["jti", "htm", "htu", "iat"] {
            let good = json!({"jti": "1", "htm": "POST", "htu": URI, "iat": NOW});
            let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}).to_string();
            let proofs = [
                key.sign(&header, &without(good.clone(), name).to_string()),
                key.proof(&json!({}), &json!({name: null})),
                key.proof(&json!({}), &json!({name: " "})),
            ];
            for proof in proofs {
                assert_eq!(sentence(&proof), "DPoP mandatory claims are missing", "{name}");
            }
            for bad in [json!([]), json!({})] {
                let proof = key.proof(&json!({}), &json!({name: bad}));
                assert_eq!(sentence(&proof), "DPoP header verification failure", "{name}: {bad}");
            }
        }
        for method in ["GET", "post", "POST "] {
            assert_eq!(
                sentence(&key.proof(&json!({}), &json!({"htm": method}))),
                "DPoP HTTP method mismatch",
                "{method}"
            );
        }
    }

    #[test]
    fn htu_is_the_token_endpoint_without_query_and_fragment() {
        let key = Key::new();
        for good in [
            URI.to_owned(),
            format!("{URI}?a=b"),
            format!("{URI}#a"),
            format!("{URI}?"),
            URI.replace("http", "HTTP"),
            URI.replace("localhost", "LocalHost"),
        ] {
            assert!(check_now(&key.proof(&json!({}), &json!({"htu": good}))).is_ok(), "{good}");
        }
        for bad in [
            format!("{URI}/"),
            format!("{URI};a"),
            URI.replace("token", "TOKEN"),
            URI.replace("token", "%74oken"),
            URI.replace("token", "x/../token"),
            URI.replace("token", "/token"),
            URI.replace("http:", "https:"),
            URI.replace(":9100", ""),
            URI.replace("localhost", "127.0.0.1"),
            URI.replace("localhost", "localhost.evil.example"),
            URI.replace("localhost", "a@localhost"),
            URI.replace("localhost:9100", "evil.example:80/localhost:9100"),
            "/realms/mcp-oauth/protocol/openid-connect/token".to_owned(),
            "urn:x".to_owned(),
            "://".to_owned(),
            "?".to_owned(),
            "\u{e9}://\u{e9}/\u{e9}".to_owned(),
        ] {
            assert_eq!(sentence(&key.proof(&json!({}), &json!({"htu": bad}))), "DPoP HTTP URL mismatch", "{bad}");
        }
        for malformed in
            ["a b", "http://x/{a}", "http://x/%", "http://x/%4", "http://x/%zz", "http://x/\n", "#a#b", "\\", "|"]
        {
            let proof = key.proof(&json!({}), &json!({"htu": malformed}));
            assert_eq!(sentence(&proof), "Malformed HTTP URL in DPoP proof", "{malformed}");
        }
    }

    #[test]
    fn a_proof_is_good_for_a_while_around_its_iat() {
        let key = Key::new();
        let made = |iat: Value| key.proof(&json!({}), &json!({"iat": iat}));
        let now = i64::try_from(NOW).unwrap();
        for (seconds, is_good) in [(-26, false), (-24, true), (0, true), (15, true), (16, false)] {
            assert_eq!(check_now(&made(json!(now + seconds))).is_ok(), is_good, "{seconds}");
        }
        let last = check_now(&made(json!(now - 25))).unwrap_err();
        assert_eq!(last.status, StatusCode::INTERNAL_SERVER_ERROR, "as Keycloak's");
        for iat in [json!(0), json!(-1), json!(i64::MIN), json!(i64::MAX), json!(1e17), json!("5")] {
            assert_eq!(sentence(&made(iat.clone())), "DPoP proof is not active", "{iat}");
        }
        for iat in [json!(true), json!("x"), json!("5.5"), json!(u64::MAX), json!(1e300), json!(-1e300)] {
            assert_eq!(sentence(&made(iat.clone())), "DPoP header verification failure", "{iat}");
        }
        assert!(check_now(&made(json!(now as f64 + 0.5))).is_ok());
    }

    #[test]
    fn what_is_no_jwt_is_refused() {
        let key = Key::new();
        let good = key.proof(&json!({}), &json!({}));
        let (signed, _) = good.rsplit_once('.').unwrap();
        assert_eq!(sentence(""), "DPoP proof is missing");
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}).to_string();
        for bad in [
            "x".to_owned(),
            ".".to_owned(),
            "..".to_owned(),
            "...".to_owned(),
            "a.b.c".to_owned(),
            "{}".to_owned(),
            format!("{good}.x"),
            format!("{good},{good}"),
            format!("{good}="),
            format!("{signed}.!"),
            format!("DPoP {good}"),
            key.sign("null", "{}"),
            key.sign("[]", "{}"),
            key.sign(&header, "null"),
            key.sign(&header, "5"),
            key.sign(&header, "{"),
            key.sign(&header, &"[".repeat(10_000)),
            key.sign("\u{0}", "\u{0}"),
        ] {
            assert_eq!(sentence(&bad), "DPoP header verification failure", "{bad}");
        }
        for unsigned in [signed.to_owned(), format!("{signed}."), format!("{signed}.AAAA")] {
            let expected = "DPoP verification failure: org.keycloak.common.VerificationException: Signing failed";
            assert_eq!(sentence(&unsigned), expected, "{unsigned}");
        }
        // Not one bit of what was signed may be another.
        let (header, claims) = signed.split_once('.').unwrap();
        let other = key.proof(&json!({}), &json!({"jti": "2"}));
        let (_, signature) = other.rsplit_once('.').unwrap();
        assert!(sentence(&format!("{header}.{claims}.{signature}")).ends_with("Invalid token signature"));
    }

    #[test]
    fn there_is_one_header_or_none() {
        let headers = |values: &[&str]| {
            values
                .iter()
                .map(|value| (axum::http::HeaderName::from_static(HEADER), HeaderValue::from_str(value).unwrap()))
                .fold(HeaderMap::new(), |mut headers, (name, value)| {
                    headers.append(name, value);
                    headers
                })
        };
        assert_eq!(proof(&headers(&["x"])).unwrap(), "x");
        for empty in [&[][..], &[""], &["  "]] {
            assert_eq!(proof(&headers(empty)).unwrap(), "", "{empty:?}");
        }
        for bad in [&["x", "x"][..], &["x", ""], &["", "x"], &["x", "y", "z"], &["\u{e9}"]] {
            let refusal = proof(&headers(bad)).unwrap_err();
            assert_eq!(refusal.description.as_deref(), Some("DPoP header verification failure"), "{bad:?}");
        }
    }

    #[test]
    fn a_proof_is_good_for_one_use() {
        let (key, other) = (Key::new(), Key::new());
        let used = UsedProofs::default();
        let use_at = |proof: &str, now: u64| used.use_once(&check(proof, "POST", URI, now)?, now);
        let once = key.proof(&json!({}), &json!({}));
        assert!(use_at(&once, NOW).is_ok());
        for (proof, now) in [
            (&once, NOW),
            (&once, NOW + 24),
            (&key.proof(&json!({}), &json!({"iat": NOW + 1})), NOW),
            // Keycloak looks at `jti` and `htu`, and not at the key.
            (&other.proof(&json!({}), &json!({})), NOW),
        ] {
            let refusal = use_at(proof, now).unwrap_err();
            assert_eq!(refusal.description.as_deref(), Some("DPoP proof has already been used"));
        }
        assert!(use_at(&key.proof(&json!({}), &json!({"jti": "2"})), NOW).is_ok());
        assert!(use_at(&key.proof(&json!({}), &json!({"htu": format!("{URI}?")})), NOW).is_ok());
    }

    #[test]
    fn proofs_are_remembered_as_long_as_they_are_good_and_not_without_end() {
        let used = UsedProofs::default();
        let proof = |n: usize, ends: u64| {
            let mut single_use = [0; 32];
            single_use[..8].copy_from_slice(&n.to_be_bytes());
            Proof { jkt: String::new(), single_use, ends }
        };
        for n in 0..PROOFS {
            assert!(used.use_once(&proof(n, NOW + 25), NOW).is_ok());
        }
        let full = used.use_once(&proof(PROOFS, NOW + 25), NOW).unwrap_err();
        assert_eq!(full.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(used.use_once(&proof(0, NOW + 25), NOW).unwrap_err().status, StatusCode::BAD_REQUEST, "still known");
        assert!(used.use_once(&proof(PROOFS, NOW + 50), NOW + 25).is_ok(), "the others have ended");
        assert_eq!(used.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn what_is_bound_to_a_key_wants_that_key() {
        for (bound, proven, expected) in [
            (None, None, Ok(())),
            (None, Some("a"), Ok(())),
            (Some("a"), Some("a"), Ok(())),
            (Some("a"), None, Err("DPoP proof is missing")),
            (Some("a"), Some("b"), Err("DPoP confirmation doesn't match DPoP proof")),
        ] {
            assert_eq!(check_binding(bound, proven), expected, "{bound:?} {proven:?}");
            assert_eq!(check_code(bound, proven).is_ok(), expected.is_ok(), "{bound:?} {proven:?}");
        }
    }
}
