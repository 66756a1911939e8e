//! A user who is a program: it fills in the forms of the authorization server's pages.
//!
//! A page can lead anywhere. A person looks at the address before typing; this program types a
//! password at the origin of the authorization endpoint only, into a form that posts there, and
//! goes nowhere that the rest of the run may not go.

use std::collections::BTreeMap;

use shared::http::{self, Http, Request, Response};
use shared::reach::{Reach, is_loopback};
use shared::redact::Mask;
use shared::{Failure, Reporter, page};
use url::Url;

use crate::error::AuthorizationError;
use crate::further::consent;
use crate::user_agent::Login;

/// Pages and redirects on the way from the request to the response, at most.
const MAX_STEPS: usize = 10;
/// Seconds within which each page has to come.
const PAGE_SECONDS: u64 = 10;

/// A browser without a window: it keeps cookies, follows redirects, and fills in forms.
pub struct ScriptedBrowser {
    http: Http,
    reach: Reach,
    reporter: Reporter,
    /// Where a password may be typed.
    origin: String,
    /// By the origin that set them, and their name.
    cookies: BTreeMap<(String, String), String>,
}

impl ScriptedBrowser {
    /// One that has no cookies yet, for signing in at this authorization endpoint. It reaches what
    /// the run reaches, and the redirect URI.
    pub fn new(reporter: &Reporter, reach: &Reach, authorization_endpoint: &str) -> Result<Self, Failure> {
        let http = Http::new(Reporter::silent(), reach.clone())?.within(PAGE_SECONDS);
        let origin = origin_of(authorization_endpoint);
        Ok(Self { http, reach: reach.clone(), reporter: reporter.clone(), origin, cookies: BTreeMap::new() })
    }

    /// Opens `url`, and goes on from page to page until it is at `redirect_uri`; the URL there.
    pub async fn visit(
        &mut self,
        url: &str,
        redirect_uri: &str,
        login: &Login,
        denies: bool,
    ) -> Result<String, Failure> {
        let mut request = Request::get(url);
        let mut signed_in = false;
        for step in 0..MAX_STEPS {
            let here = request.url().to_owned();
            if is_at(&here, redirect_uri) {
                let reach = self.reach.clone().name(redirect_uri);
                let http = Http::new(Reporter::silent(), reach)?.within(PAGE_SECONDS);
                self.send(&http, Request::get(&here)).await?;
                return Ok(here);
            }
            if is_listener(&here, redirect_uri) {
                let got = format!(
                    "the IdP sends the browser to {}, and the redirect URI is {redirect_uri}",
                    Mask::Fingerprint.url(&here)
                );
                return Err(AuthorizationError::UnknownPage { got, fix: ELSEWHERE }.into());
            }
            let response = self.send(&self.http.clone(), request).await?;
            let location = response.header_values("location").into_iter().next();
            request = match (response.status, location) {
                (300..=399, Some(location)) => Request::get(&joined(&here, &location)),
                (200, _) => {
                    let allowed = [self.origin.clone(), origin_of(url)];
                    self.fill_in(&here, &response, &allowed, login, denies, &mut signed_in)?
                }
                _ => return Err(refused(step, signed_in, &response).into()),
            };
        }
        let got = format!(
            "more than {MAX_STEPS} pages and redirects without an end, the last one to {}",
            Mask::Fingerprint.url(request.url())
        );
        Err(AuthorizationError::UnknownPage { got, fix: LOOP }.into())
    }

    async fn send(&mut self, http: &Http, request: Request) -> Result<Response, AuthorizationError> {
        let origin = origin_of(request.url());
        let own = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let cookies: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = request.without_redirects().header("accept", "text/html");
        let request = if cookies.is_empty() { request } else { request.header("cookie", &cookies.join("; ")) };
        let response = http.send(&request).await.map_err(AuthorizationError::Unavailable)?;
        for cookie in response.header_values("set-cookie") {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert((origin.clone(), name.trim().to_owned()), value.trim().to_owned());
            }
        }
        Ok(response)
    }

    /// The next request: the sign-in form or the consent form of this page, filled in.
    fn fill_in(
        &self,
        here: &str,
        response: &Response,
        allowed: &[String],
        login: &Login,
        denies: bool,
        signed_in: &mut bool,
    ) -> Result<Request, AuthorizationError> {
        let html = String::from_utf8_lossy(&response.body);
        let said = page::message(&html).or_else(|| page::error_text(&response.body));
        let said = said.unwrap_or_else(|| "a page without a form".to_owned());
        let forms = page::forms(&html);
        if let Some(form) = forms.iter().find(|form| form.input("password").is_some()) {
            if *signed_in {
                return Err(AuthorizationError::SignIn { got: format!("the IdP says “{said}”") });
            }
            *signed_in = true;
            let action = posts_to(here, &form.action, std::slice::from_ref(&self.origin))?;
            let Some(secret) = &login.password else {
                return Err(AuthorizationError::SignIn {
                    got: format!("the IdP shows “{said}”, and the client has no password"),
                });
            };
            self.reporter.note(format!("The IdP shows the page “{said}”. The user signs in."));
            let name = form.input("text").or_else(|| form.input("email")).unwrap_or("username");
            let password = form.input("password").unwrap_or("password");
            let typed = [(name, login.username.as_str()), (password, secret.expose())];
            return Ok(submitted(&action, form, &typed));
        }
        if let Some(consent) = consent::find(&forms, denies) {
            let action = consent.button.action.as_deref().unwrap_or(&consent.form.action);
            let action = posts_to(here, action, allowed)?;
            let verb = if denies { "says no" } else { "agrees" };
            let label = consent::label(consent.button);
            self.reporter.note(format!("The consent page asks “{said}”. The user {verb} (“{label}”)."));
            let fields = consent.fields(denies);
            return Ok(if consent.form.is_get {
                fetched(&action, &fields)
            } else {
                Request::post_form(&action, &fields)
            });
        }
        let labels: Vec<_> = forms.iter().flat_map(|form| &form.buttons).take(5).map(consent::label).collect();
        let buttons =
            if labels.is_empty() { "no button".to_owned() } else { format!("“{}”", labels.join("”, “")) };
        let got = format!(
            "the IdP shows “{said}” with {buttons}, which --login does not recognise as a sign-in or consent form"
        );
        Err(AuthorizationError::UnknownPage { got, fix: "Sign in with --browser, where a person reads the page." })
    }
}

