//! What a refusal of the token endpoint means, code by code: RFC 6749 §5.2,
//! <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>.

use serde_json::Value;
use shared::http::Response;

/// What to do about the refusal. `of_grant` is the advice for a code, a refresh token or whatever
/// else was presented, where that is what the authorization server does not take.
pub fn advice(response: &Response, of_grant: &str) -> String {
    let retry_after = response.header_values("retry-after").into_iter().next();
    let text = match (response.error_code().as_str(), response.status) {
        (_, 429) => {
            return match retry_after.filter(|seconds| seconds.parse::<u32>().is_ok()) {
                Some(seconds) => format!(
                    "Wait {seconds} seconds and run it again: the IdP received too many requests. Everything that is stored is still there."
                ),
                None => {
                    "Wait a minute and run it again: the IdP received too many requests. Everything that is stored is still there."
                        .to_owned()
                }
            };
        }
        ("temporarily_unavailable" | "server_error", _) | (_, 500..) => {
            "Try again later. The error is the IdP's, and its log says more. Everything that is stored is still there."
        }
        ("invalid_grant", _) => of_grant,
        ("invalid_client" | "unauthorized_client", _) => {
            "Compare the client's id, secret and authentication method with its registration at the IdP (-- clients show, lesson 03), and check that \
             the grant is allowed for this client."
        }
        ("invalid_target", _) => {
            "Send the same resource in both requests (RFC 8707 §2). If it is the same, have the IdP's administrator register the MCP server's URL, or \
             allow this client to use it."
        }
        ("invalid_scope", _) => {
            "Compare the requested scopes with scopes_supported in the IdP's metadata (lesson 02). Create the missing scopes at the IdP, and allow the \
             others for this client. To request other scopes, pass --scope."
        }
        ("unsupported_grant_type", _) => {
            "Use a grant that the IdP supports: grant_types_supported in its metadata (lesson 02) lists them."
        }
        ("", 300..=399) => {
            "Configure the proxy in front of the token endpoint to forward token requests: it redirects them, often to a sign-in page."
        }
        ("", 400..=499) if response.body.is_empty() => {
            return format!(
                "The IdP does not say why it refuses, as RFC 6749 §5.2 requires; its log says more. {of_grant}"
            );
        }
        ("", _) if response.media_type() != "application/json" => {
            "Look at the response above: it is a page of a firewall or a proxy, not a response of a token endpoint."
        }
        ("", 400) => of_grant,
        _ => "Read the IdP's message above and its log.",
    };
    text.to_owned()
}

/// Whether a response with success shows what the authorization server decided: it has a token, of
/// whatever type, or an error.
pub fn shows_decision(response: &Response) -> bool {
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    ["access_token", "error"].iter().any(|name| document.get(name).is_some())
}

/// Whether a refusal is about what was presented, so that it is no use any more. A fault of the
/// authorization server, too many requests, or a page in between say nothing about it.
pub fn is_final(response: &Response) -> bool {
    let code = response.error_code();
    let is_temporary = code.is_empty() || ["temporarily_unavailable", "server_error"].contains(&&*code);
    !is_temporary && response.status != 429 && response.status < 500
}
