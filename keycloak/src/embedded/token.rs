//! The token endpoint (RFC 6749 §3.2): turns codes, refresh tokens and a client's own credentials
//! into tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::access_token::{self, Subject};
use super::client_authentication::authenticate;
use super::clients::Client;
use super::sessions::{Code, Part, REUSED, Refresh, STALE, Session};
use super::tokens::{OFFLINE, REFRESH};
use super::{Defect, Refusal, Server, described, dpop, no_answer, now, random, token_exchange};
use crate::realm::User;

/// Keycloak's sentence for every `resource` that is not the one of before, or none that it knows.
const BAD_RESOURCE: &str = "The requested resource is invalid, missing, unknown, or malformed.";

/// The fields of a request.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Those of a form.
    pub fn read(body: &str) -> Self {
        Self(form_urlencoded::parse(body.as_bytes()).into_owned().collect())
    }

    /// "Request and response parameters MUST NOT be included more than once." (RFC 6749 §3.2)
    pub fn check_duplicates(&self) -> Result<(), Refusal> {
        self.check_duplicates_but(&[])
    }

    /// The same, but for these.
    pub fn check_duplicates_but(&self, repeatable: &[&str]) -> Result<(), Refusal> {
        let is_twice = |name: &String| self.all(name).count() > 1;
        match self.0.iter().any(|(name, _)| !repeatable.contains(&name.as_str()) && is_twice(name)) {
            true => Err(invalid_request("duplicated parameter")),
            false => Ok(()),
        }
    }

    /// All of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }
}

/// A token request.
pub async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Response {
    let fields = Fields::read(&body);
    let answer = answer(&server, &headers, &fields).await.map(Json);
    let uncached = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (uncached, answer).into_response()
}

