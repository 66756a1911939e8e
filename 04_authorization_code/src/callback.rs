//! The listener on this machine to which the browser brings the answer (RFC 8252 §7.3). It takes
//! one answer, the one to the request that was sent, and nothing else: another path is 404, another
//! method 405, an answer with another state is refused and waited on, and what comes after the one
//! answer is told that it is too late.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::Response;
use dynamic_client_registration::redirect::LoopbackRedirect;
use shared::Reporter;
use shared::listen::{self, Serving};
use tokio::sync::oneshot;

use crate::authorization_response::{AuthorizationResponse, Expected, check_issuer, check_state, code};
use crate::error::AuthorizationError;
use crate::further::callback_page::{self, Taken};
use crate::further::discarded::Discarded;
use crate::further::pasted;

/// Bytes of a query that are looked at. A code, a state and an issuer need a few hundred.
const MAX_QUERY_BYTES: usize = 16 * 1024;
/// What is still under way may take this long when the listener ends.
const CLOSING: Duration = Duration::from_secs(1);

/// A listener that waits for one response.
pub struct Callback {
    response: oneshot::Receiver<Result<AuthorizationResponse, AuthorizationError>>,
    waiting: Arc<Waiting>,
    /// One for each address of the redirect URI's host.
    serving: Vec<Serving>,
    redirect_uri: String,
}

struct Waiting {
    /// The path of the redirect URI.
    path: String,
    expected: Expected,
    reporter: Reporter,
    /// An answer with another state ends the wait: for a user agent that will bring no other one.
    strict: bool,
    response: Mutex<Option<oneshot::Sender<Result<AuthorizationResponse, AuthorizationError>>>>,
    /// The latest answer that was refused for its state; where the right one comes after it, it has
    /// done no harm.
    discarded: Mutex<Discarded>,
}

impl Callback {
    /// Begins to wait. `strict` ends the wait at the first answer, whatever its state.
    pub fn wait_for(redirect: LoopbackRedirect, expected: Expected, strict: bool, reporter: Reporter) -> Self {
        let (send, response) = oneshot::channel();
        let waiting = Arc::new(Waiting {
            path: redirect.path,
            expected,
            reporter,
            strict,
            response: Mutex::new(Some(send)),
            discarded: Mutex::default(),
        });
        // The path is compared as it is: in a route, some characters mean something.
        let router = Router::new().fallback(arrived).with_state(waiting.clone());
        let serve = |listener| listen::serve(listener, router.clone());
        let serving = redirect.listeners.into_iter().map(serve).collect();
        Self { response, waiting, serving, redirect_uri: redirect.uri }
    }

    /// The answer; the listener is closed when this returns. A person who is told of it by `person`
    /// may paste it.
    pub async fn response(
        mut self,
        seconds: u64,
        person: Option<&Reporter>,
    ) -> Result<AuthorizationResponse, AuthorizationError> {
        let (waiting, limit) = (self.waiting.clone(), Duration::from_secs(seconds));
        let _shown = person.map(|person| person.waiting("Waiting for the browser", limit));
        let pasted = pasted::take_lines(&self.redirect_uri, person, |path, query| waiting.take(path, query));
        let response = tokio::select! {
            response = tokio::time::timeout(limit, &mut self.response) => response,
            never = pasted => match never {},
        };
        // The page that the browser still waits for is sent; a connection that says nothing is not
        // waited for.
        for serving in self.serving {
            serving.finish(CLOSING).await;
        }
        let discarded = std::mem::take(&mut *self.waiting.discarded());
        discarded.count(&self.waiting.reporter);
        match (response, discarded.latest) {
            (Ok(Ok(response)), _) => response,
            // A response with another state was all that came.
            (_, Some(response)) => {
                check_state(&self.waiting.reporter, &self.waiting.expected, &response).map(|()| response)
            }
            (_, None) => Err(AuthorizationError::TimedOut { seconds, redirect_uri: self.redirect_uri }),
        }
    }
}

async fn arrived(State(waiting): State<Arc<Waiting>>, method: Method, uri: Uri) -> Response {
    if uri.path() == waiting.path && method != Method::GET {
        return callback_page::not_allowed();
    }
    callback_page::of(waiting.take(uri.path(), uri.query().unwrap_or_default()))
}

impl Waiting {
    /// Takes the response, if this is it: the browser brought it, or the user.
    fn take(&self, path: &str, query: &str) -> Taken {
        if path != self.path {
            return Taken::Elsewhere;
        }
        if query.len() > MAX_QUERY_BYTES {
            return Taken::TooLong;
        }
        let response = AuthorizationResponse::from_query(query);
        if self.response.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Taken::TooLate;
        }
        if !response.answers(&self.expected.state) {
            if self.strict {
                let refused = check_state(&self.reporter, &self.expected, &response);
                self.finish(refused.map(|()| response));
            } else {
                self.discarded().add(&self.reporter, response);
            }
            return Taken::Discarded;
        }
        let _ = check_state(&self.reporter, &self.expected, &response);
        // The run reports these checks later; the page in the browser must not come before them.
        let taken = if check_issuer(&Reporter::silent(), &self.expected, &response).is_err() {
            Taken::OtherIssuer
        } else if code(&Reporter::silent(), &response).is_err() {
            Taken::Error
        } else {
            Taken::Response
        };
        self.finish(Ok(response));
        taken
    }

    fn discarded(&self) -> MutexGuard<'_, Discarded> {
        self.discarded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, response: Result<AuthorizationResponse, AuthorizationError>) {
        if let Some(send) = self.response.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = send.send(response);
        }
    }
}

#[cfg(test)]
mod tests;
