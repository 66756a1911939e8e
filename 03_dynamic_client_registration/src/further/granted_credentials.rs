//! What came with a registration that stays with a client: looked at when the client is
//! registered, and again when it is taken from the store, so that both runs say the same.

use shared::clock::rfc3339;
use shared::http::Http;
use shared::{Failed, Side, now};

use crate::client_information::ClientInformation;
use crate::client_metadata::AuthMethod;
use crate::further::rules::SECRET_ALIVE;
use crate::rules;

/// The authorization server says how long the secret lives.
pub fn check_expiry_said(http: &Http, information: &ClientInformation) {
    if information.client_secret.is_none() {
        return;
    }
    let at = information.client_secret_expires_at;
    let seen = at.map_or("absent".to_owned(), |at| if at == 0 { "0: never".to_owned() } else { rfc3339(at) });
    let fix = "Have the IdP's operator add client_secret_expires_at to the response, 0 for a secret that does not expire. The client goes on as if it did not.";
    let idp = http.reporter().on(Side::Idp);
    let expected = "client_secret_expires_at comes with the secret";
    idp.with_fix(fix).recommend(&rules::SECRET_EXPIRY, at.is_some(), expected, seen);
}

/// A secret that has just come is not dead already; one that is never shown does not matter.
pub fn check_alive(http: &Http, information: &ClientInformation) -> Result<(), Failed> {
    if !information.secret_has_expired(now()) || information.auth_method() == Some(AuthMethod::None) {
        return Ok(());
    }
    let at = information.client_secret_expires_at.unwrap_or_default();
    let seen = format!(
        "client_secret_expires_at is {at}, which is {}; this machine's clock says {}",
        rfc3339(at),
        rfc3339(now())
    );
    let fix = "Compare the two clocks. If this machine's is right, the IdP's operator has to let secrets live; then run it again: a new client is registered.";
    let idp = http.reporter().on(Side::Idp);
    idp.with_fix(fix).require(&SECRET_ALIVE, false, "the client secret that was just issued has not expired", seen)
}

/// Whether the client's own entry can be reached safely; without it the client can be used all the
/// same.
///
/// "The client configuration endpoint MUST be protected by a transport-layer security mechanism"
/// (RFC 7592 §2). https alone would keep a stand-in on this machine out, so the rule is that of
/// every other endpoint.
pub fn check_management(http: &Http, information: &ClientInformation) -> bool {
    let Some(uri) = &information.registration_client_uri else { return true };
    let fix = "Have the IdP's operator give an absolute https URL as registration_client_uri. Until then this client cannot be read, changed or deleted \
               from here.";
    let expected = "the client's own entry is at an https or loopback URL";
    let accepted = http.accepts(uri);
    let seen = accepted.as_ref().err().map_or(uri.clone(), |error| format!("{uri}: {error}"));
    http.reporter().with_fix(fix).recommend(&rules::MANAGEMENT_SECURE, accepted.is_ok(), expected, seen)
}
