//! Does the authorization server know this client? A token request with a code that cannot exist
//! tells: the client is authenticated before the code is looked at (RFC 6749 §3.2.1, §5.2), so
//! `invalid_grant` means yes and `invalid_client` no. Nothing is issued, and nobody has to sign in.

use as_metadata::AuthorizationServerMetadata;
use shared::http::Http;

use crate::client_authentication::authenticated;
use crate::client_information::ClientInformation;
use crate::error::RegistrationError;
use crate::rules;

/// A code that no authorization server has given out.
const NO_CODE: &str = "this-code-was-never-issued";
/// A verifier of the right form: 43 characters (RFC 7636 §4.1).
const NO_VERIFIER: &str = "0000000000000000000000000000000000000000000";

/// Asks the token endpoint.
pub async fn check_known(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    client: &ClientInformation,
    redirect_uri: &str,
    fix: &str,
) -> Result<(), RegistrationError> {
    let Some(token_endpoint) = &authorization_server.token_endpoint else { return Ok(()) };
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", NO_CODE),
        ("code_verifier", NO_VERIFIER),
        ("redirect_uri", redirect_uri),
    ];
    let request = authenticated(token_endpoint, &fields, client);
    let response = http.send(&request).await.map_err(RegistrationError::Unavailable)?;
    let got = response.refusal();
    // invalid_client: "Client authentication failed (e.g., unknown client, no client authentication
    // included, or unsupported authentication method)." (RFC 6749 §5.2)
    let known = !matches!(response.error_code().as_str(), "invalid_client" | "unauthorized_client");
    let expected = "the IdP knows the client: it refuses the code (invalid_grant), not the client (invalid_client)";
    let reporter = http.reporter().with_fix(fix);
    reporter.require(&rules::KNOWN, known, expected, &got).map_err(|failed| RegistrationError::Unknown {
        client_id: client.client_id.clone(),
        got,
        fix: failed.fix,
    })
}
