//! The resolver of the HTTP client, which knows what a run may reach.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::reach::{Privacy, Reach};

/// The addresses of a host, once they are known.
pub type Lookup = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// What turns names into addresses: the system, and in tests a network that lies.
pub trait Names: Send + Sync {
    /// The addresses of this host.
    fn lookup(&self, host: &str) -> Lookup;

    /// Where a connection to this address goes; port 0 stands for the URL's.
    fn route(&self, _host: &str, address: IpAddr) -> SocketAddr {
        SocketAddr::new(address, 0)
    }
}

/// The resolver that the operating system has.
pub struct SystemNames;

impl Names for SystemNames {
    fn lookup(&self, host: &str) -> Lookup {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver that leaves out the addresses which may not be reached. What it hands out is what is
/// connected to, so a name that resolves differently a moment later gains nothing.
pub struct GuardedResolver {
    reach: Arc<Reach>,
    names: Arc<dyn Names>,
    /// What hosts that the user trusts had as addresses at first. They may be private, so they stay
    /// what they were while the user looked on.
    pinned: Addresses,
    /// What was handed out last for each host.
    tried: Addresses,
}

/// The addresses of hosts, shared by all that resolve and report.
pub type Addresses = Arc<Mutex<HashMap<String, Vec<IpAddr>>>>;

impl GuardedResolver {
    pub fn new(reach: Arc<Reach>, names: Arc<dyn Names>, tried: Addresses) -> Self {
        Self { reach, names, pinned: Arc::default(), tried }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, names, pinned) = (self.reach.clone(), self.names.clone(), self.pinned.clone());
        let tried = self.tried.clone();
        Box::pin(async move {
            let host = name.as_str();
            let known = pinned.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned();
            let addresses = match known {
                Some(known) => known,
                None => allowed(&reach, host, names.lookup(host).await?)?,
            };
            if reach.is_trusted(host) {
                let mut pinned = pinned.lock().unwrap_or_else(PoisonError::into_inner);
                pinned.entry(host.to_owned()).or_insert_with(|| addresses.clone());
            }
            tried.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), addresses.clone());
            let routes: Vec<_> = addresses.into_iter().map(|address| names.route(host, address)).collect();
            Ok(Box::new(routes.into_iter()) as Addrs)
        })
    }
}

/// The addresses of `host` that may be reached; an error where there are none.
fn allowed(reach: &Reach, host: &str, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, RefusedAddress> {
    let refused = first_refused(reach, host, &found);
    let addresses: Vec<_> = found.into_iter().filter(|address| reach.allows(host, *address).is_ok()).collect();
    match refused {
        Some(refused) if addresses.is_empty() => Err(refused),
        _ => Ok(addresses),
    }
}

/// The first of these addresses that may not be reached.
pub fn first_refused(reach: &Reach, host: &str, found: &[IpAddr]) -> Option<RefusedAddress> {
    let refused = |address: &IpAddr| reach.allows(host, *address).err().map(|privacy| (*address, privacy));
    found.iter().find_map(refused).map(|(address, privacy)| RefusedAddress { address, privacy })
}

#[derive(Clone, Copy, Debug)]
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
