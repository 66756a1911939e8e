//! From a good authorization request to its answer: the user signs in and agrees, and the browser
//! is sent back with a code.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use url::form_urlencoded;

use super::clients::{Client, host};
use super::sessions::{Code, Session, SignIn};
use super::{Defect, Server, access_token, no_answer, now, pages, random};

/// The cookie of a browser with a sign-in under way.
const BROWSER: &str = "AUTH_SESSION_ID";
/// The cookie of a browser that is signed in.
const IDENTITY: &str = "KEYCLOAK_IDENTITY";
/// Pages and answers of a sign-in are kept by nobody.
pub const UNCACHED: &str = "no-store, must-revalidate, max-age=0";

/// Keycloak's sentence where the browser has no cookie of the sign-in.
const NO_COOKIE: &str = "Restart login cookie not found. It may have expired; it may have been deleted or cookies are disabled in your browser. If cookies are disabled then enable them. Click Back to Application to login again.";

type Parameters = BTreeMap<String, String>;

/// A request was found good: its user signs in, or is signed in already.
pub fn begin(server: &Server, headers: &HeaderMap, mut sign_in: SignIn, prompt: &str) -> Response {
    let Some(browser) = random::secret() else { return no_answer().into_response() };
    let mut sessions = server.sessions.lock();
    let session = cookie(headers, IDENTITY).and_then(|cookie| sessions.browsers.get(&cookie).cloned());
    let session = session.filter(|session| sessions.sessions.contains_key(session));
    sign_in.session = session.filter(|_| !asks(prompt, "login"));
    sign_in.browser = browser.clone();
    let is_signed_in = sign_in.session.is_some();
    if asks(prompt, "none") && !is_signed_in {
        let location = error_redirect(server, &sign_in, "login_required", None);
        return found(&location);
    }
    let Some(code) = sessions.begin(sign_in) else { return no_answer().into_response() };
    drop(sessions);
    let answer = match is_signed_in {
        true => go_on(server, &code, asks(prompt, "none")),
        false => uncached(pages::sign_in(&server.realm, &action(server, "authenticate", &code), "", None)),
    };
    with_cookie(answer, BROWSER, &browser)
}

/// The sign-in form comes back.
pub async fn authenticate(
    State(server): State<Arc<Server>>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
    Form(form): Form<Parameters>,
) -> Response {
    let code = query.get("session_code").map_or("", String::as_str);
    let browser = cookie(&headers, BROWSER);
    let known = server.sessions.lock().sign_in(code, browser.as_deref()).is_some();
    if !known {
        return no_cookie(&server);
    }
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let (username, password) = (field("username").trim(), field("password"));
    let Some(user) = server.realm.user(username).filter(|user| user.has_password(password)) else {
        let action = action(&server, "authenticate", code);
        let problem = Some("Invalid username or password.");
        return uncached(pages::sign_in(&server.realm, &action, username, problem));
    };
    let (Some(sid), Some(identity)) = (random::secret(), random::secret()) else { return no_answer().into_response() };
    {
        let mut sessions = server.sessions.lock();
        let session = Session { username: user.username.clone(), auth_time: now(), clients: BTreeMap::new() };
        sessions.sessions.insert(sid.clone(), session);
        if let Some(sign_in) = sessions.sign_ins.get_mut(code) {
            sign_in.session = Some(sid);
            sign_in.identity = Some(identity);
        }
    }
    go_on(&server, code, false)
}

/// The user has signed in: the consent page, or the answer.
fn go_on(server: &Server, code: &str, silently: bool) -> Response {
    let Some((sign_in, client)) = under_way(server, code) else { return no_cookie(server) };
    let needed = needs_consent(server, &sign_in, &client);
    match needed {
        true if silently => found(&error_redirect(server, &sign_in, "consent_required", None)),
        true => found(&(action(server, "required-action", code) + "&execution=OAUTH_GRANT")),
        false => finish(server, code),
    }
}

fn under_way(server: &Server, code: &str) -> Option<(SignIn, Client)> {
    let sign_in = server.sessions.lock().sign_ins.get(code).cloned()?;
    let client = server.clients.get(&sign_in.client_id)?;
    Some((sign_in, client))
}

/// The user of a sign-in, and the scopes that the user can give.
fn grantable(server: &Server, sign_in: &SignIn, client: &Client) -> (String, Vec<String>) {
    let session = sign_in.session.clone().unwrap_or_default();
    let username =
        server.sessions.lock().sessions.get(&session).map(|session| session.username.clone()).unwrap_or_default();
    let scopes = access_token::granted_scopes(server, client, server.realm.user(&username), &sign_in.scope);
    (username, scopes)
}

fn needs_consent(server: &Server, sign_in: &SignIn, client: &Client) -> bool {
    if !client.consent_required {
        return false;
    }
    let (username, scopes) = grantable(server, sign_in, client);
    let sessions = server.sessions.lock();
    let agreed = sessions.consents.get(&(username, client.client_id.clone()));
    let shown = |scope: &&String| server.realm.scope(scope).is_some_and(|scope| scope.consent_text().is_some());
    sign_in.asks_again || agreed.is_none_or(|agreed| scopes.iter().filter(shown).any(|scope| !agreed.contains(scope)))
}

