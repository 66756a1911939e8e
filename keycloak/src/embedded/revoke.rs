//! Token revocation (RFC 7009).
//!
//! Left out: pages of other origins, which Keycloak lets ask where the client's web origins have
//! them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::client_authentication::authenticate;
use super::presented::{self, Presented};
use super::token::{Fields, invalid_request};
use super::{Refusal, Server, described};

/// A revocation request. `token_type_hint` is not looked at: "an authorization server MAY ignore
/// this parameter" (RFC 7009 §2.1).
pub async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Result<Response, Refusal> {
    let fields = Fields::read(&body);
    // "The authorization server first validates the client credentials (in case of a confidential
    // client) and then verifies whether the token was issued to the client making the revocation
    // request." (RFC 7009 §2.1)
    let client = authenticate(&server, &headers, &fields)?;
    fields.check_duplicates()?;
    let token = fields.get("token").ok_or_else(|| invalid_request("Token not provided"))?;
    let token = presented::read(&server, token).await.ok_or_else(invalid_token)?;
    if matches!(token, Presented::Id(_) | Presented::Other) {
        // "unsupported_token_type: The authorization server does not support the revocation of the
        // presented token type." (RFC 7009 §2.2.1)
        return Err(described(StatusCode::BAD_REQUEST, "unsupported_token_type", "Unsupported token type"));
    }
    // "If this validation fails, the request is refused and the client is informed of the error by
    // the authorization server" (RFC 7009 §2.1)
    if token.client_id() != Some(&client.client_id) {
        return Err(invalid_request("Unmatching clients"));
    }
    if !token.holds(&server) {
        return Err(invalid_token());
    }
    end(&server, &token);
    Ok(StatusCode::OK.into_response())
}

fn end(server: &Server, token: &Presented) {
    let mut sessions = server.sessions.lock();
    match token {
        // "If the particular token is a refresh token and the authorization server supports the
        // revocation of access tokens, then the authorization server SHOULD also invalidate all
        // access tokens based on the same authorization grant" (RFC 7009 §2.1)
        Presented::Refresh(_, token) => sessions.end(&token.part),
        // "If the token passed to the request is an access token, the server MAY revoke the
        // respective refresh token as well." (RFC 7009 §2.1) Keycloak does not.
        Presented::Access(claims) => {
            let (jti, exp) = (claims["jti"].as_str(), claims["exp"].as_u64());
            sessions.revoke(jti.unwrap_or_default(), exp.unwrap_or_default());
        }
        Presented::Id(_) | Presented::Other => {}
    }
}

/// "invalid tokens do not cause an error response since the client cannot handle such an error in a
/// reasonable way" (RFC 7009 §2.2): Keycloak answers 200, and yet with an error in the body.
fn invalid_token() -> Refusal {
    described(StatusCode::OK, "invalid_token", "Invalid token")
}
