//! Whether an authorization server knows a client: a token request with a code that cannot exist
//! tells it, where the response says so.

use as_metadata::AuthorizationServerMetadata;
use serde_json::Value;
use shared::http::{Http, Response};
use shared::{Reporter, Side};

use crate::client_authentication::{authenticated, encoded};
use crate::client_information::ClientInformation;
use crate::client_metadata::AuthMethod;
use crate::error::RegistrationError;
use crate::further::rules;

/// A code that no authorization server has given out.
const NO_CODE: &str = "this-code-was-never-issued";
/// A verifier of the right form: 43 characters (RFC 7636 §4.1).
const NO_VERIFIER: &str = "0000000000000000000000000000000000000000000";

/// What an authorization server's response says about a client, with that response.
#[derive(Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// It knows the client.
    Known(String),
    /// It does not, or the client's authentication failed.
    Unknown(String),
    /// The response says neither; that was reported.
    CannotBeTold,
}

/// A token request with a code that cannot exist tells whether the authorization server knows the
/// client: the client is authenticated before the code is looked at (RFC 6749 §3.2.1, §5.2), so
/// `invalid_grant` means yes and `invalid_client` no. Nothing is issued, and nobody has to sign in.
/// `fix` is what to do where it does not know the client.
pub async fn ask_about_client(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    client: &ClientInformation,
    redirect_uri: &str,
    fix: &str,
) -> Result<Knowledge, RegistrationError> {
    let Some(token_endpoint) = &authorization_server.token_endpoint else { return Ok(Knowledge::CannotBeTold) };
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", NO_CODE),
        ("code_verifier", NO_VERIFIER),
        ("redirect_uri", redirect_uri),
    ];
    let request = authenticated(token_endpoint, &fields, client);
    let response = http.send(&request).await.map_err(RegistrationError::Unavailable)?;
    let seen = response.refusal();
    match (response.status, response.error_code().as_str()) {
        (_, "invalid_grant") => Ok(Knowledge::Known(seen)),
        // invalid_client: "Client authentication failed (e.g., unknown client, no client
        // authentication included, or unsupported authentication method)." (RFC 6749 §5.2) The
        // status 401 says the same; Keycloak's code for a wrong secret is unauthorized_client.
        (_, "invalid_client") | (401, _) => Ok(Knowledge::Unknown(seen)),
        _ => read_other(http.reporter(), client, &response, fix),
    }
}

/// Whether the authorization server knows the client. `fix` is what to do where it does not.
pub async fn check_known(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    client: &ClientInformation,
    redirect_uri: &str,
    fix: &str,
) -> Result<(), RegistrationError> {
    let reporter = http.reporter();
    let expected = "the IdP knows the client: it refuses the code (invalid_grant), not the client (invalid_client)";
    let (known, seen) = match ask_about_client(http, authorization_server, client, redirect_uri, fix).await? {
        Knowledge::Known(seen) => (true, seen),
        Knowledge::Unknown(seen) => (false, seen),
        Knowledge::CannotBeTold => return Ok(()),
    };
    let fix = format!("{fix} {}", how_it_authenticates(client, authorization_server));
    let checked = reporter.with_fix(fix).require(&crate::rules::KNOWN, known, expected, seen);
    checked.map_err(|failed| RegistrationError::Unknown { client_id: client.client_id.clone(), failed })
}

/// Reads any other response to a token request with a code that was never issued. `fix` is what to
/// do if the authorization server does not know the client.
fn read_other(
    reporter: &Reporter,
    client: &ClientInformation,
    response: &Response,
    fix: &str,
) -> Result<Knowledge, RegistrationError> {
    let idp = reporter.on(Side::Idp);
    let seen = response.refusal();
    if response.error_code() == "unauthorized_client" {
        let fix =
            "Have the IdP's operator allow it (in Keycloak: the client's Standard flow), or register another client.";
        let expected = "the client may use the authorization code grant";
        let checked = reporter.with_fix(fix).require(&rules::CODE_GRANT_ALLOWED, false, expected, &seen);
        checked.map_err(|failed| RegistrationError::NotForCodes { client_id: client.client_id.clone(), failed })?;
    }
    // The authorization server has to "verify that the authorization code is valid" (RFC 6749
    // §4.1.3).
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if (200..300).contains(&response.status) && document["access_token"].is_string() {
        let fix = "Do not sign in there until the IdP's operator has corrected it. An IdP that gives tokens for invented codes gives them to everyone.";
        let expected = "the IdP gives no token for a code that it never issued";
        let seen = format!("HTTP {}, with an access token", response.status);
        idp.with_fix(fix).recommend(&rules::UNISSUED_CODE_REFUSED, false, expected, seen);
        return Ok(Knowledge::CannotBeTold);
    }
    let seen = format!("{seen}: whether the IdP knows the client cannot be told from that");
    let fix = format!("The run goes on with this client. If the sign-in fails, {fix}");
    let expected = "the IdP refuses a code that it never issued with HTTP 400 invalid_grant";
    idp.with_fix(fix).recommend(&rules::UNISSUED_CODE_ERROR, false, expected, seen);
    Ok(Knowledge::CannotBeTold)
}

/// Which way of authentication was used, and why: for a client that was refused.
pub fn how_it_authenticates(client: &ClientInformation, authorization_server: &AuthorizationServerMetadata) -> String {
    let listed = authorization_server.token_endpoint_auth_methods_supported.as_deref();
    let listed = listed.map_or("no list, which means client_secret_basic".to_owned(), |listed| listed.join(", "));
    let method = match (client.auth_method(), &client.client_secret) {
        (Some(method), Some(_)) => method,
        _ => AuthMethod::None,
    };
    let mut text = format!("The client authenticated with {} (the IdP's metadata has {listed}).", method.as_str());
    let changes = |text: &str| encoded(text) != text;
    if let (AuthMethod::ClientSecretBasic, Some(secret)) = (method, &client.client_secret) {
        let changed = match (changes(&client.client_id), changes(secret.expose())) {
            (true, true) => "the identifier and the secret",
            (true, false) => "the identifier",
            (false, true) => "the secret",
            (false, false) => return text,
        };
        text += &format!(
            " In that header {changed} changed by the encoding that RFC 6749 §2.3.1 asks for; some IdPs do not decode it, and then a client with \
             client_secret_post, or without special characters, is the way."
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use shared::Secret;

    use super::*;

    #[test]
    fn a_refused_client_hears_how_it_authenticated() {
        let server = |listed: &[&str]| AuthorizationServerMetadata {
            token_endpoint_auth_methods_supported: Some(listed.iter().map(|&name| name.to_owned()).collect()),
            ..Default::default()
        };
        let post = server(&["client_secret_post"]);
        let client = |id: &str, secret: &str| ClientInformation::known(id, Some(Secret::new(secret)));
        let said = how_it_authenticates(&client("c", "s").choosing_method(&post), &post);
        assert_eq!(
            said,
            "The client authenticated with client_secret_post (the IdP's metadata has client_secret_post)."
        );
        let basic = server(&["client_secret_basic"]);
        for (id, secret, words) in [
            ("c", "a+b", "the secret changed by the encoding"),
            ("http://c", "s", "the identifier changed by the encoding"),
            ("http://c", "a/b", "the identifier and the secret changed"),
        ] {
            let said = how_it_authenticates(&client(id, secret), &basic);
            assert!(said.contains(words) && !said.contains("a+b"), "{said}");
        }
        assert!(!how_it_authenticates(&client("c-1_x.y", "s"), &basic).contains("encoding"));
        assert!(how_it_authenticates(&ClientInformation::known("c", None), &basic).contains("with none"));
    }
}
