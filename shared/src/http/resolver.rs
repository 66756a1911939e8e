//! The resolver of the HTTP client, which knows what a run may reach.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::reach::{Privacy, Reach};

/// A resolver that leaves out the addresses which may not be reached. What it hands out is what is
/// connected to, so a name that resolves differently a moment later gains nothing.
pub struct GuardedResolver(pub Arc<Reach>);

impl Resolve for GuardedResolver {
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
pub fn allowed(reach: &Reach, host: &str, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, RefusedAddress> {
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
pub struct RefusedAddress {
    pub address: IpAddr,
    pub privacy: Privacy,
}

impl std::fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is {}", self.address, self.privacy)
    }
}

impl StdError for RefusedAddress {}
