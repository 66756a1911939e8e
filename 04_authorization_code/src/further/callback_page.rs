//! What the browser shows when it is back.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

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
    /// It is the response, and an error.
    Error,
    /// It is the response.
    Response,
}

/// The page after a request to the listener.
pub fn of(taken: Taken) -> Response {
    let (status, title, text) = match taken {
        Taken::Elsewhere => (StatusCode::NOT_FOUND, "Not found", "The client waits for the browser at another path."),
        Taken::TooLong => (StatusCode::URI_TOO_LONG, "Too long", "This is no answer of an identity provider."),
        Taken::TooLate => (StatusCode::GONE, "Too late", "An answer was taken already. You can close this window."),
        Taken::Discarded => (
            StatusCode::BAD_REQUEST,
            "Not for this sign-in",
            "This response does not belong to the sign-in that the terminal waits for. It was not used.",
        ),
        // What went wrong is shown in the terminal, once it is known whose response it is.
        Taken::Error => (StatusCode::OK, "No access was given", "The terminal says why. You can close this window."),
        Taken::Response => (
            StatusCode::OK,
            "You are signed in",
            "The answer has arrived. What it is worth is checked in the terminal now. You can close this window.",
        ),
    };
    page(status, title, text)
}

/// A page without a script, and without anything of the answer in it.
pub fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title} · MCP OAuth tutorial</title><style>body{{font:17px/1.6 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:0 1rem}}
main{{max-width:34rem}}@media(prefers-color-scheme:dark){{body{{background:#10161d;color:#e3eaf1}}}}</style></head>
<body><main><h1>{title}</h1><p>{text}</p></main></body></html>"#
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        // The address of this page has the code in it.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, html).into_response()
}
