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
use super::further::resource_indicators::unknown_resource;
use super::refusal::{IdpRefusal, bad_request, error, invalid_request, invalid_scope};
use super::server::IdpServer;
use super::sessions::LoginAttempt;
use super::{login, now, pages};

pub async fn get(State(server): State<Arc<IdpServer>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let parameters = FormFields::read(&query.unwrap_or_default());
    let client = match client(&server, &parameters).await {
        Ok(client) => client,
        Err(message) => return (StatusCode::BAD_REQUEST, pages::error(&server.realm, message)).into_response(),
    };
    let attempt = attempt(&client, &parameters);
    match check(&client, &parameters) {
        Ok(()) => login::begin(&server, &headers, attempt),
        Err(IdpRefusal { error, description, .. }) => {
            login::found(&login::error_redirect(&server, &attempt, &error, description.as_deref()))
        }
    }
}

/// The client, if the browser may be sent to the redirect URI. The error is Keycloak's sentence on
/// the error page.
async fn client(server: &IdpServer, parameters: &FormFields) -> Result<IdpClient, &'static str> {
    let mut named = parameters.all("client_id");
    let (Some(client_id), None) = (named.next(), named.next()) else { return Err("Invalid Request") };
    if parameters.get("request").is_some() || parameters.get("request_uri").is_some() || parameters.has_oversized() {
        return Err("Invalid Request");
    }
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
    let from_document = cimd::client(server, client_id, redirect_uri).await?;
    let client = from_document.or_else(|| server.clients.get(client_id)).ok_or("Client not found.")?;
    // "MUST NOT automatically redirect the user-agent to the invalid redirection URI" (RFC 6749
    // §4.1.2.1)
    if client.may_redirect_to(redirect_uri) { Ok(client) } else { Err("Invalid parameter: redirect_uri") }
}

fn attempt(client: &IdpClient, parameters: &FormFields) -> LoginAttempt {
    let text = |name: &str| parameters.get(name).map(str::to_owned);
    let prompt = parameters.get("prompt").unwrap_or_default();
    LoginAttempt {
        begun: now(),
        browser: String::new(),
        client_id: client.client_id.clone(),
        redirect_uri: text("redirect_uri").unwrap_or_default(),
        // Each scope once: the text is stored with each token.
        scope: scope::union(scope::split(parameters.get("scope").unwrap_or_default()), []).join(" "),
        state: text("state"),
        code_challenge: text("code_challenge").unwrap_or_default(),
        resource: text("resource"),
        dpop_jkt: text("dpop_jkt"),
        asks_again: prompt.split(' ').any(|word| word == "consent"),
        session: None,
        identity: None,
    }
}

/// An error here goes to the redirect URI, with Keycloak's sentence.
fn check(client: &IdpClient, parameters: &FormFields) -> Result<(), IdpRefusal> {
    parameters.check_duplicates_beside(&[])?;
    match parameters.get("response_type") {
        None => return Err(invalid_request("Missing parameter: response_type")),
        Some("code") => {}
        Some(_) => return Err(error(StatusCode::BAD_REQUEST, "unsupported_response_type")),
    }
    if !client.standard_flow {
        return Err(bad_request("unauthorized_client", "Standard flow is disabled for the client."));
    }
    // A resource is an absolute URI without a fragment (RFC 8707 §2).
    let is_resource = |resource: &str| url::Url::parse(resource).is_ok() && !resource.contains(['#', '?']);
    if !parameters.get("resource").is_none_or(is_resource) {
        return Err(unknown_resource());
    }
    let scope = parameters.get("scope").unwrap_or_default();
    if !scope::split(scope).all(|scope| client.may_ask_for(scope)) {
        return Err(invalid_scope(scope));
    }
    // The realm's client policy: PKCE with S256, for every client (RFC 7636 §4.4.1).
    match parameters.get("code_challenge_method") {
        None => return Err(invalid_request("Missing parameter: code_challenge_method")),
        Some("S256") => {}
        Some(_) => {
            let sentence = "Invalid parameter: code challenge method is not matching the configured one";
            return Err(invalid_request(sentence));
        }
    }
    if parameters.get("code_challenge").is_some_and(is_pkce_value) {
        Ok(())
    } else {
        Err(invalid_request("Invalid parameter: code_challenge"))
    }
}
