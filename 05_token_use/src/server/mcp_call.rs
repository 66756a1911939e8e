//! The part of an MCP message that decides what a token has to allow.

use axum::body::Bytes;
use serde::Deserialize;

use crate::access_token::AccessToken;
use crate::refusal::short;

#[derive(Deserialize)]
struct Message {
    method: Option<String>,
    #[serde(default)]
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    name: Option<String>,
}

/// What a client requests with a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct McpCall {
    method: Option<String>,
    /// The tool that it calls.
    pub tool: Option<String>,
}

/// A member appears twice in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateMember;

/// How this server came to believe a token.
#[derive(Clone, Copy)]
pub enum Trust {
    /// Every check was made now.
    Verified,
    /// Every check was made before.
    Remembered,
}

impl McpCall {
    /// Reads the message. What is no message at all requests nothing: then the endpoint refuses it.
    /// A member that appears twice could mean one tool here and another one there, so it is an
    /// error.
    pub fn read(body: &Bytes) -> Result<Self, DuplicateMember> {
        // Else the reader would take a list for the members in their order.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Ok(Self::default());
        }
        let Message { method, params } = match serde_json::from_slice(body) {
            Ok(message) => message,
            Err(error) if error.to_string().starts_with("duplicate field") => return Err(DuplicateMember),
            Err(_) => return Ok(Self::default()),
        };
        let calls = method.as_deref() == Some("tools/call");
        Ok(Self { method, tool: params.filter(|_| calls).and_then(|params| params.name) })
    }

    /// One line for a request that is served, and for what was not checked.
    pub fn describe(&self, token: &AccessToken, trust: Trust, aud_is_checked: bool) -> String {
        let method = short(self.method.as_deref().unwrap_or("The request"));
        let tool = self.tool.as_ref().map(|tool| format!(" {}", short(tool))).unwrap_or_default();
        let why = match trust {
            Trust::Verified => "every check of its token holds",
            Trust::Remembered => "its token is remembered to be good",
        };
        if aud_is_checked {
            return format!("{method}{tool} is let in: {why}.");
        }
        let aud = token.claims.get("aud").map_or("absent".to_owned(), |aud| short(&aud.to_string()));
        format!("{method}{tool} is let in: {why}. aud is {aud}, and is NOT CHECKED: lesson 06's server does that.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_the_one_that_the_message_calls() {
        let of = |text: &str| McpCall::read(&Bytes::copy_from_slice(text.as_bytes())).map(|call| call.tool);
        let call =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"save_note","arguments":{"name":"x"}}}"#;
        assert_eq!(of(call), Ok(Some("save_note".to_owned())));
        for none in [
            "",
            "[]",
            r#"{"method":"tools/list","params":{"name":"x"}}"#,
            r#"{"method":"tools/call"}"#,
            r#"{"method":7}"#,
        ] {
            assert_eq!(of(none), Ok(None), "{none}");
        }
        for twice in [
            r#"{"method":"tools/list","method":"tools/call","params":{"name":"save_note"}}"#,
            r#"{"method":"tools/call","params":{"name":"get_weather","name":"save_note"}}"#,
            r#"{"method":"tools/call","params":{"name":"get_weather"},"params":{"name":"save_note"}}"#,
        ] {
            assert_eq!(of(twice), Err(DuplicateMember), "{twice}");
        }
    }
}
