//! From the sign-in page to tokens, and what becomes of them.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::{Http, Request, Response};
use shared::page;
use shared::reach::{Privacy, Reach};
use shared::{Reporter, Secret};
use url::{Url, form_urlencoded};

use super::registration::{Fields, page_of, replaced};
use super::{base64, flatten};

const REDIRECT_URI: &str = "http://127.0.0.1:8888/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// One IdP, one browser, and what it has answered so far.
pub struct Asked {
    pub http: Http,
    pub issuer: String,
    cookies: BTreeMap<String, String>,
    answers: Vec<(String, Fields)>,
}

/// The answers of this IdP, named after what was asked.
pub async fn answers(issuer: &str) -> Result<Vec<(String, Fields)>, Failed> {
    let mut asked = Asked::new(issuer)?;
    asked.pages().await?;
    asked.tokens().await?;
    asked.codes_that_are_refused().await?;
    asked.refresh_tokens().await?;
    asked.clients_for_themselves().await?;
    asked.assertions().await?;
    asked.token_use().await?;
    asked.token_exchange().await?;
    asked.dpop().await?;
    Ok(asked.answers)
}

/// The same with the feature `resource-indicators`: only what it changes.
pub async fn answers_with_resource_indicators(issuer: &str) -> Result<Vec<(String, Fields)>, Failed> {
    let mut asked = Asked::new(issuer)?;
    asked.resource_indicators().await?;
    Ok(asked.answers)
}

