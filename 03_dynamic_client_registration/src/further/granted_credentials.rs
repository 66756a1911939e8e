//! What a client was granted that stays with it: looked at when the client is registered, and again
//! when it is taken from the store, so that both runs say the same.

use as_metadata::AuthorizationServerMetadata;
use serde_json::Value;
use shared::clock::rfc3339;
use shared::http::Http;
use shared::{Failed, Reporter, Side, now};

use crate::client_information::ClientInformation;
use crate::client_metadata::{AuthMethod, ClientMetadata};
use crate::further::refusal_advice::BY_HAND;
use crate::further::rules::{GRANT_TYPES_GRANTED, SECRET_ALIVE};
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

/// A grant type or a response type that this client needs and did not get; nothing is said
/// where they are there, or where the response does not list them.
fn check_types(
    (reporter, fix): (&Reporter, &str),
    metadata: &ClientMetadata,
    information: &ClientInformation,
) -> Result<(), Failed> {
    let requested = metadata.to_registration();
    for (name, needed) in [("grant_types", "authorization_code"), ("response_types", "code")] {
        let (asked, Some(granted)) = (listed(&requested[name]), information.granted.get(name).map(listed)) else {
            continue;
        };
        let missing = asked.iter().any(|asked| !granted.contains(asked));
        let seen = format!("asked for: {}; granted: {}", asked.join(", "), granted.join(", "));
        if asked.contains(&needed) && !granted.contains(&needed) {
            reporter.with_fix(fix).require(&GRANT_TYPES_GRANTED, false, format!("{name} has {needed}"), seen)?;
        } else if missing && !asked.contains(&needed) {
            // A server's client signs nobody in, and can still introspect tokens.
            reporter.with_fix(fix).recommend(
                &GRANT_TYPES_GRANTED,
                false,
                format!("{name} are those that were asked for"),
                seen,
            );
        }
    }
    Ok(())
}

fn listed(values: &Value) -> Vec<&str> {
    values.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What was granted without which this client cannot go on.
pub fn check_usable(
    reporter: &Reporter,
    authorization_server: &AuthorizationServerMetadata,
    metadata: &ClientMetadata,
    information: &ClientInformation,
) -> Result<(), Failed> {
    let fix = format!(
        "Have the IdP's operator change what it grants, forget this client (-- clients forget --issuer {}) and run it again; or {BY_HAND}.",
        authorization_server.issuer
    );
    let granted = information.redirect_uris();
    let seen = granted.as_ref().map_or("not said".to_owned(), |granted| granted.join(" "));
    let all = granted.is_none_or(|granted| metadata.redirect_uris.iter().all(|uri| granted.contains(&uri.as_str())));
    let expected = "the redirect URI was granted as asked for";
    if !metadata.redirect_uris.is_empty() {
        reporter.with_fix(&fix).require(&rules::REDIRECT_URI_GRANTED, all, expected, seen)?;
    }
    check_types((reporter, &fix), metadata, information)?;

    let expected = "a way to authenticate that this client has: none, client_secret_basic or client_secret_post";
    let usable = information
        .auth_method()
        .is_some_and(|method| method == AuthMethod::None || information.client_secret.is_some());
    let seen = match (information.named_method().unwrap_or("not said"), usable) {
        (granted, true) => granted.to_owned(),
        (granted, false) => {
            let listed = authorization_server.token_endpoint_auth_methods_supported.as_deref();
            let listed = listed.map_or("nothing".to_owned(), |listed| listed.join(", "));
            let secret = if information.client_secret.is_some() { "" } else { " without a secret" };
            let asked = metadata.token_endpoint_auth_method.as_str();
            format!("{granted}{secret}; asked for: {asked}; listed in the metadata: {listed}")
        }
    };
    reporter.with_fix(&fix).require(&rules::AUTH_METHOD_USABLE, usable, expected, seen)
}
