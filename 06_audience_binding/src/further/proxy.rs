//! An OAuth proxy, as MCP servers build it for an authorization server that registers nobody: its
//! clients register with the proxy, and the proxy is one client there, the same for all of them.
//! "MCP proxy servers using static client IDs MUST obtain user consent for each dynamically
//! registered client before forwarding to third-party authorization servers" (MCP 2026-07-28,
//! Confused Deputy Problem).
//!
//! Left out: its token endpoint. Whoever has the proxy's code has won, and nobody gets it here who
//! should not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use axum::routing::{get, post};
use oauth2::{CsrfToken, PkceCodeChallenge};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

/// The cookie by which the proxy knows a browser. On the open web: `__Host-`, `Secure`.
const COOKIE: &str = "proxy_session";

/// A proxy that is one client at the authorization server.
pub struct Proxy {
    pub url: String,
    /// The authorization server's authorization endpoint.
    pub authorization_endpoint: String,
    /// What the proxy is there.
    pub client_id: String,
    pub scope: String,
    /// For whom the tokens are that it gets there.
    pub resource: String,
    /// Whether it asks the user for each of its clients, or trusts that the authorization server
    /// has asked.
    pub asks: bool,
    pub state: Mutex<Remembered>,
}

/// What a proxy remembers.
#[derive(Default)]
pub struct Remembered {
    /// Its clients: name and redirect URI, which is matched exactly.
    clients: BTreeMap<String, (String, String)>,
    /// Requests that wait for the user's consent, by the secret of the page's form.
    asked: BTreeMap<String, Asked>,
    /// Requests that are at the authorization server, by their `state`. It is made after the
    /// consent, and good once.
    forwarded: BTreeMap<String, Asked>,
    /// Which browser's user has agreed to which client.
    consents: BTreeSet<(String, String)>,
}

#[derive(Clone)]
struct Asked {
    browser: String,
    client_id: String,
    state: String,
}

/// The proxy's endpoints, for a listener.
pub fn app(proxy: Arc<Proxy>) -> Router {
    Router::new()
        .route("/register", post(register))
        .route("/authorize", get(authorize))
        .route("/consent", post(consent))
        .route("/callback", get(callback))
        .with_state(proxy)
}

impl Proxy {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On to the authorization server, as the proxy.
    fn forward(&self, asked: Asked) -> Response {
        let (challenge, _) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new_random().into_secret();
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &format!("{}/callback", self.url)),
            ("scope", &self.scope),
            ("resource", &self.resource),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", &state),
        ];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", asked.browser);
        self.lock().forwarded.insert(state, asked);
        let to = format!("{}?{query}", self.authorization_endpoint);
        ([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
    }

    /// Back to the proxy's own client.
    fn send_back(&self, asked: &Asked, name: &str, value: &str) -> Response {
        let redirect_uri = self.lock().clients.get(&asked.client_id).map(|(_, uri)| uri.clone());
        let Some(Ok(mut url)) = redirect_uri.map(|uri| Url::parse(&uri)) else {
            return bad("This client no longer exists.");
        };
        url.query_pairs_mut().append_pair(name, value).append_pair("state", &asked.state);
        Redirect::to(url.as_str()).into_response()
    }
}

/// RFC 7591: open to everyone, as such proxies are.
async fn register(State(proxy): State<Arc<Proxy>>, Json(metadata): Json<Value>) -> Response {
    let (name, redirect_uri) = (metadata["client_name"].as_str(), metadata["redirect_uris"][0].as_str());
    let (Some(name), Some(redirect_uri)) = (name, redirect_uri) else {
        return bad("Send a name and a redirect URI.");
    };
    let client_id = format!("client-of-the-proxy-{}", proxy.lock().clients.len() + 1);
    proxy.lock().clients.insert(client_id.clone(), (name.to_owned(), redirect_uri.to_owned()));
    (StatusCode::CREATED, Json(json!({"client_id": client_id, "client_name": name, "redirect_uris": [redirect_uri]})))
        .into_response()
}

