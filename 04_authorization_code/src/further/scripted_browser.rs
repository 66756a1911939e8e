//! A user who is a program: it fills in the forms of the authorization server's pages.

use std::collections::BTreeMap;

use shared::http::{Http, Request, Response};
use shared::reach::{Privacy, Reach};
use shared::{Failure, Reporter, page};
use url::Url;

use crate::error::AuthorizationError;
use crate::user_agent::Login;

/// Pages and redirects on the way from the request to the response, at most.
const MAX_STEPS: usize = 10;
/// Seconds within which each page has to come.
const PAGE_SECONDS: u64 = 10;

/// A browser without a window: it keeps cookies, follows redirects, and fills in forms.
pub struct ScriptedBrowser {
    http: Http,
    reporter: Reporter,
    /// By the origin that set them, and their name.
    cookies: BTreeMap<(String, String), String>,
}

impl ScriptedBrowser {
    /// One that has no cookies yet.
    pub fn new(reporter: &Reporter) -> Result<Self, Failure> {
        // It goes where a browser would: anywhere.
        let reach = Reach::public_only().limit(Privacy::Loopback);
        let http = Http::new(Reporter::silent(), reach)?.within(PAGE_SECONDS);
        Ok(Self { http, reporter: reporter.clone(), cookies: BTreeMap::new() })
    }

    /// Opens `url`, and goes on from page to page until it is at `redirect_uri`; the URL there.
    pub async fn visit(
        &mut self,
        url: &str,
        redirect_uri: &str,
        login: &Login,
        denies: bool,
    ) -> Result<String, AuthorizationError> {
        let mut request = Request::get(url);
        let mut signed_in = false;
        for step in 0..MAX_STEPS {
            let here = request.url().to_owned();
            let response = self.send(request).await?;
            if here.starts_with(redirect_uri) {
                return Ok(here);
            }
            let location = response.header_values("location").into_iter().next();
            request = match (response.status, location) {
                (300..=399, Some(location)) => Request::get(&joined(&here, &location)),
                (200, _) => self.fill_in(&here, &response, login, denies, &mut signed_in)?,
                _ => return Err(refused(step, &response)),
            };
        }
        Err(AuthorizationError::SignIn { got: format!("more than {MAX_STEPS} pages without an end") })
    }

    async fn send(&mut self, request: Request) -> Result<Response, AuthorizationError> {
        let origin = Url::parse(request.url()).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        let own = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let cookies: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = request.without_redirects().header("accept", "text/html");
        let request = if cookies.is_empty() { request } else { request.header("cookie", &cookies.join("; ")) };
        let response = self.http.send(&request).await.map_err(AuthorizationError::Unavailable)?;
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
        login: &Login,
        denies: bool,
        signed_in: &mut bool,
    ) -> Result<Request, AuthorizationError> {
        let html = String::from_utf8_lossy(&response.body);
        let said = page::message(&html).unwrap_or_else(|| "a page without a form".to_owned());
        let forms = page::forms(&html);
        if let Some(form) = forms.iter().find(|form| form.input("password").is_some()) {
            if *signed_in {
                return Err(AuthorizationError::SignIn { got: format!("the IdP says “{said}”") });
            }
            *signed_in = true;
            self.reporter.note(format!("The IdP shows its page “{said}”; the user signs in."));
            let name = form.input("text").or_else(|| form.input("email")).unwrap_or("username");
            let password = form.input("password").unwrap_or("password");
            let typed = [(name, login.username.as_str()), (password, login.password.expose())];
            return Ok(submitted(here, form, &typed));
        }
        if let Some(form) = forms.iter().find(|form| form.has_button("accept")) {
            let button = if denies { "cancel" } else { "accept" };
            let verb = if denies { "says no" } else { "agrees" };
            self.reporter.note(format!("The consent page asks “{said}”; the user {verb}."));
            return Ok(submitted(here, form, &[(button, "x")]));
        }
        Err(AuthorizationError::SignIn {
            got: format!("the IdP shows “{said}”, and this program knows no form there")
        })
    }
}

/// An error page before anyone could sign in is about the request; one after that is about the
/// sign-in.
fn refused(step: usize, response: &Response) -> AuthorizationError {
    let message = page::message(&String::from_utf8_lossy(&response.body));
    let said = message.map(|message| format!(" “{message}”")).unwrap_or_default();
    let got = format!("HTTP {}{said}", response.status);
    match step {
        0 => {
            if got.contains("redirect") {
                AuthorizationError::RedirectUri { got }
            } else {
                AuthorizationError::Request { got }
            }
        }
        _ => AuthorizationError::SignIn { got },
    }
}

fn submitted(here: &str, form: &page::Form, typed: &[(&str, &str)]) -> Request {
    let is_typed = |name: &str| typed.iter().any(|(known, _)| *known == name);
    let kept = form.inputs.iter().filter(|(name, kind, _)| kind == "hidden" && !is_typed(name));
    let mut fields: Vec<(&str, &str)> = kept.map(|(name, _, value)| (name.as_str(), value.as_str())).collect();
    fields.extend_from_slice(typed);
    let action = if form.action.is_empty() { here.to_owned() } else { joined(here, &form.action) };
    Request::post_form(&action, &fields)
}

fn joined(base: &str, reference: &str) -> String {
    Url::parse(base).and_then(|base| base.join(reference)).map_or_else(|_| reference.to_owned(), |url| url.to_string())
}
