//! The endpoints, each with a valid, a wrong and a hostile request. The differential test holds
//! their responses against Keycloak's.

mod clients;
mod discovery;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::form_urlencoded;

use super::jws::Jws;
use super::keys::RealmKeys;
use super::server::IdpServer;
use super::{Defect, Realm, routes};

const ISSUER: &str = "http://localhost:9100/realms/mcp-oauth";
const DEMO: &str = "mcp-demo-client";
const CALLBACK: &str = "http://127.0.0.1:8888/callback";
// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An IdP without a network, and the cookies of one browser.
struct TestIdp {
    router: Router,
    cookies: Vec<String>,
}

struct Received {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The status and the error code.
    fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
}

impl TestIdp {
    fn new(defect: Option<Defect>) -> Self {
        Self::of_realm(Realm::from_json(crate::realm::SHIPPED, |_| None).unwrap(), defect)
    }

    fn of_realm(realm: Realm, defect: Option<Defect>) -> Self {
        let keys = Arc::new(RealmKeys::made_in_the_background());
        let server = IdpServer::new(ISSUER.to_owned(), keys, realm, defect);
        Self { router: routes::router(server), cookies: Vec::new() }
    }

    async fn send(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Received {
        let path = url.strip_prefix("http://localhost:9100").unwrap_or(url);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("cookie", self.cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            self.cookies.push(cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Received { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn get(&mut self, url: &str) -> Received {
        self.send("GET", url, &[("accept", "text/html")], String::new()).await
    }

    async fn form(&mut self, url: &str, fields: &[(&str, &str)]) -> Received {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send("POST", url, &[("content-type", "application/x-www-form-urlencoded")], body).await
    }

    async fn json(&mut self, method: &str, url: &str, token: Option<&str>, body: Value) -> Received {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        self.send(method, url, &headers, body.to_string()).await
    }

    /// A request to an endpoint below `protocol/openid-connect`.
    async fn oauth(&mut self, endpoint: &str, fields: &[(&str, &str)]) -> Received {
        self.form(&format!("{ISSUER}/protocol/openid-connect/{endpoint}"), fields).await
    }

    async fn register(&mut self, changes: Value) -> Received {
        let mut document = json!({"redirect_uris": ["http://127.0.0.1/callback"], "scope": "mcp:read mcp:write"});
        document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.json("POST", &format!("{ISSUER}/clients-registrations/openid-connect"), None, document).await
    }

    async fn authorize(&mut self, changes: &[(&str, &str)]) -> Received {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", DEMO),
            ("redirect_uri", CALLBACK),
            ("scope", "mcp:read mcp:write"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "x"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.get(&format!("{ISSUER}/protocol/openid-connect/auth?{query}")).await
    }

    /// Signs in at the page with the password.
    async fn sign_in(&mut self, page: &Received, password: &str) -> Received {
        let action = page.body.split("action=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        self.form(&action, &[("username", "mcpuser"), ("password", password)]).await
    }

    /// Signs in with a new browser; the code.
    async fn code(&mut self) -> String {
        self.cookies.clear();
        let page = self.authorize(&[]).await;
        let response = self.sign_in(&page, "password123").await;
        parameter(response.location(), "code").unwrap()
    }

    async fn redeem(&mut self, code: &str, verifier: &str) -> Received {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", DEMO),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
        ];
        self.oauth("token", &fields).await
    }

    async fn refresh(&mut self, token: &str) -> Received {
        let fields = [("grant_type", "refresh_token"), ("client_id", DEMO), ("refresh_token", token)];
        self.oauth("token", &fields).await
    }

    /// The tokens of a new sign-in.
    async fn tokens(&mut self) -> Value {
        let code = self.code().await;
        self.redeem(&code, VERIFIER).await.json()
    }
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}

fn text(document: &Value, name: &str) -> String {
    document[name].as_str().unwrap_or_else(|| panic!("no {name} in {document}")).to_owned()
}

fn claims(response: &Value) -> Value {
    Jws::read(&text(response, "access_token")).unwrap().claims
}
