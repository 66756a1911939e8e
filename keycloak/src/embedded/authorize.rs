//! The authorization endpoint (RFC 6749 §3.1): who may ask for a code, and for what. `login.rs`
//! goes on.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::clients::Client;
use super::sessions::SignIn;
use super::token::is_pkce_value;
use super::{Server, cimd, login, now, pages};

/// Bytes of a parameter that Keycloak has no bound of its own for.
const PARAMETER_BYTES: usize = 4000;

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
pub async fn get(State(server): State<Arc<Server>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    authorize(&server, &headers, query.as_deref().unwrap_or_default()).await
}

/// A POST, which OpenID Connect allows.
pub async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Response {
    authorize(&server, &headers, &body).await
}

async fn authorize(server: &Server, headers: &HeaderMap, query: &str) -> Response {
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
    // "MUST NOT automatically redirect the user-agent to the invalid redirection URI" (RFC 6749
    // §4.1.2.1)
    if !client.may_redirect_to(redirect_uri) {
        return refused("Invalid parameter: redirect_uri");
    }
    let text = |name: &str| parameters.get(name).map(str::to_owned);
    let prompt = parameters.get("prompt").unwrap_or_default();
    let sign_in = SignIn {
        begun: now(),
        browser: String::new(),
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        scope: text("scope").unwrap_or_default(),
        state: text("state"),
        nonce: text("nonce"),
        code_challenge: text("code_challenge").unwrap_or_default(),
        resource: text("resource"),
        // Keycloak pays no heed to a parameter that is longer.
        dpop_jkt: text("dpop_jkt").filter(|jkt| jkt.len() <= PARAMETER_BYTES),
        asks_again: prompt.split(' ').any(|word| word == "consent"),
        session: None,
        identity: None,
    };
    match check(&client, &parameters) {
        Ok(()) => login::begin(server, headers, sign_in, prompt),
        Err((error, description)) => {
            let location = login::error_redirect(server, &sign_in, error, description.as_deref());
            let headers = [(header::LOCATION, location.as_str()), (header::CACHE_CONTROL, login::UNCACHED)];
            (StatusCode::FOUND, headers).into_response()
        }
    }
}

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
    if !client.standard_flow {
        let sentence = "Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client.";
        return Err(("unauthorized_client", Some(sentence.to_owned())));
    }
    match parameters.get("response_mode") {
        None | Some("query" | "fragment" | "form_post") => {}
        Some(_) => return invalid("Invalid parameter: response_mode"),
    }
    // A resource is an absolute URI without a fragment (RFC 8707 §2). What it means for the token
    // is another matter.
    if parameters
        .get("resource")
        .is_some_and(|resource| url::Url::parse(resource).is_err() || resource.contains(['#', '?']))
    {
        let sentence = "The requested resource is invalid, missing, unknown, or malformed.";
        return Err(("invalid_target", Some(sentence.to_owned())));
    }
    let scope = parameters.get("scope").unwrap_or_default();
    if !scope.split(' ').filter(|scope| !scope.is_empty()).all(|scope| client.may_ask_for(scope)) {
        return Err(("invalid_scope", Some(format!("Invalid scopes: {scope}"))));
    }
    check_pkce(parameters)
}

/// The realm's client policy: PKCE with S256, for every client (RFC 7636 §4.4.1).
fn check_pkce(parameters: &Parameters) -> Result<(), Problem> {
    let invalid = |sentence: &str| Err(("invalid_request", Some(sentence.to_owned())));
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
