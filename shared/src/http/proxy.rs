//! The proxy on the way to a server, as the environment names it.

use std::fmt::{self, Display, Formatter};

use hyper_util::client::proxy::matcher::Intercept;

/// Where a proxy is, and what names it. Its user name and password are no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyName {
    /// `HOST:PORT`
    pub place: String,
    /// The environment variable, or the system's settings.
    pub named_by: String,
}

impl ProxyName {
    pub(super) fn of(proxy: &Intercept, scheme: &str) -> Self {
        let uri = proxy.uri();
        let host = uri.host().unwrap_or_default();
        let place = uri.port_u16().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let own = if scheme == "https" { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
        let variables = own.into_iter().chain(["ALL_PROXY", "all_proxy"]);
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let named_by = variables.into_iter().find(is_set).unwrap_or("the system's settings").to_owned();
        Self { place, named_by }
    }
}

impl Display for ProxyName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.place, self.named_by)
    }
}

/// Why a proxy does not let a request through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// There is no connection to it.
    Unreachable(String),
    /// It wants a user name and a password (407).
    WantsPassword,
    /// It refuses to connect to that host.
    Refuses,
}

impl Display for ProxyFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "no connection to the proxy ({reason})"),
            Self::WantsPassword => f.write_str("the proxy wants a user name and a password (HTTP 407)"),
            Self::Refuses => f.write_str("the proxy refuses to connect to it"),
        }
    }
}

impl ProxyFault {
    /// What to do about it, for a proxy that this names and a host behind it.
    pub(super) fn fix(&self, named_by: &str, host: &str) -> String {
        let without = format!("to go there without the proxy, add {host} to NO_PROXY");
        match self {
            Self::Unreachable(_) => format!("Start the proxy, or correct {named_by}; {without}."),
            Self::WantsPassword => format!("Put them into {named_by}, as USER:PASSWORD@ before the host; {without}."),
            Self::Refuses => format!("Ask the proxy's administrator to allow {host}; {without}."),
        }
    }
}
