//! Keeps secrets out of events. It happens where an event is built, so that no printer ever sees a
//! secret.
//!
//! A secret is shown as `<kind, N characters, sha256 first 8 hex digits>`: equal values can be seen
//! to be equal, and nothing can be replayed. A password, which could be guessed from a hash, is
//! just `<password>`. This module knows the *names* that carry secrets; what they mean is the
//! lessons' business.

use ring::digest;
use serde_json::Value;

/// Names of form fields, query parameters and JSON members whose values are secrets.
const SECRET_NAMES: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "token",
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "assertion",
    "subject_token",
    "actor_token",
    "initial_access_token",
    "registration_access_token",
    "password",
    "id_token_hint",
    "logout_token",
    "session_code",
];

/// Members of answers that carry a secret, and are none themselves: RFC 6749 §5.1, RFC 7591 §3.2.1,
/// RFC 7592 §3, OpenID Connect, and what Keycloak adds. Beside a secret, a member of another name
/// might be one too.
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
    &["authorization", "proxy-authorization", "cookie", "set-cookie", "dpop", "mcp-session-id"];

/// How a secret is shown.
#[derive(Clone, Copy)]
pub enum Mask {
    /// `<access_token, 812 characters, sha256 1a2b3c4d>`
    Fingerprint,
    /// The name of a shell variable between [`PLACEHOLDER`] marks, for a line that a person pastes
    /// into a shell.
    Placeholder,
}

/// Stand around the name of a placeholder: two characters of the private use area, so that no shell
/// syntax is needed to tell a placeholder from what a stranger wrote.
pub const PLACEHOLDER: [char; 2] = ['\u{e000}', '\u{e001}'];

impl Mask {
    /// The masked form of a secret of this kind.
    pub fn secret(self, kind: &str, value: &str) -> String {
        match self {
            Mask::Placeholder => {
                let [open, close] = PLACEHOLDER;
                format!("{open}{}{close}", kind.to_ascii_uppercase().replace('-', "_"))
            }
            Mask::Fingerprint if kind == "password" => "<password>".to_owned(),
            Mask::Fingerprint => {
                let hash = digest::digest(&digest::SHA256, value.as_bytes());
                let hex: String = hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
                format!("<{kind}, {} characters, sha256 {hex}>", value.chars().count())
            }
        }
    }

    /// A header's value; the scheme of an `Authorization` header stays readable.
    pub fn header(self, name: &str, value: &str) -> String {
        let name = name.to_ascii_lowercase();
        if !SECRET_HEADERS.contains(&name.as_str()) {
            return self.text(value);
        }
        match value.split_once(' ') {
            Some((scheme, credentials)) if name.ends_with("authorization") => {
                let kind = if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("dpop") {
                    "access_token"
                } else {
                    "credentials"
                };
                format!("{scheme} {}", self.secret(kind, credentials.trim()))
            }
            _ => self.secret(&name, value),
        }
    }

    /// A URL: secrets in its query, its fragment and its user information.
    pub fn url(self, url: &str) -> String {
        let (rest, fragment) = split(url, '#');
        let (base, query) = split(rest, '?');
        let mut shown = self.user_information(base);
        for (mark, part) in [('?', query), ('#', fragment)] {
            if let Some(part) = part {
                shown.push(mark);
                shown.push_str(&self.form(part));
            }
        }
        shown
    }

    fn user_information(self, base: &str) -> String {
        let Some((scheme, rest)) = base.split_once("://") else {
            return base.to_owned();
        };
        let authority = rest.split('/').next().unwrap_or_default();
        match authority.rsplit_once('@') {
            Some((user, _)) => format!("{scheme}://{}{}", self.secret("password", user), &rest[user.len()..]),
            None => base.to_owned(),
        }
    }

    /// `name=value&name=value`, as in a query or a form.
    pub fn form(self, form: &str) -> String {
        let masked = form.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret(name) => format!("{name}={}", self.secret(name, value)),
            _ => self.text(pair),
        });
        masked.collect::<Vec<_>>().join("&")
    }

    /// A JSON document: secrets by their member names, at any depth, and tokens that stand anywhere
    /// else.
    pub fn json(self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let has_secret = members.iter().any(|(name, value)| is_secret(name) && value.is_string());
                let is_masked = |name: &str| is_secret(name) || has_secret && !HARMLESS_NAMES.contains(&name);
                let shown = members.iter().map(|(name, value)| {
                    let shown = match value {
                        Value::String(secret) if is_masked(name) => Value::String(self.secret(name, secret)),
                        other => self.json(other),
                    };
                    (name.clone(), shown)
                });
                shown.collect()
            }
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::String(text) => Value::String(self.text(text)),
            other => other.clone(),
        }
    }

    /// Any other text: whatever looks like a signed token (three base64url parts, the first one a
    /// JSON object) is masked.
    pub fn text(self, text: &str) -> String {
        let is_part_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("eyJ") {
            let end = rest[start..].find(|c| !is_part_of_token(c)).map_or(rest.len(), |n| start + n);
            let word = &rest[start..end];
            shown.push_str(&rest[..start]);
            match word.matches('.').count() {
                0 | 1 => shown.push_str(word),
                _ => shown.push_str(&self.secret("token", word)),
            }
            rest = &rest[end..];
        }
        self.parameters(&(shown + rest))
    }

    /// Secrets that stand in the query of a URL somewhere in the text: in a link of a page, for
    /// example.
    fn parameters(self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(mark) = rest.find(['?', '&', ';']) {
            let (before, after) = rest.split_at(mark + 1);
            shown.push_str(before);
            rest = after;
            let end = rest.find(['&', '"', '\'', '<', '#', ' ', '\n']).unwrap_or(rest.len());
            if let Some((name, value)) = rest[..end].split_once('=')
                && is_secret(name)
                && !value.is_empty()
                && !value.starts_with('<')
            {
                shown.push_str(&format!("{name}={}", self.secret(name, value)));
                rest = &rest[end..];
            }
        }
        shown + rest
    }

    /// A body, by its content type: JSON, form, or text.
    pub fn body(self, content_type: &str, bytes: &[u8]) -> Value {
        if bytes.is_empty() {
            return Value::Null;
        }
        let text = String::from_utf8_lossy(bytes);
        if content_type.starts_with("application/x-www-form-urlencoded") {
            return Value::String(self.form(&text));
        }
        match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => self.json(&value),
            Err(_) => Value::String(self.text(&text)),
        }
    }
}

fn is_secret(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests;
