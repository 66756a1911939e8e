//! Which redirect URI the client uses: the tutorial's own, or one that a client was registered with
//! before (`--redirect-uri`).
//!
//! Authorization servers compare a redirect URI character by character, but for the port of a
//! loopback address (RFC 8252 §7.3, <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>). A client
//! that somebody registered by hand therefore needs its own host and path here. Only a program on
//! this machine may receive the code, so the host is a loopback one, and the client listens on
//! loopback addresses only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use shared::{Failure, listen};
use tokio::net::TcpListener;
use url::{Host, Url};

/// Ports that are tried where one has to be free at two addresses.
const TRIES: usize = 20;

/// An http URL on this machine, as it is registered and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    /// Where its host is: IPv4 comes first.
    addresses: Vec<IpAddr>,
    port: u16,
    path: String,
}

impl RedirectUri {
    /// The tutorial's own with this port: the address, since "the use of "localhost" is NOT
    /// RECOMMENDED" (RFC 8252 §8.3).
    pub fn at_port(port: u16) -> Self {
        let text = format!("http://127.0.0.1:{port}/callback");
        Self { text, addresses: vec![Ipv4Addr::LOCALHOST.into()], port, path: "/callback".to_owned() }
    }

    /// The path, as a browser requests it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text; `port` is the one that the system chose, where that was left to it.
    pub fn with_port(&self, port: u16) -> String {
        if self.port == 0 { self.text.replacen(":0", &format!(":{port}"), 1) } else { self.text.clone() }
    }

    /// Listens at each address of the host. A browser may try any of them, so another program at
    /// one of them would receive the code.
    pub async fn listen(&self) -> Result<Vec<TcpListener>, Failure> {
        let mut addresses = self.addresses.clone();
        if addresses.len() > 1 {
            addresses.retain(|address| address.is_ipv4() || has_ipv6());
        }
        let tries = if self.port == 0 && addresses.len() > 1 { TRIES } else { 1 };
        let mut bound = self.listen_at(&addresses).await;
        for _ in 1..tries {
            if bound.is_ok() {
                break;
            }
            bound = self.listen_at(&addresses).await;
        }
        bound
    }

    async fn listen_at(&self, addresses: &[IpAddr]) -> Result<Vec<TcpListener>, Failure> {
        let option = if *self == Self::at_port(self.port) { "--callback-port" } else { "--redirect-uri" };
        let mut listeners: Vec<TcpListener> = Vec::new();
        for address in addresses {
            let port = listeners.first().map_or(self.port, listen::port);
            listeners.push(listen::bind_at(*address, port, "the listener for the browser's return", option).await?);
        }
        Ok(listeners)
    }
}

/// Whether this machine has the address ::1.
fn has_ipv6() -> bool {
    std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

impl FromStr for RedirectUri {
    type Err = String;

    /// The error says what to write.
    fn from_str(text: &str) -> Result<Self, String> {
        let whole = || "write a whole URL, for example http://localhost:3118/callback".to_owned();
        let url = Url::parse(text).map_err(|_| whole())?;
        let addresses: Vec<IpAddr> = match url.host() {
            None => return Err(whole()),
            Some(Host::Domain("localhost")) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            Some(Host::Ipv4(address)) if address.is_loopback() => vec![address.into()],
            Some(Host::Ipv6(address)) if address.is_loopback() => vec![address.into()],
            Some(_) => {
                return Err(
                    "name this machine: localhost, 127.0.0.1 or [::1]; the code would go to another one".to_owned()
                );
            }
        };
        if url.scheme() != "http" {
            return Err("write http: the listener on this machine has no certificate".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("leave out the user name and the password".to_owned());
        }
        // "The endpoint URI MUST NOT include a fragment component." (RFC 6749 §3.1.2)
        if url.query().is_some() || url.fragment().is_some() {
            return Err("leave out what follows the path: this client uses a redirect URI without a query, and a fragment is never allowed".to_owned());
        }
        // An authorization server redirects to the text, and the browser requests what it makes of
        // the text; the two have to be the same.
        let written = url.as_str();
        if text != written && format!("{text}/") != written {
            return Err(format!("write it as browsers do: {written}"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        Ok(Self { text: text.to_owned(), addresses, port, path: url.path().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_on_this_machine_and_stays_as_it_was_typed() {
        for text in [
            "http://localhost:3118/callback",
            "http://localhost:3118",
            "http://localhost:3118/",
            "http://localhost/callback",
            "http://127.0.0.1:1/oauth/callback/",
            "http://127.3.2.1:8888/a:b/%7Bx%7D",
            "http://[::1]:8888/callback",
        ] {
            let uri: RedirectUri = text.parse().unwrap();
            assert_eq!(uri.with_port(7), text);
        }
        assert_eq!("http://[::1]:0/:0".parse::<RedirectUri>().unwrap().with_port(7), "http://[::1]:7/:0");
        assert_eq!("http://127.0.0.1:5/callback".parse(), Ok(RedirectUri::at_port(5)));
        for (text, says) in [
            ("", "a whole URL"),
            ("3118", "a whole URL"),
            ("localhost:3118/callback", "a whole URL"),
            ("myapp:/callback", "a whole URL"),
            ("urn:ietf:wg:oauth:2.0:oob", "a whole URL"),
            ("https://localhost:3118/callback", "write http:"),
            ("https://app.example/callback", "name this machine"),
            ("http://localhost.:1/callback", "name this machine"),
            ("http://localhost.example:1/callback", "name this machine"),
            ("http://x.localhost:1/callback", "name this machine"),
            ("http://0.0.0.0:1/callback", "name this machine"),
            ("http://10.0.0.1:1/callback", "name this machine"),
            ("http://[::]:1/callback", "name this machine"),
            ("http://[::ffff:127.0.0.1]:1/callback", "name this machine"),
            ("http://me@localhost:1/callback", "leave out the user name"),
            ("http://me:pw@localhost:1/callback", "leave out the user name"),
            ("http://localhost:1/callback?x=1", "without a query"),
            ("http://localhost:1/callback#x", "without a query"),
            ("http://LOCALHOST:1/callback", "write it as browsers do: http://localhost:1/callback"),
            ("http://localhost:80/callback", "write it as browsers do: http://localhost/callback"),
            ("http://127.1:1/callback", "write it as browsers do: http://127.0.0.1:1/callback"),
            ("http://localhost:1/a/../b", "write it as browsers do: http://localhost:1/b"),
            ("http://localhost:1/{x}", "write it as browsers do: http://localhost:1/%7Bx%7D"),
            (" http://localhost:1/x", "write it as browsers do: http://localhost:1/x"),
            ("http://localhost:1\\x", "write it as browsers do: http://localhost:1/x"),
        ] {
            let error = text.parse::<RedirectUri>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn localhost_is_every_loopback_address_that_the_machine_has() {
        let uri: RedirectUri = "http://localhost:0/callback".parse().unwrap();
        let listeners = uri.listen().await.unwrap();
        let addresses: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == addresses[0].port()));
        assert_eq!(addresses.len(), if has_ipv6() { 2 } else { 1 });
        // A program that listens at one of them would receive the code.
        for taken in &listeners {
            let port = listen::port(taken);
            let again: RedirectUri = format!("http://localhost:{port}/callback").parse().unwrap();
            let failure = again.listen().await.unwrap_err();
            assert_eq!(failure.id, "listen.port");
            assert!(failure.fix.contains("--redirect-uri"), "{failure}");
        }
    }
}
