//! From a valid authorization request to the authorization response: the user signs in and agrees,
//! and the browser is sent back with a code.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::json;
use url::form_urlencoded;

use super::bounded::BoundedTable;
use super::clients::{IdpClient, host};
use super::form::FormFields;
use super::refusal::internal_error;
use super::server::IdpServer;
use super::sessions::{IssuedCode, LoginAttempt, UserSession};
use super::{access_token, now, pages, random};

/// The cookie of a browser with a login attempt.
const BROWSER: &str = "AUTH_SESSION_ID";
/// The cookie of a browser that is signed in.
const IDENTITY: &str = "KEYCLOAK_IDENTITY";
const UNCACHED: &str = "no-store, must-revalidate, max-age=0";

/// The sentence where the browser does not have the attempt's cookie.
const NO_COOKIE: &str = "Restart login cookie not found. It may have expired; it may have been deleted or cookies are disabled in your browser.";

/// A login attempt that this browser has begun, by the code in its forms.
struct OpenAttempt {
    code: String,
    attempt: LoginAttempt,
    client: IdpClient,
}

/// Begins with a valid request. Its user signs in now, or is signed in already.
pub fn begin(server: &IdpServer, headers: &HeaderMap, mut attempt: LoginAttempt) -> Response {
    let Some(browser) = random::secret() else { return internal_error().into_response() };
    let redirect_uri = attempt.redirect_uri.clone();
    let mut sessions = server.sessions.lock();
    sessions.end_sessions_older_than(server.realm.sso_session_max_lifespan);
    let session = cookie(headers, IDENTITY).and_then(|cookie| sessions.browsers.get(&cookie).cloned());
    attempt.session = session.filter(|session| sessions.sessions.contains_key(session));
    attempt.browser.clone_from(&browser);
    let is_signed_in = attempt.session.is_some();
    let code = if is_signed_in {
        sessions.remember(attempt)
    } else {
        // Nothing is stored until there is a user, so that memory does not grow with the requests
        // of strangers.
        server.local_tokens.seal(&json!(attempt))
    };
    drop(sessions);
    let Some(code) = code else { return internal_error().into_response() };
    let response = if is_signed_in {
        go_on(server, &code, &browser)
    } else {
        sign_in_page(server, &code, &redirect_uri, "", None)
    };
    with_cookie(response, BROWSER, &browser)
}

fn sign_in_page(server: &IdpServer, code: &str, redirect_uri: &str, username: &str, problem: Option<&str>) -> Response {
    let action = action(server, "authenticate", code);
    let page = pages::SignInPage { action: &action, redirect_uri, username, problem };
    uncached(pages::sign_in(&server.realm, &page))
}

/// Takes the sign-in form.
pub async fn authenticate(
    State(server): State<Arc<IdpServer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Some(OpenAttempt { code, mut attempt, .. }) = named_attempt(&server, &headers, query) else {
        return no_cookie(&server);
    };
    let form = FormFields::read(&body);
    let field = |name: &str| form.get(name).unwrap_or_default();
    let (username, password) = (field("username").trim(), field("password"));
    let Some(user) = server.realm.user(username).filter(|user| user.has_password(password)) else {
        let problem = Some("Invalid username or password.");
        return sign_in_page(&server, &code, &attempt.redirect_uri, username, problem);
    };
    let (Some(sid), Some(identity)) = (random::secret(), random::secret()) else {
        return internal_error().into_response();
    };
    let browser = attempt.browser.clone();
    attempt.session = Some(sid.clone());
    attempt.identity = Some(identity);
    let code = {
        let mut sessions = server.sessions.lock();
        let clients = BoundedTable::default();
        sessions.sessions.insert(sid, UserSession { username: user.username.clone(), auth_time: now(), clients });
        sessions.remember(attempt)
    };
    let Some(code) = code else { return internal_error().into_response() };
    go_on(&server, &code, &browser)
}

/// Shows the consent page to a user who has signed in, or sends the authorization response.
fn go_on(server: &IdpServer, code: &str, browser: &str) -> Response {
    let Some(open) = open_attempt(server, code, Some(browser)) else { return no_cookie(server) };
    if needs_consent(server, &open) {
        found(&(action(server, "required-action", code) + "&execution=OAUTH_GRANT"))
    } else {
        finish(server, code)
    }
}

fn named_attempt(server: &IdpServer, headers: &HeaderMap, query: Option<String>) -> Option<OpenAttempt> {
    let query = FormFields::read(&query.unwrap_or_default());
    open_attempt(server, query.get("session_code")?, cookie(headers, BROWSER).as_deref())
}

fn open_attempt(server: &IdpServer, code: &str, browser: Option<&str>) -> Option<OpenAttempt> {
    let code = code.to_owned();
    let remembered = server.sessions.lock().logins.get(&code).cloned();
    let sealed = || serde_json::from_value(server.local_tokens.unseal(&code)?).ok();
    let attempt = remembered.or_else(sealed).filter(|attempt: &LoginAttempt| attempt.is_of(browser))?;
    let client = server.clients.get(&attempt.client_id)?;
    Some(OpenAttempt { code, attempt, client })
}

/// The user of a login attempt, and the scopes that the user can grant.
fn grantable(server: &IdpServer, open: &OpenAttempt) -> (String, Vec<String>) {
    let session = open.attempt.session.clone().unwrap_or_default();
    let username = server.sessions.lock().sessions.get(&session).map(|session| session.username.clone());
    let username = username.unwrap_or_default();
    let user = server.realm.user(&username);
    let scopes = access_token::granted_scopes(server, &open.client, user, &open.attempt.scope);
    (username, scopes)
}

