//! The HTTP client. Every request and answer becomes an event; every call has limits on time, size,
//! redirects and on the addresses it may reach ([`crate::reach`]). A URL is sent and compared as
//! the text that it was, never as a URL type prints it.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

use crate::event::Event;
use crate::reach::{self, Reach};
use crate::redact::Mask;
use crate::{Failure, Reporter};

mod error;
mod message;
mod resolver;

pub use error::HttpError;
pub use message::{Request, Response};
use resolver::{GuardedResolver, RefusedAddress, allowed};

/// Seconds within which a connection has to stand.
const CONNECT_SECONDS: u64 = 5;
/// Seconds that one request may take until the last byte of its answer.
const TOTAL_SECONDS: u64 = 10;
/// Bytes of an answer's body that are read. The largest metadata documents seen are a few tens of
/// kilobytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Redirects that a GET follows.
const MAX_REDIRECTS: usize = 3;

/// What adds to a request something that depends on all of it, each time it is sent.
pub trait Decorate: Send + Sync {
    /// The request as it is to be sent.
    fn decorated(&self, request: &Request) -> Request;

    /// Whether the request has to be sent once more, now that this answer has come.
    fn wants_another(&self, request: &Request, response: &Response) -> bool;
}

/// The client. Clones share its connections.
#[derive(Clone)]
pub struct Http {
    direct: reqwest::Client,
    proxied: Option<reqwest::Client>,
    reach: Arc<Reach>,
    reporter: Reporter,
    seconds: u64,
    decorator: Option<Arc<dyn Decorate>>,
}

/// Chooses what TLS computes with, for every client of the program: the workspace is built without
/// a default. A client that does not come from [`Http::new`] needs it before it is made.
pub fn choose_cryptography() {
    // Refused where the program has chosen one already: then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Http {
    /// A client that reports to `reporter` and reaches what `reach` allows.
    ///
    /// Proxies are taken from the environment (`HTTPS_PROXY`, …), but never for this machine's own
    /// addresses.
    pub fn new(reporter: Reporter, reach: Reach) -> Result<Self, Failure> {
        choose_cryptography();
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
        let direct = built(builder().no_proxy().dns_resolver(Arc::new(GuardedResolver(reach.clone()))).build())?;
        let proxied = proxy_is_set().then(|| built(builder().build())).transpose()?;
        Ok(Self { direct, proxied, reach, reporter, seconds: TOTAL_SECONDS, decorator: None })
    }

    /// The same client with another time limit for each request, in seconds.
    pub fn within(self, seconds: u64) -> Self {
        Self { seconds, ..self }
    }

    /// The same client, with something to add to its requests.
    pub fn decorated_by(self, decorator: Arc<dyn Decorate>) -> Self {
        Self { decorator: Some(decorator), ..self }
    }

    /// The same client, telling `reporter` what it sends and gets.
    pub fn telling(self, reporter: Reporter) -> Self {
        Self { reporter, ..self }
    }

    /// What this client may talk to.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Where this client reports.
    pub fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// Sends a request and reads the whole answer; both are shown.
    pub async fn send(&self, request: &Request) -> Result<Response, HttpError> {
        let mut hop = request.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send_decorated(&hop).await?;
            match redirect_target(&response) {
                Some(target) if request.follows_redirects => hop = hop.redirected(target),
                _ => return Ok(response),
            }
        }
        Err(HttpError::TooManyRedirects { url: request.url.clone() })
    }

    /// At most twice: an answer that asks for more after that is the answer.
    async fn send_decorated(&self, request: &Request) -> Result<Response, HttpError> {
        let Some(decorator) = &self.decorator else { return self.send_once(request).await };
        let response = self.send_once(&decorator.decorated(request)).await?;
        if decorator.wants_another(request, &response) {
            return self.send_once(&decorator.decorated(request)).await;
        }
        Ok(response)
    }

    async fn send_once(&self, request: &Request) -> Result<Response, HttpError> {
        let url = self.checked_url(&request.url)?;
        let client = self.client_for(&url).await?;
        self.reporter.emit(&request.sent());
        let started = Instant::now();
        let mut builder = client.request(request.method.clone(), url).timeout(Duration::from_secs(self.seconds));
        builder = builder.body(request.body.clone());
        for (name, value) in &request.headers {
            builder = builder.header(&**name, value);
        }
        let mut response = builder.send().await.map_err(|error| self.explained(error, &request.url))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = read_limited(&mut response).await.map_err(|error| self.explained(error, &request.url))?;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.reporter.emit(&received(status, &headers, body.as_deref(), ms));
        match body {
            Some(body) => Ok(Response { url: request.url.clone(), status, headers, body }),
            None => Err(HttpError::TooLarge { url: request.url.clone() }),
        }
    }

    /// Whether a document may send this client to that URL: https, or plain http to this machine or
    /// a host that the user trusts (`--allow-host`). The host's name is not resolved for this.
    pub fn accepts(&self, url: &str) -> Result<(), HttpError> {
        let parsed = self.checked_url(url)?;
        let host = parsed.host_str().unwrap_or_default();
        if parsed.scheme() == "https" || reach::is_loopback(host) || self.reach.is_trusted(host) {
            return Ok(());
        }
        Err(HttpError::Insecure { url: url.to_owned() })
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
        if !error.is_timeout() {
            return HttpError::Unreachable { url, reason: innermost(&error) };
        }
        let seconds = if error.is_connect() { CONNECT_SECONDS.min(self.seconds) } else { self.seconds };
        HttpError::TimedOut { url, seconds }
    }

    async fn client_for(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let host = url.host_str().unwrap_or_default();
        let Some(proxied) = self.proxied.as_ref().filter(|_| !reach::is_loopback(host)) else {
            return Ok(&self.direct);
        };
        // A proxy resolves names itself. Where this machine can resolve the name too, its addresses
        // are checked all the same.
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

fn redirect_target(response: &Response) -> Option<String> {
    let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    let location = response.headers.get(header::LOCATION).filter(|_| is_redirect)?.to_str().ok()?;
    Some(Url::parse(&response.url).ok()?.join(location).ok()?.to_string())
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
