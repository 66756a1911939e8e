//! The HTTP client. Every request and answer becomes an event; every call has limits on time, size, redirects and on the
//! addresses it may reach ([`crate::reach`]). A URL is sent and compared as the text that it was, never as a URL type prints it.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method, header};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::Value;
use url::Url;

use crate::event::Event;
use crate::reach::{self, Privacy, Reach};
use crate::redact::{Mask, PLACEHOLDER};
use crate::{Failure, Reporter};

/// Seconds within which a connection has to stand.
const CONNECT_SECONDS: u64 = 5;
/// Seconds that one request may take until the last byte of its answer.
const TOTAL_SECONDS: u64 = 10;
/// Bytes of an answer's body that are read. The largest metadata documents seen are a few tens of kilobytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Redirects that a GET follows.
const MAX_REDIRECTS: usize = 3;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A GET for a JSON document. It follows redirects, each checked like the first URL.
    pub fn get(url: &str) -> Self {
        Self {
            method: Method::GET,
            url: url.to_owned(),
            headers: vec![("accept", "application/json".to_owned())],
            body: Vec::new(),
        }
    }

    /// A POST of a JSON document. It follows no redirect.
    pub fn post_json(url: &str, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: Method::POST, url: url.to_owned(), headers, body: body.to_string().into_bytes() }
    }

    /// With this header, replacing one of the same name.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn sent(&self) -> Event {
        let content_type = self.headers.iter().find(|(name, _)| *name == "content-type").map_or("", |(_, value)| value);
        let headers = self.headers.iter();
        Event::Sent {
            method: self.method.to_string(),
            url: Mask::Fingerprint.url(&self.url),
            headers: headers.map(|(name, value)| ((*name).to_owned(), Mask::Fingerprint.header(name, value))).collect(),
            body: Mask::Fingerprint.body(content_type, &self.body),
            curl: self.curl(content_type),
        }
    }

    fn curl(&self, content_type: &str) -> String {
        let mut line = format!("curl -i -X {} {}", self.method, quoted(&Mask::Placeholder.url(&self.url)));
        for (name, value) in &self.headers {
            line += &format!(" -H {}", quoted(&format!("{name}: {}", Mask::Placeholder.header(name, value))));
        }
        match Mask::Placeholder.body(content_type, &self.body) {
            Value::Null => line,
            Value::String(form) => line + " -d " + &quoted(&form),
            json => line + " -d " + &quoted(&json.to_string()),
        }
    }
}

/// `text` as one word of a shell, in which nothing is acted on but the placeholders: `'Bearer '"$ACCESS_TOKEN"''`.
fn quoted(text: &str) -> String {
    let [open, close] = PLACEHOLDER;
    let mut word = String::from("'");
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        word += &before.replace('\'', "'\\''");
        rest = after;
        // Whatever else stands between the marks, a stranger wrote.
        let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if let Some((name, after)) = rest.split_once(close).filter(|(name, _)| is_name(name)) {
            word += &format!("'\"${name}\"'");
            rest = after;
        }
    }
    word + &rest.replace('\'', "'\\''") + "'"
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The URL that gave this answer: the one asked for, or the last of its redirects.
    pub url: String,
    /// HTTP status code.
    pub status: u16,
    /// All header fields.
    pub headers: HeaderMap,
    /// At most [`MAX_BODY_BYTES`].
    pub body: Vec<u8>,
}

impl Answer {
    /// Every value of this header field, in order; bytes that are not UTF-8 are replaced.
    pub fn header_values(&self, name: &str) -> Vec<String> {
        self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }

