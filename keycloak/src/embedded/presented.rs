//! What a token is that somebody presents: whose, of which kind, and whether its session still
//! stands.

use serde_json::Value;

use super::sessions::{Part, Refresh, Session};
use super::tokens::{ADMINISTRATION, Claims, OFFLINE, REFRESH};
use super::{Server, dpop, now};

/// A token that this realm made, whatever has become of it since.
pub enum Presented {
    /// An access token, with its claims.
    Access(Value),
    /// An ID token, with its claims.
    Id(Value),
    /// A refresh token, with its claims.
    Refresh(Claims, Refresh),
    /// One for registration.
    Other,
}

/// Reads a token; `None` where this realm did not make it, or knows its key no more.
pub async fn read(server: &Server, token: &str) -> Option<Presented> {
    if let Some(claims) = server.tokens.read(token, now()) {
        return match claims.typ.as_str() {
            REFRESH | OFFLINE => {
                let known = server.sessions.lock().refresh_tokens.get(&claims.jti).cloned();
                known.map(|known| Presented::Refresh(claims, known))
            }
            // The administrator's is from the realm `master`.
            ADMINISTRATION => None,
            _ => Some(Presented::Other),
        };
    }
    let claims = server.keys.verified(token).await.filter(|claims| claims["iss"] == server.issuer)?;
    let is_access = claims["typ"] == "Bearer" || claims["typ"] == dpop::TOKEN_TYPE;
    Some(if is_access { Presented::Access(claims) } else { Presented::Id(claims) })
}

impl Presented {
    /// The client that it was given to.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Access(claims) | Self::Id(claims) => claims["azp"].as_str(),
            Self::Refresh(_, token) => Some(&token.part.client_id),
            Self::Other => None,
        }
    }

    /// Whether the client still has the part in a session that this token stands for. A client that
    /// acts for itself needs none.
    pub fn holds(&self, server: &Server) -> bool {
        let sessions = server.sessions.lock();
        match self {
            Self::Access(claims) | Self::Id(claims) => {
                let issued = claims["iat"].as_u64().unwrap_or_default();
                // What was exchanged belongs to the session, in which its holder has no part.
                if claims["jti"].as_str().is_some_and(|jti| sessions.exchanged.contains_key(jti)) {
                    return sessions.any_session(claims["sid"].as_str().unwrap_or_default()).is_some();
                }
                parts(claims).is_none_or(|parts| parts.iter().any(|part| sessions.holds(part, issued)))
            }
            Self::Refresh(_, token) => sessions.holds(&token.part, token.issued),
            Self::Other => false,
        }
    }
}

/// The session that a token with these claims belongs to; whether it still does,
/// [`Presented::holds`] tells.
pub fn session_of(server: &Server, claims: &Value) -> Option<Session> {
    let sessions = server.sessions.lock();
    let of_part = parts(claims)?.iter().find_map(|part| sessions.session(part).cloned());
    of_part.or_else(|| sessions.any_session(claims["sid"].as_str()?).cloned())
}

/// What a token with these claims can belong to; `None` where a client acts for itself.
fn parts(claims: &Value) -> Option<[Part; 2]> {
    let session = claims["sid"].as_str()?.to_owned();
    let client_id = claims["azp"].as_str()?.to_owned();
    let part = Part { session, client_id, offline: false };
    Some([part.clone(), Part { offline: true, ..part }])
}
