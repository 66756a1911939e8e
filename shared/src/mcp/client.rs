//! An MCP client on the official SDK `rmcp`, over an HTTP client of the lessons' own, so that every
//! request is seen. What a request carries beyond MCP, and what becomes of an answer that is no MCP
//! message, is the business of whoever sends it ([`Send`]).

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue};
use futures_util::stream::{self, BoxStream};
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ClientJsonRpcMessage, ClientRequest,
    ErrorData, Implementation, JsonObject, PaginatedRequestParams, ProtocolVersion, RequestId, ServerJsonRpcMessage,
    Tool,
};
use rmcp::service::{ClientCacheConfig, ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use rmcp::{RoleClient, ServiceError};
use serde_json::Value;
use sse_stream::Sse;
use tokio::sync::Mutex;

use self::pages::Pages;
use crate::Failure;
use crate::http::{Request, Response};

mod instead;
mod pages;

/// Sends the requests of an MCP client.
pub trait Send: Clone + std::marker::Send + Sync + 'static {
    /// Sends one request; whatever status comes back is an answer.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, Failure>> + std::marker::Send;

    /// Sends one request on which nothing depends: whatever comes back, nobody does anything about
    /// it.
    fn send_once(&self, request: Request) -> impl Future<Output = Result<Response, Failure>> + std::marker::Send;
}

/// An MCP server that has been greeted, in the newest version of MCP that both sides know.
pub struct Connection {
    service: RunningService<RoleClient, ClientConfig>,
    failure: Arc<Mutex<Option<Failure>>>,
}

impl Connection {
    /// Greets the server as a client of MCP 2026-07-28 does; where it does not know that version,
    /// as one of 2025-11-25.
    pub async fn open(sender: impl Send, server_url: &str) -> Result<Self, Failure> {
        let modern = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::LATEST] };
        match Self::open_as(sender.clone(), server_url, modern).await {
            Ok(connection) => Ok(connection),
            Err((Some(failure), _)) => Err(failure),
            Err((
                None,
                ClientInitializeError::JsonRpcError(_) | ClientInitializeError::NoCompatibleProtocolVersion { .. },
            )) => Self::open_as(sender, server_url, ClientLifecycleMode::Initialize)
                .await
                .map_err(|(failure, error)| failure.unwrap_or_else(|| no_mcp(&error))),
            Err((None, error)) => Err(no_mcp(&error)),
        }
    }

    async fn open_as(
        sender: impl Send,
        server_url: &str,
        lifecycle: ClientLifecycleMode,
    ) -> Result<Self, (Option<Failure>, ClientInitializeError)> {
        let failure = Arc::default();
        let client = Client { sender, failure: Arc::clone(&failure) };
        let config = StreamableHttpClientTransportConfig::with_uri(server_url);
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let mut info =
            ClientConfig::new(ClientCapabilities::default(), Implementation::new(super::NAME, super::VERSION));
        info.protocol_version = ProtocolVersion::V_2025_11_25;
        match info.serve_with_lifecycle(transport, lifecycle).await {
            Ok(service) => {
                // The SDK keeps lists for a connection, and knows nothing of the tokens that they
                // were given for.
                service.peer().set_response_cache_config(ClientCacheConfig::disabled()).await;
                Ok(Self { service, failure })
            }
            Err(error) => Err((failure.lock().await.take(), error)),
        }
    }

    /// Says good-bye: a server of an older version may keep a session.
    pub async fn close(self) {
        let _ = self.service.cancel().await;
    }

    /// `tools/list`: what the server offers to whoever asks.
    pub async fn list_tools(&self) -> Result<Vec<Tool>, Failure> {
        self.failure.lock().await.take();
        let mut pages = Pages::begin();
        let mut cursor = None;
        loop {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let page = self.service.peer().list_tools(Some(params)).await;
            cursor = pages.add(self.told(page).await?)?;
            if cursor.is_none() {
                return Ok(pages.tools);
            }
        }
    }

    pub async fn call_tool(&self, name: &str, arguments: JsonObject) -> Result<CallToolResult, Failure> {
        let params = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        self.failure.lock().await.take();
        let result = self.service.peer().call_tool(params).await;
        self.told(result).await
    }

    /// The reason that the sender gave, where there is one: it knows more than the SDK.
    async fn told<T>(&self, result: Result<T, ServiceError>) -> Result<T, Failure> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(match (self.failure.lock().await.take(), error) {
                (Some(failure), _) => failure,
                (None, ServiceError::McpError(error)) => Failure::new(
                    "mcp.error",
                    format!(
                        "The MCP server responded with the error {}: {}.",
                        error.code.0,
                        error.message.trim_end_matches('.')
                    ),
                    "Does the server have such a tool, and does it take such arguments? tools/list says it.",
                ),
                (None, error) => no_mcp(&error),
            }),
        }
    }
}

fn no_mcp(error: &dyn std::fmt::Display) -> Failure {
    let message = format!("What the server answers is no MCP message: {error}.");
    Failure::new(
        "mcp.protocol",
        message,
        "Give the URL of an MCP endpoint with Streamable HTTP; its path is often /mcp.",
    )
}

/// The SDK's HTTP client.
#[derive(Clone)]
struct Client<S> {
    sender: S,
    /// Why the sender gave up: the SDK has no place for it.
    failure: Arc<Mutex<Option<Failure>>>,
}

type Outcome = Result<StreamableHttpPostResponse, StreamableHttpError<Infallible>>;

