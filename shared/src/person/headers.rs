//! Headers that a person need not see.

use serde_json::Value;

/// Whether a header is shown with `--full` only.
pub fn is_quiet(name: &str, value: &str, body: &Value) -> bool {
    QUIET_HEADERS.contains(&name) || goes_without_saying(name, value, body)
}

/// Headers that are shown with `--full` only (the JSON form always has them): those of the
/// transport, those that tell a browser to be careful, and those that repeat what the body says.
const QUIET_HEADERS: &[&str] = &[
    "accept",
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cache-control",
    "connection",
    "content-language",
    "content-length",
    "content-security-policy",
    "date",
    "keep-alive",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "pragma",
    "referrer-policy",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "x-robots-tag",
];

/// Whether this is the media type that everybody expects of such a body.
fn goes_without_saying(name: &str, value: &str, body: &Value) -> bool {
    let expected: &[&str] = match body {
        Value::Object(_) | Value::Array(_) => &["application/json"],
        _ => &["text/plain", "application/x-www-form-urlencoded"],
    };
    name == "content-type" && expected.iter().any(|media_type| value.starts_with(media_type))
}