#[derive(Deserialize)]
struct AuthorizationRequest {
    client_id: String,
    redirect_uri: String,
    #[serde(default)]
    state: String,
}

async fn authorize(
    State(proxy): State<Arc<Proxy>>,
    headers: HeaderMap,
    Query(request): Query<AuthorizationRequest>,
) -> Response {
    let Some((name, registered)) = proxy.lock().clients.get(&request.client_id).cloned() else {
        return bad("No such client.");
    };
    // "Use exact string matching (not pattern matching or wildcards)" (MCP 2026-07-28, Confused
    // Deputy Problem)
    if registered != request.redirect_uri {
        return bad("This is not the registered redirect URI.");
    }
    let known = cookie(&headers);
    let browser = known.clone().unwrap_or_else(|| CsrfToken::new_random().into_secret());
    let asked = Asked { browser, client_id: request.client_id, state: request.state };
    let has_agreed = proxy.lock().consents.contains(&(asked.browser.clone(), asked.client_id.clone()));
    if !proxy.asks || has_agreed {
        return proxy.forward(asked);
    }
    let form = CsrfToken::new_random().into_secret();
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", asked.browser);
    proxy.lock().asked.insert(form.clone(), asked);
    let page = page(&name, &registered, &proxy.scope, &form);
    // No other page may put this one into a frame and have it clicked.
    let headers = [(header::SET_COOKIE, cookie.as_str()), (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")];
    (headers, Html(page)).into_response()
}

async fn consent(State(proxy): State<Arc<Proxy>>, headers: HeaderMap, body: Bytes) -> Response {
    let fields: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let asked = fields.get("form").and_then(|form| proxy.lock().asked.remove(form));
    let Some(asked) = asked.filter(|asked| cookie(&headers).as_ref() == Some(&asked.browser)) else {
        return bad("This form belongs to another browser, or it was used before.");
    };
    if !fields.contains_key("accept") {
        return proxy.send_back(&asked, "error", "access_denied");
    }
    proxy.lock().consents.insert((asked.browser.clone(), asked.client_id.clone()));
    proxy.forward(asked)
}

async fn callback(
    State(proxy): State<Arc<Proxy>>,
    headers: HeaderMap,
    Query(response): Query<BTreeMap<String, String>>,
) -> Response {
    let asked = response.get("state").and_then(|state| proxy.lock().forwarded.remove(state));
    let Some(asked) = asked.filter(|asked| cookie(&headers).as_ref() == Some(&asked.browser)) else {
        return bad("This response does not belong to a request of this browser.");
    };
    match response.get("code") {
        // The proxy would redeem it now. Its own code is what its client gets.
        Some(_) => proxy.send_back(&asked, "code", CsrfToken::new_random().secret()),
        None => proxy.send_back(&asked, "error", response.get("error").map_or("server_error", String::as_str)),
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let (_, value) = cookies.split("; ").filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == COOKIE)?;
    Some(value.to_owned())
}

fn bad(sentence: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, Html(format!("<title>{sentence}</title>"))).into_response()
}

/// "The MCP-level consent page MUST: Clearly identify the requesting MCP client by name … Display
/// the specific third-party API scopes being requested … Show the registered redirect_uri where
/// tokens will be sent" (MCP 2026-07-28, Confused Deputy Problem).
fn page(name: &str, redirect_uri: &str, scope: &str, form: &str) -> String {
    let [name, redirect_uri, scope] = [name, redirect_uri, scope].map(escaped);
    format!(
        "<!doctype html><title>Consent</title><h1>Let {name} use {scope}, and send the response to {redirect_uri}?</h1><form method=\"post\" \
         action=\"/consent\"><input type=\"hidden\" name=\"form\" value=\"{form}\"><button name=\"accept\" value=\"yes\">Yes</button> <button \
         name=\"cancel\" value=\"no\">No</button></form>"
    )
}

/// A name that an untrusted client registered, as text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
