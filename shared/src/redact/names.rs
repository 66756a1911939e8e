//! The names that carry secrets.

/// Names of form fields, query parameters and JSON members whose values are secrets, as
/// [`normalised`] writes them.
const SECRET_NAMES: &[&str] = &[
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "token",
    "code",
    "codeverifier",
    "clientsecret",
    "clientassertion",
    "assertion",
    "subjecttoken",
    "actortoken",
    "initialaccesstoken",
    "registrationaccesstoken",
    "password",
    "passwd",
    "idtokenhint",
    "logouttoken",
    "sessioncode",
    "authorizationcode",
    "devicecode",
    "apikey",
    "secret",
    "privatekey",
    "bearertoken",
    "authtoken",
];

/// Secret names that are words of other things too: a JSON-RPC error has a `code`, a page has the
/// label `password`.
const COMMON_WORDS: &[&str] = &["code", "token", "password", "secret", "assertion"];

/// Members of responses that may stand beside a secret and are not one: RFC 6749 §5.1, RFC 7591
/// §3.2.1, RFC 7592 §3, OpenID Connect, and what Keycloak adds. A member of another name might be
/// a secret too.
const HARMLESS_NAMES: &[&str] = &[
    "application_type",
    "client_id",
    "client_name",
    "client_uri",
    "error",
    "error_description",
    "error_uri",
    "id",
    "issued_token_type",
    "jwks_uri",
    "logo_uri",
    "policy_uri",
    "registration_client_uri",
    "resource",
    "scope",
    "software_id",
    "software_version",
    "subject_type",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "token_type",
    "tos_uri",
];

/// Words that stand behind the name of a secret and a colon without being its value.
const ORDINARY_WORDS: &[&str] = &[
    "a",
    "absent",
    "an",
    "as",
    "at",
    "basic",
    "bearer",
    "by",
    "dpop",
    "empty",
    "expected",
    "expired",
    "false",
    "for",
    "if",
    "in",
    "invalid",
    "is",
    "it",
    "its",
    "malformed",
    "mandatory",
    "mismatch",
    "missing",
    "must",
    "no",
    "none",
    "not",
    "null",
    "of",
    "on",
    "one",
    "only",
    "opaque",
    "optional",
    "please",
    "rejected",
    "required",
    "revoked",
    "see",
    "should",
    "string",
    "the",
    "this",
    "to",
    "true",
    "undefined",
    "unknown",
    "unsupported",
    "use",
    "what",
    "where",
    "which",
    "wrong",
    "you",
    "your",
];

/// Headers whose values are secrets, or hold one after a scheme name.
const SECRET_HEADERS: &[&str] = &["dpop", "mcp-session-id"];
/// The same for any header whose name has one of these words, as proxies and gateways name theirs.
const SECRET_HEADER_WORDS: &[&str] = &["authorization", "cookie", "token", "secret", "password", "apikey"];
/// Headers that have such a word and no secret.
const HARMLESS_HEADERS: &[&str] = &["access-control-allow-headers", "access-control-expose-headers"];

/// `accessToken`, `ACCESS_TOKEN` and `access-token` are the same name.
fn normalised(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a value of this name is a secret. A name may be percent-encoded.
pub fn is_secret(name: &str) -> bool {
    // No name of the list is near this long, even with each character encoded.
    if name.len() > 128 {
        return false;
    }
    let name = if name.contains(['%', '+']) { normalised(super::decoded(name).trim()) } else { normalised(name) };
    SECRET_NAMES.contains(&name.as_str())
}

/// Whether this secret name is a common word too.
pub fn is_common_word(name: &str) -> bool {
    COMMON_WORDS.contains(&normalised(name).as_str())
}

/// Whether a member of this name is known not to be a secret.
pub fn is_harmless(name: &str) -> bool {
    HARMLESS_NAMES.contains(&name)
}

/// Whether this header, in lower case, carries a secret.
pub fn is_secret_header(name: &str) -> bool {
    let has_word = || SECRET_HEADER_WORDS.iter().any(|word| normalised(name).contains(word));
    SECRET_HEADERS.contains(&name) || !HARMLESS_HEADERS.contains(&name) && has_word()
}

/// Whether this is a word of a sentence, or a short number, rather than a value.
pub fn is_ordinary_word(word: &[u8]) -> bool {
    word.len() < 5 && word.iter().all(u8::is_ascii_digit)
        || ORDINARY_WORDS.iter().any(|ordinary| word.eq_ignore_ascii_case(ordinary.as_bytes()))
}

/// Whether this is the code of an error: a number behind capital letters (`AADSTS50011`), or words
/// with underscores (`invalid_grant`).
pub fn is_error_code(code: &[u8]) -> bool {
    let letters = code.iter().take_while(|c| c.is_ascii_uppercase()).count();
    let digits = code[letters..].strip_prefix(b"-").unwrap_or(&code[letters..]);
    let is_numbered = letters > 1 && (1..8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let is_word = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_lowercase);
    is_numbered || code.contains(&b'_') && code.split(|c| *c == b'_').all(is_word)
}
