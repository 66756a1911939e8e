//! The page at `/` of the API behind the MCP server, for a person who opens it in a browser.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use shared::listen::named_host;
use shared::start_page::{Endpoint, StartPage, TryIt};

/// The route of the page.
pub fn route() -> Router {
    Router::new().route("/", get(page))
}

async fn page(request: Request) -> Response {
    let Some(host) = named_host(request.headers()) else { return StatusCode::BAD_REQUEST.into_response() };
    let base = format!("http://{host}");
    let page = StartPage {
        title: "The API behind the MCP server".to_owned(),
        lead: "This API knows nothing of MCP. It accepts tokens that name it as their audience, and no others, so the MCP \
               server exchanges each client's token before it asks here (RFC 8693)."
            .to_owned(),
        endpoints: vec![
            Endpoint {
                name: "Reports".to_owned(),
                sentence: "The documents of the user whom the token is about. Without a token there are none.".to_owned(),
                url: format!("{base}/reports"),
                how: TryIt::Curl("", 401),
            },
            Endpoint {
                name: "This page".to_owned(),
                sentence: "What you are reading.".to_owned(),
                url: format!("{base}/"),
                how: TryIt::Link,
            },
        ],
        next: (
            "See both sides, the token that the API refuses and the one that it accepts. In another terminal:".to_owned(),
            "cargo 06 --port 0 --second-port 0 --downstream-port 0".to_owned(),
        ),
        ..StartPage::default()
    };
    (&page).into_response()
}
