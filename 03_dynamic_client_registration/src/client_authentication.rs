//! How a client authenticates at the token endpoint (RFC 6749 §2.3.1,
//! <https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1>), and whether the authorization server
//! knows it.

use as_metadata::AuthorizationServerMetadata;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::http::{Http, Request};
use url::form_urlencoded;

use crate::client_information::ClientInformation;
use crate::client_metadata::AuthMethod;
use crate::error::RegistrationError;
use crate::further::odd_knowledge;
use crate::rules;

/// A form to the token endpoint, or to one that authenticates clients as that does, with the
/// client's credentials in its own way: RFC 6749 §2.3.1.
pub fn authenticated(url: &str, fields: &[(&str, &str)], client: &ClientInformation) -> Request {
    let mut fields = fields.to_vec();
    let secret = client.client_secret.as_ref();
    match (client.auth_method(), secret) {
        (Some(AuthMethod::ClientSecretBasic), Some(secret)) => {
            let credentials = format!("{}:{}", encoded(&client.client_id), encoded(secret.expose()));
            // It is no second authentication, and some authorization servers look for it there.
            fields.push(("client_id", &client.client_id));
            Request::post_form(url, &fields).header("authorization", &format!("Basic {}", STANDARD.encode(credentials)))
        }
        (Some(AuthMethod::ClientSecretPost), Some(secret)) => {
            fields.extend([("client_id", client.client_id.as_str()), ("client_secret", secret.expose())]);
            Request::post_form(url, &fields)
        }
        // "A client MAY use the "client_id" request parameter to identify itself when sending
        // requests to the token endpoint." (RFC 6749 §3.2.1)
        _ => {
            fields.push(("client_id", &client.client_id));
            Request::post_form(url, &fields)
        }
    }
}

/// "The client identifier is encoded using the application/x-www-form-urlencoded encoding
/// algorithm" (RFC 6749 §2.3.1): a URL as client_id breaks Basic without it.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A code that no authorization server has given out.
pub(crate) const NO_CODE: &str = "this-code-was-never-issued";
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
        _ => odd_knowledge::read(http.reporter(), client, &response, fix),
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
    let fix = format!("{fix} {}", odd_knowledge::how_it_authenticates(client, authorization_server));
    let checked = reporter.with_fix(fix).require(&rules::KNOWN, known, expected, seen);
    checked.map_err(|failed| RegistrationError::Unknown { client_id: client.client_id.clone(), failed })
}

#[cfg(test)]
mod tests {
    use shared::Secret;

    use super::*;

    #[test]
    fn a_url_as_client_id_does_not_break_basic() {
        assert_eq!(encoded("http://localhost:8000/mcp"), "http%3A%2F%2Flocalhost%3A8000%2Fmcp");
        let client = ClientInformation::known("http://localhost:8000/mcp", Some(Secret::new("s:1")));
        let request = authenticated("http://localhost:9000/token", &[], &client);
        let credentials = request.header_value("authorization").unwrap().strip_prefix("Basic ").unwrap();
        let decoded = STANDARD.decode(credentials).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), "http%3A%2F%2Flocalhost%3A8000%2Fmcp:s%3A1");
    }
}
