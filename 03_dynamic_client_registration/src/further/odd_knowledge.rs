//! What an authorization server says about a client where it says neither `invalid_grant` nor
//! `invalid_client`, and how a client that it refuses has authenticated.

use as_metadata::AuthorizationServerMetadata;
use serde_json::Value;
use shared::http::Response;
use shared::{Reporter, Side};

use crate::client_authentication::{Knowledge, NO_CODE, encoded};
use crate::client_information::ClientInformation;
use crate::client_metadata::AuthMethod;
use crate::error::RegistrationError;
use crate::further::rules;

/// Reads any other response to a token request with a code that was never issued. `fix` is what to
/// do if the authorization server does not know the client.
pub fn read(
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
        let fix = "Do not use this IdP before its operator has corrected it: who gives tokens for invented codes gives them to everyone.";
        let expected = "the IdP gives no token for a code that it never issued";
        let seen = format!("HTTP {}, with an access token for the code “{NO_CODE}”", response.status);
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
