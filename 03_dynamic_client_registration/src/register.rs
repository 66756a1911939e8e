//! Dynamic client registration: RFC 7591 §3, <https://www.rfc-editor.org/rfc/rfc7591#section-3>.
//! One request, and what a client has to look at before it uses the answer.

use as_metadata::AuthorizationServerMetadata;
use shared::http::{Http, Request, Response};
use shared::{Failed, Reporter, Rule, Secret, Side, scope};

use crate::client_information::ClientInformation;
use crate::client_metadata::{AuthMethod, ClientMetadata};
use crate::error::{RegistrationError, rule_of};
use crate::refusal::{Reason, Refusal};
use crate::rules;

/// Registers a client; with a token where the authorization server asks for one.
pub async fn register(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    metadata: &ClientMetadata,
    initial_access_token: Option<&Secret>,
) -> Result<ClientInformation, RegistrationError> {
    let endpoint = check_endpoint(http.reporter(), authorization_server)?;
    let mut request = Request::post_json(endpoint, &metadata.to_registration()).header("accept", "application/json");
    // "The client registration endpoint MAY be an OAuth 2.0 … protected resource and it MAY accept
    // an initial access token" (RFC 7591 §3)
    if let Some(token) = initial_access_token {
        request = request.bearer(token);
    }
    let response = http.send(&request).await.map_err(RegistrationError::Unavailable)?;
    check_accepted(http.reporter(), &response, metadata, initial_access_token.is_some())?;
    let information = check_information(http.reporter(), &response)?;
    check_granted(http, metadata, &information)?;
    Ok(information)
}

/// "Use Dynamic Client Registration as a fallback if the Authorization Server supports it (via
/// registration_endpoint …)" (MCP 2026-07-28)
fn check_endpoint<'a>(
    reporter: &Reporter,
    authorization_server: &'a AuthorizationServerMetadata,
) -> Result<&'a str, RegistrationError> {
    let endpoint = authorization_server.registration_endpoint.as_deref();
    let expected = "the authorization server's metadata names a registration endpoint";
    reporter.recommend(&rules::ENDPOINT, endpoint.is_some(), expected, endpoint.unwrap_or("absent"));
    endpoint.ok_or_else(|| RegistrationError::NoEndpoint { issuer: authorization_server.issuer.clone() })
}

/// The authorization server's own decisions, as far as its response shows them: each is its check,
/// not the client's. A refusal names one of them, and then nothing is known of the others.
fn check_accepted(
    reporter: &Reporter,
    response: &Response,
    metadata: &ClientMetadata,
    with_token: bool,
) -> Result<(), RegistrationError> {
    let refusal = (!(200..300).contains(&response.status)).then(|| Refusal::read(response, with_token));
    let decided = Decisions { refusal: refusal.as_ref() };
    let idp = reporter.on(Side::Idp);
    if with_token || refusal.as_ref().is_some_and(|refusal| refusal.reason == Reason::TokenMissing) {
        decided.report(&idp, &rules::IDP_TAKES_TOKEN, "the IdP takes the Initial Access Token", "it did");
    }
    let redirect_uris = metadata.redirect_uris.join(" ");
    decided.report(&idp, &rules::IDP_TAKES_REDIRECT_URI, "the IdP takes the redirect URI", &redirect_uris);
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
    let seen = match &information {
        Ok(information) => information.client_id.clone(),
        Err(error) => error.to_string(),
    };
    let expected = "a client_id, and every member of the type that RFC 7591 gives it";
    reporter.recommend(&rules::CLIENT_INFORMATION, information.is_ok(), expected, seen);
    information.map_err(RegistrationError::Document)
}

/// "The authorization server MAY reject or replace any of the client's requested metadata values
/// submitted during the registration and substitute them with suitable values." (RFC 7591 §3.2.1)
/// So the client looks before it leaps.
pub(crate) fn check_granted(
    http: &Http,
    metadata: &ClientMetadata,
    information: &ClientInformation,
) -> Result<(), RegistrationError> {
    check_usable(http, metadata, information).map_err(RegistrationError::Unfit)?;
    let reporter = http.reporter();
    if information.client_secret.is_some() {
        let at = information.client_secret_expires_at;
        let seen = at.map_or("absent".to_owned(), |at| if at == 0 { "0: never".to_owned() } else { at.to_string() });
        reporter.recommend(&rules::SECRET_EXPIRY, at.is_some(), "client_secret_expires_at comes with the secret", seen);
    }
    if let (Some(requested), Some(granted)) = (&metadata.scopes, information.scopes()) {
        let missing = scope::missing(requested.iter().map(String::as_str), &granted);
        let seen = if missing.is_empty() { granted.join(" ") } else { format!("without {missing:?}: {granted:?}") };
        let reporter = reporter.with_fix("request only what was granted; a later request for the others will fail.");
        reporter.recommend(&rules::SCOPES_GRANTED, missing.is_empty(), "every scope was granted", seen);
    }
    Ok(())
}

/// What was granted without which this client cannot go on.
fn check_usable(http: &Http, metadata: &ClientMetadata, information: &ClientInformation) -> Result<(), Failed> {
    let reporter = http.reporter();
    let granted = information.redirect_uris();
    let seen = granted.as_ref().map_or("not said".to_owned(), |granted| granted.join(" "));
    let all = granted.is_none_or(|granted| metadata.redirect_uris.iter().all(|uri| granted.contains(&uri.as_str())));
    reporter.require(&rules::REDIRECT_URI_GRANTED, all, "the redirect URI was granted as asked for", seen)?;

    let expected = "a way to authenticate that this client has: none, client_secret_basic or client_secret_post";
    let granted = information.granted.get("token_endpoint_auth_method").and_then(|method| method.as_str());
    let usable = information
        .auth_method()
        .is_some_and(|method| method == AuthMethod::None || information.client_secret.is_some());
    reporter.require(&rules::AUTH_METHOD_USABLE, usable, expected, granted.unwrap_or("not said"))?;

    // "The client configuration endpoint MUST be protected by a transport-layer security mechanism"
    // (RFC 7592 §2). https alone would keep a stand-in on this machine out, so the rule is that of
    // every other endpoint.
    if let Some(uri) = &information.registration_client_uri {
        let expected = "the client's own entry is at an https or loopback URL";
        reporter.require(&rules::MANAGEMENT_SECURE, http.accepts(uri).is_ok(), expected, uri)?;
    }
    Ok(())
}
