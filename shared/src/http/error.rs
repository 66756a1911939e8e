//! Why a request has no answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::proxy::{ProxyFault, ProxyName};
use super::tls::TlsFault;
use super::{MAX_BODY_BYTES, MAX_REDIRECTS};
use crate::Failure;
use crate::reach::{Privacy, host_of};
use crate::redact::Mask;
use crate::urls;

/// Why there is no answer.
#[derive(Debug)]
pub enum HttpError {
    /// Not an `http` or `https` URL with a host.
    BadUrl {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `http`, and the host is neither this machine nor where the user typed http.
    Insecure {
        /// As it was given.
        url: String,
    },
    /// A redirect from `https` to `http`.
    Downgraded {
        /// The URL that redirects.
        from: String,
        /// Where it leads.
        url: String,
    },
    /// The address is more private than this run may reach.
    Refused {
        /// As it was given.
        url: String,
        /// Whether the user named a server at this host.
        is_named: bool,
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
        /// The addresses that were tried; empty where the URL has the address itself.
        tried: Vec<IpAddr>,
    },
    /// A response came, and HTTP forbids it.
    Invalid {
        /// As it was given.
        url: String,
        /// The HTTP library's own words.
        reason: String,
    },
    /// The URL carries a user name or a password.
    Credentials {
        /// As it was given.
        url: String,
        /// The URL whose redirect leads there; `None` where it was no redirect.
        from: Option<String>,
    },
    /// No address is known for the host.
    UnknownHost {
        /// As it was given.
        url: String,
        /// The host's name.
        host: String,
    },
    /// The connection is not one to trust.
    Tls {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        fault: TlsFault,
        /// The proxy on the way, which may be the one that is not trusted.
        proxy: Option<ProxyName>,
    },
    /// The proxy on the way does not let the request through.
    Proxy {
        /// As it was given.
        url: String,
        /// The proxy.
        proxy: ProxyName,
        /// What is wrong with it.
        fault: ProxyFault,
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
            HttpError::Downgraded { from, url } => {
                write!(f, "{} redirects from https to plain http, and is not followed to {}.", shown(from), shown(url))
            }
            HttpError::Refused { url, address, privacy: Privacy::Never, .. } => {
                write!(f, "{} is not asked: its host is at {address}, a link-local or reserved address.", shown(url))
            }
            HttpError::Refused { url, address, privacy, is_named: true } => write!(
                f,
                "{} is not asked: its host is at {address} ({privacy}), and a name may lead there only if you allow it.",
                shown(url)
            ),
            HttpError::Refused { url, address, privacy, .. } => write!(
                f,
                "{} is not asked: its host is at {address} ({privacy}), and an untrusted server may not send this client there.",
                shown(url)
            ),
            HttpError::Unreachable { url, reason, tried } => {
                write!(f, "{} cannot be reached: {reason}.", shown(url))?;
                let tried: Vec<_> = tried.iter().map(ToString::to_string).collect();
                if tried.is_empty() { Ok(()) } else { write!(f, " Tried: {}.", tried.join(", ")) }
            }
            HttpError::Invalid { url, reason } => {
                write!(f, "{} sent a response that is not valid HTTP: {reason}.", shown(url))
            }
            HttpError::Credentials { url, from } => {
                let to = from.as_ref().map_or(String::new(), |from| format!("{} redirects to ", shown(from)));
                write!(f, "{to}{}: a URL with a user name or a password is not requested.", shown(url))
            }
            HttpError::UnknownHost { url, host } => {
                write!(f, "{} cannot be reached: no address is known for {host}.", shown(url))
            }
            HttpError::Tls { url, fault, proxy } => {
                let through = proxy.as_ref().map_or(String::new(), |proxy| format!(" through {proxy}"));
                write!(f, "{} is not trusted{through}: {fault}.", shown(url))
            }
            HttpError::Proxy { url, proxy, fault } => {
                write!(f, "{} cannot be reached through {proxy}: {fault}.", shown(url))
            }
            HttpError::TimedOut { url, seconds } => {
                write!(f, "{} did not respond in full within {seconds} seconds.", shown(url))
            }
            HttpError::TooLarge { url } => {
                write!(f, "{} responded with more than {MAX_BODY_BYTES} bytes; the rest was not read.", shown(url))
            }
            HttpError::TooManyRedirects { url } => {
                write!(f, "{} redirects more than {MAX_REDIRECTS} times.", shown(url))
            }
        }
    }
}