    /// The media type of the body, in lower case and without parameters; empty where there is none.
    pub fn media_type(&self) -> String {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum HttpError {
    /// Not an `http` or `https` URL with a host, or one that carries credentials.
    BadUrl {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `http`, and the host is neither this machine nor named by the user.
    Insecure {
        /// As it was given.
        url: String,
    },
    /// The address is more private than a stranger may name.
    Refused {
        /// As it was given.
        url: String,
        /// The host's address, and how private it is.
        address: IpAddr,
        /// How private the address is.
        privacy: Privacy,
    },
    /// No connection.
    Unreachable {
        /// As it was given.
        url: String,
        /// The system's own words.
        reason: String,
    },
    /// Connected, and no whole answer within the time limit.
    TimedOut {
        /// As it was given.
        url: String,
        /// The limit that ran out.
        seconds: u64,
    },
    /// The body is larger than [`MAX_BODY_BYTES`].
    TooLarge {
        /// As it was given.
        url: String,
    },
    /// More redirects than this client follows.
    TooManyRedirects {
        /// The first URL.
        url: String,
    },
}

impl std::fmt::Display for HttpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |url: &str| Mask::Fingerprint.url(url);
        match self {
            HttpError::BadUrl { url, reason } => write!(f, "{} is not a URL that can be asked: {reason}.", shown(url)),
            HttpError::Insecure { url } => {
                write!(
                    f,
                    "{} is not asked: plain http is for this machine only, and its host is another one.",
                    shown(url)
                )
            }
            HttpError::Refused { url, address, privacy: Privacy::Never } => {
                write!(f, "{} is not asked: its host is at {address}, a link-local or reserved address.", shown(url))
            }
            HttpError::Refused { url, address, privacy } => write!(
                f,
                "{} is not asked: its host is at {address} ({privacy}), and a stranger may not send this client there.",
                shown(url)
            ),
            HttpError::Unreachable { url, reason } => write!(f, "{} cannot be reached: {reason}.", shown(url)),
            HttpError::TimedOut { url, seconds } => {
                write!(f, "{} did not answer in full within {seconds} seconds.", shown(url))
            }
            HttpError::TooLarge { url } => {
                write!(f, "{} answered with more than {MAX_BODY_BYTES} bytes; the rest was not read.", shown(url))
            }
            HttpError::TooManyRedirects { url } => {
                write!(f, "{} redirects more than {MAX_REDIRECTS} times.", shown(url))
            }
        }
    }
}

impl StdError for HttpError {}

impl HttpError {
    /// Names the limit or the step that failed.
    pub fn id(&self) -> &'static str {
        match self {
            HttpError::BadUrl { .. } => "http.bad-url",
            HttpError::Insecure { .. } => "http.insecure",
            HttpError::Refused { .. } => "http.refused-address",
            HttpError::Unreachable { .. } => "http.unreachable",
            HttpError::TimedOut { .. } => "http.timed-out",
            HttpError::TooLarge { .. } => "http.too-large",
            HttpError::TooManyRedirects { .. } => "http.too-many-redirects",
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            HttpError::BadUrl { .. } => "Give a whole URL, for example http://localhost:8000/mcp.".to_owned(),
            HttpError::Insecure { url } => {
                let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
                format!("Use https, or, on a network that you trust, allow it with --allow-host {host}")
            }
            HttpError::Refused { privacy: Privacy::Never, .. } => {
                "Nothing: no honest server names such an address. Tell its operator.".to_owned()
            }
            HttpError::Refused { url, .. } => {
                let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
                format!("If you know and trust that host, allow it with --allow-host {host}")
            }
            HttpError::Unreachable { .. } => "Is the server started, and is the URL right?".to_owned(),
            HttpError::TimedOut { .. } => "Is the server overloaded, or is it no HTTP server at all?".to_owned(),
            HttpError::TooLarge { .. } => {
                "A metadata document has a few kilobytes: look at what is served there.".to_owned()
            }
            HttpError::TooManyRedirects { .. } => "Give the URL at which the redirects end.".to_owned(),
        }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix())
    }
}

/// The client. Clones share its connections.
#[derive(Clone)]
pub struct Http {
    direct: reqwest::Client,
    proxied: Option<reqwest::Client>,
    reach: Arc<Reach>,
    reporter: Reporter,
    seconds: u64,
}

