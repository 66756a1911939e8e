//! A request and its answer.

use std::borrow::Cow;

use axum::http::{HeaderMap, Method, header};
use serde_json::Value;
use url::form_urlencoded;

use crate::Secret;
use crate::event::Event;
use crate::redact::{self, Mask, PLACEHOLDER};

#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(Cow<'static, str>, String)>,
    pub(super) body: Vec<u8>,
    pub(super) follows_redirects: bool,
}

impl Request {
    /// A GET for a JSON document. It follows redirects, each checked like the first URL.
    pub fn get(url: &str) -> Self {
        Self {
            method: Method::GET,
            url: url.to_owned(),
            headers: vec![("accept".into(), "application/json".to_owned())],
            body: Vec::new(),
            follows_redirects: true,
        }
    }

    /// A POST of a JSON document. It follows no redirect.
    pub fn post_json(url: &str, body: &Value) -> Self {
        let headers = vec![("content-type".into(), "application/json".to_owned())];
        Self {
            method: Method::POST,
            url: url.to_owned(),
            headers,
            body: body.to_string().into_bytes(),
            follows_redirects: false,
        }
    }

    /// A POST of a text as it is, whatever it is. It follows no redirect.
    pub fn post_text(url: &str, content_type: &str, body: &str) -> Self {
        Self { body: body.as_bytes().to_vec(), ..Self::post_json(url, &Value::Null) }
            .header("content-type", content_type)
    }

    /// A PUT of a JSON document, which replaces what is there. It follows no redirect.
    pub fn put_json(url: &str, body: &Value) -> Self {
        Self { method: Method::PUT, ..Self::post_json(url, body) }
    }

    /// Any request, as another library made it. It follows no redirect, and headers that are no
    /// text are left out.
    pub fn of(request: axum::http::Request<Vec<u8>>) -> Self {
        let (parts, body) = request.into_parts();
        let known = [header::ACCEPT, header::AUTHORIZATION, header::CONTENT_TYPE];
        let headers = known.iter().filter_map(|name| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            let name = match *name {
                header::ACCEPT => "accept",
                header::AUTHORIZATION => "authorization",
                _ => "content-type",
            };
            Some((name.into(), value.to_owned()))
        });
        let headers = headers.collect();
        Self { method: parts.method, url: parts.uri.to_string(), headers, body, follows_redirects: false }
    }

    /// A POST of form fields (`application/x-www-form-urlencoded`). It follows no redirect.
    pub fn post_form(url: &str, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self {
            method: Method::POST,
            url: url.to_owned(),
            headers: vec![
                ("accept".into(), "application/json".to_owned()),
                ("content-type".into(), "application/x-www-form-urlencoded".to_owned()),
            ],
            body: body.into_bytes(),
            follows_redirects: false,
        }
    }

    /// A DELETE. It follows no redirect.
    pub fn delete(url: &str) -> Self {
        Self { method: Method::DELETE, ..Self::get(url).without_redirects() }
    }

    /// With this bearer token in the `Authorization` header (RFC 6750 §2.1).
    pub fn bearer(self, token: &Secret) -> Self {
        self.header("authorization", &format!("Bearer {}", token.expose()))
    }

    /// Whether a JSON object that may hold secrets is asked for: the token endpoint's, or that of a
    /// registration. Metadata is fetched with GET, and MCP accepts more than JSON.
    pub(super) fn wants_secrets(&self) -> bool {
        self.method != Method::GET && self.header_value("accept") == Some("application/json")
    }

    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The value of this header, by its name in lower case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same request; a redirect is its answer.
    pub fn without_redirects(self) -> Self {
        Self { follows_redirects: false, ..self }
    }

    /// With this header, replacing one of the same name.
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: &str) -> Self {
        let name = name.into();
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With one more header of a name that may be there already: what no well-behaved client sends.
    pub fn another_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name.into(), value.to_owned()));
        self
    }

    pub fn to(self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self }
    }

    /// The same request to where a redirect leads. A credential was meant for the first URL only.
    pub(super) fn redirected(mut self, url: String) -> Self {
        self.headers.retain(|(name, _)| !matches!(&**name, "authorization" | "cookie" | "dpop"));
        Self { url, ..self }
    }

    pub(super) fn sent(&self) -> Event {
        redact::begin_exchange();
        let content_type = self.headers.iter().find(|(name, _)| *name == "content-type").map_or("", |(_, value)| value);
        let headers = self.headers.iter();
        Event::Sent {
            method: self.method.to_string(),
            url: Mask::Fingerprint.url(&self.url),
            headers: headers.map(|(name, value)| (name.to_string(), Mask::Fingerprint.header(name, value))).collect(),
            body: Mask::Fingerprint.body(content_type, &self.body),
            curl: self.curl(content_type),
        }
    }

    fn curl(&self, content_type: &str) -> String {
        let mut line = format!("curl -i -X {} {}", self.method, quoted(&Mask::Placeholder.url(&self.url)));
        for (name, value) in &self.headers {
            line += &format!(" -H {}", quoted(&format!("{name}: {}", Mask::Placeholder.header(name, value))));
        }
        match Mask::Placeholder.body(content_type, &self.body) {
            Value::Null => line,
            Value::String(form) => line + " -d " + &quoted(&form),
            json => line + " -d " + &quoted(&json.to_string()),
        }
    }
}

