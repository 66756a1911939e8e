//! What came instead of the response to an MCP request, and what to do about it.

use rmcp::model::ClientJsonRpcMessage;
use serde_json::Value;

use crate::http::{Response, joined};
use crate::{Failure, one_line, page};

const URL_FIX: &str = "Give the URL of an MCP endpoint with Streamable HTTP; its path is often /mcp.";
const OPERATOR_FIX: &str = "The server's operator has to correct the response (JSON-RPC 2.0 §5): jsonrpc, the request's id, and one of result and error.";

/// `None` where nothing better can be said than that it is no MCP message.
pub(super) fn failure(response: &Response, message: &ClientJsonRpcMessage) -> Option<Failure> {
    let status = response.status;
    let failure = |what: String, fix: &str| {
        Some(Failure::new("mcp.protocol", format!("The MCP server sent no response to the request: {what}."), fix))
    };
    let location = response.header_values("location").into_iter().next();
    match (status, location) {
        (300..=399, Some(to)) => {
            let to = joined(&response.url, &to).unwrap_or(to);
            return failure(
                format!("HTTP {status}, a redirect to {to}, which a client does not follow with a message"),
                &format!(
                    "Give {to} as the server's URL if the MCP server has moved there; if it is a sign-in page, have the server's operator let MCP requests through."
                ),
            );
        }
        (300..=399, None) => {
            return failure(
                format!("HTTP {status}, a redirect that names no place"),
                "Have the server's operator respond without a redirect.",
            );
        }
        _ => {}
    }
    let text = String::from_utf8_lossy(&response.body);
    let is_page = response.media_type() == "text/html" || text.trim_start().starts_with('<');
    let said = if is_page { page::message(&text).map(|said| format!(" “{}”", one_line(&said))) } else { None };
    let said = said.unwrap_or_default();
    match status {
        500.. => {
            return failure(
                format!("HTTP {status}{said}"),
                "Try again later: the fault is the server's, or that of a gateway before it, and its log says more.",
            );
        }
        _ if is_page => return failure(format!("HTTP {status}, an HTML page{said}"), URL_FIX),
        _ if response.body.is_empty() => return failure(format!("HTTP {status} with an empty body"), URL_FIX),
        _ => {}
    }
    let ClientJsonRpcMessage::Request(request) = message else { return None };
    let id = serde_json::to_value(&request.id).ok()?;
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    failure(format!("HTTP {status}, JSON {}", wrong(&body, &id)?), OPERATOR_FIX)
}

/// A result that asks for something from the user first (MCP 2026-07-28, `InputRequiredResult`).
pub(super) fn input_required(response: &Response) -> Option<Failure> {
    let text = String::from_utf8_lossy(&response.body);
    let bodies =
        if response.media_type() == "text/event-stream" { super::events(&text) } else { vec![text.into_owned()] };
    let results = bodies.iter().filter_map(|body| Some(serde_json::from_str::<Value>(body).ok()?["result"].clone()));
    let result = results.into_iter().find(|result| result["resultType"] == "input_required")?;
    let requests = result["inputRequests"].as_object().into_iter().flat_map(|requests| requests.values());
    let methods: Vec<_> = requests.filter_map(|request| request["method"].as_str().map(one_line)).collect();
    let asked = if methods.is_empty() { String::new() } else { format!(": {}", methods.join(", ")) };
    Some(Failure::new(
        "mcp.input-required",
        format!(
            "The MCP server asks for input before it gives a result (input_required{asked}), which this client does not give."
        ),
        "Call the tool with every argument that it needs, or use a client that can ask its user.",
    ))
}

/// What is wrong with a JSON-RPC response.
fn wrong(body: &Value, id: &Value) -> Option<String> {
    let Some(members) = body.as_object() else { return Some("that is no object".to_owned()) };
    if members.get("jsonrpc") != Some(&Value::from("2.0")) {
        return Some("whose member jsonrpc is not \"2.0\"".to_owned());
    }
    match (members.get("result"), members.get("error")) {
        (None, None) => return Some("without result and without error".to_owned()),
        (Some(_), Some(_)) => return Some("with both result and error".to_owned()),
        (None, Some(error)) if !error["code"].is_i64() || !error["message"].is_string() => {
            return Some("whose error has no integer code or no message".to_owned());
        }
        (Some(result), None) if !result.is_object() => return Some("whose result is no object".to_owned()),
        _ => {}
    }
    match members.get("id") {
        Some(got) if got == id => None,
        got => Some(format!("whose id is {} instead of {id}", got.map_or("absent".to_owned(), ToString::to_string))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_member_that_is_wrong_is_named() {
        for (body, words) in [
            (json!([]), "no object"),
            (json!({"id": 1, "result": {}}), "jsonrpc"),
            (json!({"jsonrpc": "2.0", "id": 1}), "without result and without error"),
            (json!({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}}), "both"),
            (json!({"jsonrpc": "2.0", "id": 1, "error": "no"}), "no integer code"),
            (json!({"jsonrpc": "2.0", "id": 1, "result": "x"}), "result is no object"),
            (json!({"jsonrpc": "2.0", "id": "1", "result": {}}), "id is \"1\" instead of 1"),
            (json!({"jsonrpc": "2.0", "result": {}}), "id is absent instead of 1"),
        ] {
            assert!(wrong(&body, &json!(1)).unwrap().contains(words), "{body}");
        }
        assert_eq!(wrong(&json!({"jsonrpc": "2.0", "id": 1, "result": {}}), &json!(1)), None);
    }
}
