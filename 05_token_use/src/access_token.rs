//! The access token, checked: RFC 9068 §4, <https://www.rfc-editor.org/rfc/rfc9068#section-4>, and
//! RFC 8725. [`Verifier::verify`] reads from top to bottom as the list of checks.
//!
//! **Left out on purpose: `aud`.** A token that was given out for another server is let in here.
//! Lesson 06 closes that. Left out besides: tokens that are encrypted, and tokens that only the
//! authorization server can read (they are introspected, RFC 7662).

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use serde_json::{Map, Value};
use shared::clock::rfc3339;
use shared::http::Http;
use shared::reach::{Privacy, Reach, host_of};
use shared::{Failed, Failure, Reporter};

use crate::further::options::CheckOptions;
use crate::jwks::{Jwks, Key, Limits, NoKey};
use crate::refusal::{Checks, Refusal, RefusalKind, short};
use crate::rules;

/// Seconds by which the clocks may differ: "Implementers MAY provide for some small leeway, usually
/// no more than a few minutes" (RFC 7519 §4.1.4).
pub const LEEWAY: f64 = 30.0;

/// Algorithms with a public and a private key. With a shared secret (HS256) whoever verifies could
/// sign.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// An access token that passed every check.
pub struct AccessToken {
    /// Its claims.
    pub claims: Map<String, Value>,
    /// What it allows.
    pub scopes: Vec<String>,
    /// The user's roles, where the token tells them (Keycloak's claim `realm_access`).
    pub roles: Option<Vec<String>>,
    /// Seconds since 1970 after which it is no good.
    pub expires_at: f64,
    /// The key that verified it.
    pub key: Arc<Key>,
}

impl AccessToken {
    /// "The current time MUST be before the time represented by the "exp" claim" (RFC 9068 §4),
    /// give or take [`LEEWAY`].
    pub fn is_alive(&self) -> bool {
        is_ahead(self.expires_at)
    }

