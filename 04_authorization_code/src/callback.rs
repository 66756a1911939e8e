//! The listener on this machine to which the browser brings the answer (RFC 8252 §7.3). It takes
//! one answer, the one to the request that was sent, and nothing else: another path is 404, another
//! method 405, an answer with another state is refused and waited on, and what comes after the one
//! answer is told that it is too late.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use dynamic_client_registration::redirect::LoopbackRedirect;
use shared::Reporter;
use shared::listen::{self, Serving};
use tokio::sync::oneshot;

use crate::authorization_response::{AuthorizationResponse, Expected, check_state};
use crate::error::AuthorizationError;
use crate::further::callback_page::page;

/// Bytes of a query that are looked at. A code, a state and an issuer need a few hundred.
const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Refused answers that get a line each.
const TOLD_ONE_BY_ONE: usize = 3;
/// What is still under way may take this long when the listener ends.
const CLOSING: Duration = Duration::from_secs(1);

/// A listener that waits for one answer.
pub struct Callback {
    response: oneshot::Receiver<Result<AuthorizationResponse, AuthorizationError>>,
    waiting: Arc<Waiting>,
    serving: Serving,
}

struct Waiting {
    expected: Expected,
    reporter: Reporter,
    /// An answer with another state ends the wait: for a user agent that will bring no other one.
    strict: bool,
    response: Mutex<Option<oneshot::Sender<Result<AuthorizationResponse, AuthorizationError>>>>,
    /// The latest answer that was refused for its state; where the right one comes after it, it has
    /// done no harm.
    refused: Mutex<Refused>,
}

/// Answers with another state, of which anybody on this machine can bring any number.
#[derive(Default)]
struct Refused {
    latest: Option<AuthorizationResponse>,
    number: usize,
}

impl Callback {
    /// Begins to wait. `strict` ends the wait at the first answer, whatever its state.
    pub fn wait_for(redirect: LoopbackRedirect, expected: Expected, strict: bool, reporter: Reporter) -> Self {
        let (send, response) = oneshot::channel();
        let waiting = Arc::new(Waiting {
            expected,
            reporter,
            strict,
            response: Mutex::new(Some(send)),
            refused: Mutex::default(),
        });
        let router = Router::new().route("/callback", get(arrived)).with_state(waiting.clone());
        let serving = listen::serve(redirect.listener, router);
        Self { response, waiting, serving }
    }

    /// The answer; the listener is closed when this returns.
    pub async fn response(mut self, seconds: u64) -> Result<AuthorizationResponse, AuthorizationError> {
        let response = tokio::time::timeout(Duration::from_secs(seconds), &mut self.response).await;
        // The page that the browser still waits for is sent; a connection that says nothing is not
        // waited for.
        self.serving.finish(CLOSING).await;
        self.waiting.count_refused();
        match response {
            Ok(Ok(response)) => response,
            // An answer with another state was all that came.
            Ok(Err(_)) | Err(_) => match self.waiting.refused() {
                Some(response) => {
                    check_state(&self.waiting.reporter, &self.waiting.expected, &response).map(|()| response)
                }
                None => Err(AuthorizationError::TimedOut { seconds }),
            },
        }
    }
}

async fn arrived(State(waiting): State<Arc<Waiting>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    if query.len() > MAX_QUERY_BYTES {
        return page(StatusCode::URI_TOO_LONG, "Too long", "This is no answer of an identity provider.");
    }
    let response = AuthorizationResponse::from_query(&query);
    let is_over = waiting.response.lock().unwrap_or_else(PoisonError::into_inner).is_none();
    if is_over {
        return page(StatusCode::GONE, "Too late", "An answer was taken already. You can close this window.");
    }
    if !response.answers(&waiting.expected.state) {
        if waiting.strict {
            let refused = check_state(&waiting.reporter, &waiting.expected, &response);
            waiting.finish(refused.map(|()| response));
        } else {
            waiting.refuse(response);
        }
        let text = "This answer belongs to another sign-in, or somebody made it up. It was not used.";
        return page(StatusCode::BAD_REQUEST, "Not for this sign-in", text);
    }
    let _ = check_state(&waiting.reporter, &waiting.expected, &response);
    let failed = response.get("error").is_some();
    waiting.finish(Ok(response));
    if failed {
        // What went wrong is shown in the terminal, once it is known whose response it is.
        let text = "The terminal says why. You can close this window.";
        return page(StatusCode::OK, "No access was given", text);
    }
    let text = "The answer has arrived. What it is worth is checked in the terminal now. You can close this window.";
    page(StatusCode::OK, "You are signed in", text)
}

