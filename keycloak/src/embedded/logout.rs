//! A client ends the session that its refresh token belongs to: Keycloak's own, older than OpenID
//! Connect's logout.
//!
//! Left out: OpenID Connect RP-Initiated Logout, by which the browser does it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::client_authentication::authenticate;
use super::token::{Fields, invalid_grant, invalid_request, refresh_token_of};
use super::{Refusal, Server, dpop};

/// A POST with a client's refresh token, be it used up or not.
pub async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Result<Response, Refusal> {
    let fields = Fields::read(&body);
    // Without one Keycloak shows a page, on which the user agrees.
    let token = fields.get("refresh_token").ok_or_else(|| invalid_request("No refresh token"))?;
    let client = authenticate(&server, &headers, &fields)?;
    let id = refresh_token_of(&server, &client, token)?;
    let mut sessions = server.sessions.lock();
    if let Some(token) = sessions.refresh_tokens.get(&id).cloned() {
        // Keycloak looks for no proof here, and yet wants one.
        dpop::check_binding(token.jkt.as_deref(), None).map_err(invalid_grant)?;
        sessions.log_out(&token.part);
    }
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-cache")]).into_response())
}
