//! Dynamic client registration: RFC 7591 §3, <https://www.rfc-editor.org/rfc/rfc7591#section-3>.
//! One request, and what a client has to look at before it uses the answer.

use as_metadata::AuthorizationServerMetadata;
use shared::http::{Http, Request, Response};
use shared::{Reporter, Secret, Side};

use crate::client_information::ClientInformation;
use crate::client_metadata::ClientMetadata;
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
    let request = Request::post_json(endpoint, &metadata.to_registration()).header("accept", "application/json");
    // "The client registration endpoint MAY be an OAuth 2.0 … protected resource and it MAY accept
    // an initial access token" (RFC 7591 §3)
    let request = initial_access_token.into_iter().fold(request, Request::bearer);
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
    reporter.check(&rules::ENDPOINT, endpoint.is_some(), expected, endpoint.unwrap_or("absent"));
    endpoint.ok_or_else(|| RegistrationError::NoEndpoint { issuer: authorization_server.issuer.clone() })
}

/// The authorization server's own decisions, as far as its answer tells them: each is its check,
/// not the client's.
fn check_accepted(
    reporter: &Reporter,
    response: &Response,
    metadata: &ClientMetadata,
    with_token: bool,
) -> Result<(), RegistrationError> {
    let idp = reporter.on(Side::Idp);
    let refusal = (!(200..300).contains(&response.status)).then(|| Refusal::read(response, with_token));
    let reason = refusal.as_ref().map(|refusal| &refusal.reason);
    let decided = |rule: &'static shared::Rule| reason.is_none_or(|reason| rule_of(reason).id == rule.id);
    let got = |accepted: String| refusal.as_ref().map_or(accepted, ToString::to_string);
    let fix = refusal.as_ref().map(Refusal::fix).unwrap_or_default();
    let accepted = refusal.is_none();

    if with_token && decided(&rules::IDP_TAKES_TOKEN) || matches!(reason, Some(Reason::TokenMissing)) {
        let expected = "the IdP takes the Initial Access Token";
        idp.check_or(&rules::IDP_TAKES_TOKEN, accepted, expected, got("it did".to_owned()), &fix);
    }
    if decided(&rules::IDP_TAKES_REDIRECT_URI) {
        let expected = "the IdP takes the redirect URI";
        let accepted_uri = metadata.redirect_uris.join(" ");
        idp.check_or(&rules::IDP_TAKES_REDIRECT_URI, accepted, expected, got(accepted_uri), &fix);
    }
    if let Some(scope) = metadata.scope()
        && decided(&rules::IDP_TAKES_SCOPE)
    {
        idp.check_or(&rules::IDP_TAKES_SCOPE, accepted, "the IdP takes the scopes", got(scope), &fix);
    }
    // "The authorization server MUST ignore any client metadata sent by the client that it does not
    // understand" (RFC 7591 §2)
    if !metadata.additional.is_empty() && decided(&rules::UNKNOWN_MEMBER_IGNORED) {
        let names: Vec<_> = metadata.additional.keys().map(String::as_str).collect();
        let expected = format!("the IdP ignores members that it does not know ({})", names.join(", "));
        reporter.check_or(&rules::UNKNOWN_MEMBER_IGNORED, accepted, expected, got("it did".to_owned()), &fix);
    }
    if decided(&rules::CREATED) {
        let got = refusal.as_ref().map_or_else(|| format!("HTTP {}", response.status), ToString::to_string);
        reporter.check_or(&rules::CREATED, response.status == 201, "HTTP 201 Created", got, &fix);
    }
    refusal.map_or(Ok(()), |refusal| Err(RegistrationError::Refused(refusal)))
}

fn check_information(reporter: &Reporter, response: &Response) -> Result<ClientInformation, RegistrationError> {
    let information = ClientInformation::from_json(&response.body);
    let got = match &information {
        Ok(information) => information.client_id.clone(),
        Err(error) => error.to_string(),
    };
    let expected = "a client_id, and every member of the type that RFC 7591 gives it";
    reporter.check(&rules::CLIENT_INFORMATION, information.is_ok(), expected, got);
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
    let reporter = http.reporter();
    let unfit = |rule, expected, got: String| Err(RegistrationError::Unfit { rule, expected, got });

    let expected = "the redirect URI was granted as asked for";
    let granted = information.redirect_uris();
    let got = granted.as_ref().map_or("not said".to_owned(), |granted| granted.join(" "));
    let passed = granted.is_none_or(|granted| metadata.redirect_uris.iter().all(|uri| granted.contains(&uri.as_str())));
    if !reporter.check(&rules::REDIRECT_URI_GRANTED, passed, expected, &got) {
        return unfit(&rules::REDIRECT_URI_GRANTED, expected, got);
    }

    let expected = "a way to authenticate that this client has: none, client_secret_basic or client_secret_post";
    let granted = information.granted.get("token_endpoint_auth_method").and_then(|method| method.as_str());
    let got = granted.unwrap_or("not said").to_owned();
    let usable = information.auth_method().is_some_and(|method| {
        method == crate::client_metadata::AuthMethod::None || information.client_secret.is_some()
    });
    if !reporter.check(&rules::AUTH_METHOD_USABLE, usable, expected, &got) {
        return unfit(&rules::AUTH_METHOD_USABLE, expected, got);
    }

    if information.client_secret.is_some() {
        let at = information.client_secret_expires_at;
        let got = at.map_or("absent".to_owned(), |at| if at == 0 { "0: never".to_owned() } else { at.to_string() });
        reporter.check(&rules::SECRET_EXPIRY, at.is_some(), "client_secret_expires_at comes with the secret", got);
    }

    if let (Some(asked), Some(granted)) = (&metadata.scopes, information.scopes()) {
        let missing: Vec<_> = asked.iter().filter(|scope| !granted.contains(&scope.as_str())).collect();
        let fix = "request only what was granted; a later request for the others will fail.";
        let got = if missing.is_empty() { granted.join(" ") } else { format!("without {missing:?}: {granted:?}") };
        reporter.check_or(&rules::SCOPES_GRANTED, missing.is_empty(), "every scope was granted", got, fix);
    }

    // "The client configuration endpoint MUST be protected by a transport-layer security mechanism"
    // (RFC 7592 §2). https alone would keep a stand-in on this machine out, so the rule is that of
    // every other endpoint.
    if let Some(uri) = &information.registration_client_uri {
        let passed = http.accepts(uri).is_ok();
        let expected = "the client's own entry is at an https or loopback URL";
        if !reporter.check(&rules::MANAGEMENT_SECURE, passed, expected, uri) {
            return unfit(&rules::MANAGEMENT_SECURE, expected, uri.clone());
        }
    }
    Ok(())
}
