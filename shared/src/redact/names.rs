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

/// Headers whose values are secrets, or hold one after a scheme name.
const SECRET_HEADERS: &[&str] =
    &["authorization", "proxy-authorization", "cookie", "set-cookie", "dpop", "mcp-session-id", "x-api-key"];

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
    SECRET_HEADERS.contains(&name)
}
