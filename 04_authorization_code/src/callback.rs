//! The listener on this machine to which the browser brings the answer (RFC 8252 §7.3). It takes
//! one answer, the one to the request that was sent, and nothing else: another path is 404, another
//! method 405, an answer with another state is refused and waited on, and what comes after the one
//! answer is told that it is too late.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use dynamic_client_registration::redirect::LoopbackRedirect;
use shared::Reporter;
use shared::listen::{self, Serving};
use tokio::sync::oneshot;

use crate::authorization_response::{AuthorizationResponse, Expected, check_state};
use crate::error::AuthorizationError;
use crate::further::callback_page::page;
use crate::further::discarded::Discarded;

/// Bytes of a query that are looked at. A code, a state and an issuer need a few hundred.
const MAX_QUERY_BYTES: usize = 16 * 1024;
/// What is still under way may take this long when the listener ends.
const CLOSING: Duration = Duration::from_secs(1);

/// A listener that waits for one answer.
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

    /// The answer; the listener is closed when this returns.
    pub async fn response(mut self, seconds: u64) -> Result<AuthorizationResponse, AuthorizationError> {
        let response = tokio::time::timeout(Duration::from_secs(seconds), &mut self.response).await;
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
    if uri.path() != waiting.path {
        return page(StatusCode::NOT_FOUND, "Not found", "The client waits for the browser at another path.");
    }
    if method != Method::GET {
        return page(StatusCode::METHOD_NOT_ALLOWED, "Not allowed", "A browser brings a response with GET.");
    }
    let query = uri.query().unwrap_or_default();
    if query.len() > MAX_QUERY_BYTES {
        return page(StatusCode::URI_TOO_LONG, "Too long", "This is no answer of an identity provider.");
    }
    let response = AuthorizationResponse::from_query(query);
    let is_over = waiting.response.lock().unwrap_or_else(PoisonError::into_inner).is_none();
    if is_over {
        return page(StatusCode::GONE, "Too late", "An answer was taken already. You can close this window.");
    }
    if !response.answers(&waiting.expected.state) {
        if waiting.strict {
            let refused = check_state(&waiting.reporter, &waiting.expected, &response);
            waiting.finish(refused.map(|()| response));
        } else {
            waiting.discarded().add(&waiting.reporter, response);
        }
        let text = "This response does not belong to the sign-in that the terminal waits for. It was not used.";
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