fn needs_consent(server: &IdpServer, open: &OpenAttempt) -> bool {
    if !open.client.consent_required {
        return false;
    }
    let (username, scopes) = grantable(server, open);
    let sessions = server.sessions.lock();
    let agreed = sessions.consents.get(&(username, open.client.client_id.clone()));
    let shown = |scope: &&String| server.realm.scope(scope).is_some_and(|scope| scope.consent_text().is_some());
    let is_new = |scope: &String| agreed.is_none_or(|agreed| !agreed.contains(scope));
    open.attempt.asks_again || agreed.is_none() || scopes.iter().filter(shown).any(is_new)
}

/// Shows the consent page.
pub async fn required_action(
    State(server): State<Arc<IdpServer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(open) = named_attempt(&server, &headers, query) else { return no_cookie(&server) };
    let (_, scopes) = grantable(&server, &open);
    let texts: Vec<_> =
        scopes.iter().filter_map(|scope| server.realm.scope(scope)).filter_map(|scope| scope.consent_text()).collect();
    // The URL is relative, like Keycloak's: a client that follows it has to resolve it.
    let action = action(&server, "consent", &open.code);
    let action = action.split_once("/realms/").map_or(action.clone(), |(_, path)| format!("/realms/{path}"));
    let page = pages::ConsentPage {
        client: open.client.name.as_deref().unwrap_or(&open.client.client_id),
        // A URI of an app's own scheme has no host; then the whole of it is shown.
        host: &host(&open.attempt.redirect_uri).unwrap_or_else(|| open.attempt.redirect_uri.clone()),
        redirect_uri: &open.attempt.redirect_uri,
        texts: &texts,
        action: &action,
        code: &open.code,
    };
    uncached(pages::consent(&server.realm, &page))
}

/// Takes the consent form.
pub async fn consent(State(server): State<Arc<IdpServer>>, headers: HeaderMap, body: String) -> Response {
    let form = FormFields::read(&body);
    let open = open_attempt(&server, form.get("code").unwrap_or_default(), cookie(&headers, BROWSER).as_deref());
    let Some(open) = open.filter(|open| open.attempt.session.is_some()) else { return no_cookie(&server) };
    if form.get("accept").is_none() {
        server.sessions.lock().logins.remove(&open.code);
        return found(&error_redirect(&server, &open.attempt, "access_denied", None));
    }
    let (username, scopes) = grantable(&server, &open);
    {
        let mut sessions = server.sessions.lock();
        let key = (username, open.client.client_id);
        let before = sessions.consents.remove(&key).unwrap_or_default();
        sessions.consents.insert(key, before.into_iter().chain(scopes).collect());
    }
    finish(&server, &open.code)
}

/// Sends the authorization response with a code, which has one use.
fn finish(server: &IdpServer, attempt: &str) -> Response {
    let Some(code) = random::secret() else { return internal_error().into_response() };
    let mut sessions = server.sessions.lock();
    let request = sessions.logins.remove(&attempt.to_owned());
    let Some((request, session)) = request.and_then(|request| Some((request.clone(), request.session?))) else {
        drop(sessions);
        return no_cookie(server);
    };
    // Only now is the browser signed in: a user who did not agree has to type the password again.
    let identity = request.identity.clone();
    if let Some(identity) = &identity {
        sessions.browsers.insert(identity.clone(), session.clone());
    }
    let mut parameters = state(&request);
    parameters.extend([("session_state", session.as_str()), ("iss", &server.issuer), ("code", &code)]);
    let response = found(&redirect(&request, &parameters));
    sessions.codes.insert(code, IssuedCode { issued: now(), session, request });
    match identity {
        Some(identity) => with_cookie(response, IDENTITY, &identity),
        None => response,
    }
}

/// An error goes back with `state` (RFC 6749 §4.1.2.1) and `iss` (RFC 9207 §2).
pub fn error_redirect(server: &IdpServer, request: &LoginAttempt, error: &str, description: Option<&str>) -> String {
    let mut parameters = vec![("error", error)];
    parameters.extend(description.map(|description| ("error_description", description)));
    parameters.extend(state(request));
    parameters.push(("iss", &server.issuer));
    redirect(request, &parameters)
}

fn state(request: &LoginAttempt) -> Vec<(&str, &str)> {
    request.state.iter().map(|state| ("state", state.as_str())).collect()
}

fn redirect(request: &LoginAttempt, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let mark = if request.redirect_uri.contains('?') { '&' } else { '?' };
    format!("{}{mark}{query}", request.redirect_uri)
}

fn action(server: &IdpServer, step: &str, code: &str) -> String {
    format!("{}/login-actions/{step}?session_code={code}", server.issuer)
}

fn no_cookie(server: &IdpServer) -> Response {
    uncached((StatusCode::BAD_REQUEST, pages::error(&server.realm, NO_COOKIE)).into_response())
}

pub fn found(location: &str) -> Response {
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, UNCACHED)];
    (StatusCode::FOUND, headers).into_response()
}

fn uncached(page: Response) -> Response {
    ([(header::CACHE_CONTROL, UNCACHED)], page).into_response()
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(known, _)| *known == name))
        .map(|(_, value)| value.to_owned())
}

/// The values are random base64url, so nothing has to be escaped.
fn with_cookie(response: Response, name: &str, value: &str) -> Response {
    let cookie = HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"));
    match cookie {
        Ok(cookie) => (AppendHeaders([(header::SET_COOKIE, cookie)]), response).into_response(),
        Err(_) => response,
    }
}
