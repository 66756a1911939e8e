//! Who signs in, and with what: a person with a browser, or the demo user by a program that fills
//! in the pages' forms.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::str::FromStr;

use dynamic_client_registration::further::administration;
use shared::http::{Http, Request, Response};
use shared::reach::{Privacy, Reach};
use shared::{Failure, Reporter, Secret, page};
use url::Url;

use crate::error::AuthorizationError;
use crate::options::SignInOptions;
use crate::rules;

/// The user of the tutorial's realm.
const DEMO_USER: (&str, &str) = ("mcpuser", "password123");
/// Pages and redirects on the way from the request to the answer, at most.
const MAX_STEPS: usize = 10;
/// Seconds within which each page has to come.
const PAGE_SECONDS: u64 = 10;

/// A user's name and password, as `--login USER:PASSWORD` gives them.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

impl Login {
    /// The demo user of the tutorial's realm: for no other one.
    pub fn of_demo_user() -> Self {
        let (username, password) = DEMO_USER;
        Self { username: username.to_owned(), password: Secret::new(password) }
    }
}

impl FromStr for Login {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((username, password)) if !username.is_empty() && !password.is_empty() => {
                Ok(Self { username: username.to_owned(), password: Secret::new(password) })
            }
            // What was typed may hold a password, so it is not repeated.
            _ => Err("USER:PASSWORD is expected".to_owned()),
        }
    }
}

/// How the user's part is done.
#[derive(Clone, Debug)]
pub enum UserAgent {
    /// A person, in a browser that is opened here, or anywhere else with the URL that is printed.
    Browser,
    /// A program that fills in the forms.
    Scripted {
        /// Who signs in.
        login: Login,
        /// Says no on the consent page.
        denies: bool,
    },
}

impl UserAgent {
    /// What the options and the surroundings ask for. The demo user's password goes to the
    /// tutorial's realm on this machine only.
    pub fn choose(options: &SignInOptions, needs_script: bool, issuer: &str) -> Result<Self, AuthorizationError> {
        let denies = options.deny;
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        match &options.login {
            Some(login) => Ok(UserAgent::Scripted { login: login.clone(), denies }),
            None if options.browser || terminal && !needs_script && !denies => Ok(UserAgent::Browser),
            None if administration::is_tutorial(issuer) => {
                Ok(UserAgent::Scripted { login: Login::of_demo_user(), denies })
            }
            None => Err(AuthorizationError::Nobody { issuer: issuer.to_owned() }),
        }
    }

    /// Whether this one brings one answer and then no other.
    pub fn is_scripted(&self) -> bool {
        matches!(self, UserAgent::Scripted { .. })
    }

    /// Sends the user to the authorization server. A browser goes its own way; a script has brought
    /// the answer when this returns.
    pub async fn visit(&self, reporter: &Reporter, url: &str, redirect_uri: &str) -> Result<(), Failure> {
        match self {
            UserAgent::Browser => {
                open(reporter, url);
                Ok(())
            }
            UserAgent::Scripted { login, denies } => {
                let what = if *denies { "and does not agree" } else { "and agrees" };
                reporter.note(format!("The user is a script: it signs in as {} {what}.", login.username));
                ScriptedBrowser::new(reporter)?.visit(url, redirect_uri, login, *denies).await?;
                Ok(())
            }
        }
    }
}

/// "MUST NOT use shell commands (e.g., cmd.exe, sh, PowerShell) to open URLs" (MCP 2026-07-28,
/// OAuth Authorization URL Validation): the crate asks the system.
fn open(reporter: &Reporter, url: &str) {
    reporter.note(format!("Sign in here (on another machine: forward the callback port, or copy the address that your browser ends at into curl):\n{url}"));
    match webbrowser::open(url) {
        Ok(()) => reporter.note("A browser is opened. Ctrl-C ends the wait."),
        Err(error) => reporter.note(format!("No browser could be opened here ({error}). Open the URL yourself.")),
    }
}

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
        let request = match cookies.is_empty() {
            true => request,
            false => request.header("cookie", &cookies.join("; ")),
        };
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
            let about_redirect = got.contains("redirect");
            let rule = if about_redirect { &rules::IDP_TAKES_REDIRECT_URI } else { &rules::IDP_TAKES_REQUEST };
            AuthorizationError::Request { rule, got }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_and_not_repeated() {
        let login: Login = "user:pass:word".parse().unwrap();
        assert_eq!((login.username.as_str(), login.password.expose()), ("user", "pass:word"));
        for text in ["", "user", "user:", ":password", "pa55word"] {
            assert_eq!(text.parse::<Login>().unwrap_err(), "USER:PASSWORD is expected");
        }
        assert!(!format!("{login:?}").contains("pass:word"));
    }

    #[test]
    fn the_demo_password_goes_to_the_tutorials_realm_only() {
        let options = SignInOptions {
            login: None,
            browser: false,
            deny: false,
            sign_in_timeout: 300,
            offline_access: false,
            dpop: false,
        };
        let choose = |issuer: &str| UserAgent::choose(&options, true, issuer);
        assert!(choose("http://localhost:9000/realms/mcp-oauth").unwrap().is_scripted());
        assert_eq!(choose("https://idp.example/realms/mcp-oauth").unwrap_err().id(), "sign-in.nobody");
    }
}
