//! A first response that is neither 401 nor success: an older server, a redirect, a server that is
//! busy. What it means, and what a person can do about it.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;
use shared::http::Response;
use shared::one_line;

use crate::well_known::split;

/// Errors that only a server of MCP 2026-07-28 sends to a message that it knows: a header that does
/// not fit, and a missing capability. The third, for a version that it does not speak, is what a
/// server of older versions may send too.
const MODERN_ERRORS: [i64; 2] = [-32020, -32021];

/// Whether the server may be one that begins with `initialize`: any refusal of the first message
/// that has nothing to do with tokens, with this client or with its haste.
pub(crate) fn is_of_older_server(response: &Response) -> bool {
    let is_modern = mcp_error(response).is_some_and(|(code, _)| MODERN_ERRORS.contains(&code));
    (400..500).contains(&response.status) && !matches!(response.status, 401 | 403 | 429) && !is_modern
}

/// Code and message of a JSON-RPC error.
fn mcp_error(response: &Response) -> Option<(i64, String)> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let error = body.get("jsonrpc").and(body.get("error"))?;
    Some((
        error["code"].as_i64()?,
        one_line(error["message"].as_str().unwrap_or_default()).trim_end_matches('.').to_owned(),
    ))
}

/// What came instead of 401 or success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstResponse {
    /// The MCP server's URL.
    pub server_url: String,
    /// HTTP status code.
    pub status: u16,
    /// What it is, as far as the response tells.
    pub kind: Kind,
}

/// What a first response is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It sends the client elsewhere: where to, if it says so.
    Redirect(Option<String>),
    /// It asks for patience: `Retry-After`, if it is there.
    Busy(Option<String>),
    /// It is an MCP server that reports an error: code and message.
    McpError(i64, String),
    /// It tells nothing else.
    Other,
}

impl FirstResponse {
    pub(crate) fn of(server_url: &str, response: &Response) -> Self {
        let header = |name: &str| response.header_values(name).into_iter().next();
        let kind = match (response.status, mcp_error(response)) {
            (300..=399, _) => Kind::Redirect(header("location").map(|to| absolute(server_url, &to))),
            (429 | 503, _) => Kind::Busy(header("retry-after")),
            (_, Some((code, message))) => Kind::McpError(code, message),
            _ => Kind::Other,
        };
        Self { server_url: server_url.to_owned(), status: response.status, kind }
    }

    /// Whether no sign-in can help: the server or a gateway before it fails, or wants money or a
    /// proxy's password. A server that is busy will respond later.
    pub(crate) fn is_obstacle(&self) -> bool {
        matches!(self.status, 402 | 407 | 500..) && !matches!(self.kind, Kind::Busy(_))
    }

    /// What to do about it.
    pub(crate) fn fix(&self) -> String {
        let Self { server_url, status, kind } = self;
        match kind {
            Kind::Redirect(Some(to)) => redirect_fix(server_url, to),
            Kind::Redirect(None) => "The server's operator has to respond without a redirect.".to_owned(),
            Kind::Busy(Some(after)) if !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("Wait {after} seconds, and run it again.")
            }
            // A date begins with the name of its day (RFC 9110 §10.2.3).
            Kind::Busy(Some(after)) if after.starts_with(|c: char| c.is_ascii_uppercase()) => {
                format!("Run it again after {after}.")
            }
            Kind::Busy(_) => "Wait a minute, and run it again.".to_owned(),
            Kind::McpError(..) => "This is an MCP server, so look for the error in its log.".to_owned(),
            Kind::Other if *status == 404 && server_url.ends_with('/') => {
                format!("Leave out the slash at the end: {}", server_url.trim_end_matches('/'))
            }
            Kind::Other if matches!(status, 404 | 405 | 415 | 501) => {
                "Give the URL of the MCP endpoint itself: its path is often /mcp.".to_owned()
            }
            Kind::Other if *status == 403 => {
                "The server's operator has to let requests without a token through to the MCP server: a firewall or a list of \
                 allowed hosts refuses them."
                    .to_owned()
            }
            Kind::Other if *status == 402 => {
                "Pay for the server's use, or have its operator let requests without a token through: a sign-in changes nothing.".to_owned()
            }
            Kind::Other if *status == 407 => {
                "Put the user name and the password for the proxy that responds here into HTTPS_PROXY, before the host.".to_owned()
            }
            Kind::Other => "Look for the reason in the server's log, and run it again.".to_owned(),
        }
    }
}

/// A `Location` as an absolute URL: a path of the server's own stands for itself.
fn absolute(server_url: &str, location: &str) -> String {
    let joined = shared::http::joined(server_url, location);
    joined.unwrap_or_else(|| location.to_owned())
}

fn redirect_fix(server_url: &str, to: &str) -> String {
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let host = |url: &str| shared::reach::host_of(url);
    let path = split(to).map_or("", |(_, path)| path).to_ascii_lowercase();
    let signs_in = ["login", "signin", "sign-in", "sso", "saml", "authorize", "oauth2/start"];
    if scheme(server_url).as_deref() == Some("https") && scheme(to).as_deref() == Some("http") {
        return "The server's operator has to redirect to https only: this one leaves https.".to_owned();
    }
    if signs_in.iter().any(|word| path.contains(word)) || host(server_url) != host(to) {
        return format!(
            "The server's operator has to let POST {server_url} through without the redirect: it leads to another place, often a \
             sign-in page for browsers. If the MCP server has moved there, pass --server-url {to}"
        );
    }
    if server_url == to {
        return "The server's operator has to end the redirect, which leads back to the same URL.".to_owned();
    }
    format!("Pass --server-url {to}")
}

impl Display for FirstResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { server_url, status, kind } = self;
        match kind {
            Kind::Redirect(Some(to)) => {
                write!(
                    f,
                    "{server_url} redirects to {to} (HTTP {status}), and a client does not follow that with a message."
                )
            }
            Kind::Redirect(None) => write!(f, "{server_url} redirects (HTTP {status}) and names no place."),
            Kind::Busy(_) if *status == 429 => {
                write!(f, "{server_url} gets too many requests from this client (HTTP {status}).")
            }
            Kind::Busy(_) => write!(f, "{server_url} cannot serve requests now (HTTP {status})."),
            Kind::McpError(code, message) => write!(
                f,
                "{server_url} answered a request without a token with HTTP {status} and the MCP error {code}: {message}."
            ),
            Kind::Other => write!(
                f,
                "{server_url} answered a request without a token with HTTP {status}, neither 401 nor success."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_names_what_it_leads_to() {
        for (server, to, fix) in [
            ("https://h/mcp", "https://h/mcp/", "Pass --server-url https://h/mcp/"),
            ("http://h/mcp", "https://h/mcp", "Pass --server-url https://h/mcp"),
            ("https://h/mcp", "http://h/mcp/", "this one leaves https"),
            ("https://h/mcp", "https://login.example/x", "often a sign-in page"),
            ("https://h/mcp", "https://h/login?next=/mcp", "often a sign-in page"),
            ("https://h/mcp", "https://h/mcp", "leads back to the same URL"),
        ] {
            let kind = Kind::Redirect(Some(to.to_owned()));
            let fixed = FirstResponse { server_url: server.to_owned(), status: 307, kind }.fix();
            assert!(fixed.contains(fix), "{server} {to}: {fixed}");
        }
    }
}
