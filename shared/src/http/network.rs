//! What an HTTP client finds around it: names, proxies, authorities.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Certificate, Client, ClientBuilder};
use url::Url;

use super::proxy::ProxyName;
use super::resolver::{Addresses, GuardedResolver, Names, SystemNames};
use super::{CONNECT_SECONDS, authorities};
use crate::reach::{self, Reach};

/// The network of a client: the system's, and in tests one that lies.
pub struct Network {
    /// What turns names into addresses.
    pub names: Arc<dyn Names>,
    /// Which URLs a proxy is for.
    pub proxies: Matcher,
    /// Authorities beside the system's, as DER.
    pub authorities: Vec<Vec<u8>>,
}

impl Network {
    pub(super) fn of_system() -> Self {
        // What reqwest itself goes by, so that both agree on every URL.
        Self { names: Arc::new(SystemNames), proxies: Matcher::from_system(), authorities: authorities::added() }
    }

    /// The proxy that the environment names for this URL. Variables for other schemes and hosts
    /// change nothing.
    pub(super) fn proxy_for(&self, url: &Url) -> Option<ProxyName> {
        // This machine's own addresses are none of a proxy's business.
        if reach::is_loopback(url.host_str().unwrap_or_default()) {
            return None;
        }
        let proxy = self.proxies.intercept(&url.as_str().parse::<Uri>().ok()?)?;
        Some(ProxyName::of(&proxy, url.scheme()))
    }

    /// A client that resolves names itself, and guards what it finds.
    pub(super) fn direct(&self, reach: Arc<Reach>, tried: Addresses) -> reqwest::Result<Client> {
        let resolver = GuardedResolver::new(reach, self.names.clone(), tried);
        self.builder().no_proxy().dns_resolver(Arc::new(resolver)).build()
    }

    /// A client that goes through the proxies of the environment: only for URLs that have one.
    pub(super) fn proxied(&self) -> reqwest::Result<Client> {
        self.builder().build()
    }

    fn builder(&self) -> ClientBuilder {
        let authorities = self.authorities.iter().filter_map(|der| Certificate::from_der(der).ok());
        // "If no Accept-Encoding header field is in the request, any content coding is considered
        // acceptable by the user agent." (RFC 9110 §12.5.3) This client decodes none.
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        Client::builder()
            .user_agent(concat!("mcp-oauth-tutorial/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
            .tls_certs_merge(authorities)
    }
}