    /// Whose it is: `sub`, an identifier of the authorization server's.
    pub fn subject(&self) -> &str {
        self.claims.get("sub").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A check of claims that another lesson adds to those here: lesson 06 looks at `aud`.
pub type ClaimsCheck = Arc<dyn Fn(&Checks<'_>, &Map<String, Value>) -> Result<(), Refusal> + Send + Sync>;

/// What tokens are held against.
pub struct Verifier {
    /// The authorization server, as its metadata spells it.
    pub issuer: String,
    /// Its keys.
    pub keys: Arc<Jwks>,
    /// Values of `typ` in the header that are taken though RFC 9068 does not have them: for other
    /// authorization servers.
    pub header_types: Vec<String>,
    /// Whether a token is for this server: `None` in this lesson, where any is taken.
    pub audience: Option<ClaimsCheck>,
}

/// Seconds within which the authorization server has to give its keys.
const KEYS_SECONDS: u64 = 3;

impl Verifier {
    /// The checks of this lesson, for tokens of one authorization server. It is the operator's own
    /// choice, so it may be anywhere; what it names may be as private as this machine.
    pub fn of(issuer: &str, options: &CheckOptions, limits: Limits, reporter: &Reporter) -> Result<Self, Failure> {
        let host = host_of(issuer);
        let http = |reporter: Reporter| {
            Http::new(reporter, Reach::public_only().limit(Privacy::Loopback).name(&host))
                .map(|http| http.within(KEYS_SECONDS))
        };
        let keys = Arc::new(Jwks::new(http(reporter.clone())?, http(Reporter::silent())?, issuer, limits));
        Ok(Self { issuer: issuer.to_owned(), keys, header_types: options.accept_typ.clone(), audience: None })
    }

    /// The checks, one after the other.
    pub async fn verify(&self, checks: &Checks<'_>, token: &str) -> Result<AccessToken, Refusal> {
        // "If any of the listed steps fail, then the JWT MUST be rejected" (RFC 7519 §7.2)
        let jwt = Jwt::split(token);
        let got = if jwt.is_some() { "it is one" } else { "it is none" };
        let jwt = checks.require_some(
            &rules::JWT,
            jwt,
            "a signed JWT: a JSON header, JSON claims, a signature",
            got,
            MALFORMED,
        )?;

        let algorithm = self.check_header(checks, &jwt)?;

        // "The resource server MUST use the keys provided by the authorization server." (RFC 9068
        // §4)
        let kid = jwt.header.get("kid").and_then(Value::as_str);
        let key = self.keys.find(kid).await.map_err(|no_key| no_key_for(kid, no_key))?;
        let named = kid.map_or("no kid, and there is one key".to_owned(), |kid| format!("kid {kid}"));
        checks.require(&rules::KEY, true, KNOWN_KEY, named, MALFORMED)?;

        // "each key MUST be used with exactly one algorithm" (RFC 8725 §3.1)
        checks.require(
            &rules::KEY_ALGORITHM,
            key.is_for(algorithm),
            "the key is for this alg",
            jwt.header_text("alg"),
            RefusalKind::InvalidToken("The token's algorithm is not its key's"),
        )?;

        // "The resource server MUST validate the signature of all incoming JWT access tokens" (RFC
        // 9068 §4)
        let good = crypto::verify(jwt.signature, jwt.signed.as_bytes(), &key.decoding, algorithm).unwrap_or(false);
        checks.require(
            &rules::SIGNATURE,
            good,
            "the signature is the key's",
            if good { "it is" } else { "it is not" },
            RefusalKind::InvalidToken("The token's signature is wrong"),
        )?;

        self.check_claims(checks, &jwt)?;
        let expires_at = number(&jwt.claims, "exp").unwrap_or_default();
        Ok(AccessToken { scopes: scopes(&jwt.claims), roles: roles(&jwt.claims), expires_at, key, claims: jwt.claims })
    }

    fn check_header(&self, checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<Algorithm, Refusal> {
        // "If any of the listed extension Header Parameters are not understood and supported by the
        // recipient, then the JWS is invalid." (RFC 7515 §4.1.11) This one understands none.
        let extensions = jwt.header.get("crit").map_or("none".to_owned(), Value::to_string);
        checks.require(
            &rules::NO_EXTENSIONS,
            !jwt.header.contains_key("crit"),
            "no critical extensions",
            extensions,
            MALFORMED,
        )?;

        // "The resource server MUST reject any JWT in which the value of "alg" is "none"." (RFC
        // 9068 §4) What is not on the list is not used.
        let name = jwt.header_text("alg");
        let algorithm = algorithm(name);
        let kind = RefusalKind::InvalidToken("The token is signed with an algorithm that is not taken");
        let algorithm = checks.require_some(
            &rules::ALGORITHM,
            algorithm,
            "alg is RS, PS, ES or EdDSA: one with a public key",
            name,
            kind,
        )?;

        // "The resource server MUST verify that the "typ" header value is "at+jwt" or
        // "application/at+jwt"" (RFC 9068 §4). Keycloak writes "JWT" instead, and Bearer (or DPoP,
        // of a token that is bound to a key) into a claim typ; its ID tokens have ID there.
        let typ = self.is_access_token(jwt);
        let got = format_args!(
            "{}, and the claim typ {}",
            or_absent(jwt.header_text("typ")),
            or_absent(jwt.claim_text("typ"))
        );
        let taken: String = self.header_types.iter().map(|typ| format!(" or {typ:?} (--accept-typ)")).collect();
        checks.require(
            &rules::TYPE,
            typ,
            format_args!("typ is at+jwt{taken}, or JWT with the claim typ Bearer or DPoP (Keycloak)"),
            got,
            RefusalKind::InvalidToken("The token is no access token"),
        )?;
        Ok(algorithm)
    }

    fn check_claims(&self, checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<(), Refusal> {
        // "The issuer identifier … MUST exactly match the value of the "iss" claim." (RFC 9068 §4)
        let iss = jwt.claim_text("iss");
        checks.require(
            &rules::ISSUER,
            iss == self.issuer,
            format_args!("iss is {}", self.issuer),
            or_absent(iss),
            RefusalKind::InvalidToken("The token is from another authorization server"),
        )?;
        check_times(checks, jwt)?;

        // "sub REQUIRED" (RFC 9068 §2.2)
        let sub = jwt.claim_text("sub");
        checks.require(
            &rules::SUBJECT,
            !sub.is_empty(),
            "sub says whose it is",
            or_absent(sub),
            RefusalKind::InvalidToken("The token does not say whose it is"),
        )?;

        // "MCP servers MUST validate that access tokens were issued specifically for them as the
        // intended audience" (MCP 2026-07-28, Token Handling). NOT DONE IN THIS LESSON: its server
        // does not look at aud, says so with every request, and the last stage shows what comes of
        // it.
        match &self.audience {
            Some(check) => check(checks, &jwt.claims),
            None => Ok(()),
        }
    }

    fn is_access_token(&self, jwt: &Jwt<'_>) -> bool {
        let typ = jwt.header_text("typ").to_ascii_lowercase();
        match jwt.claim_text("typ") {
            "Bearer" | "DPoP" if typ == "jwt" => true,
            // What says that it is something else is something else.
            other if !["", "Bearer", "DPoP"].contains(&other) => false,
            _ => {
                let typ = typ.strip_prefix("application/").unwrap_or(&typ);
                typ == "at+jwt" || self.header_types.iter().any(|taken| taken.eq_ignore_ascii_case(typ))
            }
        }
    }
}

/// The algorithm of this name, where it has a public key.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    Algorithm::from_str(name).ok().filter(|algorithm| ALGORITHMS.contains(algorithm))
}

fn check_times(checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<(), Refusal> {
    // "The current time MUST be before the time represented by the "exp" claim." (RFC 9068 §4)
    let good = number(&jwt.claims, "exp").is_some_and(is_ahead);
    checks.require(
        &rules::EXPIRY,
        good,
        "exp lies ahead",
        time(&jwt.claims, "exp"),
        RefusalKind::InvalidToken("The token has expired"),
    )?;

    // "the time before which the JWT MUST NOT be accepted for processing" (RFC 7519 §4.1.5); the
    // claim is optional.
    let good =
        !jwt.claims.contains_key("nbf") || number(&jwt.claims, "nbf").is_some_and(|nbf| nbf <= seconds_now() + LEEWAY);
    checks.require(
        &rules::NOT_BEFORE,
        good,
        "nbf, if there, lies behind",
        time(&jwt.claims, "nbf"),
        RefusalKind::InvalidToken("The token is not good yet"),
    )
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
pub(crate) fn seconds_now() -> f64 {
    shared::now() as f64
}

fn is_ahead(exp: f64) -> bool {
    seconds_now() < exp + LEEWAY
}

const KNOWN_KEY: &str = "the key is one that the authorization server publishes";

const MALFORMED: RefusalKind = RefusalKind::InvalidToken("The token is no JWT that this server understands");

fn no_key_for(kid: Option<&str>, no_key: NoKey) -> Refusal {
    let named = kid.map_or("no kid".to_owned(), |kid| format!("kid {}", short(kid)));
    let (got, kind) = match no_key {
        NoKey::Unknown { fetched_ago } => {
            let when = match fetched_ago {
                0 => "just now".to_owned(),
                seconds => format!("{seconds} s ago, and are not asked for again yet"),
            };
            let got = format!("{named}, which is none of the keys that were fetched {when}");
            (got, RefusalKind::InvalidToken("The token's key is unknown"))
        }
        NoKey::Unavailable { reason, retry_after } => {
            (format!("{named}; the IdP's keys cannot be fetched: {reason}"), RefusalKind::Unavailable { retry_after })
        }
    };
    let failed = Failed { rule: &rules::KEY, expected: KNOWN_KEY.to_owned(), seen: got, fix: String::new() };
    Refusal { failed: Some(failed), kind }
}

/// A JWT in its parts; nothing in it is to be trusted yet.
pub(crate) struct Jwt<'a> {
    /// Header and claims, as they were signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: &'a str,
    /// The header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
}

/// Bytes of a token that are looked at. Keycloak's have about a thousand.
const MAX_BYTES: usize = 16 * 1024;

impl<'a> Jwt<'a> {
    /// `None` where it is none.
    pub fn split(token: &'a str) -> Option<Self> {
        // Whoever sends it is still a stranger.
        if token.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let header: Map<String, Value> = object(header)?;
        // "Its value MUST be a case-sensitive string." (RFC 7515 §4.1.4) Any other is not the same
        // as none.
        let kid_is_text = header.get("kid").is_none_or(Value::is_string);
        kid_is_text.then_some(Self { signed, signature, header, claims: object(claims)? })
    }

    /// Of the header; empty where it is absent, or no text.
    pub fn header_text(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Of the claims; empty where it is absent, or no text.
    pub fn claim_text(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

pub(crate) fn or_absent(text: &str) -> &str {
    if text.is_empty() { "absent" } else { text }
}

/// A NumericDate, which may have a fraction (RFC 7519 §2).
pub(crate) fn number(claims: &Map<String, Value>, name: &str) -> Option<f64> {
    claims.get(name)?.as_f64()
}

fn time(claims: &Map<String, Value>, name: &str) -> String {
    match claims.get(name) {
        None => "absent".to_owned(),
        Some(value) => value.as_u64().map_or_else(|| value.to_string(), rfc3339),
    }
}

/// `scope` (RFC 9068 §2.2.3); some authorization servers call it `scp`, and some make it a list.
fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn roles(claims: &Map<String, Value>) -> Option<Vec<String>> {
    let roles = claims.get("realm_access")?["roles"].as_array()?;
    Some(roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_jwt_has_three_parts_of_which_two_are_json_objects() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let good = format!("{}.{}.c2ln", part("{}"), part("{}"));
        assert!(Jwt::split(&good).is_some());
        for bad in [
            String::new(),
            "a".to_owned(),
            "..".to_owned(),
            format!("{}.{}", part("{}"), part("{}")),
            format!("{}.{}.a.b.c", part("{}"), part("{}")),
            format!("{}.{}.s", part("[]"), part("{}")),
            format!("{}.{}.s", part("{}"), part("1")),
            format!("{}=.{}.s", part("{}"), part("{}")),
            format!("{}.{}.s", part("{}"), part("{\"exp\":1e999}")),
            format!("{}.{}.s", part("{\"kid\":7}"), part("{}")),
        ] {
            assert!(Jwt::split(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn scopes_and_roles_are_read_in_the_forms_that_there_are() {
        for (value, expected) in [
            (json!({"scope": "a b"}), &["a", "b"][..]),
            (json!({"scope": ""}), &[]),
            (json!({"scp": ["a", 1, "b"]}), &["a", "b"]),
            (json!({"scp": "a b"}), &["a", "b"]),
            (json!({"scope": "a", "scp": "b"}), &["a"]),
            (json!({"scope": 7}), &[]),
            (json!({}), &[]),
        ] {
            assert_eq!(scopes(&claims(value)), expected);
        }
        assert_eq!(roles(&claims(json!({"realm_access": {"roles": ["r"]}}))), Some(vec!["r".to_owned()]));
        for value in [json!({}), json!({"realm_access": []}), json!({"realm_access": {"roles": "r"}})] {
            assert_eq!(roles(&claims(value)), None);
        }
    }
}