/// The URL that a form with this action posts to, if its page is of one of these origins and posts
/// to its own.
fn posts_to(here: &str, action: &str, allowed: &[String]) -> Result<String, AuthorizationError> {
    let action = if action.is_empty() { here.to_owned() } else { joined(here, action) };
    let (page, target) = (origin_of(here), origin_of(&action));
    if !allowed.contains(&page) {
        let got = format!("the authorization endpoint is at {}, but the page is at {page}", allowed.join(" or "));
        return Err(AuthorizationError::Form { got });
    }
    if page != target {
        return Err(AuthorizationError::Form { got: format!("the page is at {page}, but its form posts to {target}") });
    }
    Ok(action)
}

/// Whether a browser that opens `here` is at the redirect URI: with whatever query, and nowhere
/// beside it.
pub(crate) fn is_at(here: &str, redirect_uri: &str) -> bool {
    let place = |url: &str| {
        let mut url = Url::parse(url).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    place(here).is_some_and(|here| Some(here) == place(redirect_uri))
}

/// The origin of a URL; a URL without one has a text here that is no other's.
fn origin_of(url: &str) -> String {
    match Url::parse(url).map(|url| url.origin()) {
        Ok(origin) if origin.is_tuple() => origin.ascii_serialization(),
        _ => format!("no origin ({url})"),
    }
}

const ELSEWHERE: &str =
    "The IdP's operator has to redirect to the redirect URI as it was sent, letter by letter (RFC 6749 §3.1.2.3).";
const LOOP: &str =
    "The IdP's operator has to end the redirects; sign in with --browser to see which pages they lead through.";
const FAULT: &str = "Look for the reason in the IdP's log: its own page led there, and the password has no part in it.";

/// Whether this is the client's own listener, at another URL than the redirect URI.
fn is_listener(here: &str, redirect_uri: &str) -> bool {
    let port = |url: &str| {
        let url = Url::parse(url).ok()?;
        url.host_str().filter(|host| is_loopback(host)).and(url.port_or_known_default())
    };
    port(redirect_uri).is_some_and(|own| port(here) == Some(own))
}

/// An error page before anyone could sign in is about the request; one after that is about the
/// sign-in, unless it says that a page is not there or that the server failed.
fn refused(step: usize, signed_in: bool, response: &Response) -> AuthorizationError {
    let said = page::error_text(&response.body).map(|text| format!(" “{text}”")).unwrap_or_default();
    let got = format!("HTTP {}{said}", response.status);
    let is_fault = matches!(response.status, 300..=399 | 404 | 405 | 410 | 500..);
    match step {
        _ if is_fault || step > 0 && !signed_in => {
            let place = response.url.split(['?', '#']).next().unwrap_or_default();
            AuthorizationError::UnknownPage { got: format!("{place} responds with {got}"), fix: FAULT }
        }
        0 if is_about_redirect_uri(&got) => AuthorizationError::RedirectUri { got },
        0 => AuthorizationError::Request { got },
        _ => AuthorizationError::SignIn { got },
    }
}

/// Whether a page speaks of the redirect URI, by one of the names that products have for it.
fn is_about_redirect_uri(text: &str) -> bool {
    let text: String = text.to_lowercase().replace(['_', '-', ' '], "");
    ["redirecturi", "redirecturl", "redirectionuri", "callbackurl", "replyurl"].iter().any(|name| text.contains(name))
}

fn submitted(action: &str, form: &page::Form, typed: &[(&str, &str)]) -> Request {
    let is_typed = |name: &str| typed.iter().any(|(known, _)| *known == name);
    let mut fields: Vec<_> = form.hidden().filter(|(name, _)| !is_typed(name)).collect();
    fields.extend_from_slice(typed);
    Request::post_form(action, &fields)
}

/// The request of a form whose method is `get`: its fields are the query.
fn fetched(action: &str, fields: &[(&str, &str)]) -> Request {
    let url = Url::parse(action).map(|mut url| {
        url.query_pairs_mut().clear().extend_pairs(fields);
        url.to_string()
    });
    Request::get(&url.unwrap_or_else(|_| action.to_owned()))
}

fn joined(base: &str, reference: &str) -> String {
    http::joined(base, reference).unwrap_or_else(|| reference.to_owned())
}

#[cfg(test)]
mod tests;