impl std::error::Error for HttpError {}

impl HttpError {
    /// The same, where the request was made because of a redirect of this URL.
    pub(super) fn redirected_by(self, from: Option<String>) -> Self {
        match self {
            HttpError::Credentials { url, from: None } => HttpError::Credentials { url, from },
            other => other,
        }
    }

    /// Names the limit or the step that failed.
    pub fn id(&self) -> &'static str {
        match self {
            HttpError::BadUrl { .. } | HttpError::Credentials { .. } => "http.bad-url",
            HttpError::Insecure { .. } => "http.insecure",
            HttpError::Downgraded { .. } => "http.downgraded",
            HttpError::Refused { .. } => "http.refused-address",
            HttpError::Unreachable { .. } | HttpError::UnknownHost { .. } => "http.unreachable",
            HttpError::Invalid { .. } => "http.invalid-response",
            HttpError::Tls { .. } => "http.tls",
            HttpError::Proxy { .. } => "http.proxy",
            HttpError::TimedOut { .. } => "http.timed-out",
            HttpError::TooLarge { .. } => "http.too-large",
            HttpError::TooManyRedirects { .. } => "http.too-many-redirects",
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            HttpError::BadUrl { url, .. } => match urls::fault(url).and_then(|fault| fault.meant) {
                Some(meant) => format!("Write {}", Mask::Fingerprint.url(&meant)),
                None => "Write a whole URL, for example http://localhost:8000/mcp".to_owned(),
            },
            HttpError::Insecure { url } => {
                let host = host_of(url);
                format!("Use https, or, on a network that you trust, allow it with --allow-host {host}")
            }
            HttpError::Downgraded { .. } => "The server's operator has to redirect to https only.".to_owned(),
            HttpError::Refused { privacy: Privacy::Never, .. } => {
                "Nothing: no honest server names such an address. Tell its operator.".to_owned()
            }
            HttpError::Refused { url, is_named: true, .. } => {
                format!("If it is your own server, say so with --allow-host {}", host_of(url))
            }
            HttpError::Refused { url, .. } => {
                let host = host_of(url);
                format!("If you know and trust that host, allow it with --allow-host {host}")
            }
            HttpError::Unreachable { url, tried, .. } => {
                let other = [Ipv4Addr::LOCALHOST.into(), IpAddr::from(Ipv6Addr::LOCALHOST)];
                let other = other.iter().find(|address| !tried.contains(address)).filter(|_| !tried.is_empty());
                let elsewhere = match other.filter(|_| host_of(url) == "localhost") {
                    Some(address) => format!(" A server that listens on {address} only is not at localhost here."),
                    None => String::new(),
                };
                format!("Start the server there, or correct the URL's host and port.{elsewhere}")
            }
            HttpError::Invalid { .. } => "The server's operator has to correct the status line or the header that HTTP does not allow (RFC 9112); \
                 curl -v shows it. If the server speaks TLS on that port, write https."
                .to_owned(),
            HttpError::Credentials { url, from } => {
                let bare = urls::without_credentials(url);
                match from {
                    Some(from) => format!("The operator of {} has to redirect to {bare}", host_of(from)),
                    None => format!("Write it without them: {bare}"),
                }
            }
            HttpError::UnknownHost { .. } => {
                "Correct the host's name, or join the network that knows it (a VPN, for example).".to_owned()
            }
            HttpError::Tls { url, fault, proxy } => {
                let inspects = "A proxy that inspects TLS shows a certificate of its own authority. ";
                format!("{}{}", proxy.as_ref().map_or("", |_| inspects), fault.fix(url))
            }
            HttpError::Proxy { url, proxy, fault } => fault.fix(&proxy.named_by, &host_of(url)),
            HttpError::TimedOut { .. } => {
                "Look at the server's load, and check that it speaks HTTP on that port.".to_owned()
            }
            HttpError::TooLarge { .. } => {
                "Such a response has a few kilobytes: look at what is served there.".to_owned()
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