impl Asked {
    fn new(issuer: &str) -> Result<Self, Failed> {
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback))?;
        Ok(Self { http, issuer: issuer.to_owned(), cookies: BTreeMap::new(), answers: Vec::new() })
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

    /// Remembers what is compared of an answer.
    pub fn keep(&mut self, name: &str, response: &Response) {
        let origin = self.issuer.split("/realms/").next().unwrap();
        let mut fields = Fields::from([("status".to_owned(), json!(response.status))]);
        for header in ["cache-control", "pragma"] {
            fields.insert(format!("header {header}"), json!(response.header_values(header)));
        }
        if response.media_type() != "text/html" {
            fields.insert("header content-type".to_owned(), json!(response.header_values("content-type")));
        }
        let text = String::from_utf8_lossy(&response.body).replace(origin, "ORIGIN");
        if let Some(location) = response.header_values("location").first() {
            let location = location.replace(origin, "ORIGIN");
            let query = Url::parse(&location.replace("ORIGIN", "http://idp")).unwrap();
            let path = location.split('?').next().unwrap();
            let named = replaced(path.trim_end_matches('/'), "components/[0-9a-f-]{36}", "components/RANDOM");
            fields.insert("redirect to".to_owned(), json!(named));
            for (name, value) in query.query_pairs().filter(|_| !path.contains("/login-actions/")) {
                let value = if ["code", "session_state"].contains(&&*name) { "RANDOM".into() } else { value };
                let value = replaced(&value, "http://localhost:[0-9]+", "ORIGIN");
                fields.insert(format!("redirect {name}"), json!(value));
            }
        }
        if response.media_type() == "text/html" {
            let html = text.as_str();
            let texts: Vec<_> = CONSENT_TEXTS.iter().filter(|text| html.contains(**text)).collect();
            let page = if html.contains("name=\"accept\"") { format!("consent: {texts:?}") } else { page_of(html) };
            fields.insert("page".to_owned(), json!(page));
            let wrong = html.contains("Invalid username or password.");
            fields.insert("page says that the password is wrong".to_owned(), json!(wrong));
        } else if let Ok(body) = serde_json::from_str::<Value>(&text) {
            let mut body = body;
            for name in ["access_token", "refresh_token", "id_token"] {
                if let Some(token) = body[name].as_str().filter(|_| name != "refresh_token") {
                    let claims = claims(token);
                    flatten(name, &claims, &mut fields);
                }
                if body[name].is_string() {
                    body[name] = json!("TOKEN");
                }
            }
            if body["session_state"].is_string() {
                body["session_state"] = json!("RANDOM");
            }
            // Keycloak counts from when the token was made, and seconds may have gone by since, if
            // a key had to be made.
            for name in ["expires_in", "refresh_expires_in"] {
                if let Some(seconds) = body[name].as_u64() {
                    body[name] = json!(seconds.next_multiple_of(10));
                }
            }
            if let Some(scope) = body["scope"].as_str() {
                body["scope"] = json!(sorted(scope));
            }
            if body["active"] == true {
                named(&mut body);
            }
            flatten("", &body, &mut fields);
        }
        self.answers.push((name.to_owned(), fields));
    }

    /// Remembers one value to compare.
    pub fn keep_field(&mut self, name: &str, field: &str, value: Value) {
        self.answers.push((name.to_owned(), Fields::from([(field.to_owned(), value)])));
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
        let hidden = form.inputs.iter().filter(|(_, kind, _)| kind == "hidden");
        let mut fields: Vec<(&str, &str)> = hidden.map(|(name, _, value)| (name.as_str(), value.as_str())).collect();
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

    fn token_url(&self) -> String {
        format!("{}/protocol/openid-connect/token", self.issuer)
    }

    /// A token request; an empty value leaves a field out.
    pub async fn token(&mut self, name: &str, fields: &[(&str, &str)]) -> Result<Value, Failed> {
        let fields: Vec<_> = fields.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
        let response = self.http.send(&Request::post_form(&self.token_url(), &fields)).await?;
        self.keep(name, &response);
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    async fn pages(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let client_id = client["client_id"].as_str().unwrap();
        let url = self.authorization_url(client_id, &[]);
        let first = self.send(Request::get(&url)).await?;
        self.keep("the sign-in page", &first);
        let wrong = self.submit(&url, &first, &[("username", "mcpuser"), ("password", "wrong")]).await?;
        self.keep("a wrong password", &wrong);
        let nobody = self.submit(&url, &wrong, &[("username", "nobody"), ("password", "wrong")]).await?;
        self.keep("a user who is not there", &nobody);
        let right = self.submit(&url, &nobody, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("the right password, for a client that has to ask", &right);
        let location = right.header_values("location").remove(0);
        let consent = self.send(Request::get(&location)).await?;
        self.keep("the consent page", &consent);
        let denied = self.submit(&location, &consent, &[("cancel", "x")]).await?;
        self.keep("no", &denied);

        // Whoever did not agree is not signed in.
        let again = self.send(Request::get(&url)).await?;
        self.keep("asked again after a no", &again);
        let right = self.submit(&url, &again, &[("username", "mcpuser"), ("password", "password123")]).await?;
        let location = right.header_values("location").remove(0);
        let consent = self.send(Request::get(&location)).await?;
        let agreed = self.submit(&location, &consent, &[("accept", "x")]).await?;
        self.keep("yes", &agreed);
        let remembered = self.send(Request::get(&url)).await?;
        self.keep("agreed before", &remembered);
        for prompt in ["consent", "none"] {
            let url = self.authorization_url(client_id, &[("prompt", prompt)]);
            let response = self.send(Request::get(&url)).await?;
            self.keep(&format!("agreed before, prompt {prompt}"), &response);
        }
        let url = self.authorization_url(client_id, &[("prompt", "login")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("signed in, prompt login", &response);

        // Another browser with the first one's form.
        let form = self.send(Request::get(&url)).await?;
        self.cookies.clear();
        let stolen = self.submit(&url, &form, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("a form from another browser", &stolen);

        let demo = self.authorization_url("mcp-demo-client", &[]);
        let page = self.send(Request::get(&demo)).await?;
        let response = self.submit(&demo, &page, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("the right password, for a client that need not ask", &response);
        Ok(())
    }

    async fn tokens(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let registered = client["client_id"].as_str().unwrap().to_owned();
        let offline = self.register(json!({"scope": "mcp:read offline_access"})).await?;
        let offline = offline["client_id"].as_str().unwrap().to_owned();
        let codes_only = self.register(json!({"grant_types": ["authorization_code"]})).await?;
        let codes_only = codes_only["client_id"].as_str().unwrap().to_owned();
        for (name, client_id, user, changes) in [
            ("a client that registered", registered.as_str(), "mcpuser", &[][..]),
            ("a reader", &registered, "mcpreader", &[]),
            ("one scope", &registered, "mcpuser", &[("scope", "mcp:read")]),
            ("no scope", &registered, "mcpuser", &[("scope", "")]),
            ("a resource", &registered, "mcpuser", &[("resource", "http://localhost:8000/mcp")]),
            ("an unknown resource", &registered, "mcpuser", &[("resource", "http://x.example/mcp")]),
            ("openid", &registered, "mcpuser", &[("scope", "openid mcp:read")]),
            ("offline_access", &offline, "mcpuser", &[("scope", "mcp:read offline_access")]),
            ("no refresh token grant", &codes_only, "mcpuser", &[]),
            ("the demo client", "mcp-demo-client", "mcpuser", &[]),
            ("the demo client, openid", "mcp-demo-client", "mcpuser", &[("scope", "openid mcp:read")]),
            ("the demo client, no scope", "mcp-demo-client", "mcpuser", &[("scope", "")]),
            ("two servers", "mcp-demo-client", "mcpuser", &[("scope", "mcp:read calendar:read")]),
        ] {
            let code = self.code(client_id, user, changes).await?;
            self.token(&format!("token: {name}"), &fields(client_id, &code)).await?;
        }
        Ok(())
    }

    async fn resource_indicators(&mut self) -> Result<(), Failed> {
        const ONE: &str = "http://localhost:8000/mcp";
        const OTHER: &str = "http://localhost:8001/mcp";
        let both = "mcp:read calendar:read";
        for (scope, asked, sent) in [
            ("mcp:read", "", ""),
            ("mcp:read", ONE, ONE),
            ("mcp:read", ONE, ""),
            ("mcp:read", "", ONE),
            ("mcp:read", ONE, OTHER),
            ("mcp:read", OTHER, OTHER),
            ("mcp:read", "http://localhost:8000/mcp/", "http://localhost:8000/mcp/"),
            ("mcp:read", "HTTP://localhost:8000/mcp", "HTTP://localhost:8000/mcp"),
            ("mcp:read", "http://nowhere.example", "http://nowhere.example"),
            (both, "", ""),
            (both, ONE, ONE),
            (both, OTHER, OTHER),
            ("", "", ""),
            ("", ONE, ONE),
            ("openid", ONE, ONE),
        ] {
            let name = format!("resource {asked:?}, then {sent:?}, scope {scope:?}");
            let code = self.code("mcp-demo-client", "mcpuser", &[("scope", scope), ("resource", asked)]).await?;
            let redeeming = [&fields("mcp-demo-client", &code)[..], &[("resource", sent)]].concat();
            let tokens = self.token(&name, &redeeming).await?;
            if let (Some(access), Some(refresh)) = (tokens["access_token"].as_str(), tokens["refresh_token"].as_str()) {
                self.exchange(&name, Some(super::token_use::SERVER), access, &[]).await?;
                for resource in ["", OTHER, ONE] {
                    let refreshing = [&refreshing("mcp-demo-client", refresh)[..], &[("resource", resource)]].concat();
                    self.token(&format!("{name}, refresh for {resource:?}"), &refreshing).await?;
                }
            }
        }
        Ok(())
    }

    async fn codes_that_are_refused(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let client_id = client["client_id"].as_str().unwrap().to_owned();
        for (name, changes) in [
            ("another verifier", &[("code_verifier", "0000000000000000000000000000000000000000000")][..]),
            ("no verifier", &[("code_verifier", "")]),
            ("a short verifier", &[("code_verifier", "x")]),
            ("another redirect URI", &[("redirect_uri", "http://127.0.0.1:8888/other")]),
            ("no redirect URI", &[("redirect_uri", "")]),
            ("another client", &[("client_id", "mcp-demo-client")]),
            ("another resource", &[("resource", "http://localhost:8001/mcp")]),
        ] {
            let code = self.code(&client_id, "mcpuser", &[("resource", "http://localhost:8000/mcp")]).await?;
            let mut changed: Vec<_> = fields(&client_id, &code).to_vec();
            changed.retain(|(field, _)| changes.iter().all(|(changed, _)| changed != field));
            changed.extend_from_slice(changes);
            self.token(&format!("code: {name}"), &changed).await?;
            self.token(&format!("code: {name}, and then right"), &fields(&client_id, &code)).await?;
        }
        // The second use takes the first one's tokens away.
        let code = self.code(&client_id, "mcpuser", &[]).await?;
        let tokens = self.token("code: used", &fields(&client_id, &code)).await?;
        self.token("code: used twice", &fields(&client_id, &code)).await?;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        self.token("refresh: after the code was used twice", &refreshing(&client_id, refresh)).await?;
        Ok(())
    }

    async fn refresh_tokens(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let client_id = client["client_id"].as_str().unwrap().to_owned();
        let code = self.code(&client_id, "mcpuser", &[]).await?;
        let tokens = self.token("refresh: before", &fields(&client_id, &code)).await?;
        let refresh = |tokens: &Value| tokens["refresh_token"].as_str().unwrap_or_default().to_owned();
        let first = refresh(&tokens);
        self.token("refresh: garbage", &refreshing(&client_id, "x")).await?;
        self.token("refresh: none", &refreshing(&client_id, "")).await?;
        self.token("refresh: an access token", &refreshing(&client_id, tokens["access_token"].as_str().unwrap()))
            .await?;
        self.token("refresh: another client", &refreshing("mcp-demo-client", &first)).await?;
        let less = [&refreshing(&client_id, &first)[..], &[("scope", "mcp:read")]].concat();
        let second = self.token("refresh: less", &less).await?;
        let newest = refresh(&second);
        let more = [&refreshing(&client_id, &newest)[..], &[("scope", "mcp:read mcp:write")]].concat();
        let third = self.token("refresh: as much as before", &more).await?;
        let newest = refresh(&third);
        let too_much = [&refreshing(&client_id, &newest)[..], &[("scope", "mcp:read calendar:read")]].concat();
        self.token("refresh: more", &too_much).await?;
        let fourth = self.token("refresh: again", &refreshing(&client_id, &refresh(&third))).await?;
        self.token("refresh: replayed", &refreshing(&client_id, &refresh(&third))).await?;
        self.token("refresh: the newest after the replay", &refreshing(&client_id, &refresh(&fourth))).await?;
        self.scopes_of_a_refresh(&client_id).await
    }

    async fn scopes_of_a_refresh(&mut self, other: &str) -> Result<(), Failed> {
        for granted in ["mcp:read", "openid mcp:read"] {
            let code = self.code("mcp-demo-client", "mcpuser", &[("scope", granted)]).await?;
            let tokens = self.token("refresh: before", &fields("mcp-demo-client", &code)).await?;
            let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
            for scope in [
                "openid",
                "profile",
                "mcp:write",
                "mcp:read mcp:write",
                "nope",
                "mcp:read nope",
                "downstream:read",
                "mcp:read",
            ] {
                let asking = [&refreshing("mcp-demo-client", &token)[..], &[("scope", scope)]].concat();
                let response = self.token(&format!("refresh: granted {granted:?}, asked {scope:?}"), &asking).await?;
                token = response["refresh_token"].as_str().unwrap_or(&token).to_owned();
            }
            for (name, client_id, token) in [("garbage", "mcp-demo-client", "x"), ("another client", other, &token)] {
                let asking = [&refreshing(client_id, token)[..], &[("scope", "nope")]].concat();
                self.token(&format!("refresh: {name}, asked \"nope\""), &asking).await?;
            }
        }
        Ok(())
    }

    async fn clients_for_themselves(&mut self) -> Result<(), Failed> {
        let grants = json!(["authorization_code", "client_credentials"]);
        let changes = json!({"token_endpoint_auth_method": "client_secret_basic", "grant_types": grants});
        let service = self.register(changes).await?;
        let confidential = self.register(json!({"token_endpoint_auth_method": "client_secret_basic"})).await?;
        for (name, client, fields) in [
            ("a scope that needs a role", &service, &[("scope", "mcp:read")][..]),
            ("no scope", &service, &[]),
            ("an unknown scope", &service, &[("scope", "calendar:read")]),
            ("not allowed", &confidential, &[]),
        ] {
            let text = |name: &str| client[name].as_str().unwrap();
            let basic = base64(&format!("{}:{}", text("client_id"), text("client_secret")));
            let fields = [&[("grant_type", "client_credentials")], fields].concat();
            let request =
                Request::post_form(&self.token_url(), &fields).header("authorization", &format!("Basic {basic}"));
            let response = self.http.send(&request).await?;
            self.keep(&format!("client credentials: {name}"), &response);
        }
        let public = [("grant_type", "client_credentials"), ("client_id", "mcp-demo-client")];
        self.token("client credentials: a public client", &public).await?;
        // The realm file gives this one's account a role.
        let (id, secret) = (("client_id", "mcp-demo-service"), "mcp-demo-service-secret");
        let resource = ("resource", "http://localhost:8000/mcp");
        for (name, secret, fields) in [
            ("what its account may", secret, &[("scope", "mcp:read"), resource][..]),
            ("more than its account may", secret, &[("scope", "mcp:read mcp:write calendar:read")]),
            ("nothing", secret, &[]),
            ("an unknown scope, with an account", secret, &[("scope", "nope")]),
            ("a wrong secret", "nope", &[("scope", "mcp:read")]),
        ] {
            let credentials = [("grant_type", "client_credentials"), id, ("client_secret", secret)];
            self.token(&format!("client credentials: {name}"), &[&credentials[..], fields].concat()).await?;
        }
        Ok(())
    }

    /// RFC 7523: every claim of an assertion missing or wrong, and the signature.
    async fn assertions(&mut self) -> Result<(), Failed> {
        let (key, other_key) = (ClientKey::new("k1"), ClientKey::new("k1"));
        let service = json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.jwk]},
            "grant_types": ["client_credentials"], "response_types": [],
        });
        let service = self.register(service).await?;
        let client_id = service["client_id"].as_str().unwrap().to_owned();
        let url = self.authorization_url(&client_id, &[]);
        let response = self.http.send(&Request::get(&url).without_redirects()).await?;
        self.keep("authorize: a client without codes", &response);

        let issuer = self.issuer.clone();
        let now = shared::now();
        let mut count = 0;
        let mut claims = |changes: Value| {
            count += 1;
            let mut claims = json!({"iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + 60,
                                    "jti": format!("{client_id}-{count}")});
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            claims
        };
        let kid = |kid: Option<&str>| Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        let once = key.sign(&kid(Some("k1")), &claims(json!({})));
        let token_url = self.token_url();
        let mut cases = vec![("good".to_owned(), once.clone()), ("used before".to_owned(), once)];
        for (name, changes) in [
            ("aud: token endpoint", json!({"aud": token_url})),
            ("aud: a list of one", json!({"aud": [issuer]})),
            ("aud: two", json!({"aud": [issuer, "x"]})),
            ("aud: another", json!({"aud": "https://x.example"})),
            ("no aud", json!({"aud": null})),
            ("expired", json!({"exp": now - 5})),
            ("no exp", json!({"exp": null})),
            ("exp in three days", json!({"exp": now + 259_200})),
            ("old", json!({"iat": now - 1000})),
            ("from the future", json!({"iat": now + 1000})),
            ("no iat", json!({"iat": null})),
            ("not yet", json!({"nbf": now + 600})),
            ("no jti", json!({"jti": null})),
            ("another iss", json!({"iss": "x"})),
            ("another sub", json!({"sub": "x"})),
            ("no iss", json!({"iss": null})),
            ("no sub", json!({"sub": null})),
            ("an unknown client", json!({"iss": "x", "sub": "x"})),
            ("a public client", json!({"iss": "mcp-demo-client", "sub": "mcp-demo-client"})),
            ("another aud, and expired", json!({"aud": "x", "exp": 1})),
            ("no jti, and expired", json!({"jti": null, "exp": 1})),
        ] {
            cases.push((name.to_owned(), key.sign(&kid(Some("k1")), &claims(changes))));
        }
        cases.push(("another key".to_owned(), other_key.sign(&kid(Some("k1")), &claims(json!({})))));
        cases.push(("another kid".to_owned(), key.sign(&kid(Some("k2")), &claims(json!({})))));
        cases.push(("no kid".to_owned(), key.sign(&kid(None), &claims(json!({})))));
        let unsigned = [json!({"alg": "none", "kid": "k1"}), claims(json!({}))].map(|part| encode(&part));
        cases.push(("alg none".to_owned(), format!("{}.{}.", unsigned[0], unsigned[1])));
        let keyed = [json!({"alg": "HS256", "kid": "k1"}), claims(json!({}))].map(|part| encode(&part));
        cases.push(("alg HS256".to_owned(), format!("{}.{}.AAAA", keyed[0], keyed[1])));
        cases.push(("no JWT".to_owned(), "abc".to_owned()));
        cases.push(("empty".to_owned(), String::new()));
        for (name, assertion) in &cases {
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", assertion),
            ];
            self.token(&format!("assertion: {name}"), &fields).await?;
        }
        let good = key.sign(&kid(Some("k1")), &claims(json!({})));
        let other_type = key.sign(&kid(Some("k1")), &claims(json!({})));
        let id = ("client_id", client_id.as_str());
        for (name, fields) in [
            ("nothing", &[id][..]),
            ("a secret", &[id, ("client_secret", "x")]),
            ("another type", &[id, ("client_assertion_type", "x"), ("client_assertion", &other_type)]),
            ("no assertion", &[id, ("client_assertion_type", JWT_BEARER)]),
            ("no type", &[id, ("client_assertion", &other_type)]),
            ("no JWT", &[id, ("client_assertion_type", JWT_BEARER), ("client_assertion", "abc")]),
            ("good", &[id, ("client_assertion_type", JWT_BEARER), ("client_assertion", &good)]),
            (
                "a public client",
                &[
                    ("client_id", "mcp-demo-client"),
                    ("client_assertion_type", JWT_BEARER),
                    ("client_assertion", &other_type),
                ],
            ),
        ] {
            let fields = [&[("grant_type", "client_credentials")], fields].concat();
            self.token(&format!("assertion with client_id: {name}"), &fields).await?;
        }
        Ok(())
    }
}

pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client's key (P-256), its public half as a JSON Web Key.
pub struct ClientKey {
    key: EncodingKey,
    pub jwk: Value,
}

impl ClientKey {
    pub fn new(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        // The uncompressed point: 4, then both coordinates (SEC 1 §2.3.3).
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        Self {
            key: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
            jwk: json!({"kid": kid, "kty": "EC", "alg": "ES256", "use": "sig", "crv": "P-256", "x": x, "y": y}),
        }
    }

    pub fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.key).unwrap()
    }
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