impl Http {
    /// A client that reports to `reporter` and reaches what `reach` allows.
    ///
    /// Proxies are taken from the environment (`HTTPS_PROXY`, …), but never for this machine's own addresses.
    pub fn new(reporter: Reporter, reach: Reach) -> Result<Self, Failure> {
        let reach = Arc::new(reach);
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("mcp-oauth-tutorial/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
        };
        let built = |client: reqwest::Result<reqwest::Client>| {
            client.map_err(|error| {
                let fix = "Install the system's certificate authorities (on Debian: the package ca-certificates).";
                Failure::new("http.client", format!("No HTTP client can be made: {}.", innermost(&error)), fix)
            })
        };
        let direct = built(builder().no_proxy().dns_resolver(Arc::new(Guarded(reach.clone()))).build())?;
        let proxied = proxy_is_set().then(|| built(builder().build())).transpose()?;
        Ok(Self { direct, proxied, reach, reporter, seconds: TOTAL_SECONDS })
    }

    /// The same client with another time limit for each request, in seconds.
    pub fn within(self, seconds: u64) -> Self {
        Self { seconds, ..self }
    }

    /// Where this client reports.
    pub fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// Sends a request and reads the whole answer; both are shown.
    pub async fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let mut hop = request.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.send_once(&hop).await?;
            match redirect_target(&answer) {
                Some(target) if request.method == Method::GET => hop.url = target,
                _ => return Ok(answer),
            }
        }
        Err(HttpError::TooManyRedirects { url: request.url.clone() })
    }

    async fn send_once(&self, request: &Request) -> Result<Answer, HttpError> {
        let url = self.checked_url(&request.url)?;
        let client = self.client_for(&url).await?;
        self.reporter.emit(&request.sent());
        let started = Instant::now();
        let mut builder = client.request(request.method.clone(), url).timeout(Duration::from_secs(self.seconds));
        builder = builder.body(request.body.clone());
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let mut response = builder.send().await.map_err(|error| self.explained(error, &request.url))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = read_limited(&mut response).await.map_err(|error| self.explained(error, &request.url))?;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.reporter.emit(&received(status, &headers, body.as_deref(), ms));
        match body {
            Some(body) => Ok(Answer { url: request.url.clone(), status, headers, body }),
            None => Err(HttpError::TooLarge { url: request.url.clone() }),
        }
    }

    fn checked_url(&self, text: &str) -> Result<Url, HttpError> {
        let bad = |reason: &str| HttpError::BadUrl { url: text.to_owned(), reason: reason.to_owned() };
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        let host = url.host_str().unwrap_or_default();
        match url.scheme() {
            "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
                Err(bad("it carries credentials"))
            }
            "https" => Ok(url),
            "http" if reach::is_loopback(host) || self.reach.is_named(host) => Ok(url),
            "http" => self.refuse_literal(host, text).and(Err(HttpError::Insecure { url: text.to_owned() })),
            other => Err(bad(&format!("its scheme is {other}, not http or https"))),
        }
        .and_then(|url| self.refuse_literal(url.host_str().unwrap_or_default(), text).map(|()| url))
    }

    /// An address in the URL itself never meets the resolver, so it is checked here.
    fn refuse_literal(&self, host: &str, url: &str) -> Result<(), HttpError> {
        let Some(address) = reach::literal(host) else { return Ok(()) };
        self.reach.allows(host, address).map_err(|privacy| HttpError::Refused { url: url.to_owned(), address, privacy })
    }

    /// What reqwest says, sorted by what a person can do about it.
    fn explained(&self, error: reqwest::Error, url: &str) -> HttpError {
        let url = url.to_owned();
        let mut source: Option<&(dyn StdError + 'static)> = Some(&error);
        while let Some(cause) = source {
            if let Some(refused) = cause.downcast_ref::<RefusedAddress>() {
                return HttpError::Refused { url, address: refused.address, privacy: refused.privacy };
            }
            source = cause.source();
        }
        match error.is_timeout() {
            true if error.is_connect() => HttpError::TimedOut { url, seconds: CONNECT_SECONDS.min(self.seconds) },
            true => HttpError::TimedOut { url, seconds: self.seconds },
            false => HttpError::Unreachable { url, reason: innermost(&error) },
        }
    }

    async fn client_for(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let host = url.host_str().unwrap_or_default();
        let Some(proxied) = self.proxied.as_ref().filter(|_| !reach::is_loopback(host)) else {
            return Ok(&self.direct);
        };
        // A proxy resolves names itself. Where this machine can resolve the name too, its addresses are checked all the same.
        if let Ok(addresses) = tokio::net::lookup_host((host, 0)).await {
            allowed(&self.reach, host, addresses.map(|address| address.ip()).collect()).map_err(|refused| {
                HttpError::Refused { url: url.to_string(), address: refused.address, privacy: refused.privacy }
            })?;
        }
        Ok(proxied)
    }
}

