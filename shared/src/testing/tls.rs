//! TLS in front of a server on loopback, with a certificate of any kind.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::http::choose_cryptography;

/// The certificate that a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Of the front's own authority, for `localhost` and 127.0.0.1.
    Signed,
    /// Signed by itself.
    SelfSigned,
    /// Signed by itself, and made to sign others: what `openssl req -x509` makes.
    Authority,
    /// Of the front's own authority, for another name.
    OtherName,
    /// Of the front's own authority, and long over.
    Expired,
    /// Of the front's own authority, and still to come.
    NotYetValid,
}

/// Speaks TLS on one port of loopback and passes what is inside on to another one.
pub struct TlsFront {
    port: u16,
    /// The certificate that makes the server's one trusted.
    trusted: Vec<u8>,
    /// Ends the server when the test ends.
    runtime: Option<Runtime>,
}

impl TlsFront {
    /// In front of the server at this port.
    pub fn start(certificate: Certificate, behind: u16) -> Self {
        choose_cryptography();
        let (chain, key, trusted) = certificate.make();
        let config = ServerConfig::builder().with_no_client_auth();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = config.with_single_cert(vec![chain], key).expect("certificate and key fit");
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("threads can be started");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a port is free");
        let port = listener.local_addr().expect("the port is known").port();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(stream, acceptor.clone(), behind));
            }
        });
        Self { port, trusted, runtime: Some(runtime) }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that makes the server's one trusted, as DER.
    pub fn trusted_der(&self) -> &[u8] {
        &self.trusted
    }

    /// The same in a file, as PEM.
    pub fn trusted_file(&self, folder: &Path) -> PathBuf {
        let lines: Vec<_> = base64(&self.trusted).into_bytes().chunks(64).map(<[u8]>::to_vec).collect();
        let lines = String::from_utf8(lines.join(&b'\n')).expect("ASCII");
        let file = folder.join("authority.pem");
        let pem = format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n");
        std::fs::write(&file, pem).expect("a file can be written");
        file
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn pass_on(stream: TcpStream, acceptor: TlsAcceptor, behind: u16) {
    let Ok(mut inside) = acceptor.accept(stream).await else { return };
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, behind)).await {
        let _ = copy_bidirectional(&mut inside, &mut server).await;
    }
}

impl Certificate {
    /// The server's certificate, its key, and what a client has to trust.
    fn make(self) -> (CertificateDer<'static>, KeyPair, Vec<u8>) {
        let names = if self == Self::OtherName { vec!["other.example"] } else { vec!["localhost", "127.0.0.1"] };
        let names: Vec<_> = names.into_iter().map(str::to_owned).collect();
        let mut params = CertificateParams::new(names).expect("names of hosts");
        match self {
            Self::Expired => params.not_after = date_time_ymd(2001, 1, 1),
            Self::NotYetValid => params.not_before = date_time_ymd(3001, 1, 1),
            Self::Authority => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Self::SelfSigned => params.is_ca = IsCa::ExplicitNoCa,
            Self::Signed | Self::OtherName => {}
        }
        let key = KeyPair::generate().expect("a key can be made");
        if matches!(self, Self::SelfSigned | Self::Authority) {
            let own = params.self_signed(&key).expect("a certificate can be made");
            return (own.der().clone(), key, own.der().to_vec());
        }
        let authority_key = KeyPair::generate().expect("a key can be made");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.distinguished_name.push(DnType::CommonName, "Authority of a company");
        let trusted = authority.self_signed(&authority_key).expect("a certificate can be made").der().to_vec();
        let signed = params.signed_by(&key, &Issuer::new(authority, authority_key)).expect("a certificate can be made");
        (signed.der().clone(), key, trusted)
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let all = (0..3).fold(0_usize, |all, n| all << 8 | usize::from(group.get(n).copied().unwrap_or_default()));
        let digits = (0..4).map(|n| char::from(DIGITS[all >> (18 - 6 * n) & 63]));
        text.extend(digits.take(group.len() + 1));
        text.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    text
}