/// The consent page.
pub async fn required_action(
    State(server): State<Arc<Server>>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let code = query.get("session_code").map_or("", String::as_str);
    let known = server.sessions.lock().sign_in(code, cookie(&headers, BROWSER).as_deref()).is_some();
    let Some((sign_in, client)) = under_way(&server, code).filter(|_| known) else { return no_cookie(&server) };
    let (_, scopes) = grantable(&server, &sign_in, &client);
    let texts: Vec<_> =
        scopes.iter().filter_map(|scope| server.realm.scope(scope)).filter_map(|scope| scope.consent_text()).collect();
    // As Keycloak's, relative: a client that follows it has to resolve it.
    let action = action(&server, "consent", code);
    let action = action.split_once("/realms/").map_or(action.clone(), |(_, path)| format!("/realms/{path}"));
    let page = pages::Consent {
        client: client.name.as_deref().unwrap_or(&client.client_id),
        host: &host(&sign_in.redirect_uri).unwrap_or_default(),
        texts: &texts,
        action: &action,
        code,
    };
    uncached(pages::consent(&server.realm, &page))
}

/// The consent form comes back.
pub async fn consent(State(server): State<Arc<Server>>, headers: HeaderMap, Form(form): Form<Parameters>) -> Response {
    let code = form.get("code").map_or("", String::as_str);
    let known = server.sessions.lock().sign_in(code, cookie(&headers, BROWSER).as_deref()).is_some();
    let Some((sign_in, client)) = under_way(&server, code).filter(|(sign_in, _)| known && sign_in.session.is_some())
    else {
        return no_cookie(&server);
    };
    if !form.contains_key("accept") {
        server.sessions.lock().sign_ins.remove(code);
        return found(&error_redirect(&server, &sign_in, "access_denied", None));
    }
    let (username, scopes) = grantable(&server, &sign_in, &client);
    server.sessions.lock().consents.entry((username, client.client_id)).or_default().extend(scopes);
    finish(&server, code)
}

/// The answer: a code, for one use.
fn finish(server: &Server, sign_in: &str) -> Response {
    let Some(code) = random::secret() else { return no_answer().into_response() };
    let mut sessions = server.sessions.lock();
    let Some(request) = sessions.sign_ins.remove(sign_in) else {
        drop(sessions);
        return no_cookie(server);
    };
    let session = request.session.clone().unwrap_or_default();
    // Only now is the browser signed in: a user who did not agree is asked for the password again.
    let identity = request.identity.clone();
    if let Some(identity) = &identity {
        sessions.browsers.insert(identity.clone(), session.clone());
    }
    let location = redirect(server, &request, &[("session_state", &session)], &[("code", &code)]);
    sessions.codes.insert(code, Code { issued: now(), session, request });
    match identity {
        Some(identity) => with_cookie(found(&location), IDENTITY, &identity),
        None => found(&location),
    }
}

/// An error goes back with `state` (RFC 6749 §4.1.2.1) and `iss` (RFC 9207 §2).
pub fn error_redirect(server: &Server, request: &SignIn, error: &str, description: Option<&str>) -> String {
    let mut first = vec![("error", error)];
    first.extend(description.map(|description| ("error_description", description)));
    redirect_with(server, request, &first, &[], &[])
}

fn redirect(server: &Server, request: &SignIn, before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
    redirect_with(server, request, &[], before, after)
}

fn redirect_with(
    server: &Server,
    request: &SignIn,
    first: &[(&str, &str)],
    before: &[(&str, &str)],
    after: &[(&str, &str)],
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(first);
    match (&request.state, server.defect) {
        (Some(_), Some(Defect::OtherState)) => drop(query.append_pair("state", "the-state-of-somebody-else")),
        (Some(state), _) => drop(query.append_pair("state", state)),
        (None, _) => {}
    }
    query.extend_pairs(before);
    match server.defect {
        Some(Defect::NoIss) => {}
        Some(Defect::OtherIss) => drop(query.append_pair("iss", "https://honest.example/realms/mcp-oauth")),
        _ => drop(query.append_pair("iss", &server.issuer)),
    }
    query.extend_pairs(after);
    let mark = if request.redirect_uri.contains('?') { '&' } else { '?' };
    format!("{}{mark}{}", request.redirect_uri, query.finish())
}

fn action(server: &Server, step: &str, code: &str) -> String {
    format!("{}/login-actions/{step}?session_code={code}", server.issuer)
}

fn asks(prompt: &str, what: &str) -> bool {
    prompt.split(' ').any(|word| word == what)
}

fn no_cookie(server: &Server) -> Response {
    uncached((StatusCode::BAD_REQUEST, pages::error(&server.realm, NO_COOKIE)).into_response())
}

fn found(location: &str) -> Response {
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
fn with_cookie(answer: Response, name: &str, value: &str) -> Response {
    let cookie = HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"));
    match cookie {
        Ok(cookie) => (AppendHeaders([(header::SET_COOKIE, cookie)]), answer).into_response(),
        Err(_) => answer,
    }
}
