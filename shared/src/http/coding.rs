//! Bodies that are no text: compressed, although this client asks for no compression, or anything
//! else that a terminal should not get.

use axum::http::{HeaderMap, header};

use crate::members::binary;

/// The content coding that the response has, where it has one (RFC 9110 §8.4).
fn content_coding(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_ENCODING)?;
    let coding = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
    (!coding.is_empty() && coding != "identity").then_some(coding)
}

/// What is shown instead of a body that nobody can read.
pub(super) fn instead_of(headers: &HeaderMap, body: &[u8]) -> Option<String> {
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
