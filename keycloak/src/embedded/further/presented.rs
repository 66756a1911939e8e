//! What a presented token is: which kind, which client has it, and whether its session is still
//! there.

use serde_json::Value;

use super::dpop;
use crate::embedded::now;
use crate::embedded::server::IdpServer;
use crate::embedded::sessions::{RefreshGrant, SessionPart, UserSession};

/// An access token or a refresh token that this realm made, valid or not.
pub enum PresentedToken {
    /// The claims of an access token.
    Access(Value),
    Refresh(RefreshGrant),
}

/// Reads a token; `None` where it is not one of these.
pub async fn read(server: &IdpServer, token: &str) -> Option<PresentedToken> {
    if let Some(claims) = server.local_tokens.read(token, now()) {
        let known = server.sessions.lock().refresh_tokens.get(&claims.jti).cloned();
        return known.map(PresentedToken::Refresh);
    }
    let claims = server.keys.verified(token).await.filter(|claims| claims["iss"] == server.issuer)?;
    let is_access = claims["typ"] == "Bearer" || claims["typ"] == dpop::TOKEN_TYPE;
    is_access.then_some(PresentedToken::Access(claims))
}

impl PresentedToken {
    /// The client that it was issued to.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Access(claims) => claims["azp"].as_str(),
            Self::Refresh(token) => Some(&token.part.client_id),
        }
    }

    /// Whether the client still has its part in the token's session. A client that acts for itself
    /// needs none.
    pub fn has_session(&self, server: &IdpServer) -> bool {
        let sessions = server.sessions.lock();
        match self {
            Self::Access(claims) => {
                let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
                let part = SessionPart { session: text("sid"), client_id: text("azp") };
                let issued = claims["iat"].as_u64().unwrap_or_default();
                // An exchanged token belongs to the session, in which its holder has no part.
                claims["sid"].is_null()
                    || sessions.holds(&part, issued)
                    || server.exchanged.contains(&text("jti")) && sessions.sessions.contains_key(&part.session)
            }
            Self::Refresh(token) => sessions.holds(&token.part, token.issued),
        }
    }
}

/// Whether an access token with these claims is valid now, as far as its own times and its
/// revocation say.
pub fn is_valid_now(server: &IdpServer, claims: &Value) -> bool {
    let now = now();
    let is_alive = claims["exp"].as_u64().is_some_and(|exp| exp > now);
    let is_early = claims["nbf"].as_u64().is_some_and(|nbf| nbf > now);
    let is_revoked = server.revoked.contains(claims["jti"].as_str().unwrap_or_default());
    is_alive && !is_early && !is_revoked
}

/// The session that an access token with these claims belongs to; `None` where a client acts for
/// itself.
pub fn session_of(server: &IdpServer, claims: &Value) -> Option<UserSession> {
    server.sessions.lock().sessions.get(&claims["sid"].as_str()?.to_owned()).cloned()
}
