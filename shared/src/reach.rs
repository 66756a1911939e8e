//! Which network addresses a run may talk to.
//!
//! A client fetches URLs that strangers name: a challenge, a metadata document, a redirect. Without
//! care, a stranger's server could make it fetch from inside the user's network (server-side
//! request forgery, SSRF). The rule here: **no address more private than that of the server which
//! the user named**, and link-local addresses (where clouds keep their credentials) never. A host
//! that the user names (`--server-url`, `--idp`, `--allow-host`) may be as private as it likes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

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

fn privacy_v4(address: Ipv4Addr) -> Privacy {
    match address.octets() {
        [127, ..] => Privacy::Loopback,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Privacy::Private,
        // "This" network, link-local, IETF protocol assignments, documentation, benchmarks,
        // multicast, reserved.
        [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Privacy::Never
        }
        [224..=255, ..] => Privacy::Never,
        _ => Privacy::Public,
    }
}

fn privacy_v6(address: Ipv6Addr) -> Privacy {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Privacy::Loopback,
        // Instance metadata of a cloud, inside the range that is private otherwise.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Privacy::Never,
        [0xfc00..=0xfdff, ..] => Privacy::Private,
        // Global unicast (RFC 4291 §2.4), without documentation (RFC 3849).
        [0x2001, 0x0db8, ..] => Privacy::Never,
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
    named: Vec<String>,
    trusted: Vec<String>,
}

impl Reach {
    /// Public addresses only, until [`Reach::name`] or [`Reach::limit`] widen it.
    pub fn public_only() -> Self {
        Self { limit: Privacy::Public, named: Vec::new(), trusted: Vec::new() }
    }

    /// What an operator has chosen, by the URL of its own IdP or API: it may be anywhere.
    pub fn of_operator(url: &str) -> Self {
        Self::public_only().limit(Privacy::Loopback).name(&host_of(url))
    }

    /// What a client of the server at `url` may talk to: addresses as private as that server's own,
    /// and the hosts that the user trusts. Where its name leads to several addresses, the least
    /// private one counts.
    pub async fn of_server(url: &str, trusted: &[String]) -> Self {
        let host = host_of(url);
        let found = match literal(&host) {
            Some(address) => vec![address],
            None => tokio::net::lookup_host((host.as_str(), 0))
                .await
                .map_or_else(|_| vec![], |found| found.map(|at| at.ip()).collect()),
        };
        let limit = found.into_iter().map(privacy).min().unwrap_or(Privacy::Public);
        trusted.iter().fold(Self::public_only().limit(limit).name(&host), |reach, host| reach.trust(host))
    }

    /// Addresses as private as this may be reached.
    pub fn limit(mut self, limit: Privacy) -> Self {
        self.limit = limit.min(Privacy::Loopback);
        self
    }

    /// The user named this host: it may be as private as it likes.
    pub fn name(mut self, host: &str) -> Self {
        self.named.push(host.to_ascii_lowercase());
        self
    }

    /// The user named this host, and accepts plain http there even where a document leads to it
    /// (`--allow-host`).
    pub fn trust(mut self, host: &str) -> Self {
        self.trusted.push(host.to_ascii_lowercase());
        self.name(host)
    }

    /// Whether the user named this host.
    pub fn is_named(&self, host: &str) -> bool {
        self.named.iter().any(|named| named.eq_ignore_ascii_case(host))
    }

    /// Whether the user accepts plain http at this host.
    pub fn is_trusted(&self, host: &str) -> bool {
        self.trusted.iter().any(|trusted| trusted.eq_ignore_ascii_case(host))
    }

    /// Whether `host`, found at `address`, may be reached. The error is how private the address is.
    pub fn allows(&self, host: &str, address: IpAddr) -> Result<(), Privacy> {
        let privacy = privacy(address);
        let allowed = privacy <= self.limit || (privacy != Privacy::Never && self.is_named(host));
        if allowed { Ok(()) } else { Err(privacy) }
    }
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
mod tests {
    use super::*;

    fn of(address: &str) -> Privacy {
        privacy(address.parse().unwrap())
    }

