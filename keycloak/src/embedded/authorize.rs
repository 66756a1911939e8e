//! The authorization endpoint (RFC 6749 §3.1): who may ask for a code, and for what. So far up to the sign-in page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::clients::Client;
use super::{Server, cimd, pages};

/// The parameters of a request.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn read(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// "Request and response parameters MUST NOT be included more than once." (RFC 6749 §3.1)
    fn is_twice(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).count() > 1
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A GET.
pub async fn get(State(server): State<Arc<Server>>, RawQuery(query): RawQuery) -> Response {
    authorize(&server, query.as_deref().unwrap_or_default()).await
}

/// A POST, which OpenID Connect allows.
pub async fn post(State(server): State<Arc<Server>>, body: String) -> Response {
    authorize(&server, &body).await
}

async fn authorize(server: &Server, query: &str) -> Response {
    let refused = |message: &str| (StatusCode::BAD_REQUEST, pages::error(&server.realm, message)).into_response();
    let parameters = Parameters::read(query);
    let Some(client_id) = parameters.get("client_id").filter(|_| !parameters.is_twice("client_id")) else {
        return refused("Invalid Request");
    };
    if parameters.get("request").is_some() || parameters.get("request_uri").is_some() {
        return refused("Invalid Request");
    }
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
    let client = match cimd::client(server, client_id, redirect_uri).await {
        Ok(client) => client.or_else(|| server.clients.get(client_id)),
        Err(message) => return refused(&message),
    };
    let Some(client) = client else { return refused("Client not found.") };
    // "MUST NOT automatically redirect the user-agent to the invalid redirection URI" (RFC 6749 §4.1.2.1)
    if !client.may_redirect_to(redirect_uri) {
        return refused("Invalid parameter: redirect_uri");
    }
    match check(&client, &parameters) {
        Ok(()) => ([(header::CACHE_CONTROL, UNCACHED)], pages::sign_in(&server.realm)).into_response(),
        Err((error, description)) => {
            let location = error_redirect(server, redirect_uri, &parameters, error, description.as_deref());
            (StatusCode::FOUND, [(header::LOCATION, location), (header::CACHE_CONTROL, UNCACHED.to_owned())])
                .into_response()
        }
    }
}

const UNCACHED: &str = "no-store, must-revalidate, max-age=0";

/// An error code, and Keycloak's sentence.
type Problem = (&'static str, Option<String>);

/// What is wrong with a request whose answer may go to the redirect URI.
fn check(client: &Client, parameters: &Parameters) -> Result<(), Problem> {
    let invalid = |sentence: &str| Err(("invalid_request", Some(sentence.to_owned())));
    if parameters.0.iter().any(|(name, _)| parameters.is_twice(name)) {
        return invalid("duplicated parameter");
    }
    match parameters.get("response_type") {
        None => return invalid("Missing parameter: response_type"),
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", None)),
    }
    match parameters.get("response_mode") {
        None | Some("query" | "fragment" | "form_post") => {}
        Some(_) => return invalid("Invalid parameter: response_mode"),
    }
    // A resource is an absolute URI without a fragment (RFC 8707 §2). What it means for the token is another matter.
    if parameters
        .get("resource")
        .is_some_and(|resource| url::Url::parse(resource).is_err() || resource.contains(['#', '?']))
    {
        let sentence = "The requested resource is invalid, missing, unknown, or malformed.";
        return Err(("invalid_target", Some(sentence.to_owned())));
    }
    let scope = parameters.get("scope").unwrap_or_default();
    let known = |scope: &str| {
        scope == "openid"
            || client.optional_scopes.iter().any(|optional| optional == scope)
            || crate::realm::DEFAULT_SCOPES.contains(&scope)
    };
    if !scope.split(' ').filter(|scope| !scope.is_empty()).all(known) {
        return Err(("invalid_scope", Some(format!("Invalid scopes: {scope}"))));
    }
    check_pkce(parameters)?;
    match parameters.get("prompt") {
        Some("none") => Err(("login_required", None)),
        _ => Ok(()),
    }
}

/// The realm's client policy: PKCE with S256, for every client (RFC 7636 §4.4.1).
fn check_pkce(parameters: &Parameters) -> Result<(), Problem> {
    let invalid = |sentence: &str| Err(("invalid_request", Some(sentence.to_owned())));
    match parameters.get("code_challenge_method") {
        None => return invalid("Missing parameter: code_challenge_method"),
        Some("S256") => {}
        Some(_) => return invalid("Invalid parameter: code challenge method is not matching the configured one"),
    }
    let is_challenge = |challenge: &str| {
        (43..=128).contains(&challenge.len())
            && challenge.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
    };
    match parameters.get("code_challenge") {
        None => invalid("Missing parameter: code_challenge"),
        Some(challenge) if !is_challenge(challenge) => invalid("Invalid parameter: code_challenge"),
        Some(_) => Ok(()),
    }
}

/// An error goes back with `state` (RFC 6749 §4.1.2.1) and `iss` (RFC 9207 §2).
fn error_redirect(
    server: &Server,
    redirect_uri: &str,
    parameters: &Parameters,
    error: &str,
    description: Option<&str>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("error", error);
    if let Some(description) = description {
        query.append_pair("error_description", description);
    }
    if let Some(state) = parameters.get("state") {
        query.append_pair("state", state);
    }
    query.append_pair("iss", &server.issuer);
    let mark = if redirect_uri.contains('?') { '&' } else { '?' };
    format!("{redirect_uri}{mark}{}", query.finish())
}
