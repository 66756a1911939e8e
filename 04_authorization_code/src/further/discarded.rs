//! What to say of redirects that brought nothing usable, and of a wait to which none came.
//!
//! A client discards every response without its `state`. Some authorization servers leave `state`
//! out of errors, and an error about the client or the redirect URI never leaves their own page
//! (RFC 6749 §4.1.2.1, <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>). The person in
//! front of the browser is the only one who can see it, so the terminal says where to look.

use shared::Reporter;

use crate::authorization_response::AuthorizationResponse;

/// Discarded responses that get a line each.
const SAID_ONE_BY_ONE: usize = 3;

/// For a person who waits for the browser.
pub const STAYS_IN_THE_BROWSER: &str = "An error about the client or the redirect URI stays in the browser and never comes back to this program. Press \
    Ctrl-C if you see one.";

/// What to do about a response that has no usable code and names no error.
pub const NO_CODE_FIX: &str = "Report it to the operator of the IdP: a response has one code or one error, and no parameter appears twice (RFC 6749 \
                               §3.1 and §4.1.2).";

/// Responses with another state, of which any program on this machine can send any number.
#[derive(Default)]
pub struct Discarded {
    /// The latest of them.
    pub latest: Option<AuthorizationResponse>,
    number: usize,
}

impl Discarded {
    /// Adds one. The first few get a line each.
    pub fn add(&mut self, reporter: &Reporter, response: AuthorizationResponse) {
        self.number += 1;
        if self.number <= SAID_ONE_BY_ONE {
            let more = if self.number == SAID_ONE_BY_ONE { " More of them are only counted." } else { "" };
            reporter.announce(format!("{}{more}", reason(&response)));
        }
        self.latest = Some(response);
    }

    /// Says how many responses were discarded, where they did not get a line each.
    pub fn count(&self, reporter: &Reporter) {
        if self.number > SAID_ONE_BY_ONE {
            reporter.note(format!("{} responses without the right state were discarded in all.", self.number));
        }
    }
}

/// Why a response is discarded. Its words are not shown: they could be anybody's.
fn reason(response: &AuthorizationResponse) -> String {
    const DISCARDED: &str = "It was discarded, and the client continues to wait.";
    let what = if response.has("error") { "An error" } else { "A response" };
    if has_nothing(response) {
        return format!("A response without parameters came. {DISCARDED} {IN_THE_FRAGMENT}");
    }
    if !response.has("state") {
        return format!(
            "{what} without state came. {DISCARDED} Some IdPs leave state out of errors: read the page in the browser, and press Ctrl-C if the sign-in failed \
             there."
        );
    }
    match response.wrong_number("state") {
        Some(wrong) => format!("{what} came in which {wrong} (RFC 6749 §3.1 allows it once). {DISCARDED}"),
        None => format!("{what} with another state came. {DISCARDED}"),
    }
}

/// An IdP may also send its response in the fragment (OAuth 2.0 Multiple Response Type Encoding
/// Practices, section 2.1). A browser sends the part behind # to no server.
const IN_THE_FRAGMENT: &str = "If the address in the browser has # before code= or error=, the IdP used response_mode=fragment: have its administrator switch \
                               this client to response_mode=query.";

fn has_nothing(response: &AuthorizationResponse) -> bool {
    response.shown().next().is_none()
}

/// What to do where a response like this was all that came; empty where the general advice is
/// right.
pub fn fix(response: &AuthorizationResponse) -> &'static str {
    if has_nothing(response) {
        IN_THE_FRAGMENT
    } else if !response.has("state") {
        "Read the last page of the IdP: some IdPs leave state out of errors. Report to the operator of the IdP that RFC 6749 §4.1.2.1 requires it there."
    } else if response.wrong_number("state").is_some() {
        "Report it to the operator of the IdP: a parameter MUST NOT appear more than once (RFC 6749 §3.1)."
    } else {
        ""
    }
}

/// What a response without a usable code has instead, where it names no error.
pub fn without_code(response: &AuthorizationResponse) -> String {
    let repeated = ["error", "code"].into_iter().filter(|name| response.has(name));
    let wrong = repeated.filter_map(|name| response.wrong_number(name)).next();
    wrong.unwrap_or_else(|| {
        if response.has("code") { "an empty code" } else { "neither a code nor an error" }.to_owned()
    })
}

/// What to do after a wait to which nobody came.
pub fn nobody_came(redirect_uri: &str) -> String {
    format!(
        "If the browser shows an error about the client or the redirect URI, register exactly {redirect_uri} at the IdP, or send the registered one \
         with --redirect-uri URI. Such an error never comes back to the client. If the browser runs on another machine, forward the port to this one, \
         or copy the browser's last address into this terminal. If the sign-in needs more time, pass --sign-in-timeout SECONDS."
    )
}