    #[test]
    fn the_host_of_a_url_is_found() {
        for (url, expected) in [
            ("https://idp.example/realms/r", "idp.example"),
            ("http://10.0.0.1:8080", "10.0.0.1"),
            ("http://[::1]:9000/r", "[::1]"),
            ("http://[::1]/r", "[::1]"),
            ("nonsense", ""),
        ] {
            assert_eq!(host_of(url), expected, "{url}");
        }
    }

    #[test]
    fn addresses_are_sorted_by_how_private_they_are() {
        for (privacy, addresses) in [
            (
                Privacy::Public,
                &["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"][..],
            ),
            (
                Privacy::Private,
                &[
                    "10.0.0.1",
                    "172.16.0.1",
                    "172.31.255.255",
                    "192.168.1.1",
                    "100.64.0.1",
                    "fd12::1",
                    "2002:0a00:0001::",
                ],
            ),
            (Privacy::Loopback, &["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]),
            (
                Privacy::Never,
                &[
                    "169.254.169.254",
                    "::ffff:169.254.169.254",
                    "64:ff9b::a9fe:a9fe",
                    "2002:a9fe:a9fe::",
                    "fe80::1",
                    "fd00:ec2::254",
                    "0.0.0.0",
                    "::",
                    "255.255.255.255",
                    "224.0.0.1",
                    "ff02::1",
                    "192.0.2.1",
                    "2001:db8::1",
                    "fec0::1",
                    "198.18.0.1",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(of(address), privacy, "{address}");
            }
        }
    }

    #[test]
    fn a_stranger_cannot_name_anything_more_private_than_the_server() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let public = Reach::public_only();
        assert_eq!(public.allows("h", address("10.0.0.1")), Err(Privacy::Private));
        assert_eq!(public.allows("h", address("127.0.0.1")), Err(Privacy::Loopback));
        let private = Reach::public_only().limit(Privacy::Private);
        assert_eq!(private.allows("h", address("10.0.0.1")), Ok(()));
        assert_eq!(private.allows("h", address("127.0.0.1")), Err(Privacy::Loopback));
        let loopback = Reach::public_only().limit(Privacy::Loopback);
        assert_eq!(loopback.allows("h", address("127.0.0.1")), Ok(()));
    }

    #[test]
    fn link_local_is_never_reached_even_when_named() {
        let reach = Reach::public_only().limit(Privacy::Never).name("169.254.169.254");
        assert_eq!(reach.allows("169.254.169.254", "169.254.169.254".parse().unwrap()), Err(Privacy::Never));
    }

    #[test]
    fn a_host_that_the_user_named_may_be_private() {
        let reach = Reach::public_only().name("IdP.corp");
        assert_eq!(reach.allows("idp.corp", "10.0.0.1".parse().unwrap()), Ok(()));
        assert_eq!(reach.allows("other.corp", "10.0.0.1".parse().unwrap()), Err(Privacy::Private));
    }

    #[tokio::test]
    async fn a_client_reaches_as_far_as_its_server() {
        let loopback = Reach::of_server("http://localhost:1/mcp", &[]).await;
        assert_eq!(loopback.allows("h", "127.0.0.1".parse().unwrap()), Ok(()));
        let public = Reach::of_server("https://1.1.1.1/mcp", &["friend".to_owned()]).await;
        assert_eq!(public.allows("h", "10.0.0.1".parse().unwrap()), Err(Privacy::Private));
        assert_eq!(public.allows("friend", "10.0.0.1".parse().unwrap()), Ok(()));
        let link_local = Reach::of_server("http://169.254.169.254/mcp", &[]).await;
        assert_eq!(link_local.allows("169.254.169.254", "169.254.169.254".parse().unwrap()), Err(Privacy::Never));
    }

    #[test]
    fn loopback_is_known_by_name() {
        assert!(
            ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "[::1]", "127.1.2.3"]
                .iter()
                .all(|host| is_loopback(host))
        );
        assert!(["localhost.evil.example", "example.com", "10.0.0.1", ""].iter().all(|host| !is_loopback(host)));
    }
}
