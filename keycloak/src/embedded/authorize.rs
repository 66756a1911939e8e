//! The authorization endpoint (RFC 6749 §3.1): checks the authorization request. `login.rs` goes
//! on.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use shared::scope;

use super::clients::IdpClient;
use super::code_grant::is_pkce_value;
use super::form::FormFields;
use super::further::cimd;
use super::server::IdpServer;
use super::sessions::LoginAttempt;
use super::{login, now, pages};

pub async fn get(State(server): State<Arc<IdpServer>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    authorize(&server, &headers, query.as_deref().unwrap_or_default()).await
}

/// OpenID Connect allows POST, too.
pub async fn post(State(server): State<Arc<IdpServer>>, headers: HeaderMap, body: String) -> Response {
    authorize(&server, &headers, &body).await
}

async fn authorize(server: &IdpServer, headers: &HeaderMap, query: &str) -> Response {
    let parameters = FormFields::read(query);
    let client = match client(server, &parameters).await {
        Ok(client) => client,
        Err(message) => return (StatusCode::BAD_REQUEST, pages::error(&server.realm, &message)).into_response(),
    };
    let attempt = attempt(&client, &parameters);
    match check(&client, &parameters) {
        Ok(()) => login::begin(server, headers, attempt, parameters.get("prompt").unwrap_or_default()),
        Err(error) => login::found(&login::error_redirect(server, &attempt, error.code, error.description.as_deref())),
    }
}

/// The client, if the browser may be sent to the redirect URI. The error is Keycloak's sentence on
/// the error page.
async fn client(server: &IdpServer, parameters: &FormFields) -> Result<IdpClient, String> {
    let mut named = parameters.all("client_id");
    let (Some(client_id), None) = (named.next(), named.next()) else { return Err("Invalid Request".to_owned()) };
    if parameters.get("request").is_some() || parameters.get("request_uri").is_some() {
        return Err("Invalid Request".to_owned());
    }
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
    let from_document = cimd::client(server, client_id, redirect_uri).await?;
    let client = from_document.or_else(|| server.clients.get(client_id)).ok_or("Client not found.")?;
    // "MUST NOT automatically redirect the user-agent to the invalid redirection URI" (RFC 6749
    // §4.1.2.1)
    if client.may_redirect_to(redirect_uri) { Ok(client) } else { Err("Invalid parameter: redirect_uri".to_owned()) }
}

fn attempt(client: &IdpClient, parameters: &FormFields) -> LoginAttempt {
    let text = |name: &str| parameters.get(name).map(str::to_owned);
    let prompt = parameters.get("prompt").unwrap_or_default();
    LoginAttempt {
        begun: now(),
        browser: String::new(),
        client_id: client.client_id.clone(),
        redirect_uri: text("redirect_uri").unwrap_or_default(),
        scope: text("scope").unwrap_or_default(),
        state: text("state"),
        nonce: text("nonce"),
        code_challenge: text("code_challenge").unwrap_or_default(),
        resource: text("resource"),
        dpop_jkt: text("dpop_jkt"),
        asks_again: prompt.split(' ').any(|word| word == "consent"),
        session: None,
        identity: None,
    }
}

/// An error that goes to the redirect URI, with Keycloak's sentence.
struct RedirectedError {
    code: &'static str,
    description: Option<String>,
}

impl RedirectedError {
    fn new(code: &'static str, description: &str) -> Self {
        Self { code, description: Some(description.to_owned()) }
    }
}

fn invalid(description: &str) -> Result<(), RedirectedError> {
    Err(RedirectedError::new("invalid_request", description))
}

fn check(client: &IdpClient, parameters: &FormFields) -> Result<(), RedirectedError> {
    // "Request and response parameters MUST NOT be included more than once." (RFC 6749 §3.1)
    if parameters.has_duplicates_beside(&[]) {
        return invalid("duplicated parameter");
    }
    match parameters.get("response_type") {
        None => return invalid("Missing parameter: response_type"),
        Some("code") => {}
        Some(_) => return Err(RedirectedError { code: "unsupported_response_type", description: None }),
    }
    if !client.standard_flow {
        let sentence = "Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client.";
        return Err(RedirectedError::new("unauthorized_client", sentence));
    }
    match parameters.get("response_mode") {
        None | Some("query" | "fragment" | "form_post") => {}
        Some(_) => return invalid("Invalid parameter: response_mode"),
    }
    // A resource is an absolute URI without a fragment (RFC 8707 §2).
    if parameters
        .get("resource")
        .is_some_and(|resource| url::Url::parse(resource).is_err() || resource.contains(['#', '?']))
    {
        let sentence = "The requested resource is invalid, missing, unknown, or malformed.";
        return Err(RedirectedError::new("invalid_target", sentence));
    }
    let scope = parameters.get("scope").unwrap_or_default();
    if !scope::split(scope).all(|scope| client.may_ask_for(scope)) {
        return Err(RedirectedError::new("invalid_scope", &format!("Invalid scopes: {scope}")));
    }
    check_pkce(parameters)
}

/// The realm's client policy: PKCE with S256, for every client (RFC 7636 §4.4.1).
fn check_pkce(parameters: &FormFields) -> Result<(), RedirectedError> {
    match parameters.get("code_challenge_method") {
        None => return invalid("Missing parameter: code_challenge_method"),
        Some("S256") => {}
        Some(_) => return invalid("Invalid parameter: code challenge method is not matching the configured one"),
    }
    match parameters.get("code_challenge") {
        None => invalid("Missing parameter: code_challenge"),
        Some(challenge) if !is_pkce_value(challenge) => invalid("Invalid parameter: code_challenge"),
        Some(_) => Ok(()),
    }
}
