//! The client metadata of a registration request (RFC 7591 §2), as JSON.

use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusal::{IdpRefusal, bad_request, error};

/// The members that Keycloak knows. It refuses any other one.
const MEMBERS: &str = "\
    application_type backchannel_logout_session_required backchannel_logout_uri client_id \
    client_id_issued_at client_name client_secret client_secret_expires_at client_uri contacts \
    default_acr_values default_max_age dpop_bound_access_tokens \
    frontchannel_logout_session_required frontchannel_logout_uri grant_types initiate_login_uri \
    jwks jwks_uri logo_uri policy_uri post_logout_redirect_uris redirect_uris \
    registration_access_token registration_client_uri request_uris require_auth_time \
    require_pushed_authorization_requests response_types scope sector_identifier_uri software_id \
    software_version subject_type tls_client_certificate_bound_access_tokens \
    token_endpoint_auth_method token_endpoint_auth_signing_alg tos_uri";

pub fn is_member(name: &str) -> bool {
    MEMBERS.split(' ').any(|member| member == name)
}

/// The members that this server uses.
#[derive(Debug, Default, Deserialize)]
pub struct RequestedMetadata {
    pub client_id: Option<String>,
    pub redirect_uris: Option<Vec<String>>,
    pub grant_types: Option<Vec<String>>,
    pub response_types: Option<Vec<String>>,
    pub token_endpoint_auth_method: Option<String>,
    pub client_name: Option<String>,
    pub client_uri: Option<String>,
    pub jwks_uri: Option<String>,
    pub jwks: Option<Value>,
    pub scope: Option<String>,
    pub dpop_bound_access_tokens: Option<bool>,
}

impl RequestedMetadata {
    /// Reads a request, which has to be a JSON object with known members of the right types.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, IdpRefusal> {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            let sentence = "The content-type header value did not match the value in @Consumes";
            return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
        }
        let unreadable = |_| bad_request("invalid_request", "Cannot parse the JSON");
        let document: Map<String, Value> = serde_json::from_slice(body).map_err(unreadable)?;
        if let Some(name) = document.keys().find(|name| !is_member(name)) {
            return Err(unknown_member(name, body));
        }
        serde_json::from_value(Value::Object(document)).map_err(unreadable)
    }
}

/// Keycloak tells where the member is: RFC 7591 §2 wants unknown members to be ignored.
fn unknown_member(name: &str, body: &[u8]) -> IdpRefusal {
    let column = String::from_utf8_lossy(body).find(&format!("\"{name}\"")).map_or(0, |at| at + name.len() + 4);
    let sentence = format!(
        "Invalid json representation for OIDCClientRepresentation. Unrecognized field \"{name}\" at line 1 column {column}."
    );
    error(StatusCode::BAD_REQUEST, &sentence)
}