/// `text` as one word of a shell, in which nothing is acted on but the placeholders: `'Bearer
/// '"$ACCESS_TOKEN"''`.
fn quoted(text: &str) -> String {
    let [open, close] = PLACEHOLDER;
    let mut word = String::from("'");
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        word += &before.replace('\'', "'\\''");
        rest = after;
        // Whatever else stands between the marks, a stranger wrote.
        let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if let Some((name, after)) = rest.split_once(close).filter(|(name, _)| is_name(name)) {
            word += &format!("'\"${name}\"'");
            rest = after;
        }
    }
    word + &rest.replace('\'', "'\\''") + "'"
}

#[derive(Clone, Debug)]
pub struct Response {
    /// The URL that gave this answer: the one asked for, or the last of its redirects.
    pub url: String,
    /// HTTP status code.
    pub status: u16,
    /// All header fields.
    pub headers: HeaderMap,
    /// At most [`super::MAX_BODY_BYTES`].
    pub body: Vec<u8>,
}

impl Response {
    /// Every value of this header field, in order; bytes that are not UTF-8 are replaced.
    pub fn header_values(&self, name: &str) -> Vec<String> {
        self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }

    /// How an endpoint refused: `HTTP 400 invalid_grant: Code not valid`, from the members `error`
    /// and `error_description` (RFC 6749 §5.2), where they are there.
    pub fn refusal(&self) -> String {
        let (error, description) = self.error_members();
        match (error.as_str(), description.trim_end_matches('.')) {
            ("", "") => format!("HTTP {}", self.status),
            ("", description) => format!("HTTP {}: {description}", self.status),
            (error, "") => format!("HTTP {} {error}", self.status),
            (error, description) => format!("HTTP {} {error}: {description}", self.status),
        }
    }

    /// The member `error` of a refusal (RFC 6749 §5.2); empty where it is not there.
    pub fn error_code(&self) -> String {
        self.error_members().0
    }

    /// The code and the description of a refusal. Some gateways send an object as `error`.
    fn error_members(&self) -> (String, String) {
        let document: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let first = |value: &Value, names: &[&str]| {
            let texts = names.iter().filter_map(|name| match &value[*name] {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            texts.into_iter().next().unwrap_or_default()
        };
        match &document["error"] {
            Value::String(code) => (code.clone(), first(&document, &["error_description"])),
            error @ Value::Object(_) => {
                (first(error, &["error", "type", "status", "code"]), first(error, &["error_description", "message"]))
            }
            _ => Default::default(),
        }
    }

    /// The media type of the body, in lower case and without parameters; empty where there is none.
    pub fn media_type(&self) -> String {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shell makes of a word.
    fn in_a_shell(word: &str) -> String {
        let script = format!("printf %s {word}");
        let output =
            std::process::Command::new("sh").args(["-c", &script]).env("ACCESS_TOKEN", "SECRET").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    #[cfg(unix)]
    fn a_shell_acts_on_nothing_that_a_stranger_wrote() {
        for text in
            ["$(echo x)", "`echo x`", "a'b\"c\\d", "$HOME", "'; echo x; '", "!x", "\u{e000}$(echo x)\u{e001}", "a\nb"]
        {
            let shown: String = text.chars().filter(|c| *c != '\u{e000}').collect();
            assert_eq!(in_a_shell(&quoted(text)), shown, "{text}");
        }
        let header = Mask::Placeholder.header("authorization", "Bearer t0k3n");
        assert_eq!(in_a_shell(&quoted(&header)), "Bearer SECRET");
    }
}
