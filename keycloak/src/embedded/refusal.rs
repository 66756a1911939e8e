//! Refusals: Keycloak's errors are JSON documents with one or two members.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

#[derive(Debug)]
pub struct IdpRefusal {
    pub status: StatusCode,
    pub error: String,
    pub description: Option<String>,
}

impl IntoResponse for IdpRefusal {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.error});
        if let Some(description) = self.description {
            body["error_description"] = description.into();
        }
        (self.status, Json(body)).into_response()
    }
}

/// An error code without a description.
pub fn error(status: StatusCode, error: &str) -> IdpRefusal {
    IdpRefusal { status, error: error.to_owned(), description: None }
}

pub fn described(status: StatusCode, error: &str, description: &str) -> IdpRefusal {
    IdpRefusal { status, error: error.to_owned(), description: Some(description.to_owned()) }
}

/// HTTP 400 with a code and a description, which is the usual case (RFC 6749 §5.2).
pub fn bad_request(error: &str, description: &str) -> IdpRefusal {
    described(StatusCode::BAD_REQUEST, error, description)
}

pub fn invalid_request(description: &str) -> IdpRefusal {
    bad_request("invalid_request", description)
}

pub fn invalid_grant(description: &str) -> IdpRefusal {
    bad_request("invalid_grant", description)
}

pub fn invalid_scope(scope: &str) -> IdpRefusal {
    bad_request("invalid_scope", &format!("Invalid scopes: {scope}"))
}

pub fn not_found() -> IdpRefusal {
    error(StatusCode::NOT_FOUND, "HTTP 404 Not Found")
}

/// This server cannot respond, for example because the system has no randomness to give.
pub fn internal_error() -> IdpRefusal {
    let description = "For more on this error consult the server log.";
    described(StatusCode::INTERNAL_SERVER_ERROR, "unknown_error", description)
}

/// The sentence of the first fault that is there. The order of the rows is the order of the checks.
pub fn first_fault(faults: &[(bool, &'static str)]) -> Result<(), &'static str> {
    match faults.iter().find(|(is_there, _)| *is_there) {
        Some((_, sentence)) => Err(sentence),
        None => Ok(()),
    }
}
