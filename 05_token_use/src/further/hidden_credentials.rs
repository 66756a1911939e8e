//! Going further: a server keeps the tokens that clients send to it out of all that it prints.

use axum::http::header;
use axum::http::request::Parts;
use shared::redact;
use url::form_urlencoded;

/// Credentials of a request that are hidden at most, of each place.
const HIDDEN: usize = 4;

/// From now on nothing that this server prints shows what the client has sent as its token, also
/// where it has sent that in the wrong place.
pub fn hide_credentials(parts: &Parts) {
    for value in parts.headers.get_all(header::AUTHORIZATION).iter().take(HIDDEN) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let (_, credentials) = value.split_once(' ').unwrap_or(("", &value));
        redact::learn_of_client("access_token", credentials);
    }
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let tokens = query.filter(|(name, _)| name.eq_ignore_ascii_case("access_token"));
    tokens.take(HIDDEN).for_each(|(_, token)| redact::learn_of_client("access_token", &token));
}
