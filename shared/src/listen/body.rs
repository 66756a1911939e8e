//! A request's body has to arrive within a time, however slowly its client sends it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// A body that fails when its time is over.
struct PunctualBody {
    body: Body,
    deadline: Pin<Box<Sleep>>,
    is_late: Arc<AtomicBool>,
}

/// Gives the handler a body that fails when it has not arrived within this time, and responds 408
/// then. Hyper closes a connection with an unread body.
pub async fn limit_body_time(State(within): State<Duration>, request: Request, next: Next) -> Response {
    let is_late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| {
        let deadline = Box::pin(sleep(within));
        Body::new(PunctualBody { body, deadline, is_late: is_late.clone() })
    });
    let response = next.run(request).await;
    if is_late.load(Ordering::Relaxed) {
        let sentence = format!("The body did not arrive within {} seconds.\n", within.as_secs_f32());
        return (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")], sentence).into_response();
    }
    response
}

impl HttpBody for PunctualBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            self.is_late.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(axum::Error::new("the body did not arrive in time"))));
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
