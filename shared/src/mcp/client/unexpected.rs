//! What came in place of the response to an MCP message, and what to do about it.

use serde_json::Value;

use crate::Failure;
use crate::http::Response;
use crate::page;
use crate::redact::Mask;

/// The failure of a request whose response is not its MCP message; `reason` is for one that looks
/// like one.
pub(super) fn failure(response: &Response, reason: &str) -> Failure {
    let location = response.header_values("location").pop().map(|url| Mask::Fingerprint.url(&url));
    let retry = response.header_values("retry-after").pop().filter(|text| text.parse::<u32>().is_ok());
    let (what, fix) = match (response.status, location) {
        (300..=399, Some(url)) => (
            format!("a redirect to {url}, which a POST does not follow"),
            "If that is the MCP server's URL, give it instead.".to_owned(),
        ),
        (429, _) => ("too many requests".to_owned(), wait(retry.as_deref())),
        (500..=599, _) => (
            "an error of the server, or of a gateway before it".to_owned(),
            format!("Look into the server's log. {}", wait(retry.as_deref())),
        ),
        _ => (body(response, reason), FIX.to_owned()),
    };
    let message = format!(
        "{} did not respond with an MCP message: HTTP {}, {what}.",
        Mask::Fingerprint.url(&response.url),
        response.status
    );
    Failure::new("mcp.protocol", message, fix)
}

/// For a URL that may not be the one of an MCP endpoint.
pub(super) const FIX: &str = "Give the URL of an MCP endpoint with Streamable HTTP; its path is often /mcp.";

fn wait(seconds: Option<&str>) -> String {
    match seconds {
        Some(seconds) => format!("Try again in {seconds} seconds, as the server asks."),
        None => "Try again later.".to_owned(),
    }
}

fn body(response: &Response, reason: &str) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let document = serde_json::from_slice::<Value>(&response.body);
    match (document, response.media_type().as_str()) {
        _ if response.body.is_empty() => "without a body".to_owned(),
        (Ok(message), _) if message.get("jsonrpc").is_some() => reason.to_owned(),
        (Ok(_), _) => "JSON that is not a JSON-RPC message".to_owned(),
        (Err(_), "text/event-stream") => reason.to_owned(),
        (Err(_), _) if text.trim_start().starts_with('<') => match page::message(&text) {
            Some(title) => format!("an HTML page: “{title}”"),
            None => "an HTML page".to_owned(),
        },
        (Err(_), "") => "a body without a content type".to_owned(),
        (Err(_), media_type) => format!("{media_type} that is not JSON"),
    }
}

/// Whether the server first wants something from the user, which these lessons cannot give:
/// `"resultType": "input_required"` (MCP 2026-07-28, Multi Round-Trip Requests).
pub(super) fn asks_for_input(response: &Response) -> bool {
    let message: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    message.pointer("/result/resultType").is_some_and(|kind| kind == "input_required")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn response(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Response { url: "http://h/mcp".to_owned(), status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn what_came_is_said_and_what_to_do() {
        let json = ("content-type", "application/json");
        for (response, says, fix) in [
            (
                response(302, &[("location", "https://h/login?code=c0de")], ""),
                "a redirect to https://h/login?code=<code",
                "give it instead",
            ),
            (response(302, &[], ""), "HTTP 302, without a body", "an MCP endpoint"),
            (response(503, &[("retry-after", "7")], ""), "an error of the server", "in 7 seconds"),
            (response(502, &[("retry-after", "-3")], "<html>"), "an error of the server", "Try again later."),
            (response(429, &[], ""), "too many requests", "Try again later."),
            (response(200, &[], "<html><title>Hello</title></html>"), "an HTML page: “Hello”", "an MCP endpoint"),
            (response(200, &[json], "{}"), "JSON that is not a JSON-RPC message", "an MCP endpoint"),
            (response(200, &[json], r#"{"jsonrpc":"2.0","id":1}"#), "REASON", "an MCP endpoint"),
            (
                response(200, &[("content-type", "text/plain")], "hello"),
                "text/plain that is not JSON",
                "an MCP endpoint",
            ),
            (response(200, &[], "hello"), "a body without a content type", "an MCP endpoint"),
        ] {
            let failure = failure(&response, "REASON");
            assert!(failure.message.contains(says), "{says}: {}", failure.message);
            assert!(failure.fix.contains(fix), "{fix}: {}", failure.fix);
        }
    }

    #[test]
    fn a_server_that_asks_for_input_is_recognized() {
        let asks = |body: &str| asks_for_input(&response(200, &[], body));
        assert!(asks(r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{}}}"#));
        for other in ["", "[]", r#"{"result":{"resultType":"complete"}}"#, r#"{"result":{"text":"input_required"}}"#] {
            assert!(!asks(other), "{other}");
        }
    }
}
