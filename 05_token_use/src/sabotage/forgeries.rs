//! Tokens and requests as an attacker, or a careless client, would make them: what `--break` sends.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{PublicEncryptingKey, PublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Map, Value, json};
use shared::http::Request;
use shared::{Failure, Secret};
use url::form_urlencoded;

use crate::authorized_client::AuthorizedClient;

/// The token without a signature, and with the claim that it needs none.
pub fn with_alg_none(token: &Secret) -> Option<Secret> {
    let claims = token.expose().split('.').nth(1)?;
    Some(Secret::new(format!("{}.{claims}.", encoded(&json!({"alg": "none", "typ": "JWT"})))))
}

/// The token signed anew, with the authorization server's *public* key as if it were a shared
/// secret: everybody has that key.
pub fn with_public_key_as_secret(token: &Secret, jwks: &Value) -> Option<Secret> {
    let (mut header, claims) = header_and_claims(token)?;
    let kid = header.get("kid").cloned().unwrap_or_default();
    let key = jwks["keys"].as_array()?.iter().find(|key| key["kid"] == kid)?;
    header.insert("alg".to_owned(), json!("HS256"));
    signed(&header, &claims, &EncodingKey::from_secret(pem(key)?.as_bytes()), Algorithm::HS256)
}

/// The token with the name of another key.
pub fn with_unknown_kid(token: &Secret) -> Option<Secret> {
    let (mut header, _) = header_and_claims(token)?;
    header.insert("kid".to_owned(), json!("a-key-that-nobody-published"));
    let (_, rest) = token.expose().split_once('.')?;
    Some(Secret::new(format!("{}.{rest}", encoded(&Value::Object(header)))))
}

/// The token with its last characters changed: its signature is wrong.
pub fn spoiled(token: &Secret) -> Secret {
    let text = token.expose();
    let (kept, end) = text.split_at(text.len().saturating_sub(8));
    let end: String = end.chars().map(|c| if c == 'A' { 'B' } else { 'A' }).collect();
    Secret::new(format!("{kept}{end}"))
}

impl AuthorizedClient {
    /// Spoils the access token, so that the server refuses the next request.
    pub async fn spoil_access_token(&self) {
        let mut state = self.state.lock().await;
        state.is_new = false;
        if let Some(kept) = &mut state.store.tokens {
            kept.tokens.access_token = spoiled(&kept.tokens.access_token);
        }
    }
}

/// The token in the URL.
pub fn in_query(request: Request, token: &Secret) -> Request {
    let pair = form_urlencoded::Serializer::new(String::new()).append_pair("access_token", token.expose()).finish();
    let mark = if request.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{mark}{pair}", request.url());
    request.to(&url)
}

/// Two `Authorization` headers: which one counts?
pub fn in_two_headers(request: Request, token: &Secret) -> Request {
    request.bearer(token).another_header("authorization", "Bearer another-token")
}

/// A token cannot be taken apart, so nothing can be forged from it.
pub fn impossible() -> Failure {
    let message = "Cannot forge a token: this IdP's access token is not a JWT with a key of its JWK Set.";
    Failure::new("break.impossible", message, "Try it on the embedded IdP: --idp embedded.")
}

fn header_and_claims(token: &Secret) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts =
        token.expose().split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok());
    Some((parts.next()??, parts.next()??))
}

fn signed(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    key: &EncodingKey,
    algorithm: Algorithm,
) -> Option<Secret> {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(json!(part).to_string()));
    let message = format!("{header}.{claims}");
    let signature = crypto::sign(message.as_bytes(), key, algorithm).ok()?;
    Some(Secret::new(format!("{message}.{signature}")))
}

/// The RSA key in the form in which programs read it from a file.
fn pem(jwk: &Value) -> Option<String> {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok();
    let key: PublicEncryptingKey = PublicKeyComponents { n: part("n")?, e: part("e")? }.try_into().ok()?;
    let der: PublicKeyX509Der<'_> = key.as_der().ok()?;
    Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref())))
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}
