//! What the browser shows when it is back.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

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
