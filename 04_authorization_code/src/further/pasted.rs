//! The callback URL, pasted by a person whose browser runs on another machine.
//!
//! The redirect URI is on this machine, so a browser elsewhere ends at a page that it cannot load.
//! The address of that page is the authorization response. A person who pastes it does what the
//! browser would have done, so it gets the same checks.

use std::convert::Infallible;

use shared::Reporter;
use shared::pasted::PastedLines;
use url::Url;

use crate::further::callback_page::Taken;
use crate::further::discarded::STAYS_IN_THE_BROWSER;
use crate::further::scripted_browser::is_at;

/// What to do where the browser is on another machine.
pub const PASTE: &str = "If the browser is on another machine, its last page does not load. Copy the address of that page, paste it here (it is not \
                         shown), and press Enter.";

/// Gives each URL of the callback that a person pastes to `take`, until this is dropped. `person`
/// is told how; without one, nobody can paste anything.
pub async fn take_lines(
    redirect_uri: &str,
    person: Option<&Reporter>,
    take: impl Fn(&str, &str) -> Taken,
) -> Infallible {
    let Some(person) = person else { return std::future::pending().await };
    person.announce(STAYS_IN_THE_BROWSER);
    let Some(mut lines) = PastedLines::open() else { return std::future::pending().await };
    person.announce(PASTE);
    loop {
        let line = lines.next().await;
        if line.is_empty() {
            continue;
        }
        if let Some(text) = take_line(&line, redirect_uri, &take) {
            person.announce(text);
        }
    }
}

/// Takes the line if it is a URL of the callback; what to say about it.
fn take_line(line: &str, redirect_uri: &str, take: impl Fn(&str, &str) -> Taken) -> Option<String> {
    // What was typed may hold a secret, so it is not repeated.
    let Some(url) = Url::parse(line).ok().filter(|_| is_at(line, redirect_uri)) else {
        return Some(format!(
            "The client ignores this line: it does not begin with {redirect_uri}?, as the browser's last address does. The client continues to wait."
        ));
    };
    match take(url.path(), url.query().unwrap_or_default()) {
        Taken::Response | Taken::Error | Taken::OtherIssuer => {
            Some("The address was pasted. It is taken as if the browser had come here.".to_owned())
        }
        Taken::TooLong => Some(
            "The client ignores this line: it is too long for an authorization response. The client continues to wait."
                .to_owned(),
        ),
        Taken::TooLate => Some("The client ignores this line: it already has a response.".to_owned()),
        // Why, was said where it was discarded.
        Taken::Discarded | Taken::Elsewhere => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_line_is_taken_where_it_is_a_url_of_the_callback() {
        const URI: &str = "http://localhost:3118/oauth/callback";
        for (line, taken) in [
            ("http://localhost:3118/oauth/callback?code=c&state=s", Some("code=c&state=s")),
            ("http://LOCALHOST:3118/oauth/callback?code=c&state=s", Some("code=c&state=s")),
            (
                "http://localhost:3118/oauth/callback?error=access_denied&state=s#_=_",
                Some("error=access_denied&state=s"),
            ),
            ("http://localhost:3118/oauth/callback", Some("")),
            ("https://localhost:3118/oauth/callback?code=c&state=s", None),
            ("http://127.0.0.1:3118/oauth/callback?code=c&state=s", None),
            ("http://localhost:3119/oauth/callback?code=c&state=s", None),
            ("http://localhost:3118/oauth/callback/?code=c&state=s", None),
            ("http://localhost:3118/oauth?code=c&state=s", None),
            ("http://me@localhost:3118/oauth/callback?code=c&state=s", None),
            ("http://localhost:3118@idp.example/oauth/callback?code=c&state=s", None),
            ("localhost:3118/oauth/callback?code=c&state=s", None),
            ("code=c&state=s", None),
            ("c", None),
            ("yes", None),
        ] {
            let queries = RefCell::new(Vec::new());
            let said = take_line(line, URI, |path, query| {
                assert_eq!(path, "/oauth/callback");
                queries.borrow_mut().push(query.to_owned());
                Taken::Discarded
            });
            assert_eq!(queries.into_inner(), Vec::from_iter(taken), "{line}");
            assert_eq!(said.is_some(), taken.is_none(), "{line}");
            let said = said.unwrap_or_default();
            assert!(
                !said.contains("state=")
                    && (taken.is_some() || said.contains("begin with http://localhost:3118/oauth/callback?")),
                "{said}"
            );
        }
    }

    #[test]
    fn what_became_of_a_line_is_said_once() {
        const LINE: &str = "http://127.0.0.1:1/callback?code=c0de&state=s";
        for (taken, says) in [
            (Taken::Response, Some("as if the browser had come here")),
            (Taken::Error, Some("as if the browser had come here")),
            (Taken::TooLong, Some("too long")),
            (Taken::TooLate, Some("already has a response")),
            (Taken::Discarded, None),
        ] {
            let said = take_line(LINE, "http://127.0.0.1:1/callback", |_, _| taken);
            assert_eq!(said.is_some(), says.is_some(), "{taken:?}");
            assert!(said.unwrap_or_default().contains(says.unwrap_or_default()), "{taken:?}");
        }
    }
}
