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

/// A name with one of these at its end is a secret too: `new_password`, `webhook-secret`.
const SECRET_ENDINGS: &[&str] =
    &["password", "passwd", "passphrase", "secret", "privatekey", "apikey", "accesstoken", "refreshtoken", "authtoken"];

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

/// Words of the names of headers whose values are secrets, or hold one after a scheme name.
const SECRET_HEADER_WORDS: &[&str] = &[
    "authorization",
    "cookie",
    "cookie2",
    "token",
    "jwt",
    "assertion",
    "secret",
    "password",
    "passwd",
    "apikey",
    "key",
    "session",
    "sessionid",
    "credential",
    "credentials",
];

/// Headers of other names whose values are secrets.
const SECRET_HEADERS: &[&str] = &["dpop", "authentication-info", "proxy-authentication-info", "x-auth"];

/// Headers that name other headers or say what is allowed.
const HARMLESS_HEADERS: &[&str] = &["access-control-", "sec-"];

/// Words that follow the name of a secret and a colon in a sentence.
const WORDS_OF_SENTENCES: &str = "\
    a absent access according after all already also always an and another any are as at bad be \
    because been before both but by can cannot check choose contact could did disabled do does \
    each either empty enabled enter every expected expired false field for format found from \
    given got has have he her here his how however i if in incorrect instead into invalid is it \
    its jwt mandatory many may mismatch missing more must my needs neither never new no none not \
    nothing null of old on once one only opaque optional or our out outdated over parameter \
    please readable received refused rejected required revoked see send sent set shall she \
    should so some than that the their them then there these they this those to too true try two \
    undefined unknown unset unsupported unverified use used user uses using valid value was we \
    were what when where which who why will with without wrong yes you your";

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
    SECRET_NAMES.contains(&name.as_str()) || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a secret of this name may be a word like any other: a password may, a code may not.
pub fn may_be_word(name: &str) -> bool {
    !["code", "token", "assertion"].contains(&normalised(name).as_str())
}

/// Whether sentences have this word after the name of a secret and a colon.
pub fn is_of_sentence(word: &str) -> bool {
    WORDS_OF_SENTENCES.split_whitespace().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a value looks like the code of an error: `AADSTS50011`, `ORA-01017`.
pub fn is_number_of_error(value: &str) -> bool {
    let letters = value.bytes().take_while(u8::is_ascii_uppercase).count();
    let number = value[letters..].trim_start_matches(['-', '_']);
    (2..=8).contains(&letters) && (2..=10).contains(&number.len()) && number.bytes().all(|c| c.is_ascii_digit())
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
    if HARMLESS_HEADERS.iter().any(|start| name.starts_with(start)) {
        return false;
    }
    SECRET_HEADERS.contains(&name)
        || is_secret(name.strip_prefix("x-").unwrap_or(name))
        || name.split(['-', '_']).any(|word| SECRET_HEADER_WORDS.contains(&word))
}
