//! Which network addresses a run may talk to.
//!
//! A client fetches URLs that strangers name: a challenge, a metadata document, a redirect. Without
//! care, a stranger's server could make it fetch from inside the user's network (server-side
//! request forgery, SSRF). The rule here: **no address more private than the text of the URL that
//! the user typed says**, and link-local addresses (where clouds keep their credentials) never. An
//! address in the URL or `localhost` says how private the server is; every other name says
//! "public", since what it leads to is its owner's choice, and may change from one moment to the
//! next. A company's server with a name on a private network needs `--allow-host`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// How private an address is, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privacy {
    /// Reachable from anywhere.
    Public,
    /// A local network: RFC 1918, RFC 6598, RFC 4193.
    Private,
    /// This machine.
    Loopback,
    /// Never reached, whoever names it: link-local, unspecified, multicast, reserved, and the
    /// addresses where clouds keep their instance metadata.
    Never,
}

impl std::fmt::Display for Privacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Privacy::Public => "public",
            Privacy::Private => "private network",
            Privacy::Loopback => "loopback",
            Privacy::Never => "link-local or reserved",
        })
    }
}

/// How private this address is. Addresses that carry an IPv4 address inside count as that one.
pub fn privacy(address: IpAddr) -> Privacy {
    match address {
        IpAddr::V4(v4) => privacy_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| privacy_v6(v6), privacy_v4),
    }
}

/// Instance metadata of clouds, inside the range that is private otherwise: Google's, Oracle's,
/// Scaleway's, Akamai's, Alibaba's.
const METADATA_V6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
    Ipv6Addr::new(0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200),
];

fn privacy_v4(address: Ipv4Addr) -> Privacy {
    match address.octets() {
        // Metadata of clouds inside other ranges: Alibaba's, and Azure's platform address.
        [100, 100, 100, 200] | [168, 63, 129, 16] => Privacy::Never,
        [127, ..] => Privacy::Loopback,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Privacy::Private,
        // "This" network, link-local, IETF protocol assignments (Oracle's metadata too),
        // documentation, the former 6to4 relays, benchmarks, multicast, reserved.
        [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] => Privacy::Never,
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => Privacy::Never,
        _ => Privacy::Public,
    }
}

fn privacy_v6(address: Ipv6Addr) -> Privacy {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Privacy::Loopback,
        // Amazon's services inside its cloud: metadata, identities of pods, names, time.
        [0xfd00, 0x0ec2, ..] => Privacy::Never,
        _ if METADATA_V6.contains(&address) => Privacy::Never,
        [0xfc00..=0xfdff, ..] => Privacy::Private,
        // Global unicast (RFC 4291 §2.4), without protocol assignments, of which Teredo carries an
        // IPv4 address (RFC 2928), and documentation (RFC 3849, RFC 9637).
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Privacy::Never,
        [0x2000..=0x3fff, ..] => Privacy::Public,
        _ => Privacy::Never,
    }
}

/// The IPv4 address inside: mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// What this run may talk to.
#[derive(Clone, Debug)]
pub struct Reach {
    limit: Privacy,
    named: Vec<Named>,
    trusted: Vec<String>,
}

/// A server that the user named by its URL.
#[derive(Clone, Debug)]
struct Named {
    is_plain: bool,
    host: String,
    port: Option<u16>,
}

impl Named {
    fn is(&self, url: &Url) -> bool {
        url.host_str() == Some(&self.host) && url.port_or_known_default() == self.port
    }
}

impl Reach {
    /// Public addresses only, until [`Reach::name`] or [`Reach::limit`] widen it.
    pub fn public_only() -> Self {
        Self { limit: Privacy::Public, named: Vec::new(), trusted: Vec::new() }
    }

    /// What an operator has chosen, by the URL of its own IdP or API: it may be anywhere.
    pub fn of_operator(url: &str) -> Self {
        Self::public_only().limit(Privacy::Loopback).name(url)
    }

    /// What a client of the server at `url` may talk to: addresses as private as that URL's text
    /// says, and the hosts that the user trusts. No name is resolved for this.
    pub fn of_server(url: &str, trusted: &[String]) -> Self {
        let limit = privacy_by_name(&host_of(url));
        trusted.iter().fold(Self::public_only().limit(limit).name(url), |reach, host| reach.trust(host))
    }

