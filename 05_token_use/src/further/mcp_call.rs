//! What a message requests: the part that decides what its token has to allow.

use axum::body::Bytes;
use serde::Deserialize;

use crate::access_token::AccessToken;
use crate::further::remembered_tokens::Trust;
use crate::refusal::short;

/// What a client requests with a message: the part that decides what a token has to allow.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct McpCall {
    method: Option<String>,
    /// The tool that it calls.
    pub(crate) tool: Option<String>,
}

/// A member appears twice in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DuplicateMember;

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

impl McpCall {
    /// Reads the message. What is no message at all requests nothing: then the endpoint refuses it.
    /// A member that appears twice could mean one tool here and another one there, so it is an
    /// error.
    pub(crate) fn read(body: &Bytes) -> Result<Self, DuplicateMember> {
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
    pub(crate) fn describe(&self, token: &AccessToken, trust: Trust, aud_is_checked: bool) -> String {
        let method = short(self.method.as_deref().unwrap_or("The request"));
        let tool = self.tool.as_ref().map(|tool| format!(" {}", short(tool))).unwrap_or_default();
        let why = trust.reason();
        if aud_is_checked {
            return format!("{method}{tool} is accepted: {why}.");
        }
        let aud = token.claims.get("aud").map_or("absent".to_owned(), |aud| short(&aud.to_string()));
        format!("{method}{tool} is accepted: {why}. This server does NOT CHECK aud, which is {aud}.")
    }
}

#[cfg(test)]
mod tests;
