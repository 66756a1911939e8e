//! Dynamic client registration: RFC 7591 §3, <https://www.rfc-editor.org/rfc/rfc7591#section-3>.
//! One request, and what a client has to look at before it uses the answer.

use as_metadata::AuthorizationServerMetadata;
use shared::http::{Http, Request, Response};
use shared::{Reporter, Rule, Secret, Side, scope};

use crate::client_information::ClientInformation;
use crate::client_metadata::ClientMetadata;
use crate::error::{RegistrationError, rule_of};
use crate::further::not_listed::explained;
use crate::further::{self, granted_credentials, no_endpoint};
use crate::refusal::Refusal;
use crate::rules;

/// Registers a client; with a token where the authorization server asks for one. The client exists
/// from then on: it is kept before `check_granted` looks at what was granted.
pub async fn register(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    metadata: &ClientMetadata,
    initial_access_token: Option<&Secret>,
) -> Result<ClientInformation, RegistrationError> {
    let endpoint = match check_endpoint(http.reporter(), authorization_server) {
        Some(endpoint) => endpoint,
        None => return Err(no_endpoint::error(http, authorization_server, Some(metadata.redirect_uri())).await),
    };
    let mut request = Request::post_json(endpoint, &metadata.to_registration()).header("accept", "application/json");
    // "The client registration endpoint MAY be an OAuth 2.0 … protected resource and it MAY accept
    // an initial access token" (RFC 7591 §3)
    if let Some(token) = initial_access_token {
        request = request.bearer(token);
    }
    let response = http.send(&request).await.map_err(RegistrationError::Unavailable)?;
    let refusal = Refusal::in_response(&response, initial_access_token.is_some());
    let refusal = refusal.map(|refusal| explained(refusal, metadata, authorization_server));
    check_accepted(http.reporter(), &response, metadata, initial_access_token.is_some(), refusal)?;
    check_information(http.reporter(), &response)
}

/// "Use Dynamic Client Registration as a fallback if the Authorization Server supports it (via
/// registration_endpoint …)" (MCP 2026-07-28)
fn check_endpoint<'a>(reporter: &Reporter, authorization_server: &'a AuthorizationServerMetadata) -> Option<&'a str> {
    let endpoint = authorization_server.registration_endpoint.as_deref();
    let expected = "the authorization server's metadata names a registration endpoint";
    reporter.recommend(&rules::ENDPOINT, endpoint.is_some(), expected, endpoint.unwrap_or("absent"));
    endpoint
}

/// The authorization server's own decisions, as far as its response shows them: each is its check,
/// not the client's. A refusal names one of them, and then nothing is known of the others.
fn check_accepted(
    reporter: &Reporter,
    response: &Response,
    metadata: &ClientMetadata,
    with_token: bool,
    refusal: Option<Refusal>,
) -> Result<(), RegistrationError> {
    let decided = Decisions { refusal: refusal.as_ref() };
    let idp = reporter.on(Side::Idp);
    if with_token {
        decided.report(&idp, &rules::IDP_TAKES_TOKEN, "the IdP takes the Initial Access Token", "it did");
    }
    if refusal.is_some() {
        decided.report(&idp, &further::rules::REGISTRATION_OPEN, "the IdP lets this client register as it is", "");
    }
    let redirect_uris = metadata.redirect_uris.join(" ");
    if !metadata.redirect_uris.is_empty() {
        decided.report(&idp, &rules::IDP_TAKES_REDIRECT_URI, "the IdP takes the redirect URI", &redirect_uris);
    }
    if let Some(scope) = metadata.scope() {
        decided.report(&idp, &rules::IDP_TAKES_SCOPE, "the IdP takes the scopes", &scope);
    }
    // "The authorization server MUST ignore any client metadata sent by the client that it does not
    // understand" (RFC 7591 §2)
    if !metadata.additional.is_empty() {
        let names: Vec<_> = metadata.additional.keys().map(String::as_str).collect();
        let expected = format!("the IdP ignores members that it does not know ({})", names.join(", "));
        decided.report(reporter, &rules::UNKNOWN_MEMBER_IGNORED, &expected, "it did");
    }
    let expected = "HTTP 201 Created";
    match refusal {
        None => {
            let seen = format!("HTTP {}", response.status);
            reporter.recommend(&rules::CREATED, response.status == 201, expected, seen);
            Ok(())
        }
        Some(refusal) => {
            Decisions { refusal: Some(&refusal) }.report(reporter, &rules::CREATED, expected, "");
            Err(RegistrationError::Refused(refusal))
        }
    }
}

/// What a response shows of the authorization server's decisions.
struct Decisions<'a> {
    refusal: Option<&'a Refusal>,
}

impl Decisions<'_> {
    /// Reports a decision: it passed if nothing was refused, and failed if the refusal is about it.
    fn report(&self, reporter: &Reporter, rule: &'static Rule, expected: &str, seen: &str) {
        match self.refusal {
            None => drop(reporter.recommend(rule, true, expected, seen)),
            Some(refusal) if rule_of(&refusal.reason).id == rule.id => {
                reporter.with_fix(refusal.fix()).recommend(rule, false, expected, refusal);
            }
            Some(_) => {}
        }
    }
}

fn check_information(reporter: &Reporter, response: &Response) -> Result<ClientInformation, RegistrationError> {
    let information = ClientInformation::from_json(&response.body);
    let (good, seen) = match &information {
        Ok((information, faults)) if faults.is_empty() => (true, information.client_id.clone()),
        Ok((_, faults)) => (false, faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        Err(error) => (false, error.to_string()),
    };
    let fix = "Have the IdP's operator correct the response. A member of a wrong type counts as absent here.";
    let expected = "a client_id, and every member of the type that RFC 7591 gives it";
    reporter.with_fix(fix).recommend(&rules::CLIENT_INFORMATION, good, expected, seen);
    information.map(|(information, _)| information).map_err(RegistrationError::Document)
}

/// "The authorization server MAY reject or replace any of the client's requested metadata values
/// submitted during the registration and substitute them with suitable values." (RFC 7591 §3.2.1)
/// So the client looks before it leaps.
pub(crate) fn check_granted(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    metadata: &ClientMetadata,
    information: &ClientInformation,
) -> Result<(), RegistrationError> {
    let reporter = http.reporter();
    granted_credentials::check_usable(reporter, authorization_server, metadata, information)
        .map_err(RegistrationError::Unfit)?;
    granted_credentials::check_management(http, information);
    granted_credentials::check_expiry_said(http, information);
    granted_credentials::check_alive(http, information).map_err(RegistrationError::Unfit)?;
    if let (Some(requested), Some(granted)) = (&metadata.scopes, information.scopes()) {
        let missing = scope::missing(requested.iter().map(String::as_str), &granted);
        let seen = if missing.is_empty() { granted.join(" ") } else { format!("without {missing:?}: {granted:?}") };
        let reporter = reporter.with_fix("request only what was granted; a later request for the others will fail.");
        reporter.recommend(&rules::SCOPES_GRANTED, missing.is_empty(), "every scope was granted", seen);
    }
    Ok(())
}
