//! An MCP server and an authorization server on one port that respond from a table.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use regex::{Captures, Regex};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use url::form_urlencoded;

/// The responses of an honest server, in the form that [`Fake::start`] describes.
const HONEST: &str = include_str!("fake/honest.json");
const LARGEST_REQUEST: usize = 1 << 20;

/// A server on loopback that responds from a table, in threads of its own, so that a test can be
/// synchronous or not.
pub struct Fake {
    port: u16,
    answering: Arc<Answering>,
    /// Ends the server when the test ends.
    runtime: Option<Runtime>,
}

struct Answering {
    port: u16,
    table: Mutex<Map<String, Value>>,
    requests: Mutex<Vec<Received>>,
    placeholder: Regex,
}

/// A request that the fake received.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method and path, such as `POST /token`.
    pub line: String,
    pub headers: HashMap<String, String>,
    /// The parameters of the query and of the form.
    pub fields: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    /// The value of a parameter of the query or the form.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// A member of the body, where that is a JSON object.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str::<Value>(&self.body).map(|body| body[name].clone()).unwrap_or_default()
    }

    /// The row that is for this request: the one with the most conditions, all of which hold.
    fn row<'a>(&self, table: &'a Map<String, Value>, with_query: &str) -> Option<&'a Value> {
        let holds = |condition: &str| {
            let mut pairs = self.fields.iter().map(|(name, value)| (name, value)).chain(&self.headers);
            pairs.any(|(name, value)| condition.split_once('=') == Some((name, value)))
        };
        let conditions = |key: &str| {
            let conditions: Vec<_> = key.strip_prefix(&self.line)?.strip_prefix(' ')?.split(" & ").collect();
            conditions.iter().all(|condition| holds(condition)).then_some(conditions.len())
        };
        let matching = table.iter().filter_map(|(key, row)| Some((conditions(key)?, row)));
        let most = matching.max_by_key(|(number, _)| *number).map(|(_, row)| row);
        most.or_else(|| table.get(with_query)).or_else(|| table.get(&self.line))
    }
}

impl Fake {
    /// An honest server on a free port, changed by each of the tables in turn.
    ///
    /// A row is `"METHOD /path": {"status": 200, "headers": [["name", "value"]], "body": …}`. A key
    /// without a query is for any query; `"POST /token code=x"` is for a request with this
    /// parameter or header, and comes first; `"POST /mcp a=x & b=y"` is for a request with both,
    /// and comes before that. What no row is for is 404. `null` takes a row away.
    /// `"patch"` changes members of the body and keeps the rest; `{"$drop": 1}` takes the
    /// member away. A body is JSON, or a string as it is, or `{"$hex": "…"}` for bytes. In strings,
    /// `{port}` is the port, and `{q:NAME}` is a parameter of the request; a value that is
    /// `{json:NAME}` is a member of the JSON in the request's body.
    pub fn start(tables: &[Value]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("threads can be started");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be asynchronous");
        let port = listener.local_addr().expect("the port is known").port();
        let answering = Arc::new(Answering {
            port,
            table: Mutex::new(serde_json::from_str(HONEST).expect("the honest table is JSON")),
            requests: Mutex::default(),
            placeholder: Regex::new(r"\{q:(\w+)\}").expect("a regular expression"),
        });
        let router = Router::new().fallback(respond).with_state(answering.clone());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener can be asynchronous");
            axum::serve(listener, router).await
        });
        let fake = Self { port, answering, runtime: Some(runtime) };
        tables.iter().for_each(|table| fake.change(table));
        fake
    }

    /// Changes the table of a server that runs already.
    pub fn change(&self, table: &Value) {
        let mut rows = lock(&self.answering.table);
        for (key, row) in table.as_object().expect("a table is an object") {
            match row.get("patch") {
                Some(patch) => patch_row(rows.get_mut(key).expect("a row to patch"), row, patch),
                None if row.is_null() => drop(rows.remove(key)),
                None => drop(rows.insert(key.clone(), row.clone())),
            }
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What came in so far, in order.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.answering.requests).clone()
    }

    /// The requests of this method and path, such as `POST /token`.
    pub fn requests_to(&self, line: &str) -> Vec<Received> {
        self.requests().into_iter().filter(|request| request.line == line).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed where a test is asynchronous itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn patch_row(old: &mut Value, row: &Value, patch: &Value) {
    for (name, value) in row.as_object().into_iter().flatten().filter(|(name, _)| *name != "patch") {
        old[name] = value.clone();
    }
    let body = old["body"].as_object_mut().expect("only an object can be patched");
    for (name, value) in patch.as_object().expect("a patch is an object") {
        if value.get("$drop").is_some() {
            body.remove(name);
        } else {
            body.insert(name.clone(), value.clone());
        }
    }
}

async fn respond(State(answering): State<Arc<Answering>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_REQUEST).await.unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    let fields = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(&body));
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let received = Received {
        line: format!("{} {}", parts.method, parts.uri.path()),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        fields: fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let row = {
        let table = lock(&answering.table);
        received.row(&table, &format!("{} {}", parts.method, parts.uri)).cloned()
    };
    lock(&answering.requests).push(received.clone());
    let row = row.unwrap_or_else(|| serde_json::json!({ "status": 404, "body": "nothing here" }));
    response(&answering.filled(row, &received))
}

