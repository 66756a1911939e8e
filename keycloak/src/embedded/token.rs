//! The token endpoint (RFC 6749 §3.2): which grant a request is for, and the token response. The
//! grants are in `code_grant.rs`, `refresh_grant.rs` and `further/`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use shared::scope;

use super::access_token::{self, TokenSubject};
use super::client_authentication::authenticate;
use super::clients::IdpClient;
use super::form::FormFields;
use super::further::dpop::CheckedProof;
use super::further::{client_credentials, dpop, token_exchange};
use super::local_tokens::{OFFLINE, REFRESH};
use super::refusal::{IdpRefusal, bad_request, internal_error, invalid_request};
use super::server::IdpServer;
use super::sessions::{RefreshGrant, UserSession};
use super::{code_grant, now, refresh_grant};

/// A token request whose client is known.
pub struct GrantRequest<'a> {
    pub server: &'a IdpServer,
    pub client: IdpClient,
    pub fields: &'a FormFields,
    /// The proof of a key (RFC 9449 §5); it is used when there are tokens for it.
    pub proof: Option<CheckedProof>,
}

impl GrantRequest<'_> {
    /// The thumbprint of the key that the client has proven.
    pub fn key(&self) -> Option<&str> {
        self.proof.as_ref().map(|proof| proof.jkt.as_str())
    }

    /// Takes the proof for this request and no other; the grant is valid by now.
    pub fn use_proof(&self) -> Result<(), IdpRefusal> {
        match &self.proof {
            Some(proof) => dpop::use_once(&self.server.used_proofs, &self.client.client_id, proof, now()),
            None => Ok(()),
        }
    }
}

pub async fn post(State(server): State<Arc<IdpServer>>, headers: HeaderMap, body: String) -> Response {
    let response = respond(&server, &headers, &FormFields::read(&body)).await.map(Json);
    let uncached = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (uncached, response).into_response()
}

async fn respond(server: &IdpServer, headers: &HeaderMap, fields: &FormFields) -> Result<Value, IdpRefusal> {
    let grant_type = fields.get("grant_type").ok_or_else(|| invalid_request("Missing form parameter: grant_type"))?;
    if !["authorization_code", "refresh_token", "client_credentials", token_exchange::GRANT].contains(&grant_type) {
        return Err(bad_request("unsupported_grant_type", "Unsupported grant_type"));
    }
    let client = authenticate(server, headers, fields)?;
    // "Multiple "resource" parameters may be used", and so may "audience" (RFC 8693 §2.1).
    let repeatable = if grant_type == token_exchange::GRANT { &["audience", "resource"][..] } else { &[] };
    fields.check_duplicates_beside(repeatable)?;
    let proof = dpop::check_request(server, headers, &client)?;
    let request = GrantRequest { server, client, fields, proof };
    match grant_type {
        "authorization_code" => code_grant::redeem(&request).await,
        "refresh_token" => refresh_grant::refresh(&request).await,
        token_exchange::GRANT => token_exchange::exchange(&request).await,
        _ => client_credentials::issue(&request).await,
    }
}

/// The tokens that a grant has decided on.
pub struct TokenIssue<'a> {
    pub request: &'a GrantRequest<'a>,
    /// What a refresh token is made of, and the session; `None` where the client acts for itself.
    pub grant: Option<(&'a RefreshGrant, &'a UserSession)>,
    pub scopes: Vec<String>,
    pub audiences: Vec<String>,
}

impl TokenIssue<'_> {
    /// The token response (RFC 6749 §5.1), with the members that Keycloak adds.
    pub async fn response(&self) -> Result<Value, IdpRefusal> {
        let GrantRequest { server, client, .. } = self.request;
        self.request.use_proof()?;
        let session = self.grant.map(|(grant, session)| (grant.part.session.as_str(), session));
        let user = match session {
            Some((_, session)) => server.realm.user(&session.username),
            None => server.realm.service_account(&client.client_id),
        };
        let (scopes, audiences, key) = (self.scopes.as_slice(), self.audiences.as_slice(), self.request.key());
        let subject = TokenSubject { session, user, client, scopes, audiences, key };
        let access_token = subject.access_token(server).await.ok_or_else(internal_error)?;
        let mut response = json!({
            "access_token": access_token,
            "expires_in": server.realm.access_token_lifespan,
            "refresh_expires_in": 0,
            // "A token_type of DPoP MUST be included in the access token response to signal to the
            // client that the access token was bound to its DPoP key" (RFC 9449 §5)
            "token_type": dpop::token_type(key),
            "not-before-policy": 0,
            "scope": access_token::shown_scope(&self.scopes),
        });
        if let Some((grant, _)) = self.grant {
            response["session_state"] = json!(grant.part.session);
            if client.may_use("refresh_token") {
                let (refresh_token, seconds) = self.refresh_token(grant).ok_or_else(internal_error)?;
                response["refresh_token"] = json!(refresh_token);
                response["refresh_expires_in"] = json!(seconds);
            }
            // The scope of the sign-in counts: a refresh for a smaller scope brings an ID token,
            // too.
            if scope::split(&grant.scope).any(|scope| scope == "openid") {
                response["id_token"] = json!(subject.id_token(server).await.ok_or_else(internal_error)?);
            }
        }
        Ok(response)
    }

    /// A new refresh token that replaces the presented one, and the seconds that it lives, 0 for no
    /// end.
    fn refresh_token(&self, grant: &RefreshGrant) -> Option<(String, u64)> {
        let GrantRequest { server, client, .. } = self.request;
        let (issued, idle) = (now(), server.realm.sso_session_idle_timeout);
        let (typ, seconds, exp) = if grant.offline { (OFFLINE, 0, 0) } else { (REFRESH, idle, issued + idle) };
        let (token, claims) = server.local_tokens.make(typ, issued, exp)?;
        // "When an authorization server supporting DPoP issues a refresh token to a public client
        // that presents a valid DPoP proof at the token endpoint, the refresh token MUST be bound
        // to the respective public key." "Refresh tokens issued to confidential clients … are not
        // bound" (RFC 9449 §5).
        let jkt = self.request.key().map(str::to_owned).filter(|_| client.is_public());
        server
            .sessions
            .lock()
            .refresh_tokens
            .insert(claims.jti, RefreshGrant { issued, jkt, used: false, ..grant.clone() });
        Some((token, seconds))
    }
}
