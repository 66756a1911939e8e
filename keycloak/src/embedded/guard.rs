//! Who may ask at all: requests that name this machine as their host, and for the administrator's
//! places no page of another origin. Without it, a page on the web could reach this server through
//! a name that it points here (DNS rebinding).

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::listen::named_host;
use shared::reach::is_loopback;

/// Bytes of a request's body at most.
pub const BODY_BYTES: usize = 64 * 1024;

/// Responds 421 to a request for another host, and 403 to another origin's page at the
/// administrator's places.
pub async fn check_caller(request: Request, next: Next) -> Response {
    let Some(host) = named_host(request.headers()).filter(|host| is_loopback(without_port(host))) else {
        let sentence = "This identity provider serves requests for localhost only.\n";
        return (StatusCode::MISDIRECTED_REQUEST, sentence).into_response();
    };
    let own = format!("http://{host}");
    let path = request.uri().path();
    let is_administrators = path.starts_with("/admin/") || path.starts_with("/realms/master/");
    let is_foreign = request.headers().get_all(header::ORIGIN).iter().any(|origin| *origin != *own);
    if is_administrators && is_foreign {
        return (StatusCode::FORBIDDEN, "No page of another origin may use the admin API.\n").into_response();
    }
    next.run(request).await
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests;
