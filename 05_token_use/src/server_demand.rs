//! What an MCP server asks for with a 401 or a 403: RFC 6750 §3.1, MCP 2026-07-28, Error Handling.

use protected_resource_discovery::challenge::{self, Challenge};
use shared::http::Response;

/// What has to happen before the request can be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// 401: another token.
    Token {
        /// The challenge's scopes.
        scopes: Vec<String>,
        /// For people.
        said: String,
        /// Whether only one that is bound to a key will do: the challenge is DPoP's alone (RFC 9449
        /// §7.1).
        bound: bool,
    },
    /// 403 `insufficient_scope`: a token that allows more.
    Scopes {
        /// All that the operation needs, as far as the server says.
        scopes: Vec<String>,
    },
    /// 403 for another reason, or one that names no scope: no token of this user's would do.
    OtherUser {
        /// For people.
        said: String,
    },
    /// 503: patience.
    Patience {
        /// `Retry-After`, as it was sent.
        retry_after: String,
    },
}

impl Asked {
    /// What this answer asks for; `None` where it asks for nothing that has to do with tokens.
    pub fn by(response: &Response) -> Option<Self> {
        let fields = response.header_values("www-authenticate");
        let challenges: Vec<_> = fields.iter().flat_map(|field| challenge::parse(field).unwrap_or_default()).collect();
        let bearer = challenge::bearer(&challenges);
        let scopes = scopes(bearer);
        let said = said(response.status, bearer);
        match response.status {
            401 => {
                let has = |scheme| challenges.iter().any(|challenge| challenge.is(scheme));
                Some(Asked::Token { scopes, said, bound: has("DPoP") && !has("Bearer") })
            }
            403 if !scopes.is_empty() && error(bearer) == "insufficient_scope" => Some(Asked::Scopes { scopes }),
            403 => Some(Asked::OtherUser { said }),
            503 => {
                let seconds = response.header_values("retry-after").pop();
                Some(Asked::Patience { retry_after: seconds.unwrap_or_else(|| "not given".to_owned()) })
            }
            _ => None,
        }
    }
}

fn parameter<'a>(bearer: Option<&'a Challenge>, name: &str) -> &'a str {
    bearer.and_then(|bearer| bearer.parameter(name)).unwrap_or_default()
}

fn error(bearer: Option<&Challenge>) -> &str {
    parameter(bearer, "error")
}

fn scopes(bearer: Option<&Challenge>) -> Vec<String> {
    parameter(bearer, "scope").split_whitespace().map(str::to_owned).collect()
}

fn said(status: u16, bearer: Option<&Challenge>) -> String {
    let description = parameter(bearer, "error_description");
    let colon = if description.is_empty() { "" } else { ": " };
    format!("HTTP {status} {}{colon}{description}", error(bearer)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::*;

    fn by(status: u16, challenge: &str) -> Option<Asked> {
        let mut headers = HeaderMap::new();
        if !challenge.is_empty() {
            headers.insert("www-authenticate", HeaderValue::from_str(challenge).unwrap());
        }
        Asked::by(&Response { url: String::new(), status, headers, body: Vec::new() })
    }

    #[test]
    fn a_challenge_says_what_to_do() {
        let scopes = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let token = |list: &[&str], said: &str| {
            Some(Asked::Token { scopes: scopes(list), said: said.to_owned(), bound: false })
        };
        assert_eq!(by(401, ""), token(&[], "HTTP 401"));
        assert_eq!(by(401, "Bearer scope=\"a b\""), token(&["a", "b"], "HTTP 401"));
        let expired = "Bearer error=\"invalid_token\", error_description=\"The token has expired\"";
        assert_eq!(by(401, expired), token(&[], "HTTP 401 invalid_token: The token has expired"));
        let bound = |challenge| match by(401, challenge) {
            Some(Asked::Token { bound, .. }) => bound,
            _ => false,
        };
        assert!(bound("DPoP algs=\"ES256\"") && bound("dpop error=\"invalid_token\""));
        assert!(!bound("Bearer, DPoP algs=\"ES256\"") && !bound("Bearer") && !bound("Basic"));
        let insufficient = "Bearer error=\"insufficient_scope\", scope=\"w\"";
        assert_eq!(by(403, insufficient), Some(Asked::Scopes { scopes: scopes(&["w"]) }));
        let other = |said: &str| Some(Asked::OtherUser { said: said.to_owned() });
        assert_eq!(by(403, "Bearer error=\"insufficient_scope\""), other("HTTP 403 insufficient_scope"));
        assert_eq!(by(403, ""), other("HTTP 403"));
        assert_eq!(by(403, "Basic realm=\"x\""), other("HTTP 403"));
        assert_eq!(by(401, "§$%&"), token(&[], "HTTP 401"));
        assert_eq!(by(503, ""), Some(Asked::Patience { retry_after: "not given".to_owned() }));
        for status in [200, 202, 400, 404, 500] {
            assert_eq!(by(status, insufficient), None);
        }
    }
}