fn proxy_is_set() -> bool {
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    names.iter().any(|name| is_set(name) || is_set(&name.to_ascii_lowercase()))
}

fn redirect_target(answer: &Answer) -> Option<String> {
    let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    let location = answer.headers.get(header::LOCATION).filter(|_| is_redirect)?.to_str().ok()?;
    Some(Url::parse(&answer.url).ok()?.join(location).ok()?.to_string())
}

/// `None` where the body is larger than [`MAX_BODY_BYTES`].
async fn read_limited(response: &mut reqwest::Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn received(status: u16, headers: &HeaderMap, body: Option<&[u8]>, ms: u64) -> Event {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let shown = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), Mask::Fingerprint.header(name.as_str(), &value))
    });
    let body = body.map_or_else(
        || Value::String(format!("(more than {MAX_BODY_BYTES} bytes, not read)")),
        |body| Mask::Fingerprint.body(content_type, body),
    );
    Event::Received { status, headers: shown.collect(), body, ms }
}

fn innermost(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    // The system's number for its own sentence tells a person nothing.
    text.split(" (os error ").next().unwrap_or_default().to_lowercase()
}

/// A resolver that leaves out the addresses which may not be reached. What it hands out is what is connected to, so a name
/// that resolves differently a moment later gains nothing.
struct Guarded(Arc<Reach>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses = allowed(&reach, name.as_str(), found.map(|address| address.ip()).collect())?;
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The addresses of `host` that may be reached; an error where there are none.
fn allowed(reach: &Reach, host: &str, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, RefusedAddress> {
    let mut refused = None;
    let mut addresses = Vec::new();
    for address in found {
        match reach.allows(host, address) {
            Ok(()) => addresses.push(address),
            Err(privacy) => refused = Some(RefusedAddress { address, privacy }),
        }
    }
    match refused {
        Some(refused) if addresses.is_empty() => Err(refused),
        _ => Ok(addresses),
    }
}

#[derive(Debug)]
struct RefusedAddress {
    address: IpAddr,
    privacy: Privacy,
}

impl std::fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is {}", self.address, self.privacy)
    }
}

impl StdError for RefusedAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shell makes of a word.
    fn in_a_shell(word: &str) -> String {
        let script = format!("printf %s {word}");
        let output =
            std::process::Command::new("sh").args(["-c", &script]).env("ACCESS_TOKEN", "SECRET").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    #[cfg(unix)]
    fn a_shell_acts_on_nothing_that_a_stranger_wrote() {
        for text in
            ["$(echo x)", "`echo x`", "a'b\"c\\d", "$HOME", "'; echo x; '", "!x", "\u{e000}$(echo x)\u{e001}", "a\nb"]
        {
            let shown: String = text.chars().filter(|c| *c != '\u{e000}').collect();
            assert_eq!(in_a_shell(&quoted(text)), shown, "{text}");
        }
        let header = Mask::Placeholder.header("authorization", "Bearer t0k3n");
        assert_eq!(in_a_shell(&quoted(&header)), "Bearer SECRET");
    }
}
