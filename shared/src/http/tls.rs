//! What TLS refuses, in words that say who has to do what. There is no option that turns a check
//! off: a certificate that is not checked protects nobody.

use std::fmt::{self, Display, Formatter};

use rustls::CertificateError;

use super::authorities::{CA_FILE_VARIABLE, named_file};

/// Why a connection is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is of an authority that this machine does not know, or signed by itself.
    UnknownAuthority,
    /// The certificate names an authority that this machine knows, and another key has signed it.
    OtherKey,
    /// A certificate that is made to sign others serves as the server's own.
    AuthorityAsServer,
    /// The certificate is for other names.
    OtherNames(Vec<String>),
    /// The certificate's time is over.
    Expired,
    /// The certificate's time is still to come.
    NotYetValid,
    /// What came is no TLS at all.
    NotTls,
    /// The server ended the handshake with this alert.
    Alert(String),
    /// Anything else, in the library's words.
    Other(String),
}

impl TlsFault {
    pub(super) fn of(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error),
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::AlertReceived(alert) => Self::Alert(format!("{alert:?}")),
            other => Self::Other(other.to_string()),
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::BadSignature => Self::OtherKey,
            CertificateError::NotValidForName => Self::OtherNames(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                let name = |name: &String| name.trim_start_matches("DnsName(\"").trim_end_matches("\")").to_owned();
                Self::OtherNames(presented.iter().map(name).collect())
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            // The verifier's own error has no type here.
            CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                Self::AuthorityAsServer
            }
            other => Self::Other(other.to_string()),
        }
    }

    /// What to do about it.
    pub(super) fn fix(&self, url: &str) -> String {
        match self {
            Self::UnknownAuthority | Self::OtherKey => {
                let replaced = match named_file() {
                    Some(file) => format!(" {CA_FILE_VARIABLE} is set, so only the authorities of {file} count."),
                    None => String::new(),
                };
                format!(
                    "If you know whose certificate it is, add the certificate of that authority: --ca-file FILE (PEM), or the \
                     environment variable {CA_FILE_VARIABLE}, which replaces the system's authorities.{replaced}"
                )
            }
            Self::AuthorityAsServer => {
                "The server's operator has to make a certificate for the server itself, with basicConstraints=CA:FALSE \
                 (openssl req -x509 -addext basicConstraints=critical,CA:FALSE)."
                    .to_owned()
            }
            Self::OtherNames(_) => {
                "Use the host name that the certificate is for, or have the server's operator add this one to its subjectAltName."
                    .to_owned()
            }
            Self::Expired => "The server's operator has to renew the certificate. Check this machine's clock too.".to_owned(),
            Self::NotYetValid => "Check this machine's clock, and the time from which the certificate is valid.".to_owned(),
            Self::NotTls => match url.strip_prefix("https://") {
                Some(rest) => format!("If the server speaks plain http on that port, use http://{rest} or the port that speaks https."),
                None => "Use the port on which the server speaks https.".to_owned(),
            },
            Self::Alert(_) | Self::Other(_) => {
                "The server's operator has to offer TLS 1.2 or 1.3 to clients without a certificate of their own.".to_owned()
            }
        }
    }
}

impl Display for TlsFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => {
                f.write_str("its certificate is signed by an authority that this machine does not know, or by itself")
            }
            Self::OtherKey => f.write_str(
                "its certificate names an authority that this machine knows, but is signed with another key",
            ),
            Self::AuthorityAsServer => f.write_str("it uses the certificate of an authority (CA:TRUE) as its own"),
            Self::OtherNames(names) if names.is_empty() => f.write_str("its certificate is for another host name"),
            Self::OtherNames(names) => write!(f, "its certificate is for {}", names.join(", ")),
            Self::Expired => f.write_str("its certificate has expired"),
            Self::NotYetValid => f.write_str("its certificate is not valid yet"),
            Self::NotTls => f.write_str("it responds to TLS with something else"),
            Self::Alert(alert) => write!(f, "it ended the TLS handshake with the alert {alert}"),
            Self::Other(text) => write!(f, "TLS failed ({text})"),
        }
    }
}
