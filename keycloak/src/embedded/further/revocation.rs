//! Token revocation (RFC 7009).
//!
//! Left out: pages of other origins, which Keycloak accepts if the client's web origins name them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::presented::{self, PresentedToken};
use crate::embedded::client_authentication::authenticate;
use crate::embedded::clients::IdpClient;
use crate::embedded::form::FormFields;
use crate::embedded::now;
use crate::embedded::refusal::{IdpRefusal, described, invalid_request};
use crate::embedded::server::IdpServer;

/// Ignores `token_type_hint`: "an authorization server MAY ignore this parameter" (RFC 7009 §2.1).
pub async fn post(
    State(server): State<Arc<IdpServer>>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, IdpRefusal> {
    let fields = FormFields::read(&body);
    // "The authorization server first validates the client credentials (in case of a confidential
    // client) and then verifies whether the token was issued to the client making the revocation
    // request." (RFC 7009 §2.1)
    let client = authenticate(&server, &headers, &fields)?;
    fields.check_duplicates_beside(&[])?;
    let token = fields.get("token").ok_or_else(|| invalid_request("Token not provided"))?;
    let token = presented::read(&server, token).await.ok_or_else(invalid_token)?;
    // "If this validation fails, the request is refused and the client is informed of the error by
    // the authorization server" (RFC 7009 §2.1)
    if token.client_id() != Some(&client.client_id) {
        return Err(invalid_request("Unmatching clients"));
    }
    if !token.has_session(&server) {
        return Err(invalid_token());
    }
    revoke(&server, &client, &token)?;
    Ok(StatusCode::OK.into_response())
}

fn revoke(server: &IdpServer, client: &IdpClient, token: &PresentedToken) -> Result<(), IdpRefusal> {
    match token {
        // "If the particular token is a refresh token and the authorization server supports the
        // revocation of access tokens, then the authorization server SHOULD also invalidate all
        // access tokens based on the same authorization grant" (RFC 7009 §2.1)
        PresentedToken::Refresh(token) => server.sessions.lock().end(&token.part),
        // "If the token passed to the request is an access token, the server MAY revoke the
        // respective refresh token as well." (RFC 7009 §2.1) Keycloak does not.
        PresentedToken::Access(claims) => {
            let (jti, exp) = (claims["jti"].as_str(), claims["exp"].as_u64());
            // HTTP 503, where there is no room for it, says that the token still exists (RFC 7009
            // §2.2.1).
            server.revoked.insert(&client.client_id, jti.unwrap_or_default(), exp.unwrap_or_default(), now())?;
        }
    }
    Ok(())
}

/// "invalid tokens do not cause an error response since the client cannot handle such an error in a
/// reasonable way" (RFC 7009 §2.2). Keycloak responds with 200, and yet with an error in the body.
fn invalid_token() -> IdpRefusal {
    described(StatusCode::OK, "invalid_token", "Invalid token")
}
