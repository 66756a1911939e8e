//! The client credentials grant (RFC 6749 §4.4): the client acts for itself. The realm file gives
//! roles to its account. A client that registered itself has no account, and gets no scope that
//! needs a role.

use axum::http::StatusCode;
use serde_json::Value;
use shared::scope;

use crate::embedded::access_token;
use crate::embedded::refusal::{IdpRefusal, described, invalid_scope};
use crate::embedded::token::{GrantRequest, TokenIssue};

pub async fn issue(request: &GrantRequest<'_>) -> Result<Value, IdpRefusal> {
    let GrantRequest { server, client, fields, .. } = request;
    // "The client credentials grant type MUST only be used by confidential clients." (RFC 6749
    // §4.4)
    if client.is_public() || !client.may_use("client_credentials") {
        let sentence = "Client not enabled to retrieve service account";
        return Err(described(StatusCode::UNAUTHORIZED, "unauthorized_client", sentence));
    }
    let scope = fields.get("scope").unwrap_or_default();
    if !scope::split(scope).all(|scope| client.may_request_for_itself(scope)) {
        return Err(invalid_scope(scope));
    }
    let account = server.realm.service_account(&client.client_id);
    let scopes = access_token::granted_scopes(server, client, account, scope);
    let audiences = access_token::audiences(server, client, account, &scopes);
    TokenIssue { request, grant: None, scopes, audiences }.response().await
}
