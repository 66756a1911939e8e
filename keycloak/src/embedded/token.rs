//! The token endpoint (RFC 6749 §3.2): turns codes, refresh tokens and a client's own credentials into tokens.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::access_token::{self, Subject};
use super::client_authentication::authenticate;
use super::clients::Client;
use super::sessions::{Code, Granted, Refresh, Session};
use super::tokens::REFRESH;
use super::{Defect, Refusal, Server, described, no_answer, now};

/// Keycloak's sentence for every `resource` that is not the one of before, or none that it knows.
const BAD_RESOURCE: &str = "The requested resource is invalid, missing, unknown, or malformed.";

/// The fields of a request.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A token request.
pub async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Response {
    let fields = Fields(form_urlencoded::parse(body.as_bytes()).into_owned().collect());
    let answer = answer(&server, &headers, &fields).await.map(Json);
    let uncached = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (uncached, answer).into_response()
}

async fn answer(server: &Server, headers: &HeaderMap, fields: &Fields) -> Result<Value, Refusal> {
    let grant_type = fields.get("grant_type").ok_or_else(|| invalid_request("Missing form parameter: grant_type"))?;
    let client = authenticate(server, headers, fields)?;
    match grant_type {
        "authorization_code" => by_code(server, &client, fields).await,
        "refresh_token" => by_refresh_token(server, &client, fields).await,
        "client_credentials" => by_client(server, &client, fields).await,
        _ => Err(described(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant_type")),
    }
}

/// RFC 6749 §4.1.3, RFC 7636 §4.6.
async fn by_code(server: &Server, client: &Client, fields: &Fields) -> Result<Value, Refusal> {
    let presented = fields.get("code").ok_or_else(|| invalid_request("Missing parameter: code"))?;
    let (code, session) = take_code(server, presented)?;
    if code.issued + server.realm.access_code_lifespan < now() {
        return Err(invalid_grant("Code not valid"));
    }
    if code.request.client_id != client.client_id {
        return Err(invalid_grant("Auth error: Found different client_id in clientSession"));
    }
    if fields.get("redirect_uri") != Some(&code.request.redirect_uri) {
        return Err(invalid_grant("Incorrect redirect_uri"));
    }
    check_verifier(&code.request.code_challenge, fields.get("code_verifier"))?;
    let resource = resource(server, code.request.resource.as_deref(), fields.get("resource"))?;

    let user = server.realm.user(&session.username);
    let scopes = access_token::granted_scopes(server, client, user, &code.request.scope);
    let issued =
        Issued { session: Some((&code.session, &session)), client, scopes, resource, nonce: code.request.nonce };
    let answer = issued.answer(server, &code.request.scope).await?;
    let used = Refresh { session: code.session.clone(), client_id: client.client_id.clone() };
    server.sessions.lock().used_codes.insert(presented.to_owned(), used);
    Ok(answer)
}

/// "If an authorization code is used more than once, the authorization server MUST deny the request and SHOULD revoke (when possible)
/// all tokens previously issued based on that authorization code." (RFC 6749 §4.1.2) A code is gone after any use, good or bad.
fn take_code(server: &Server, presented: &str) -> Result<(Code, Session), Refusal> {
    let mut sessions = server.sessions.lock();
    let Some(code) = sessions.codes.remove(presented) else {
        if let Some(used) = sessions.used_codes.get(presented).cloned() {
            sessions.detach(&used.session, &used.client_id);
        }
        return Err(invalid_grant("Code not valid"));
    };
    match sessions.sessions.get(&code.session).cloned() {
        Some(session) => Ok((code, session)),
        None => Err(invalid_grant("Code not valid")),
    }
}

/// BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) == code_challenge (RFC 7636 §4.6)
fn check_verifier(challenge: &str, verifier: Option<&str>) -> Result<(), Refusal> {
    let verifier = verifier.ok_or_else(|| invalid_grant("PKCE code verifier not specified"))?;
    if !is_pkce_value(verifier) {
        return Err(invalid_grant("PKCE verification failed: Invalid code verifier"));
    }
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    match hash == challenge {
        true => Ok(()),
        false => Err(invalid_grant("PKCE verification failed: Code mismatch")),
    }
}

/// A verifier and a challenge have the same form: 43 to 128 unreserved characters (RFC 7636 §4.1, §4.2).
pub fn is_pkce_value(text: &str) -> bool {
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    (43..=128).contains(&text.len()) && text.chars().all(is_unreserved)
}

/// The resource that a token is for, where the feature `resource-indicators` is on; stock Keycloak pays no heed to the parameter.
fn resource(server: &Server, before: Option<&str>, now: Option<&str>) -> Result<Option<String>, Refusal> {
    if server.defect != Some(Defect::ResourceIndicators) {
        return Ok(None);
    }
    match (before, now) {
        (before, None) => Ok(before.map(str::to_owned)),
        (Some(before), Some(now)) if before == now => Ok(Some(now.to_owned())),
        _ => Err(described(
            StatusCode::BAD_REQUEST,
            "invalid_target",
            "The requested resource is not matching the original request.",
        )),
    }
}

/// RFC 6749 §6, with rotation: a refresh token is good for one use, and the use of an old one ends the client's part in the session.
async fn by_refresh_token(server: &Server, client: &Client, fields: &Fields) -> Result<Value, Refusal> {
    let presented = fields.get("refresh_token").ok_or_else(|| invalid_request("No refresh token"))?;
    let claims = server.tokens.read(presented, now()).filter(|claims| claims.typ == REFRESH);
    let claims = claims.ok_or_else(|| invalid_grant("Invalid refresh token"))?;
    let (token, session, granted) = {
        let mut sessions = server.sessions.lock();
        let token = sessions.refresh_tokens.get(&claims.jti).cloned();
        let token = token.ok_or_else(|| invalid_grant("Invalid refresh token"))?;
        if token.client_id != client.client_id {
            return Err(invalid_grant("Invalid refresh token. Token client and authorized client don't match"));
        }
        let session = sessions.sessions.get(&token.session).cloned();
        let session = session.ok_or_else(|| invalid_grant("Session not active"))?;
        let Some(granted) = session.clients.get(&client.client_id).cloned() else {
            return Err(invalid_grant("Session doesn't have required client"));
        };
        if granted.refresh != claims.jti {
            sessions.detach(&token.session, &client.client_id);
            return Err(invalid_grant("Maximum allowed refresh token reuse exceeded"));
        }
        (token, session, granted)
    };
    // "The requested scope MUST NOT include any scope not originally granted by the resource owner" (RFC 6749 §6)
    let scope = fields.get("scope").unwrap_or(&granted.scope);
    if !scope.split(' ').all(|scope| granted.scope.split(' ').any(|known| known == scope)) {
        return Err(described(StatusCode::BAD_REQUEST, "invalid_scope", &format!("Invalid scopes: {scope}")));
    }
    let resource = resource(server, granted.resource.as_deref(), fields.get("resource"))?;
    let user = server.realm.user(&session.username);
    let scopes = access_token::granted_scopes(server, client, user, scope);
    let issued = Issued { session: Some((&token.session, &session)), client, scopes, resource, nonce: None };
    issued.answer(server, &granted.scope).await
}

/// RFC 6749 §4.4: the client acts for itself. It has no roles in this realm, so it gets no scope that needs one.
async fn by_client(server: &Server, client: &Client, fields: &Fields) -> Result<Value, Refusal> {
    let unauthorized = |sentence| described(StatusCode::UNAUTHORIZED, "unauthorized_client", sentence);
    if client.secret.is_none() && !client.signs() {
        return Err(unauthorized("Public client not allowed to retrieve service account"));
    }
    if !client.grant_types.iter().any(|grant| grant == "client_credentials") {
        return Err(unauthorized("Client not enabled to retrieve service account"));
    }
    let scope = fields.get("scope").unwrap_or_default();
    let known = |scope: &str| scope == "openid" || client.optional_scopes.iter().any(|optional| optional == scope);
    if !scope.split(' ').filter(|scope| !scope.is_empty()).all(known) {
        return Err(described(StatusCode::BAD_REQUEST, "invalid_scope", &format!("Invalid scopes: {scope}")));
    }
    let scopes = access_token::granted_scopes(server, client, None, scope);
    Issued { session: None, client, scopes, resource: None, nonce: None }.answer(server, scope).await
}

/// What is about to be given out.
struct Issued<'a> {
    session: Option<(&'a str, &'a Session)>,
    client: &'a Client,
    scopes: Vec<String>,
    resource: Option<String>,
    nonce: Option<String>,
}

impl Issued<'_> {
    /// The token response (RFC 6749 §5.1), with Keycloak's additions. `granted` is what the user gave, for later refreshes.
    async fn answer(&self, server: &Server, granted: &str) -> Result<Value, Refusal> {
        let audiences = self.audiences(server)?;
        let user = self.session.and_then(|(_, session)| server.realm.user(&session.username));
        let subject =
            Subject { session: self.session, user, client: self.client, scopes: &self.scopes, audiences: &audiences };
        let access_token = subject.access_token(server).await.ok_or_else(no_answer)?;
        let mut answer = json!({
            "access_token": access_token,
            "expires_in": server.realm.access_token_lifespan,
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": access_token::shown_scope(&self.scopes),
        });
        if let Some((sid, _)) = self.session {
            answer["session_state"] = json!(sid);
            if self.client.grant_types.iter().any(|grant| grant == "refresh_token") {
                let (refresh_token, seconds) = self.refresh_token(server, sid, granted).ok_or_else(no_answer)?;
                answer["refresh_token"] = json!(refresh_token);
                answer["refresh_expires_in"] = json!(seconds);
            }
            if self.scopes.iter().any(|scope| scope == "openid") {
                let id_token = subject.id_token(server, &access_token, self.nonce.as_deref()).await;
                answer["id_token"] = json!(id_token.ok_or_else(no_answer)?);
            }
        }
        Ok(answer)
    }

    /// What the scopes bring; with a resource, that one alone, if the scopes bring its server (Keycloak filters, and never adds).
    fn audiences(&self, server: &Server) -> Result<Vec<String>, Refusal> {
        let audiences = access_token::audiences(server, &self.scopes);
        let Some(resource) = &self.resource else { return Ok(audiences) };
        let server_of = server.clients.by_resource_url(resource);
        match server_of.is_some_and(|client| audiences.contains(&client.client_id)) {
            true => Ok(vec![resource.clone()]),
            false => Err(described(StatusCode::BAD_REQUEST, "invalid_target", BAD_RESOURCE)),
        }
    }

    /// A new refresh token, which replaces the client's last one in this session; and the seconds that it lives, 0 for no end.
    fn refresh_token(&self, server: &Server, sid: &str, granted: &str) -> Option<(String, u64)> {
        let offline = self.scopes.iter().any(|scope| scope == "offline_access");
        let seconds = if offline { 0 } else { server.realm.sso_session_idle_timeout };
        let exp = if offline { 0 } else { now() + seconds };
        let (token, claims) = server.tokens.make(REFRESH, now(), exp)?;
        let mut sessions = server.sessions.lock();
        let known = Refresh { session: sid.to_owned(), client_id: self.client.client_id.clone() };
        sessions.refresh_tokens.insert(claims.jti.clone(), known);
        let session = sessions.sessions.get_mut(sid)?;
        let granted = Granted { refresh: claims.jti, scope: granted.to_owned(), resource: self.resource.clone() };
        session.clients.insert(self.client.client_id.clone(), granted);
        Some((token, seconds))
    }
}

fn invalid_request(description: &str) -> Refusal {
    described(StatusCode::BAD_REQUEST, "invalid_request", description)
}

fn invalid_grant(description: &str) -> Refusal {
    described(StatusCode::BAD_REQUEST, "invalid_grant", description)
}