    /// Addresses as private as this may be reached.
    pub fn limit(mut self, limit: Privacy) -> Self {
        self.limit = reachable(limit);
        self
    }

    /// The user named this server: its host may be as private as the URL's text says, at its port,
    /// and it may speak plain http if the URL does.
    pub fn name(mut self, url: &str) -> Self {
        if let Ok(url) = Url::parse(url) {
            self.named.push(Named {
                is_plain: url.scheme() == "http",
                host: url.host_str().unwrap_or_default().to_owned(),
                port: url.port_or_known_default(),
            });
        }
        self
    }

    /// The user trusts this host (`--allow-host`): it may be as private as it likes, and speak
    /// plain http.
    pub fn trust(mut self, host: &str) -> Self {
        self.trusted.push(host.to_ascii_lowercase());
        self
    }

    /// Whether the user named a server at this host.
    pub fn is_named(&self, host: &str) -> bool {
        self.named.iter().any(|named| named.host.eq_ignore_ascii_case(host))
    }

    /// Whether the user trusts this host.
    pub fn is_trusted(&self, host: &str) -> bool {
        self.trusted.iter().any(|trusted| trusted.eq_ignore_ascii_case(host))
    }

    /// Whether this URL may be asked over plain http: on this machine, where the user typed http
    /// for this very host and port, and at a host that the user trusts.
    pub fn may_be_plain(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        is_loopback(host) || self.is_trusted(host) || self.named.iter().any(|named| named.is_plain && named.is(url))
    }

    /// Whether the text of this URL leads no further than this run may go: an address in it, and
    /// `localhost`. The error is that address, and how private it is.
    pub fn allows_text(&self, url: &Url) -> Result<(), (IpAddr, Privacy)> {
        let host = url.host_str().unwrap_or_default();
        let privacy = privacy_by_name(host);
        let is_named = || self.is_trusted(host) || self.named.iter().any(|named| named.is(url));
        if privacy <= self.limit || (privacy != Privacy::Never && is_named()) {
            return Ok(());
        }
        Err((literal(host).unwrap_or(Ipv4Addr::LOCALHOST.into()), privacy))
    }

    /// Whether `host`, found at `address`, may be reached. The error is how private the address is.
    pub fn allows(&self, host: &str, address: IpAddr) -> Result<(), Privacy> {
        let privacy = privacy(address);
        let by_name = if self.is_named(host) { reachable(privacy_by_name(host)) } else { Privacy::Public };
        let allowed = privacy <= self.limit.max(by_name) || self.is_trusted(host);
        if allowed && privacy != Privacy::Never { Ok(()) } else { Err(privacy) }
    }
}

/// What a limit allows: one at what is never reached allows no more than anybody has.
fn reachable(limit: Privacy) -> Privacy {
    if limit == Privacy::Never { Privacy::Public } else { limit }
}

/// How private a URL's host is by its text alone: an address by what it is, `localhost` is this
/// machine, every other name is public.
pub fn privacy_by_name(host: &str) -> Privacy {
    match literal(host) {
        Some(address) => privacy(address),
        None if is_loopback(host) => Privacy::Loopback,
        None => Privacy::Public,
    }
}

/// A host as `--allow-host` names it: a name or an address, without scheme, port or path.
pub fn host(text: &str) -> Result<String, String> {
    let in_brackets = if text.parse::<Ipv6Addr>().is_ok() { format!("[{text}]") } else { text.to_owned() };
    let host = Host::parse(&in_brackets).map(|host| host.to_string());
    host.map_err(|_| "give the host alone, without scheme, port and path: mcp.example.com".to_owned())
}

/// The host of a URL, without its port; empty where there is none that can be read.
pub fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Whether this host is this machine, by its name or address alone (RFC 6761 §6.3 for `localhost`).
pub fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || literal(&host).is_some_and(|address| privacy(address) == Privacy::Loopback)
}

/// The address, where a URL's host is one.
pub fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests;