impl<S: Send> StreamableHttpClient for Client<S> {
    type Error = Infallible;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Outcome {
        let mut request = super::post(&uri, &serde_json::to_value(&message)?);
        for (name, value) in in_order(&custom_headers) {
            request = request.header(name.to_string(), &String::from_utf8_lossy(value.as_bytes()));
        }
        let had_session = session_id.is_some();
        if let Some(session_id) = session_id {
            request = request.header(SESSION_ID, &session_id);
        }
        let failure = match self.sender.send(request).await {
            Ok(response) => match (instead::input_required(&response), read(&response, &message, had_session)) {
                (Some(failure), _) => failure,
                (None, Ok(outcome)) => return Ok(outcome),
                (None, Err(StreamableHttpError::SessionExpired)) => return Err(StreamableHttpError::SessionExpired),
                (None, Err(error)) => instead::failure(&response, &message).unwrap_or_else(|| no_mcp(&error)),
            },
            Err(failure) => failure,
        };
        *self.failure.lock().await = Some(failure);
        Err(StreamableHttpError::UnexpectedServerResponse("the request was given up".into()))
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        _auth_header: Option<String>,
        _custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), StreamableHttpError<Infallible>> {
        // Nobody waits for the answer: the server may refuse, and the session ends by itself.
        let _ = self.sender.send_once(Request::delete(&uri).header(SESSION_ID, &session_id)).await;
        Ok(())
    }

    async fn get_stream(
        &self,
        _uri: Arc<str>,
        _session_id: Option<Arc<str>>,
        _last_event_id: Option<String>,
        _auth_header: Option<String>,
        _custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, StreamableHttpError<Infallible>> {
        // These lessons wait for nothing that a server might have to say unasked.
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}

const SESSION_ID: &str = "mcp-session-id";

/// The headers that the SDK sets for a message, always in the same order.
fn in_order(headers: &HashMap<HeaderName, HeaderValue>) -> Vec<(&HeaderName, &HeaderValue)> {
    let mut headers: Vec<_> = headers.iter().collect();
    headers.sort_by_key(|(name, _)| (*name != "mcp-protocol-version", name.as_str()));
    headers
}

/// "the server MUST either return Content-Type: text/event-stream, to initiate an SSE stream, or
/// Content-Type: application/json, to return one JSON object. The client MUST support both these
/// cases." (MCP 2025-11-25, Sending Messages to the Server)
fn read(response: &Response, message: &ClientJsonRpcMessage, had_session: bool) -> Outcome {
    let session_id = response.header_values(SESSION_ID).pop();
    let unexpected = |status: u16, what: &str| {
        let text = format!("HTTP {status}, {what}");
        Err(StreamableHttpError::UnexpectedServerResponse(text.into()))
    };
    let ClientJsonRpcMessage::Request(request) = message else {
        // A notification, which nobody answers.
        return match response.status {
            200..=299 => Ok(StreamableHttpPostResponse::Accepted),
            status => unexpected(status, "to a notification"),
        };
    };
    match (response.status, response.media_type().as_str()) {
        (404, _) if had_session => Err(StreamableHttpError::SessionExpired),
        (200, "text/event-stream") => {
            let events = events(&String::from_utf8_lossy(&response.body));
            if events.iter().any(|data| answers(data, &request.id)) {
                Ok(StreamableHttpPostResponse::Sse(stream_of(events), session_id))
            } else {
                unexpected(200, "and a stream without the response to the request")
            }
        }
        (status, media_type) => match correlated(&response.body, &request.id) {
            Some(message) => Ok(StreamableHttpPostResponse::Json(message, session_id)),
            // An older server, or a gateway before one, that does not know the greeting of
            // 2026-07-28.
            None if (400..500).contains(&status) && matches!(request.request, ClientRequest::DiscoverRequest(_)) => {
                let error = ErrorData::invalid_request(format!("HTTP {status}"), None);
                let error = ServerJsonRpcMessage::error(error, Some(request.id.clone()));
                Ok(StreamableHttpPostResponse::Json(error, None))
            }
            None => unexpected(status, &format!("{media_type:?} that is not a response to the request")),
        },
    }
}

/// The answer to the request with this `id`. An error may come without one, where the server could
/// not read the request; the SDK would wait for ever for one that has it.
fn correlated(body: &[u8], id: &RequestId) -> Option<ServerJsonRpcMessage> {
    let mut message: Value = serde_json::from_slice(body).ok()?;
    let own = serde_json::to_value(id).ok()?;
    let members = message.as_object_mut()?;
    let is_error = members.contains_key("error");
    match members.get("id") {
        Some(id) if *id == own && (is_error || members.contains_key("result")) => {}
        None | Some(Value::Null) if is_error => drop(members.insert("id".to_owned(), own)),
        _ => return None,
    }
    serde_json::from_value(message).ok()
}

/// Whether the data of an event is the answer to the request with this `id`.
fn answers(data: &str, id: &RequestId) -> bool {
    correlated(data.as_bytes(), id).is_some()
}

fn stream_of(events: Vec<String>) -> BoxStream<'static, Result<Sse, SseError>> {
    Box::pin(stream::iter(events.into_iter().map(|data| Ok(Sse { data: Some(data), ..Sse::default() }))))
}

/// The events of a stream that has ended: their data, which is all that these lessons read.
fn events(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let data = |event: &str| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    };
    text.split("\n\n").map(data).filter(|data| !data.is_empty()).collect()
}

#[cfg(test)]
mod tests;
