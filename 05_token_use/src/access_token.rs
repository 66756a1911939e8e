//! The access token, checked: RFC 9068 §4, <https://www.rfc-editor.org/rfc/rfc9068#section-4>, and
//! RFC 8725. [`Verifier::verify`] reads from top to bottom as the list of checks.
//!
//! **Left out on purpose: `aud`.** A token that was issued for another server is accepted here.
//! Lesson 06 closes that. Left out besides: tokens that are encrypted, and tokens that only the
//! authorization server can read (they are introspected, RFC 7662).

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use jsonwebtoken::Algorithm::{self, ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
use jsonwebtoken::crypto;
use serde_json::{Map, Value};
use shared::http::Http;
use shared::reach::Reach;
use shared::{Failure, Reporter};

use crate::further::candidate_keys::{Key, MAX_TRIES, NamedKey};
use crate::further::key_rotation::Limits;
use crate::further::options::CheckOptions;
use crate::further::token_advice::{self, time, wrong_time};
use crate::jwks::Jwks;
use crate::jwt::{Jwt, is_ahead, is_behind, number, or_absent, roles, scopes};
use crate::refusal::{Checks, Refusal, RefusalKind};
use crate::rules;

/// Algorithms with a public and a private key. With a shared secret (HS256) a server that verifies
/// could sign.
const ALGORITHMS: &[Algorithm] = &[RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA];

/// What the check of the key requires.
pub(crate) const KNOWN_KEY: &str = "the authorization server publishes this key";

const MALFORMED: RefusalKind =
    RefusalKind::InvalidToken(Cow::Borrowed("The token is not a JWT that this server understands"));

/// An access token that passed every check.
pub struct AccessToken {
    /// Its claims.
    pub claims: Map<String, Value>,
    /// What it allows.
    pub scopes: Vec<String>,
    /// The user's roles, where the token tells them (Keycloak's claim `realm_access`).
    pub roles: Option<Vec<String>>,
    /// The key that verified it.
    pub key: Arc<Key>,
}

impl AccessToken {
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
        let reach = Reach::of_operator(issuer);
        let http = Http::new(reporter.clone(), reach)?.within(KEYS_SECONDS);
        let keys = Arc::new(Jwks::new(http, issuer, limits));
        Ok(Self { issuer: issuer.to_owned(), keys, header_types: options.accept_typ.clone(), audience: None })
    }

    /// The checks, one after the other.
    pub async fn verify(&self, checks: &Checks<'_>, token: &str) -> Result<AccessToken, Refusal> {
        // "If any of the listed steps fail, then the JWT MUST be rejected" (RFC 7519 §7.2)
        let jwt = Jwt::split(token);
        let expected = "the token is a signed JWT: JSON header, JSON claims, signature";
        let seen = if jwt.is_some() { "it is a signed JWT" } else { "it is not a signed JWT" };
        let kind = RefusalKind::InvalidToken(token_advice::not_a_jwt(token).into());
        let jwt = checks.require_some(&rules::JWT, jwt, expected, seen, kind);
        let jwt = jwt.map_err(|refusal| refusal.with_fix(token_advice::ISSUE_JWTS))?;

        let algorithm = check_header(checks, &jwt)?;
        let key = self.check_signature(checks, &jwt, algorithm).await?;
        self.check_claims(checks, &jwt)?;
        Ok(AccessToken { scopes: scopes(&jwt.claims), roles: roles(&jwt.claims), claims: jwt.claims, key })
    }

    /// The key that the token is signed with.
    async fn check_signature(
        &self,
        checks: &Checks<'_>,
        jwt: &Jwt<'_>,
        algorithm: Algorithm,
    ) -> Result<Arc<Key>, Refusal> {
        // "The resource server MUST use the keys provided by the authorization server." (RFC 9068
        // §4)
        let named = NamedKey { kid: jwt.header.get("kid").and_then(Value::as_str), algorithm };
        let keys = self.keys.find(named).await?;
        checks.require(&rules::KEY, true, KNOWN_KEY, named, MALFORMED)?;

        // "each key MUST be used with exactly one algorithm" (RFC 8725 §3.1)
        let keys: Vec<_> = keys.into_iter().filter(|key| key.is_for(algorithm)).take(MAX_TRIES).collect();
        let kind = RefusalKind::InvalidToken("The token's algorithm is not the algorithm of its key".into());
        let seen = jwt.header_text("alg");
        checks.require(&rules::KEY_ALGORITHM, !keys.is_empty(), "the key is for this alg", seen, kind)?;

        // "The resource server MUST validate the signature of all incoming JWT access tokens" (RFC
        // 9068 §4)
        let verifies = |key: &Arc<Key>| crypto::verify(jwt.signature, jwt.signed.as_bytes(), &key.decoding, algorithm);
        let key = keys.iter().find(|key| verifies(key).unwrap_or(false)).cloned();
        let seen = match (&key, keys.len()) {
            (Some(_), _) => "it matches the key".to_owned(),
            (None, 1) => "it does not match the key".to_owned(),
            (None, number) => format!("it matches none of the {number} candidate keys"),
        };
        let kind = RefusalKind::InvalidToken("The token's signature is wrong".into());
        checks.require_some(&rules::SIGNATURE, key, "the signature matches the key", seen, kind)
    }

    /// All that is wrong with the claims is reported at once.
    fn check_claims(&self, checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<(), Refusal> {
        // "The issuer identifier … MUST exactly match the value of the "iss" claim." (RFC 9068 §4)
        let iss = jwt.claim_text("iss");
        let expected = format_args!("iss is {}", self.issuer);
        let kind = RefusalKind::InvalidToken("The token is from another authorization server".into());
        let issuer = checks.require(&rules::ISSUER, iss == self.issuer, expected, or_absent(iss), kind);

        // "sub REQUIRED" (RFC 9068 §2.2)
        let sub = jwt.claim_text("sub");
        let kind = RefusalKind::InvalidToken("The token has no user (sub)".into());
        let subject = checks.require(&rules::SUBJECT, !sub.is_empty(), "sub names the user", or_absent(sub), kind);
        let subject = subject.map_err(|refusal| refusal.with_fix(token_advice::ADD_SUB));

        // "MCP servers MUST validate that access tokens were issued specifically for them as the
        // intended audience" (MCP 2026-07-28, Token Handling). NOT DONE IN THIS LESSON: its server
        // does not look at aud, says so with every request, and the last stage shows what comes of
        // it.
        let audience = self.audience.as_ref().map_or(Ok(()), |check| check(checks, &jwt.claims));
        Refusal::of_all([self.check_type(checks, jwt), issuer, check_times(checks, jwt), subject, audience])
    }

    /// "The resource server MUST verify that the "typ" header value is "at+jwt" or
    /// "application/at+jwt"" (RFC 9068 §4). Keycloak writes "JWT" instead, and Bearer (or DPoP, of
    /// a token that is bound to a key) into a claim typ; its ID tokens have ID there.
    fn check_type(&self, checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<(), Refusal> {
        let [in_header, in_claims] = [jwt.header_text("typ"), jwt.claim_text("typ")].map(or_absent);
        let taken: String = self.header_types.iter().map(|typ| format!(" or {typ:?} (--accept-typ)")).collect();
        let expected = format!("typ is at+jwt{taken}, or JWT with the claim typ Bearer or DPoP (Keycloak)");
        let seen = format_args!("{in_header}, and the claim typ {in_claims}");
        let kind = RefusalKind::InvalidToken(token_advice::other_type(jwt).into());
        let passed = checks.require(&rules::TYPE, self.is_access_token(jwt), expected, seen, kind);
        passed.map_err(|refusal| refusal.with_fix(token_advice::ACCEPT_TYP))
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

/// "If any of the listed extension Header Parameters are not understood and supported by the
/// recipient, then the JWS is invalid." (RFC 7515 §4.1.11) This one understands none.
fn check_header(checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<Algorithm, Refusal> {
    let extensions = jwt.header.get("crit").map_or("none".to_owned(), Value::to_string);
    let has_none = !jwt.header.contains_key("crit");
    checks.require(&rules::NO_EXTENSIONS, has_none, "the token has no critical extensions", extensions, MALFORMED)?;

    // "The resource server MUST reject any JWT in which the value of "alg" is "none"." (RFC 9068
    // §4) What is not on the list is not used.
    let name = jwt.header_text("alg");
    let expected = "alg is RS, PS, ES or EdDSA: an algorithm with a public key";
    let kind =
        RefusalKind::InvalidToken("The token is signed with an algorithm that this server does not accept".into());
    checks.require_some(&rules::ALGORITHM, algorithm(name), expected, name, kind)
}

/// "The current time MUST be before the time represented by the "exp" claim." (RFC 9068 §4) And
/// "the time before which the JWT MUST NOT be accepted for processing" (RFC 7519 §4.1.5), which is
/// optional.
fn check_times(checks: &Checks<'_>, jwt: &Jwt<'_>) -> Result<(), Refusal> {
    let is_there = |name| jwt.claims.contains_key(name);
    let is = |name, fits: fn(f64) -> bool| number(&jwt.claims, name).is_some_and(fits);
    let check = |rule, name, passed, expected, otherwise: &'static str| {
        let seen = if passed { time(&jwt.claims, name) } else { wrong_time(&jwt.claims, name) };
        let faulty = token_advice::faulty_time(&jwt.claims, name);
        let kind = RefusalKind::InvalidToken(faulty.unwrap_or(otherwise).into());
        let fix = if faulty.is_none() { token_advice::SET_CLOCKS } else { "" };
        checks.require(rule, passed, expected, seen, kind).map_err(|refusal| refusal.with_fix(fix))
    };
    let (begun, lasts) = (!is_there("nbf") || is("nbf", is_behind), is("exp", is_ahead));
    let issued = !is_there("iat") || is("iat", |_| true);
    token_advice::note_future_issue(checks, &jwt.claims);
    Refusal::of_all([
        check(&rules::EXPIRY, "exp", lasts, "exp is in the future", "The token has expired"),
        check(&rules::NOT_BEFORE, "nbf", begun, "nbf, if present, is in the past", "The token is not valid yet"),
        check(&rules::ISSUED_AT, "iat", issued, "iat, if present, is a number", "The token's iat is not a number"),
    ])
}