async fn answer(server: &Server, headers: &HeaderMap, fields: &Fields) -> Result<Value, Refusal> {
    let grant_type = fields.get("grant_type").ok_or_else(|| invalid_request("Missing form parameter: grant_type"))?;
    if !["authorization_code", "refresh_token", "client_credentials", token_exchange::GRANT].contains(&grant_type) {
        return Err(described(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant_type"));
    }
    let client = authenticate(server, headers, fields)?;
    // "Multiple "resource" parameters may be used", and so may "audience" (RFC 8693 §2.1).
    let repeatable = if grant_type == token_exchange::GRANT { &["audience", "resource"][..] } else { &[] };
    fields.check_duplicates_but(repeatable)?;
    let key = dpop::proven_key(server, headers, &client)?;
    let key = key.as_deref();
    match grant_type {
        "authorization_code" => by_code(server, &client, fields, key).await,
        "refresh_token" => by_refresh_token(server, &client, fields, key).await,
        token_exchange::GRANT => token_exchange::exchange(server, &client, fields, key).await,
        _ => by_client(server, &client, fields, key).await,
    }
}

/// RFC 6749 §4.1.3, RFC 7636 §4.6.
async fn by_code(server: &Server, client: &Client, fields: &Fields, key: Option<&str>) -> Result<Value, Refusal> {
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
    dpop::check_code(code.request.dpop_jkt.as_deref(), key)?;
    let resource = resource(server, code.request.resource.as_deref(), fields.get("resource"))?;

    let user = server.realm.user(&session.username);
    let scopes = access_token::granted_scopes(server, client, user, &code.request.scope);
    let audiences = audiences(server, client, user, &scopes, resource.as_deref())?;
    let offline = scopes.iter().any(|scope| scope == "offline_access");
    let part = Part { session: code.session, client_id: client.client_id.clone(), offline };
    let sign_in = random::uuid().ok_or_else(no_answer)?;
    let issued = now();
    let before = Refresh { part: part.clone(), issued, sign_in, scope: code.request.scope, resource, jkt: None };
    let session = {
        let mut sessions = server.sessions.lock();
        let session = sessions.join(&part, code.request.identity.is_none());
        sessions.used_codes.insert(presented.to_owned(), part);
        session.ok_or_else(|| invalid_grant("Code not valid"))?
    };
    let grant = Some((&before, &session));
    Issued { grant, client, scopes, audiences, nonce: code.request.nonce, key }.answer(server).await
}

/// "If an authorization code is used more than once, the authorization server MUST deny the request
/// and SHOULD revoke (when possible) all tokens previously issued based on that authorization
/// code." (RFC 6749 §4.1.2) A code is gone after any use, good or bad.
fn take_code(server: &Server, presented: &str) -> Result<(Code, Session), Refusal> {
    let mut sessions = server.sessions.lock();
    let Some(code) = sessions.codes.remove(presented) else {
        if let Some(used) = sessions.used_codes.get(presented).cloned() {
            sessions.leave(&used);
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

/// A verifier and a challenge have the same form: 43 to 128 unreserved characters (RFC 7636 §4.1,
/// §4.2).
pub fn is_pkce_value(text: &str) -> bool {
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    (43..=128).contains(&text.len()) && text.chars().all(is_unreserved)
}

/// The resource that a token is for, where the feature `resource-indicators` is on; stock Keycloak
/// pays no heed to the parameter.
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

/// RFC 6749 §6, with rotation: a refresh token is good for one use, and the use of an old one ends
/// the client's part in the session.
async fn by_refresh_token(
    server: &Server,
    client: &Client,
    fields: &Fields,
    key: Option<&str>,
) -> Result<Value, Refusal> {
    let presented = fields.get("refresh_token").ok_or_else(|| invalid_request("No refresh token"))?;
    let asked = fields.get("scope");
    if let Some(scope) = asked.filter(|scope| !scope.split(' ').all(|scope| client.may_ask_for(scope))) {
        return Err(described(StatusCode::BAD_REQUEST, "invalid_scope", &format!("Invalid scopes: {scope}")));
    }
    let id = refresh_token_of(server, client, presented)?;
    let (before, session, scopes, audiences) = {
        // One request after the other: of two with the same token only one may find it unused.
        let mut sessions = server.sessions.lock();
        let before = sessions.refresh_tokens.get(&id).cloned();
        let before = before.ok_or_else(|| invalid_grant("Invalid refresh token"))?;
        // Before it is seen whether the token was used: whoever has it without the key ends
        // nobody's session.
        dpop::check_binding(before.jkt.as_deref(), key).map_err(invalid_grant)?;
        let session = sessions.refreshable(&id).map_err(|sentence| {
            // "If a refresh token is compromised and subsequently used by both the attacker and the
            // legitimate client, one of them will present an invalidated refresh token, which will
            // inform the authorization server of the breach." (RFC 6749 §10.4)
            if [REUSED, STALE].contains(&sentence) {
                sessions.leave(&before.part);
            }
            invalid_grant(sentence)
        })?;
        let resource = resource(server, before.resource.as_deref(), fields.get("resource"))?;
        let user = server.realm.user(&session.username);
        // "The requested scope MUST NOT include any scope not originally granted by the resource
        // owner" (RFC 6749 §6). Where it does, Keycloak leaves that one out without a word.
        let scope = asked.map_or(before.scope.clone(), |asked| common(asked, &before.scope));
        let scopes = access_token::granted_scopes(server, client, user, &scope);
        let audiences = audiences(server, client, user, &scopes, resource.as_deref())?;
        sessions.used(&id, &before);
        (Refresh { resource, ..before }, session, scopes, audiences)
    };
    Issued { grant: Some((&before, &session)), client, scopes, audiences, nonce: None, key }.answer(server).await
}

/// The scopes that stand in both lists.
fn common(one: &str, other: &str) -> String {
    let in_both = one.split(' ').filter(|scope| other.split(' ').any(|known| known == *scope));
    in_both.collect::<Vec<_>>().join(" ")
}

/// The identifier of a refresh token of this realm that was given to this client, whatever has
/// become of it since.
///
/// "the authorization server MUST maintain the binding between a refresh token and the client to
/// whom it was issued" (RFC 6749 §10.4)
pub fn refresh_token_of(server: &Server, client: &Client, presented: &str) -> Result<String, Refusal> {
    let claims = server.tokens.read(presented, now()).filter(|claims| [REFRESH, OFFLINE].contains(&&*claims.typ));
    let claims = claims.ok_or_else(|| invalid_grant("Invalid refresh token"))?;
    match server.sessions.lock().refresh_tokens.get(&claims.jti) {
        None => Err(invalid_grant("Invalid refresh token")),
        Some(token) if token.part.client_id != client.client_id => {
            Err(invalid_grant("Invalid refresh token. Token client and authorized client don't match"))
        }
        Some(_) => Ok(claims.jti),
    }
}

/// RFC 6749 §4.4: the client acts for itself. What it may do, the realm file gives to its account;
/// a client that registered itself has none, and gets no scope that needs a role.
async fn by_client(server: &Server, client: &Client, fields: &Fields, key: Option<&str>) -> Result<Value, Refusal> {
    let unauthorized = |sentence| described(StatusCode::UNAUTHORIZED, "unauthorized_client", sentence);
    if client.is_public() {
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
    let account = server.realm.service_account(&client.client_id);
    let scopes = access_token::granted_scopes(server, client, account, scope);
    let audiences = access_token::audiences(server, client, account, &scopes);
    Issued { grant: None, client, scopes, audiences, nonce: None, key }.answer(server).await
}

/// What the scopes bring; with a resource, that one alone, if the scopes bring its server (Keycloak
/// filters, and never adds).
fn audiences(
    server: &Server,
    client: &Client,
    user: Option<&User>,
    scopes: &[String],
    resource: Option<&str>,
) -> Result<Vec<String>, Refusal> {
    let audiences = access_token::audiences(server, client, user, scopes);
    let Some(resource) = resource else { return Ok(audiences) };
    // Keycloak 26.7.3 falls over a token without any.
    if audiences.is_empty() {
        return Err(no_answer());
    }
    let server_of = server.clients.by_resource_url(resource);
    match server_of.is_some_and(|client| audiences.contains(&client.client_id)) {
        true => Ok(vec![resource.to_owned()]),
        false => Err(described(StatusCode::BAD_REQUEST, "invalid_target", BAD_RESOURCE)),
    }
}

/// What is about to be given out.
struct Issued<'a> {
    /// What a refresh token is made of, and the session; `None` where the client acts for itself.
    grant: Option<(&'a Refresh, &'a Session)>,
    client: &'a Client,
    scopes: Vec<String>,
    audiences: Vec<String>,
    nonce: Option<String>,
    /// The thumbprint of the key that the client has shown that it has, if any (RFC 9449 §5).
    key: Option<&'a str>,
}

impl Issued<'_> {
    /// The token response (RFC 6749 §5.1), with Keycloak's additions.
    async fn answer(&self, server: &Server) -> Result<Value, Refusal> {
        let session = self.grant.map(|(grant, session)| (grant.part.session.as_str(), session));
        let user = match session {
            Some((_, session)) => server.realm.user(&session.username),
            None => server.realm.service_account(&self.client.client_id),
        };
        let acr = session.map_or(Some("1"), |(_, session)| session.acr(&self.client.client_id));
        let (scopes, audiences) = (self.scopes.as_slice(), self.audiences.as_slice());
        let subject = Subject { session, user, client: self.client, scopes, audiences, acr, key: self.key };
        let access_token = subject.access_token(server).await.ok_or_else(no_answer)?;
        let mut answer = json!({
            "access_token": access_token,
            "expires_in": server.realm.access_token_lifespan,
            "refresh_expires_in": 0,
            // "A token_type of DPoP MUST be included in the access token response to signal to the
            // client that the access token was bound to its DPoP key" (RFC 9449 §5)
            "token_type": dpop::token_type(self.key),
            "not-before-policy": 0,
            "scope": access_token::shown_scope(&self.scopes),
        });
        if let Some((grant, _)) = self.grant {
            answer["session_state"] = json!(grant.part.session);
            if self.client.grant_types.iter().any(|grant| grant == "refresh_token") {
                // "When an authorization server supporting DPoP issues a refresh token to a public
                // client that presents a valid DPoP proof at the token endpoint, the refresh token
                // MUST be bound to the respective public key." "Refresh tokens issued to
                // confidential clients … are not bound" (RFC 9449 §5).
                let jkt = self.key.filter(|_| self.client.is_public()).map(str::to_owned);
                let (refresh_token, seconds) = refresh_token(server, grant, jkt).ok_or_else(no_answer)?;
                answer["refresh_token"] = json!(refresh_token);
                answer["refresh_expires_in"] = json!(seconds);
            }
            // Of the sign-in: a refresh that asks for less brings an ID token all the same.
            if grant.scope.split(' ').any(|scope| scope == "openid") {
                let id_token = subject.id_token(server, &access_token, self.nonce.as_deref()).await;
                answer["id_token"] = json!(id_token.ok_or_else(no_answer)?);
            }
        }
        Ok(answer)
    }
}

/// A new refresh token, which takes the place of the one that was presented; and the seconds that
/// it lives, 0 for no end.
fn refresh_token(server: &Server, grant: &Refresh, jkt: Option<String>) -> Option<(String, u64)> {
    let issued = now();
    let (typ, seconds, exp) = match grant.part.offline {
        true => (OFFLINE, 0, 0),
        false => (REFRESH, server.realm.sso_session_idle_timeout, issued + server.realm.sso_session_idle_timeout),
    };
    let (token, claims) = server.tokens.make(typ, issued, exp)?;
    server.sessions.lock().refresh_tokens.insert(claims.jti, Refresh { issued, jkt, ..grant.clone() });
    Some((token, seconds))
}

/// RFC 6749 §5.2.
pub fn invalid_request(description: &str) -> Refusal {
    described(StatusCode::BAD_REQUEST, "invalid_request", description)
}

/// The same.
pub fn invalid_grant(description: &str) -> Refusal {
    described(StatusCode::BAD_REQUEST, "invalid_grant", description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_brings_no_scope_that_was_not_granted() {
        for (asked, granted, expected) in [
            ("a b", "b c", "b"),
            ("a", "b", ""),
            ("b", "", ""),
            ("", "a b", ""),
            ("c  a", "a b c", "c a"),
            ("a:b", "a b", ""),
        ] {
            assert_eq!(common(asked, granted), expected, "{asked:?} of {granted:?}");
        }
    }
}
