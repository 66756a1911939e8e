//! Where the user's browser brings the code: a listener on this machine (RFC 8252 §7.3,
//! <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>). It is bound before the client is
//! registered, so that the redirect URI that is registered is the one that works. Lesson 04 serves
//! it.

use shared::{Failure, listen};
use tokio::net::TcpListener;

/// A redirect URI on this machine, and the listener behind it.
#[derive(Debug)]
pub struct LoopbackRedirect {
    /// `http://127.0.0.1:PORT/callback`: the address, since "the use of "localhost" is NOT
    /// RECOMMENDED" (RFC 8252 §8.3).
    pub uri: String,
    /// The listener.
    pub listener: TcpListener,
}

impl LoopbackRedirect {
    /// Binds `port`; 0 lets the system choose.
    pub async fn bind(port: u16) -> Result<Self, Failure> {
        let listener = listen::bind(port, "the listener for the browser's return", "--callback-port").await?;
        let uri = format!("http://127.0.0.1:{}/callback", listen::port(&listener));
        Ok(Self { uri, listener })
    }

    /// Binds the port of a redirect URI that was registered: some authorization servers know it
    /// with its port only.
    pub async fn bind_again(uri: &str) -> Result<Self, Failure> {
        let port = uri.rsplit(':').next().and_then(|rest| rest.split('/').next()?.parse().ok());
        let no_port = || Failure::new("listen.port", format!("The redirect URI {uri} has no port to listen on."), "");
        Self::bind(port.ok_or_else(no_port)?).await
    }
}
