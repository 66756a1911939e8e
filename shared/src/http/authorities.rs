//! Certificate authorities that the user adds to the system's: `--ca-file`.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::Failure;

/// The environment variable whose file replaces the system's authorities.
pub const CA_FILE_VARIABLE: &str = "SSL_CERT_FILE";
/// Bytes of a file of authorities: all of a system's are a quarter of a megabyte.
const MOST_BYTES: u64 = 10 * 1024 * 1024;
/// The first byte of a certificate that is not in PEM: a sequence in DER.
const SEQUENCE: u8 = 0x30;

/// What `--ca-file` adds, for every request of the program.
static ADDED: OnceLock<Vec<Vec<u8>>> = OnceLock::new();

/// The authorities that were added, as DER.
pub(super) fn added() -> Vec<Vec<u8>> {
    ADDED.get().cloned().unwrap_or_default()
}

/// The file of the environment variable, where it is set.
pub(super) fn named_file() -> Option<String> {
    let file = std::env::var_os(CA_FILE_VARIABLE).filter(|file| !file.is_empty())?;
    Some(file.to_string_lossy().into_owned())
}

/// Adds the certificates of this file to the system's authorities, for every request that the
/// program makes from now on.
pub fn trust_file(file: &Path) -> Result<(), Failure> {
    let certificates = read(file).map_err(|reason| {
        let message = format!("--ca-file {} has no usable certificate: {reason}.", file.display());
        let fix =
            "Name a file with certificates in PEM, which begin with -----BEGIN CERTIFICATE-----, or with one in DER.";
        Failure::new("http.ca-file", message, fix)
    })?;
    let _ = ADDED.set(certificates);
    Ok(())
}

/// How many certificates the file has; the error says why they cannot be used.
pub fn count_authorities(file: &Path) -> Result<usize, String> {
    read(file).map(|certificates| certificates.len())
}

fn read(file: &Path) -> Result<Vec<Vec<u8>>, String> {
    let system = |error: std::io::Error| super::cause::innermost(&error);
    // What is no ordinary file may never end, or never begin.
    if !std::fs::metadata(file).map_err(system)?.is_file() {
        return Err("it is not an ordinary file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(file).map_err(system)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(system)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let certificates: Vec<_> = if bytes.first() == Some(&SEQUENCE) {
        vec![CertificateDer::from(bytes)]
    } else {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let read = read.map_err(|error| format!("a certificate in it cannot be read ({error})"))?;
        if read.is_empty() {
            let has_key = String::from_utf8_lossy(&bytes).contains("PRIVATE KEY-----");
            return Err(if has_key { "it has a private key only" } else { "there is none in it" }.to_owned());
        }
        read
    };
    for (n, certificate) in certificates.iter().enumerate() {
        let added = RootCertStore::empty().add(certificate.clone());
        added.map_err(|error| format!("certificate {} in it is broken ({error})", n + 1))?;
    }
    Ok(certificates.into_iter().map(|certificate| certificate.to_vec()).collect())
}