impl Waiting {
    fn refused(&self) -> Option<AuthorizationResponse> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).latest.take()
    }

    /// The first few are told one by one, the others in one sentence at the end.
    fn refuse(&self, response: AuthorizationResponse) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.number += 1;
        refused.latest = Some(response);
        if refused.number <= TOLD_ONE_BY_ONE {
            let more = if refused.number == TOLD_ONE_BY_ONE { " More of them are only counted." } else { "" };
            let text = "An answer with another state came. It was refused, and the wait goes on.";
            self.reporter.note(format!("{text}{more}"));
        }
    }

    /// Says how many answers were refused, where not each was told.
    fn count_refused(&self) {
        let number = self.refused.lock().unwrap_or_else(PoisonError::into_inner).number;
        if number > TOLD_ONE_BY_ONE {
            self.reporter.note(format!("{number} answers with another state came in all, and were refused."));
        }
    }

    fn finish(&self, response: Result<AuthorizationResponse, AuthorizationError>) {
        if let Some(send) = self.response.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = send.send(response);
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::http::{Http, Request};
    use shared::reach::{Privacy, Reach};
    use shared::testing::Captured;
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn waiting(strict: bool) -> (Callback, String, Captured) {
        let redirect = LoopbackRedirect::bind(0).await.unwrap();
        let uri = redirect.uri.clone();
        let captured = Captured::json();
        let expected = Expected { state: "right".to_owned(), issuer: "https://i".to_owned(), iss_promised: true };
        (Callback::wait_for(redirect, expected, strict, captured.reporter()), uri, captured)
    }

    async fn ask(request: Request) -> u16 {
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
        http.send(&request).await.map_or(0, |response| response.status)
    }

    #[tokio::test]
    async fn only_the_one_answer_is_taken() {
        let (callback, uri, captured) = waiting(false).await;
        let get = |query: &str| Request::get(&format!("{uri}{query}"));
        assert_eq!(ask(Request::get(&uri.replace("/callback", "/favicon.ico"))).await, 404);
        assert_eq!(ask(Request::post_form(&uri, &[("state", "right"), ("code", "c")])).await, 405);
        for query in ["", "?code=c", "?state=wrong&code=c", "?state=right&state=right&code=c", "?%ff%fe"] {
            assert_eq!(ask(get(query)).await, 400, "{query}");
        }
        assert_eq!(ask(get(&format!("?state=right&code={}", "x".repeat(20_000)))).await, 414);
        let megabyte = ask(get(&format!("?code={}", "x".repeat(1_000_000)))).await;
        assert!([0, 414, 431].contains(&megabyte), "{megabyte}");
        assert_eq!(ask(get("?state=right&code=one")).await, 200);
        assert_eq!(ask(get("?state=right&code=two")).await, 410);
        let response = callback.response(5).await.unwrap();
        assert_eq!(response.get("code"), Some("one"));
        // What was refused has done no harm, so it fails no check.
        assert_eq!(captured.checks("callback.state").iter().map(|(_, passed)| *passed).collect::<Vec<_>>(), [true]);
        assert!(!captured.text().contains("one"), "the code is not shown");
    }

    #[tokio::test]
    async fn a_slow_client_does_not_hold_anyone_up() {
        let (callback, uri, _) = waiting(false).await;
        let address = uri.trim_start_matches("http://").trim_end_matches("/callback").to_owned();
        let mut slow = tokio::net::TcpStream::connect(&address).await.unwrap();
        slow.write_all(b"GET /callback?state=right").await.unwrap();
        assert_eq!(ask(Request::get(&format!("{uri}?state=right&code=c"))).await, 200);
        let response = tokio::time::timeout(Duration::from_secs(60), callback.response(5)).await;
        assert!(response.expect("the wait for the slow client ends").is_ok());
    }

    #[tokio::test]
    async fn nobody_comes() {
        let (callback, _, _) = waiting(false).await;
        assert_eq!(callback.response(0).await.unwrap_err().id(), "sign-in.timed-out");
    }

    #[tokio::test]
    async fn an_answer_with_another_state_alone_is_told() {
        let (callback, uri, captured) = waiting(false).await;
        assert_eq!(ask(Request::get(&format!("{uri}?state=wrong&code=c"))).await, 400);
        assert_eq!(callback.response(0).await.unwrap_err().id(), "callback.state");
        assert_eq!(captured.checks("callback.state").iter().map(|(_, passed)| *passed).collect::<Vec<_>>(), [false]);
    }

    #[tokio::test]
    async fn however_many_answers_are_refused_few_lines_tell_of_them() {
        for (wrong, notes) in [(0, 0), (1, 1), (3, 3), (4, 4), (65, 4)] {
            let (callback, uri, captured) = waiting(false).await;
            for n in 0..wrong {
                assert_eq!(ask(Request::get(&format!("{uri}?state=wrong{n}&code=c"))).await, 400);
            }
            assert_eq!(ask(Request::get(&format!("{uri}?state=right&code=c"))).await, 200);
            assert!(callback.response(5).await.is_ok());
            let told = captured.events().iter().filter(|event| event["event"] == "note").count();
            assert_eq!(told, notes, "{wrong}");
            assert_eq!(captured.text().contains(&format!("{wrong} answers")), wrong > 3, "{wrong}");
        }
    }

    #[tokio::test]
    async fn where_no_other_answer_can_come_the_first_one_ends_the_wait() {
        let (callback, uri, _) = waiting(true).await;
        assert_eq!(ask(Request::get(&format!("{uri}?state=wrong&code=c"))).await, 400);
        assert_eq!(callback.response(5).await.unwrap_err().id(), "callback.state");
    }
}
