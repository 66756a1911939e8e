//! The authorization code grant (RFC 6749 §4.1.3) with PKCE (RFC 7636 §4.6).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::Value;

use super::further::{dpop, resource_indicators};
use super::refusal::{IdpRefusal, invalid_grant, invalid_request};
use super::server::IdpServer;
use super::sessions::{IssuedCode, RefreshGrant, SessionPart, UserSession};
use super::token::{GrantRequest, TokenIssue};
use super::{access_token, now};

pub async fn redeem(request: &GrantRequest<'_>) -> Result<Value, IdpRefusal> {
    let GrantRequest { server, client, fields, .. } = request;
    let presented = fields.get("code").ok_or_else(|| invalid_request("Missing parameter: code"))?;
    let (code, session) = take_code(server, presented)?;
    if code.issued + server.realm.access_code_lifespan < now() {
        return Err(invalid_grant("Code not valid"));
    }
    // "ensure that the authorization code was issued to the authenticated confidential client, or
    // if the client is public, ensure that the code was issued to "client_id" in the request" (RFC
    // 6749 §4.1.3)
    if code.request.client_id != client.client_id {
        return Err(invalid_grant("Auth error: Found different client_id in clientSession"));
    }
    // "ensure that the "redirect_uri" parameter is present if the "redirect_uri" parameter was
    // included in the initial authorization request as described in Section 4.1.1, and if included
    // ensure that their values are identical." (RFC 6749 §4.1.3)
    if fields.get("redirect_uri") != Some(&code.request.redirect_uri) {
        return Err(invalid_grant("Incorrect redirect_uri"));
    }
    check_verifier(&code.request.code_challenge, fields.get("code_verifier"))?;
    // "the authorization server computes the JWK Thumbprint of the proof-of-possession public key
    // in the DPoP proof and verifies that it matches the dpop_jkt parameter value in the
    // authorization request. If they do not match, it MUST reject the request." (RFC 9449 §10)
    dpop::check_binding(code.request.dpop_jkt.as_deref(), request.key()).map_err(invalid_request)?;
    let resource = resource_indicators::resource(server, code.request.resource.as_deref(), fields.get("resource"))?;

    let user = server.realm.user(&session.username);
    let scopes = access_token::granted_scopes(server, client, user, &code.request.scope);
    let audiences = access_token::audiences(server, client, user, &scopes);
    let audiences = resource_indicators::audiences(server, audiences, resource.as_deref())?;
    let offline = scopes.iter().any(|scope| scope == "offline_access");
    let part = SessionPart { session: code.session, client_id: client.client_id.clone() };
    let session = {
        let mut sessions = server.sessions.lock();
        sessions.used_codes.insert(presented.to_owned(), part.clone());
        sessions.join(&part).ok_or_else(|| invalid_grant("Code not valid"))?
    };
    let scope = code.request.scope;
    let grant = RefreshGrant { part, issued: now(), scope, offline, resource, jkt: None, used: false };
    let grant = Some((&grant, &session));
    TokenIssue { request, grant, scopes, audiences }.response().await
}

/// "If an authorization code is used more than once, the authorization server MUST deny the request
/// and SHOULD revoke (when possible) all tokens previously issued based on that authorization
/// code." (RFC 6749 §4.1.2) Any use takes the code away, also one that is refused.
fn take_code(server: &IdpServer, presented: &str) -> Result<(IssuedCode, UserSession), IdpRefusal> {
    let mut sessions = server.sessions.lock();
    let presented = presented.to_owned();
    let Some(code) = sessions.codes.remove(&presented) else {
        if let Some(used) = sessions.used_codes.get(&presented).cloned() {
            sessions.leave(&used);
        }
        return Err(invalid_grant("Code not valid"));
    };
    let session = sessions.sessions.get(&code.session).cloned();
    session.map(|session| (code, session)).ok_or_else(|| invalid_grant("Code not valid"))
}

/// BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) == code_challenge (RFC 7636 §4.6)
fn check_verifier(challenge: &str, verifier: Option<&str>) -> Result<(), IdpRefusal> {
    let verifier = verifier.ok_or_else(|| invalid_grant("PKCE code verifier not specified"))?;
    if !is_pkce_value(verifier) {
        return Err(invalid_grant("PKCE verification failed: Invalid code verifier"));
    }
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    if hash == challenge { Ok(()) } else { Err(invalid_grant("PKCE verification failed: Code mismatch")) }
}

/// A verifier and a challenge have the same form: 43 to 128 unreserved characters (RFC 7636 §4.1,
/// §4.2).
pub fn is_pkce_value(text: &str) -> bool {
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    (43..=128).contains(&text.len()) && text.chars().all(is_unreserved)
}

#[cfg(test)]
mod tests;
