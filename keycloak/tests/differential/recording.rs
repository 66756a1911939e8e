//! What is compared of a response, as fields with names. What no two IdPs have alike is replaced by
//! a name; `normalised.rs` has the rest.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::Secret;
use shared::http::{Request, Response};
use shared::page;
use url::Url;

use super::idp::IdpUnderTest;
use super::normalised::settled;

/// What is compared of a response, by name.
pub type Compared = BTreeMap<String, Value>;

const CONSENT_TEXTS: [&str; 2] = ["Read data through the MCP server", "Change data through the MCP server"];

impl IdpUnderTest {
    /// Sends a request and records its response with all headers that matter to a page.
    pub async fn record(&mut self, name: &str, request: Request) -> Result<Value, Failed> {
        let response = self.http.send(&request.without_redirects()).await?;
        let body = serde_json::from_slice(&response.body).unwrap_or_default();
        let compared = self.compared(&response);
        self.responses.push((name.to_owned(), compared));
        Ok(body)
    }

    /// Records what is compared of a response at the OAuth endpoints.
    pub fn keep(&mut self, name: &str, response: &Response) {
        let mut compared = Compared::from([("status".to_owned(), json!(response.status))]);
        for header in ["cache-control", "pragma"] {
            compared.insert(format!("header {header}"), json!(response.header_values(header)));
        }
        let text = settled(&String::from_utf8_lossy(&response.body), self.server());
        if let Some(location) = response.header_values("location").first() {
            self.compare_redirect(location, &mut compared);
        }
        if response.media_type() == "text/html" {
            let html = text.as_str();
            let texts: Vec<_> = CONSENT_TEXTS.iter().filter(|text| html.contains(**text)).collect();
            let page = if html.contains("name=\"accept\"") { format!("consent: {texts:?}") } else { page_of(html) };
            compared.insert("page".to_owned(), json!(page));
            let wrong = html.contains("Invalid username or password.");
            compared.insert("page says that the password is wrong".to_owned(), json!(wrong));
        } else {
            compared.insert("header content-type".to_owned(), json!(response.header_values("content-type")));
            compare_tokens(&response.body, &mut compared);
            if let Ok(mut body) = serde_json::from_str::<Value>(&text) {
                name_values(&mut body);
                flatten("", &body, &mut compared);
            }
        }
        self.responses.push((name.to_owned(), compared));
    }

    fn compare_redirect(&self, location: &str, compared: &mut Compared) {
        let location = location.replace(self.server(), "http://idp");
        let query = Url::parse(&location).unwrap();
        let path = location.split('?').next().unwrap();
        compared.insert("redirect to".to_owned(), json!(settled(path.trim_end_matches('/'), self.server())));
        for (name, value) in query.query_pairs().filter(|_| !path.contains("/login-actions/")) {
            let value = if ["code", "session_state"].contains(&&*name) { "RANDOM".into() } else { value };
            let value = value.replace(self.server(), "ORIGIN").replace("http://idp", "ORIGIN");
            compared.insert(format!("redirect {name}"), json!(value));
        }
    }

    /// Records one value to compare.
    pub fn keep_field(&mut self, name: &str, field: &str, value: Value) {
        self.responses.push((name.to_owned(), Compared::from([(field.to_owned(), value)])));
    }

    fn compared(&self, response: &Response) -> Compared {
        let mut compared = Compared::from([("status".to_owned(), json!(response.status))]);
        let names = [
            "content-type",
            "location",
            "cache-control",
            "access-control-allow-origin",
            "access-control-allow-credentials",
        ];
        for name in names {
            let values = response.header_values(name);
            let values: Vec<_> = values.iter().map(|value| settled(value, self.server())).collect();
            compared.insert(format!("header {name}"), json!(values));
        }
        let text = settled(&String::from_utf8_lossy(&response.body), self.server());
        if response.media_type() == "text/html" {
            compared.insert("page".to_owned(), json!(page_of(&text)));
            return compared;
        }
        let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if let Some(keys) = body.get_mut("keys").and_then(Value::as_array_mut) {
            keys.sort_by_key(|key| key["use"] != "sig");
        }
        name_values(&mut body);
        flatten("", &body, &mut compared);
        compared
    }
}

/// What a person sees: an error's message, or that this is the page to sign in at.
fn page_of(html: &str) -> String {
    if html.contains("id=\"kc-form-login\"") { "sign in".to_owned() } else { page::message(html).unwrap_or_default() }
}

/// Adds the header and the claims of the tokens in a response. The rest is replaced as text.
fn compare_tokens(body: &[u8], compared: &mut Compared) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    for name in ["access_token", "id_token"] {
        if let Some(token) = body[name].as_str() {
            let token = Secret::new(token);
            let parts: Vec<_> = token.expose().split('.').collect();
            let part =
                |n: usize| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[n]).unwrap()).unwrap() };
            let (mut header, mut claims) = (part(0), part(1));
            header["kid"] = json!("THERE");
            let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
            name_values(&mut claims);
            flatten(name, &json!({"header": header, "lifetime": lifetime, "claims": claims}), compared);
        }
    }
}

/// Names values that no two IdPs have alike, and puts scopes in an order.
fn name_values(body: &mut Value) {
    let is_about_a_token = body["iat"].is_number();
    let is_for_the_client = body["typ"] == "ID";
    let Value::Object(members) = body else { return };
    for (name, value) in members.iter_mut() {
        let named = match (name.as_str(), &value) {
            ("client_secret", Value::String(_)) => "SECRET",
            ("client_id_issued_at" | "timestamp", Value::Number(_)) => "TIME",
            ("session_state", Value::String(_)) => "RANDOM",
            ("exp" | "iat" | "auth_time" | "jti" | "sub" | "sid" | "azp" | "at_hash" | "client_id", _)
                if is_about_a_token =>
            {
                "THERE"
            }
            ("aud", _) if is_for_the_client => "THE CLIENT",
            ("iss", Value::String(issuer)) if is_about_a_token => {
                *value = json!(issuer.split("/realms/").nth(1));
                continue;
            }
            ("cnf", Value::Object(_)) => {
                value["jkt"] = json!("THERE");
                continue;
            }
            ("scope", Value::String(scopes)) => {
                let mut scopes: Vec<_> = scopes.split(' ').map(str::to_owned).collect();
                scopes.sort_unstable();
                *value = json!(scopes);
                continue;
            }
            _ => continue,
        };
        *value = json!(named);
    }
}

/// One field for each member; lists of strings are sets, since neither IdP promises an order.
pub fn flatten(name: &str, value: &Value, fields: &mut BTreeMap<String, Value>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Object(members) if !name.ends_with("_aliases") && name != "keys[1]" => {
            members.iter().for_each(|(member, value)| flatten(&below(member), value, fields));
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let set: BTreeSet<_> = items.iter().filter_map(Value::as_str).collect();
            fields.insert(name.to_owned(), json!(set));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| flatten(&format!("{name}[{n}]"), item, fields));
        }
        other => drop(fields.insert(name.to_owned(), other.clone())),
    }
}
