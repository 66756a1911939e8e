//! Whether a stored client can be used again: the authorization server still knows it, and it was
//! registered for what this run needs.

use shared::http::Http;
use shared::{Failure, scope};

use crate::client_information::ClientInformation;
use crate::client_metadata::{AuthMethod, ClientMetadata};
use crate::error::RegistrationError;
use crate::further::granted_credentials::check_usable;
use crate::further::known_client::{Knowledge, ask_about_client};
use crate::further::manage::{self, ManageError};
use crate::get_or_register::{AGAIN, RegistrationRequest};
use crate::rules;
use crate::store::Registration;

/// What to do about a stored client that the authorization server does not know.
pub fn forget_first(issuer: &str) -> String {
    format!(
        "forget the client (-- clients forget --issuer {issuer}, in lesson 03) and run it again: a new one is registered."
    )
}

/// Reads the client's own entry where there is one (RFC 7592 §2.1), else asks the token endpoint.
/// `None` where the client is gone.
pub async fn still_known(
    http: &Http,
    request: &RegistrationRequest<'_>,
    information: &ClientInformation,
) -> Result<Option<ClientInformation>, Failure> {
    let reporter = http.reporter();
    let is_there = |there, seen: &dyn std::fmt::Display| {
        reporter.with_fix(AGAIN).recommend(&rules::ENTRY_THERE, there, "the IdP still has the client's entry", seen)
    };
    match manage::read(http, information).await {
        Ok(renewed) => {
            is_there(true, &renewed.client_id);
            return Ok(Some(renewed));
        }
        Err(ManageError::Gone(refusal)) if refusal.status == 401 => {
            is_there(false, &refusal);
            return Ok(None);
        }
        Err(ManageError::NotOffered) => {}
        Err(other) => manage::report_unreadable(http, information, &other),
    }
    let client = information.clone().choosing_method(request.authorization_server);
    let redirect_uri = request.metadata.redirect_uri();
    let fix = forget_first(request.stored_at);
    match ask_about_client(http, request.authorization_server, &client, redirect_uri, &fix).await? {
        Knowledge::Known(seen) => drop(is_there(true, &seen)),
        Knowledge::Unknown(seen) => {
            is_there(false, &seen);
            return Ok(None);
        }
        Knowledge::CannotBeTold => {}
    }
    Ok(Some(information.clone()))
}

/// Whether the client may do what this run needs. One that may not is changed at the authorization
/// server, where that can be done.
pub async fn check_fits(
    http: &Http,
    request: &RegistrationRequest<'_>,
    stored: &ClientInformation,
    registration: &mut Registration,
) -> Result<bool, Failure> {
    let reporter = http.reporter();
    let (metadata, authorization_server) = (&request.metadata, request.authorization_server);
    let same_way = registration.way == request.way;
    let missing_from =
        |client: &ClientInformation| missing_from(&client.clone().choosing_method(authorization_server), metadata);
    let mut missing = missing_from(&registration.information);
    let was_refused = registration.requested == metadata.to_registration() && missing == missing_from(stored);
    if same_way && was_refused && !missing.is_empty() {
        check_usable(reporter, authorization_server, metadata, stored).map_err(RegistrationError::Unfit)?;
        reporter.note(format!(
            "The IdP granted the client less than was asked for, and is not asked again: {}.",
            missing.join(", ")
        ));
        return Ok(true);
    }
    if !same_way {
        missing.push(request.way.title().to_owned());
    }
    let seen = if missing.is_empty() { "all of it".to_owned() } else { format!("it lacks: {}", missing.join(", ")) };
    let expected = "the client was registered for what this run needs";
    let reporter = reporter.with_fix(if same_way {
        "none needed: this run changes the client at the IdP."
    } else {
        "none needed: this run registers a new client in its place."
    });
    if reporter.recommend(&rules::FITS, missing.is_empty(), expected, seen) {
        return Ok(true);
    }
    if !same_way {
        return Ok(false);
    }
    manage::update_to_fit(http, authorization_server, metadata, registration).await
}

/// What the client was not registered for, although this run needs it.
fn missing_from(information: &ClientInformation, metadata: &ClientMetadata) -> Vec<String> {
    let missing = |requested: &[String], granted: Option<Vec<&str>>| -> Vec<String> {
        let Some(granted) = granted else { return Vec::new() };
        scope::missing(requested.iter().map(String::as_str), &granted).into_iter().map(str::to_owned).collect()
    };
    let mut all = missing(&metadata.redirect_uris, information.redirect_uris());
    all.extend(missing(metadata.scopes.as_deref().unwrap_or_default(), information.scopes()));
    let method = metadata.token_endpoint_auth_method;
    // Which of the ways to show a secret it is, the authorization server decides.
    let is_public = |method| method == AuthMethod::None;
    if information.auth_method().map(is_public) != Some(is_public(method)) {
        all.push(format!("the authentication {}", method.as_str()));
    }
    all
}
