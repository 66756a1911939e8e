//! The HTTP client. Every request and answer becomes an event; every call has limits on time, size,
//! redirects and on the addresses it may reach ([`crate::reach`]). A URL is sent and compared as
//! the text that it was, never as a URL type prints it.

use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

use crate::event::Event;
use crate::reach::{self, Reach};
use crate::redact::Mask;
use crate::{Failure, Reporter, urls};

mod authorities;
mod cause;
mod coding;
mod error;
mod message;
mod network;
mod proxy;
mod resolver;
mod tls;

pub use authorities::{CA_FILE_VARIABLE, count_authorities, trust_file};
use cause::Attempt;
pub use error::HttpError;
pub use message::{Request, Response};
pub use network::Network;
pub use proxy::{ProxyFault, ProxyName};
use resolver::{Addresses, RefusedAddress, first_refused};
pub use resolver::{Lookup, Names};
pub use tls::TlsFault;

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
    proxied: Arc<OnceLock<reqwest::Client>>,
    network: Arc<Network>,
    tried: Addresses,
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
        Self::over(Network::of_system(), reporter, reach)
    }

    /// [`Http::new`] over a network of a test's own.
    #[cfg(feature = "testing")]
    pub fn in_test(network: Network, reporter: Reporter, reach: Reach) -> Result<Self, Failure> {
        Self::over(network, reporter, reach)
    }

    fn over(network: Network, reporter: Reporter, reach: Reach) -> Result<Self, Failure> {
        choose_cryptography();
        let reach = Arc::new(reach);
        let tried = Addresses::default();
        let direct = network.direct(reach.clone(), tried.clone()).map_err(|error| {
            let fix = "Install the system's certificate authorities (on Debian: the package ca-certificates).";
            Failure::new("http.client", format!("No HTTP client can be made: {}.", cause::innermost(&error)), fix)
        })?;
        let (proxied, network) = (Arc::default(), Arc::new(network));
        Ok(Self { direct, proxied, network, tried, reach, reporter, seconds: TOTAL_SECONDS, decorator: None })
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
        let mut from = None;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send_decorated(&hop).await.map_err(|error| error.redirected_by(from))?;
            match redirect_target(&response) {
                Some(target) if request.follows_redirects => {
                    check_no_downgrade(&response.url, &target)?;
                    from = Some(response.url);
                    hop = hop.redirected(target);
                }
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
        let mut builder =
            client.request(request.method.clone(), url.clone()).timeout(Duration::from_secs(self.seconds));
        builder = builder.body(request.body.clone());
        for (name, value) in &request.headers {
            builder = builder.header(&**name, value);
        }
        let mut response = builder.send().await.map_err(|error| self.explained(error, &url, &request.url))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = read_limited(&mut response).await.map_err(|error| self.explained(error, &url, &request.url))?;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let may_be_secret = request.wants_secrets() && (200..300).contains(&status);
        self.reporter.emit(&received(status, &headers, body.as_deref(), ms, may_be_secret));
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
        // A URL type takes blanks away and reads localhost:8000 as a scheme.
        if let Some(fault) = urls::fault(text) {
            return Err(bad(&fault.reason));
        }
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HttpError::Credentials { url: text.to_owned(), from: None });
        }
        // An address in the URL itself never meets the resolver, so it is checked here.
        self.reach
            .allows_text(&url)
            .map_err(|(address, privacy)| self.refused(&url, text, RefusedAddress { address, privacy }))?;
        if url.scheme() == "http" && !self.reach.may_be_plain(&url) {
            return Err(HttpError::Insecure { url: text.to_owned() });
        }
        Ok(url)
    }

    fn refused(&self, url: &Url, text: &str, refused: RefusedAddress) -> HttpError {
        let RefusedAddress { address, privacy } = refused;
        let is_named = self.reach.is_named(url.host_str().unwrap_or_default());
        HttpError::Refused { url: text.to_owned(), is_named, address, privacy }
    }

    /// What reqwest says, sorted by what a person can do about it.
    fn explained(&self, error: reqwest::Error, parsed: &Url, url: &str) -> HttpError {
        if let Some(refused) = cause::find::<RefusedAddress>(&error) {
            return self.refused(parsed, url, *refused);
        }
        let (host, proxy) = (parsed.host_str().unwrap_or_default(), self.network.proxy_for(parsed));
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned().unwrap_or_default();
        Attempt { url, host, tried, proxy, limits: (CONNECT_SECONDS, self.seconds) }.explained(&error)
    }

    /// The client for this URL: where a proxy is for it, one that goes there; else one that
    /// resolves names itself, and guards what it finds.
    async fn client_for(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let host = url.host_str().unwrap_or_default();
        if self.network.proxy_for(url).is_none() {
            return Ok(&self.direct);
        }
        // A proxy resolves names itself, and chooses among the addresses. Where this machine can
        // resolve the name too, all of them are checked all the same.
        let lookup = self.network.names.lookup(host);
        let found = tokio::time::timeout(Duration::from_secs(CONNECT_SECONDS), lookup).await;
        let found = found.ok().and_then(Result::ok).unwrap_or_default();
        if let Some(refused) = first_refused(&self.reach, host, &found) {
            return Err(self.refused(url, url.as_str(), refused));
        }
        if let Some(client) = self.proxied.get() {
            return Ok(client);
        }
        let client = self.network.proxied().map_err(|error| self.explained(error, url, url.as_str()))?;
        Ok(self.proxied.get_or_init(|| client))
    }
}

/// What came over https is not continued in the clear, wherever the user may allow plain http.
fn check_no_downgrade(from: &str, target: &str) -> Result<(), HttpError> {
    let scheme = |url: &str| Url::parse(url).map(|url| url.scheme().to_owned()).unwrap_or_default();
    if scheme(from) == "https" && scheme(target) == "http" {
        return Err(HttpError::Downgraded { from: from.to_owned(), url: target.to_owned() });
    }
    Ok(())
}

fn redirect_target(response: &Response) -> Option<String> {
    let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    let location = response.headers.get(header::LOCATION).filter(|_| is_redirect)?.to_str().ok()?;
    joined(&response.url, location)
}

/// The URL that a reference leads to from a document at `base` (RFC 3986 §5).
pub fn joined(base: &str, reference: &str) -> Option<String> {
    Some(Url::parse(base).ok()?.join(reference).ok()?.to_string())
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

fn received(status: u16, headers: &HeaderMap, body: Option<&[u8]>, ms: u64, may_be_secret: bool) -> Event {
    let shown = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), Mask::Fingerprint.header(name.as_str(), &value))
    });
    let body = match body {
        None => Value::String(format!("(more than {MAX_BODY_BYTES} bytes, not read)")),
        Some(body) => coding::shown(headers, body, may_be_secret),
    };
    Event::Received { status, headers: shown.collect(), body, ms }
}
