//! What the browser shows when it is back. A response is called a success only after its `state`
//! and its `iss` were checked.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use shared::html::Page;

/// What becomes of a request to the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is not to the redirect URI.
    Elsewhere,
    TooLong,
    /// A response was taken before.
    TooLate,
    /// It has another state.
    Discarded,
    /// It has the state, and another issuer or none where one was promised.
    OtherIssuer,
    /// It is the response, and without a code.
    Error,
    /// It is the response.
    Response,
}

/// How the page is drawn.
#[derive(Clone, Copy)]
enum Look {
    Good,
    Bad,
    Plain,
}

/// The page after a request to the listener.
pub fn of(taken: Taken) -> Response {
    let (status, look, title, text, next) = match taken {
        Taken::Elsewhere => (
            StatusCode::NOT_FOUND,
            Look::Plain,
            "Not found",
            "The client waits for the browser at another path.",
            "Go back to the page where you signed in.",
        ),
        Taken::TooLong => (
            StatusCode::URI_TOO_LONG,
            Look::Bad,
            "Too long",
            "This is not an authorization response: the address is too long. It was not used.",
            "The client still waits. Go back to the page where you sign in.",
        ),
        Taken::TooLate => (
            StatusCode::GONE,
            Look::Plain,
            "Too late",
            "The client has taken a response before this one.",
            "You can close this window. The terminal shows how the sign-in ended.",
        ),
        Taken::Discarded => (
            StatusCode::BAD_REQUEST,
            Look::Bad,
            "Not for this sign-in",
            "The state of this response is not the one that the client sent, so the client did not use it.",
            "Read the terminal. Where it still waits, open the URL that it shows and sign in there.",
        ),
        Taken::OtherIssuer => (
            StatusCode::BAD_REQUEST,
            Look::Bad,
            "Not from this identity provider",
            "The issuer (iss) of this response is not the authorization server that the client asked, so the client did not \
             use its code.",
            "Read the terminal: it shows both issuers. Do not sign in again before you know why they differ.",
        ),
        // What went wrong is shown in the terminal.
        Taken::Error => (
            StatusCode::OK,
            Look::Bad,
            "No access was given",
            "The response is from the authorization server that the client asked, and it has no code.",
            "The terminal says why. You can close this window.",
        ),
        Taken::Response => (
            StatusCode::OK,
            Look::Good,
            "You are signed in",
            "The client checked the response: its state and, where the IdP sends one, its issuer (iss) are the expected ones.",
            "The program in your terminal now trades the code for an access token. You can close this window and go back to \
             the terminal.",
        ),
    };
    page(status, look, title, text, next)
}

/// The page for a request that is not GET.
pub fn not_allowed() -> Response {
    let text = "A browser brings a response with GET.";
    page(StatusCode::METHOD_NOT_ALLOWED, Look::Plain, "Not allowed", text, "The client still waits.")
}

/// A page without a script, and without anything of the response in it.
fn page(status: StatusCode, look: Look, title: &str, text: &str, next: &str) -> Response {
    let text = match look {
        Look::Good => format!(r#"<p class="good">✔ {text}</p>"#),
        Look::Bad => format!(r#"<p class="error">✘ {text}</p>"#),
        Look::Plain => format!("<p>{text}</p>"),
    };
    let body = format!(
        r#"<p class="realm">The client of the MCP OAuth tutorial</p><h1>{title}</h1>{text}<p class="hint"><strong>What happens next:</strong> {next}</p>"#
    );
    let title = format!("{title} · MCP OAuth tutorial");
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONNECTION, "close")];
    (status, headers, Page::new(&title, &body)).into_response()
}
