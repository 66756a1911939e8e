//! The misbehaving authorization server that `--break` and tests need. All of it is in this file:
//! [`spoil_response`] changes a response of the valid server on its way out, and
//! [`Defect::spoil_claims`] changes the claims of an access token before they are signed.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value, json};
use url::Url;

use super::refusal::{error, internal_error, not_found};

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The metadata claims another issuer.
    WrongIssuer,
    /// The metadata's issuer has a slash at the end that the real one lacks.
    TrailingSlash,
    /// The metadata does not say which PKCE methods there are.
    NoPkce,
    /// The metadata offers only the PKCE method `plain`.
    PlainOnly,
    /// The metadata is only where OpenID Connect Discovery puts it.
    OidcOnly,
    /// The token endpoint is plain http on another host.
    HttpNotLoopback,
    /// The metadata's well-known URL redirects to another place.
    RedirectingMetadata,
    /// The authorization endpoint is a script.
    JavascriptUrl,
    /// The authorization response brings another `state` than the one that was sent.
    OtherState,
    /// The authorization response says that another issuer sent it.
    OtherIss,
    /// The authorization response has no `iss`, although the metadata promises it.
    NoIss,
    /// Access tokens have expired an hour ago.
    ExpiredTokens,
    /// Access tokens become valid only in an hour.
    TokensNotYetGood,
    /// Access tokens say that another issuer made them, although the right key has signed them.
    OtherIssuerInTokens,
    /// The endpoint with the keys is out of service.
    NoKeys,
    /// Access tokens name their servers with a slash at the end.
    AudienceWithSlash,
    /// Access tokens are for two servers, and neither is the one that the client asked for.
    AudienceOfOthers,
    /// No fault: Keycloak's feature `resource-indicators`, by which `resource` decides the audience
    /// (RFC 8707). It spoils nothing here; `further/resource_indicators.rs` has it.
    ResourceIndicators,
}

/// The issuer that a mix-up attack pretends to be.
const HONEST_ISSUER: &str = "https://honest.example/realms/mcp-oauth";
/// Seconds by which a defect moves a token's times.
const AN_HOUR: u64 = 3600;
/// More than any document here has.
const MAX_BYTES: usize = 1 << 20;

/// What the layer needs to know.
#[derive(Clone)]
pub struct Misbehaviour {
    pub defect: Defect,
    pub issuer: String,
}

/// The layer around a misbehaving server.
pub async fn spoil_response(State(how): State<Misbehaviour>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if path.ends_with("/certs") && how.defect == Defect::NoKeys {
        return error(StatusCode::SERVICE_UNAVAILABLE, "HTTP 503 Service Unavailable").into_response();
    }
    if path.contains("/.well-known/") && response.status().is_success() {
        return how.spoil_metadata(&path, response).await;
    }
    how.spoil_redirect(response)
}

impl Misbehaviour {
    async fn spoil_metadata(&self, path: &str, response: Response) -> Response {
        let is_rfc_8414 = path.contains("/oauth-authorization-server");
        if is_rfc_8414 && self.defect == Defect::OidcOnly {
            return not_found().into_response();
        }
        if is_rfc_8414 && self.defect == Defect::RedirectingMetadata {
            let elsewhere = format!("{}/.well-known/openid-configuration", self.issuer);
            return Redirect::temporary(&elsewhere).into_response();
        }
        let (mut parts, body) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        let body = to_bytes(body, MAX_BYTES).await.ok();
        let document = body.and_then(|body| serde_json::from_slice::<Map<String, Value>>(&body).ok());
        let Some(mut document) = document else { return internal_error().into_response() };
        self.defect.spoil_document(&mut document);
        Response::from_parts(parts, Body::from(Value::Object(document).to_string()))
    }

    /// Changes the authorization response, which is a redirect to the client.
    fn spoil_redirect(&self, mut response: Response) -> Response {
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let to_client = location.filter(|location| !location.starts_with(&self.issuer) && !location.starts_with('/'));
        let spoiled = to_client.and_then(|location| self.defect.spoiled_location(location));
        if let Some(location) = spoiled.and_then(|location| HeaderValue::from_str(&location).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl Defect {
    fn spoil_document(self, document: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
        match self {
            // The mix-up attack: users sign in at the honest server, and its codes go to this one's
            // token endpoint.
            Self::WrongIssuer => {
                set("issuer", json!(HONEST_ISSUER));
                set("authorization_endpoint", json!(format!("{HONEST_ISSUER}/protocol/openid-connect/auth")));
            }
            Self::TrailingSlash => {
                let issuer = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
                document.insert("issuer".to_owned(), json!(format!("{issuer}/")));
            }
            Self::PlainOnly => set("code_challenge_methods_supported", json!(["plain"])),
            Self::HttpNotLoopback => set("token_endpoint", json!("http://idp.example/token")),
            Self::JavascriptUrl => set("authorization_endpoint", json!("javascript:alert(document.domain)")),
            Self::NoPkce => drop(document.shift_remove("code_challenge_methods_supported")),
            _ => {}
        }
    }

    /// The redirect with other parameters; `None` where this defect leaves it as it is.
    fn spoiled_location(self, location: &str) -> Option<String> {
        let (name, value) = match self {
            Self::OtherState => ("state", Some("the-state-of-somebody-else")),
            Self::OtherIss => ("iss", Some(HONEST_ISSUER)),
            Self::NoIss => ("iss", None),
            _ => return None,
        };
        let mut url = Url::parse(location).ok()?;
        let parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let spoiled = parameters.into_iter().filter_map(|(known, before)| {
            let after = if known == name { value?.to_owned() } else { before };
            Some((known, after))
        });
        let spoiled: Vec<_> = spoiled.collect();
        url.query_pairs_mut().clear().extend_pairs(spoiled);
        Some(url.to_string())
    }

    /// Changes the claims of an access token that is about to be signed.
    pub fn spoil_claims(self, claims: &mut Map<String, Value>) {
        let [exp, iat] = ["exp", "iat"].map(|name| claims.get(name).and_then(Value::as_u64).unwrap_or_default());
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        match self {
            Self::ExpiredTokens => {
                set("exp", json!(iat - AN_HOUR));
                set("iat", json!(iat - AN_HOUR - (exp - iat)));
            }
            Self::TokensNotYetGood => set("nbf", json!(iat + AN_HOUR)),
            Self::OtherIssuerInTokens => set("iss", json!("https://other.example/realms/mcp-oauth")),
            Self::AudienceWithSlash => {
                let with_slash = |audience: &Value| json!(format!("{}/", audience.as_str().unwrap_or_default()));
                let spoiled = match claims.get("aud") {
                    Some(Value::Array(several)) => several.iter().map(with_slash).collect(),
                    Some(one @ Value::String(_)) => with_slash(one),
                    _ => Value::Null,
                };
                claims.insert("aud".to_owned(), spoiled);
            }
            Self::AudienceOfOthers => set("aud", json!(["http://localhost:8001/mcp", "account"])),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
