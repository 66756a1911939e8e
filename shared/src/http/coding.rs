//! How the body of a response is shown: with its secrets masked, and not at all if it is not text.
//! This client asks for no compression, and some servers compress all the same.

use axum::http::{HeaderMap, header};
use serde_json::Value;

use crate::members::binary;
use crate::redact::Mask;

/// The body of a response, for events. `may_be_secret`: where a JSON object with secrets belongs,
/// anything else can be such a secret itself.
pub(super) fn shown(headers: &HeaderMap, body: &[u8], may_be_secret: bool) -> Value {
    if let Some(kind) = instead_of(headers, body) {
        return Value::String(kind);
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_page = content_type.starts_with("text/html");
    match Mask::Fingerprint.body(content_type, body) {
        Value::String(_) | Value::Array(_) | Value::Number(_) if may_be_secret && !is_page => {
            Value::String(Mask::Fingerprint.secret("body", &String::from_utf8_lossy(body)))
        }
        shown => shown,
    }
}

/// The content coding that the response has, where it has one (RFC 9110 §8.4).
fn content_coding(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_ENCODING)?;
    let coding = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
    (!coding.is_empty() && coding != "identity").then_some(coding)
}

/// What is shown instead of a body that nobody can read.
fn instead_of(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let length = body.len();
    match (content_coding(headers), binary(body)) {
        (Some(coding), _) => Some(format!(
            "({length} bytes with the content coding {coding}, which this client did not accept: it asked for identity)"
        )),
        (None, Some(kind)) => Some(format!("({length} bytes that are {kind})")),
        (None, None) => None,
    }
}
