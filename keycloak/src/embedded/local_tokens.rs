//! Tokens that only this authorization server reads: for registration, for a client's entry, for a
//! refresh, for the administrator. Like Keycloak's, they are JWTs signed with a key that nobody
//! else has (HS512).

use ring::hmac::{self, HMAC_SHA512};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jws::{self, Jws};
use super::random;

/// How these tokens are signed (RFC 7518 §3.2).
const ALGORITHM: &str = "HS512";

// Keycloak's names for what a token is for.
pub const INITIAL_ACCESS: &str = "InitialAccessToken";
pub const REGISTRATION_ACCESS: &str = "RegistrationAccessToken";
pub const REFRESH: &str = "Refresh";
pub const OFFLINE: &str = "Offline";
pub const ADMINISTRATION: &str = "Bearer";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalClaims {
    /// Seconds since 1970; 0 for a token that does not expire.
    pub exp: u64,
    pub iat: u64,
    pub jti: String,
    pub iss: String,
    pub aud: String,
    pub typ: String,
}

pub struct LocalTokens {
    issuer: String,
    /// `None` where the system has no randomness: then no token is made, and none is accepted.
    key: Option<hmac::Key>,
}

impl LocalTokens {
    /// A new key for the realm with this issuer.
    pub fn new(issuer: &str) -> Self {
        let key = random::bytes::<64>().map(|bytes| hmac::Key::new(HMAC_SHA512, &bytes));
        Self { issuer: issuer.to_owned(), key }
    }

    /// Makes a token; `None` where the system has no randomness.
    pub fn make(&self, typ: &str, iat: u64, exp: u64) -> Option<(String, LocalClaims)> {
        let claims = LocalClaims {
            exp,
            iat,
            jti: random::uuid()?,
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            typ: typ.to_owned(),
        };
        Some((self.sign(&claims)?, claims))
    }

    /// The same token once more.
    pub fn sign(&self, claims: &LocalClaims) -> Option<String> {
        self.write(&serde_json::to_value(claims).ok()?)
    }

    fn write(&self, claims: &Value) -> Option<String> {
        let key = self.key.as_ref()?;
        let header = json!({"typ": "JWT", "alg": ALGORITHM});
        jws::write(&header, claims, |input| Some(hmac::sign(key, input).as_ref().to_vec()))
    }

    /// Text that only this realm can have written: it comes back as it was.
    pub fn seal(&self, content: &Value) -> Option<String> {
        self.write(&json!({"sealed": content}))
    }

    /// What [`Self::seal`] has sealed.
    pub fn unseal(&self, token: &str) -> Option<Value> {
        self.verified(token).map(|mut claims| claims["sealed"].take())
    }

    /// Reads a token that this realm made and that has not expired.
    pub fn read(&self, token: &str, now: u64) -> Option<LocalClaims> {
        let claims: LocalClaims = serde_json::from_value(self.verified(token)?).ok()?;
        let is_ours = claims.iss == self.issuer && claims.aud == self.issuer;
        (is_ours && (claims.exp == 0 || claims.exp > now)).then_some(claims)
    }

    fn verified(&self, token: &str) -> Option<Value> {
        let jws = Jws::read(token).filter(|jws| jws.algorithm() == Some(ALGORITHM))?;
        hmac::verify(self.key.as_ref()?, jws.signing_input.as_bytes(), &jws.signature).ok()?;
        Some(jws.claims)
    }
}

#[cfg(test)]
mod tests;
