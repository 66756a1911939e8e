//! Why a request failed, sorted by what a person can do about it: by the types in the chain of
//! causes, not by their texts.

use std::error::Error as StdError;
use std::io;
use std::net::IpAddr;

use super::error::HttpError;
use super::proxy::{ProxyFault, ProxyName};
use super::tls::TlsFault;

/// The error and what caused it, outermost first. An [`io::Error`] holds its cause, and names that
/// cause's cause as its own.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let next = |cause: &&'a (dyn StdError + 'static)| -> Option<&'a (dyn StdError + 'static)> {
        let cause: &'a (dyn StdError + 'static) = *cause;
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held),
            None => cause.source(),
        }
    };
    std::iter::successors(Some(error), next)
}

/// The first cause of this type.
pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What a request was when it failed.
pub(super) struct Attempt<'a> {
    pub url: &'a str,
    pub host: &'a str,
    /// The addresses that the host's name led to.
    pub tried: Vec<IpAddr>,
    /// The proxy on the way, if there is one.
    pub proxy: Option<ProxyName>,
    /// The limit for a connection, and the limit for the whole request.
    pub limits: (u64, u64),
}

impl Attempt<'_> {
    /// What reqwest says, for a person.
    pub fn explained(self, error: &reqwest::Error) -> HttpError {
        let Self { url, host, tried, proxy, limits: (to_connect, in_all) } = self;
        let url = url.to_owned();
        if let Some(tls) = find::<rustls::Error>(error) {
            return HttpError::Tls { url, fault: TlsFault::of(tls), proxy };
        }
        let seconds = if error.is_connect() { to_connect.min(in_all) } else { in_all };
        match proxy {
            Some(proxy) if error.is_connect() => {
                let fault = match tunnel(error) {
                    Some(said) if said.contains("authorization required") => ProxyFault::WantsPassword,
                    Some(said) if said.contains("unsuccessful") => ProxyFault::Refuses,
                    _ if error.is_timeout() => {
                        ProxyFault::Unreachable(format!("no connection within {seconds} seconds"))
                    }
                    _ => ProxyFault::Unreachable(innermost(error)),
                };
                HttpError::Proxy { url, proxy, fault }
            }
            _ if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) => {
                HttpError::Invalid { url, reason: innermost(error) }
            }
            _ if error.is_timeout() => HttpError::TimedOut { url, seconds },
            _ if error.is_dns() => HttpError::UnknownHost { url, host: host.to_owned() },
            _ => HttpError::Unreachable { url, reason: innermost(error), tried },
        }
    }
}

/// What the HTTP library says about a proxy's response to CONNECT: that type is its own secret.
fn tunnel(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| cause.to_string().strip_prefix("tunnel error: ").map(str::to_owned))
}

/// The innermost cause in its own words, without the system's number for them.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}