fn response(row: &Value) -> Response {
    let body = row.get("body").unwrap_or(&Value::Null);
    let (content_type, bytes) = match (body, body.get("$hex")) {
        (Value::Null, _) => (None, Vec::new()),
        (Value::String(text), _) => (None, text.clone().into_bytes()),
        (_, Some(hex)) => (None, from_hex(hex.as_str().expect("hexadecimal digits"))),
        _ => (Some("application/json"), body.to_string().into_bytes()),
    };
    let mut response = Response::new(Body::from(bytes));
    let status = u16::try_from(row["status"].as_u64().unwrap_or(200)).expect("a status code");
    *response.status_mut() = StatusCode::from_u16(status).expect("a status code");
    if let Some(content_type) = content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().expect("a media type"));
    }
    let mut seen = HashSet::new();
    for pair in row["headers"].as_array().into_iter().flatten() {
        let name: HeaderName = pair[0].as_str().and_then(|name| name.parse().ok()).expect("a header's name");
        let value = pair[1].as_str().and_then(|value| value.parse().ok()).expect("a header's value");
        // The first of a name replaces what was set here; the next ones stand beside it.
        if seen.insert(name.clone()) {
            response.headers_mut().insert(name, value);
        } else {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn from_hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

impl Answering {
    /// The row with its placeholders filled in.
    fn filled(&self, row: Value, request: &Received) -> Value {
        match row {
            Value::String(text) => match text.strip_prefix("{json:").and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => request.json(name),
                None => Value::String(self.filled_text(&text, request)),
            },
            Value::Array(items) => items.into_iter().map(|item| self.filled(item, request)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (name, self.filled(value, request))).collect()
            }
            other => other,
        }
    }

    /// What stands in a URL's query is encoded for it; the redirect URI in front of it is not.
    fn filled_text(&self, text: &str, request: &Received) -> String {
        let text = text.replace("{port}", &self.port.to_string());
        let filled = self.placeholder.replace_all(&text, |found: &Captures<'_>| {
            let value = request.field(&found[1]).unwrap_or_default();
            let in_query = found.get(0).is_some_and(|place| text[..place.start()].contains('?'));
            if in_query { form_urlencoded::byte_serialize(value.as_bytes()).collect() } else { value.to_owned() }
        });
        filled.into_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use serde_json::json;

    use super::Fake;

    async fn get(fake: &Fake, path: &str) -> (u16, String) {
        crate::http::choose_cryptography();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let response = client.get(fake.url(path)).send().await.unwrap();
        let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, location.unwrap_or(response.text().await.unwrap()))
    }

    #[tokio::test]
    async fn rows_are_replaced_patched_and_taken_away() {
        let fake = Fake::start(&[
            json!({ "GET /jwks code=x": { "status": 400 }, "GET /jwks": null, "GET /odd": { "status": 418, "body": { "$hex": "7b7d" } } }),
            json!({ "GET /page": { "body": { "kept": "{port}", "changed": 1, "dropped": 1 } } }),
            json!({ "GET /page": { "status": 201, "patch": { "changed": 2, "dropped": { "$drop": 1 } } } }),
        ]);
        assert_eq!(get(&fake, "/jwks?code=x").await.0, 400);
        assert_eq!(get(&fake, "/jwks?code=y").await.0, 404);
        assert_eq!(get(&fake, "/odd").await, (418, "{}".into()));
        let page = format!(r#"{{"kept":"{}","changed":2}}"#, fake.port());
        assert_eq!(get(&fake, "/page?x=1").await, (201, page));
        assert_eq!(fake.requests_to("GET /jwks").len(), 2);
    }

    #[tokio::test]
    async fn parameters_are_sent_back_encoded() {
        let row = json!({ "GET /away": { "status": 302, "headers": [["location", "{q:back}?state={q:state}"]] } });
        let fake = Fake::start(&[row]);
        let (status, location) = get(&fake, "/away?back=http%3A%2F%2Flocalhost%3A1%2Fcb&state=a%26b").await;
        assert_eq!((status, location.as_str()), (302, "http://localhost:1/cb?state=a%26b"));
        assert_eq!(fake.requests()[0].field("state"), Some("a&b"));
    }
}
