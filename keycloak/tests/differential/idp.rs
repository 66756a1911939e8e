//! One IdP, one browser, and the responses of this IdP so far.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::{Http, Request, Response};
use shared::reach::{Privacy, Reach};
use shared::{Reporter, Secret, page};
use url::form_urlencoded::byte_serialize;
use url::{Url, form_urlencoded};

use super::recording::Compared;

pub const REDIRECT_URI: &str = "http://127.0.0.1:8888/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const DEMO: &str = "mcp-demo-client";
/// The MCP server as a client, with its secret.
pub const SERVER: BasicCredentials<'_> = ("http://localhost:8000/mcp", "mcp-server-secret");
pub const CALENDAR: BasicCredentials<'_> = ("http://localhost:8001/mcp", "calendar-server-secret");

pub type BasicCredentials<'a> = (&'a str, &'a str);

pub struct IdpUnderTest {
    pub http: Http,
    pub issuer: String,
    pub cookies: BTreeMap<String, String>,
    /// What is compared of each response, by the name of the request.
    pub responses: Vec<(String, Compared)>,
}

pub struct IssuedTokens {
    pub access: String,
    pub refresh: String,
    pub id: String,
}

impl IdpUnderTest {
    pub fn new(issuer: &str) -> Result<Self, Failed> {
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback))?;
        Ok(Self { http, issuer: issuer.to_owned(), cookies: BTreeMap::new(), responses: Vec::new() })
    }

    pub fn server(&self) -> &str {
        self.issuer.rsplit_once("/realms/").unwrap().0
    }

    pub fn registration_endpoint(&self) -> String {
        format!("{}/clients-registrations/openid-connect", self.issuer)
    }

    pub async fn send(&mut self, request: Request) -> Result<Response, Failed> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.without_redirects().header("accept", "text/html");
        let request = if cookies.is_empty() { request } else { request.header("cookie", &cookies.join("; ")) };
        let response = self.http.send(&request).await?;
        for cookie in response.header_values("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(response)
    }

    pub fn authorization_url(&self, client_id: &str, changes: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "mcp:read mcp:write"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", "x"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/protocol/openid-connect/auth?{query}", self.issuer)
    }

    pub async fn register(&mut self, changes: Value) -> Result<Value, Failed> {
        let mut document = json!({
            "client_name": "differential", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"], "scope": "mcp:read mcp:write",
        });
        document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let url = format!("{}/clients-registrations/openid-connect", self.issuer);
        let response = self.http.send(&Request::post_json(&url, &document)).await?;
        Ok(serde_json::from_slice(&response.body)?)
    }

    pub async fn submit(
        &mut self,
        here: &str,
        response: &Response,
        typed: &[(&str, &str)],
    ) -> Result<Response, Failed> {
        let html = String::from_utf8_lossy(&response.body);
        let form = page::forms(&html).into_iter().next().ok_or("a page without a form")?;
        let action = Url::parse(here)?.join(&form.action)?;
        let mut fields: Vec<(&str, &str)> = form.hidden().collect();
        fields.extend_from_slice(typed);
        self.send(Request::post_form(action.as_str(), &fields)).await
    }

    /// Signs in with a new browser and agrees; the code.
    pub async fn code(&mut self, client_id: &str, username: &str, changes: &[(&str, &str)]) -> Result<String, Failed> {
        self.cookies.clear();
        self.code_in_this_browser(client_id, username, changes).await
    }

    /// The same with the browser of before, which may be signed in.
    pub async fn code_in_this_browser(
        &mut self,
        client_id: &str,
        username: &str,
        changes: &[(&str, &str)],
    ) -> Result<String, Failed> {
        let url = self.authorization_url(client_id, changes);
        let mut response = self.send(Request::get(&url)).await?;
        if response.status == 200 {
            response = self.submit(&url, &response, &[("username", username), ("password", "password123")]).await?;
        }
        for _ in 0..3 {
            let location =
                response.header_values("location").first().cloned().ok_or("no redirect after the sign-in")?;
            if let Some((_, query)) = location.split_once('?').filter(|_| location.starts_with(REDIRECT_URI)) {
                let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
                return code.map(|(_, code)| code.into_owned()).ok_or_else(|| format!("no code: {query}").into());
            }
            let page = self.send(Request::get(&location)).await?;
            response = self.submit(&location, &page, &[("accept", "x")]).await?;
        }
        Err("the sign-in does not end".into())
    }

    pub fn token_url(&self) -> String {
        format!("{}/protocol/openid-connect/token", self.issuer)
    }

    /// A token request; an empty value leaves a field out.
    pub async fn token(&mut self, name: &str, fields: &[(&str, &str)]) -> Result<Value, Failed> {
        let fields: Vec<_> = fields.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
        let response = self.http.send(&Request::post_form(&self.token_url(), &fields)).await?;
        self.keep(name, &response);
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer)
    }

    /// A request of a form, with the credentials in an Authorization header; the answer is
    /// compared.
    pub async fn post(
        &mut self,
        name: &str,
        endpoint: &str,
        client: Option<BasicCredentials<'_>>,
        fields: &[(&str, &str)],
    ) -> Result<Value, Failed> {
        let mut request = Request::post_form(&self.endpoint(endpoint), fields);
        if let Some((id, secret)) = client {
            request = request.header("authorization", &basic(id, secret));
        }
        let response = self.http.send(&request).await?;
        self.keep(name, &response);
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// A public client revokes.
    pub async fn revoke(&mut self, name: &str, client_id: &str, token: &str) -> Result<(), Failed> {
        let fields = [("client_id", client_id), ("token", token)];
        self.post(&format!("revoke: {name}"), "revoke", None, &fields).await.map(drop)
    }

    /// The MCP server asks about a token.
    pub async fn introspect(&mut self, name: &str, token: &str) -> Result<Value, Failed> {
        self.post(&format!("introspect: {name}"), "token/introspect", Some(SERVER), &[("token", token)]).await
    }

    pub async fn refresh(&mut self, name: &str, client_id: &str, token: &str) -> Result<IssuedTokens, Failed> {
        let response = self.token(&format!("refresh: {name}"), &refreshing(client_id, token)).await?;
        Ok(IssuedTokens::of(&response))
    }

    /// IssuedTokens of a new sign-in, in a browser of its own.
    pub async fn tokens_of(&mut self, client_id: &str, scope: &str) -> Result<IssuedTokens, Failed> {
        let code = self.code(client_id, "mcpuser", &[("scope", scope)]).await?;
        self.redeem(client_id, &code).await
    }

    /// The same in the browser of before.
    pub async fn more_tokens_of(&mut self, client_id: &str, scope: &str) -> Result<IssuedTokens, Failed> {
        let code = self.code_in_this_browser(client_id, "mcpuser", &[("scope", scope)]).await?;
        self.redeem(client_id, &code).await
    }

    pub async fn redeem(&mut self, client_id: &str, code: &str) -> Result<IssuedTokens, Failed> {
        let response = self.token("token use: a code", &fields(client_id, code)).await?;
        Ok(IssuedTokens::of(&response))
    }

    pub async fn public_client(&mut self) -> Result<String, Failed> {
        let client = self.register(json!({"scope": "mcp:read mcp:write offline_access"})).await?;
        Ok(client["client_id"].as_str().unwrap().to_owned())
    }

    pub async fn administrator(&self) -> Result<Secret, Failed> {
        let server = self.issuer.split("/realms/").next().unwrap();
        let url = format!("{server}/realms/master/protocol/openid-connect/token");
        let fields =
            [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin123")];
        let response = self.http.send(&Request::post_form(&url, &fields)).await?;
        let response: Value = serde_json::from_slice(&response.body)?;
        Ok(Secret::new(response["access_token"].as_str().unwrap()))
    }
}

/// "encoded using the "application/x-www-form-urlencoded" encoding algorithm" (RFC 6749 §2.3.1)
pub fn basic(id: &str, secret: &str) -> String {
    let [id, secret] = [id, secret].map(|text| byte_serialize(text.as_bytes()).collect::<String>());
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

impl IssuedTokens {
    pub fn of(response: &Value) -> Self {
        let text = |name: &str| response[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token"), id: text("id_token") }
    }
}

/// The same token with another signature.
pub fn tampered(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", "A".repeat(342))
}

pub fn fields<'a>(client_id: &'a str, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

pub fn refreshing<'a>(client_id: &'a str, token: &'a str) -> [(&'a str, &'a str); 3] {
    [("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)]
}