const CONSENT_TEXTS: [&str; 2] = ["Read data through the MCP server", "Change data through the MCP server"];

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

fn sorted(scope: &str) -> Vec<&str> {
    let mut scopes: Vec<_> = scope.split(' ').collect();
    scopes.sort_unstable();
    scopes
}

/// A token's header and claims; what no two IdPs have alike is named.
fn claims(token: &str) -> Value {
    let token = Secret::new(token);
    let parts: Vec<_> = token.expose().split('.').collect();
    let part = |n: usize| -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(parts[n]).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let mut claims = part(1);
    let lifetime = named(&mut claims);
    let mut header = part(0);
    header["kid"] = json!("THERE");
    json!({"header": header, "lifetime": lifetime, "claims": claims})
}

/// Names what no two IdPs have alike, and puts lists without an order into one; the seconds from
/// `iat` to `exp`.
fn named(claims: &mut Value) -> u64 {
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    for name in ["exp", "iat", "auth_time", "jti", "sub", "sid", "azp", "at_hash", "client_id"] {
        if !claims[name].is_null() {
            claims[name] = json!("THERE");
        }
    }
    if claims["cnf"]["jkt"].is_string() {
        claims["cnf"]["jkt"] = json!("THERE");
    }
    if claims["typ"] == "ID" {
        claims["aud"] = json!("THE CLIENT");
    }
    claims["iss"] = json!(claims["iss"].as_str().unwrap().split("/realms/").nth(1));
    if let Some(scope) = claims["scope"].as_str() {
        claims["scope"] = json!(sorted(scope));
    }
    lifetime
}
