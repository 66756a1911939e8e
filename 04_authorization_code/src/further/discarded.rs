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
pub const STAYS_IN_THE_BROWSER: &str = "An error about the client or the redirect URI stays in the browser and never comes back here: press Ctrl-C if you see one.";

/// What to do about a response that has no usable code and names no error.
pub const NO_CODE_FIX: &str = "Tell the operator of the IdP: a response has one code or one error, and no parameter appears twice (RFC 6749 §3.1 and \
                               §4.1.2).";

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
    const DISCARDED: &str = "It was discarded, and the wait goes on.";
    let what = if response.has("error") { "An error" } else { "A response" };
    if response.table().is_empty() {
        return format!(
            "A request without any parameter came. {DISCARDED} Some IdPs put the response behind # into the URL (response_mode=fragment), which no browser \
             sends: look at the browser's address."
        );
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

/// What to do where a response like this was all that came; empty where the general advice is
/// right.
pub fn fix(response: &AuthorizationResponse) -> &'static str {
    if response.table().is_empty() {
        "The IdP's operator has to put the response into the query (response_mode=query, the default for codes), not behind # in the URL."
    } else if !response.has("state") {
        "Read the page that the browser was sent from: some IdPs leave state out of errors. Tell the operator of the IdP that RFC 6749 §4.1.2.1 requires \
         it there."
    } else if response.wrong_number("state").is_some() {
        "Tell the operator of the IdP: a parameter MUST NOT appear more than once (RFC 6749 §3.1)."
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
        "If the browser shows an error about the client or the redirect URI, register {redirect_uri} at the IdP exactly like this, or send the registered one with --redirect-uri URI: such an error never comes \
         back to the client. If the browser runs on another machine, forward the port to this one, or paste the address that it ends at into this terminal. If the sign-in only takes longer, give it more \
         time with --sign-in-timeout SECONDS."
    )
}
