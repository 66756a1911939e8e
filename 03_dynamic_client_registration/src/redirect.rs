//! Where the user's browser brings the code: a listener on this machine (RFC 8252 §7.3,
//! <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>). It is bound before the client is
//! registered, so that the redirect URI that is registered is the one that works. Lesson 04 serves
//! it.

use shared::{Failure, listen};
use tokio::net::TcpListener;

pub use crate::further::redirect_uri::RedirectUri;

/// A redirect URI on this machine, and what listens behind it.
#[derive(Debug)]
pub struct LoopbackRedirect {
    /// The URI, as it is registered and sent.
    pub uri: String,
    /// Its path, as a browser requests it.
    pub path: String,
    /// One listener for each address of its host.
    pub listeners: Vec<TcpListener>,
}

impl LoopbackRedirect {
    /// Binds the URI's port; 0 lets the system choose.
    pub async fn bind(uri: &RedirectUri) -> Result<Self, Failure> {
        let listeners = uri.listen().await?;
        let port = listeners.first().map_or(0, listen::port);
        Ok(Self { uri: uri.with_port(port), path: uri.path().to_owned(), listeners })
    }

    /// Binds a redirect URI that was registered: some authorization servers know it with its port
    /// only.
    pub async fn bind_again(uri: &str) -> Result<Self, Failure> {
        let no_uri = |reason| Failure::new("listen.port", format!("The client cannot wait at {uri}."), reason);
        Self::bind(&uri.parse().map_err(no_uri)?).await
    }
}
