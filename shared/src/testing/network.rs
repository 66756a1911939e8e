//! A network in which names lie, without leaving this machine.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::Reporter;
use crate::http::{Http, Lookup, Names, Network, choose_cryptography};
use crate::reach::{Privacy, Reach, privacy};

/// Where connections go that nobody answers: they must not leave this machine.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 255, 255, 254)), 1);

/// Names that lead where a test says, answer by answer, and servers on loopback that pose as public
/// hosts, with certificates of an authority that the network's clients know.
///
/// A server that poses as a host has one port for https and http alike; URLs name it without a
/// port. An explicit port in a URL is the one that is connected to.
pub struct HostileNetwork {
    names: Arc<LyingNames>,
    authority: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
    serving: Mutex<Vec<AbortHandle>>,
}

impl Drop for HostileNetwork {
    fn drop(&mut self) {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(AbortHandle::abort);
    }
}

impl Default for HostileNetwork {
    fn default() -> Self {
        Self::new()
    }
}

impl HostileNetwork {
    pub fn new() -> Self {
        choose_cryptography();
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        let certificate = params.self_signed(&key).expect("a certificate can be made").der().to_vec();
        let (names, serving) = (Arc::default(), Mutex::default());
        Self { names, authority: Issuer::new(params, key), certificate, serving }
    }

    /// `host` leads to the addresses of each answer in turn; the last answer stays.
    pub fn name(&self, host: &str, answers: &[&[&str]]) {
        let parsed = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().expect("an address")).collect();
        let name = Name { answers: answers.iter().map(parsed).collect(), lookups: 0 };
        self.names.lock().names.insert(host.to_owned(), name);
    }

    /// How often this host was looked up.
    pub fn lookups(&self, host: &str) -> usize {
        self.names.lock().names.get(host).map_or(0, |name| name.lookups)
    }

    /// A server on loopback that poses as `host` at `address`, over https and http.
    pub async fn pose(&self, host: &str, address: &str, router: Router) {
        self.name(host, &[&[address]]);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let true_address = listener.local_addr().expect("the port is known");
        self.names.lock().routes.insert(address.parse().expect("an address"), true_address);
        let acceptor = self.acceptor(host);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, acceptor.clone(), router.clone()));
            }
        });
        self.serving.lock().unwrap_or_else(PoisonError::into_inner).push(serving.abort_handle());
    }

    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key can be made");
        let params = CertificateParams::new(vec![host.to_owned()]).expect("a host's name");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate can be made");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key).expect("certificate and key fit");
        TlsAcceptor::from(Arc::new(config))
    }

    /// A client in this network, without proxies.
    pub fn http(&self, reporter: Reporter, reach: Reach) -> Http {
        self.http_behind(Matcher::builder().build(), reporter, reach)
    }

    /// A client in this network whose environment names proxies.
    pub fn http_behind(&self, proxies: Matcher, reporter: Reporter, reach: Reach) -> Http {
        let network = Network { names: self.names.clone(), proxies, authorities: vec![self.certificate.clone()] };
        Http::in_test(network, reporter, reach).expect("a client can be made").within(5)
    }
}

/// The first byte of a TLS handshake; no HTTP method begins with it.
const HANDSHAKE: u8 = 0x16;

async fn answer(stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    let service = TowerToHyperService::new(router);
    let mut first = [0];
    if stream.peek(&mut first).await.is_ok() && first[0] == HANDSHAKE {
        if let Ok(stream) = acceptor.accept(stream).await {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    } else {
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }
}

#[derive(Default)]
struct LyingNames(Mutex<State>);

#[derive(Default)]
struct State {
    names: HashMap<String, Name>,
    routes: HashMap<IpAddr, SocketAddr>,
}

struct Name {
    answers: Vec<Vec<IpAddr>>,
    lookups: usize,
}

impl LyingNames {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names for LyingNames {
    fn lookup(&self, host: &str) -> Lookup {
        let mut state = self.lock();
        let found = state.names.get_mut(host).map(|name| {
            name.lookups += 1;
            name.answers[(name.lookups - 1).min(name.answers.len() - 1)].clone()
        });
        // The system's resolver knows nothing of these names, and is never asked.
        let found = found.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "no such host"));
        Box::pin(async move { found })
    }

    fn route(&self, _host: &str, address: IpAddr) -> SocketAddr {
        match self.lock().routes.get(&address) {
            Some(true_address) => *true_address,
            None if privacy(address) == Privacy::Loopback => SocketAddr::new(address, 0),
            None => NOWHERE,
        }
    }
}
