//! HTTPS and wss: certificates that can be replaced while the server runs, and handshakes within bounds.
//!
//! ```text
//! Tls::from_pem_files("cert.pem", "key.pem")   the certificate, its key, and the watch over both files
//!    ├ .on("0.0.0.0:443")     what `serve` takes: TCP with TLS around it
//!    ├ .server_config()       for hosts that do TLS by rustls themselves
//!    └ .reload()              new connections see the new certificate, old ones go on
//! ```

mod certificate; // the one that is shown now
mod listener; // connections whose handshake is done

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ServerConfig};

use self::certificate::Certificate;
use self::listener::{HandshakeCounts, Limits};
pub use self::listener::{Handshakes, TlsAddress, TlsListener};

/// A certificate with its key, and how TLS is spoken with it. A cheap handle: clones are the same one.
///
/// ```no_run
/// # async fn example(io: socketio_core::Server) -> Result<(), Box<dyn std::error::Error>> {
/// use socketio_core::http::{Tls, shutdown_signal};
///
/// let tls = Tls::from_pem_files("/etc/ssl/chat.pem", "/etc/ssl/private/chat.key")?;
/// io.serve(tls.on("0.0.0.0:443"), shutdown_signal()).await?;
/// # Ok(())
/// # }
/// ```
///
/// TLS 1.2 and 1.3 by rustls with ring; HTTP/2 and HTTP/1.1 by ALPN. WebSockets come by HTTP/1.1.
#[derive(Clone, Debug)]
pub struct Tls {
    /// None where the configuration is somebody else's.
    certificate: Option<Arc<Certificate>>,
    config: Arc<ServerConfig>,
    limits: Limits,
    check_every: Duration,
    handshakes: Arc<HandshakeCounts>,
}

/// Why there is no TLS with these files. What was in use before stays so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should in PEM: certificates, the server's own first; a private key as PKCS#1, PKCS#8 or SEC1.
    #[error("{} holds no {what} in PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What should be there.
        what: &'static str,
    },
    /// The key is of a kind that is not supported, or not that of the certificate.
    #[error("the certificate and its key do not do")]
    Key(#[source] rustls::Error),
}

impl Tls {
    /// The certificate chain of the file `certificates`, the server's own first, and its private `key`, both in PEM.
    ///
    /// # Errors
    ///
    /// A file is missing or holds something else, or the key is not the certificate's.
    pub fn from_pem_files(
        certificates: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let certificate = Arc::new(Certificate::read(certificates.into(), key.into())?);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Key)?
            .with_no_client_auth()
            .with_cert_resolver(certificate.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls { certificate: Some(certificate), ..Tls::from_config(config) })
    }

    /// TLS as `config` has it: client certificates, several names, other providers. Its certificates are its own affair:
    /// [`reload`](Self::reload) does nothing. What [`alpn_protocols`](ServerConfig::alpn_protocols) should be is `h2`, `http/1.1`.
    pub fn from_config(config: impl Into<Arc<ServerConfig>>) -> Self {
        Tls {
            certificate: None,
            config: config.into(),
            limits: Limits::default(),
            check_every: Duration::from_secs(10),
            handshakes: Arc::default(),
        }
    }

    /// How long a client may take for its handshake. Default: 10 s.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// Handshakes that may be under way on one listener. Default: 1024.
    ///
    /// When there are as many and another client comes, the one that has taken longest is cut: who stalls gives way to who does not.
    #[must_use]
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.limits.under_way = handshakes.max(1);
        self
    }

    /// How often the two files are looked at: when one has changed, both are read again. Default: 10 s.
    #[must_use]
    pub fn check_every(mut self, interval: Duration) -> Self {
        self.check_every = interval.max(Duration::from_millis(10));
        self
    }

    /// What `serve` takes: TLS on an address, a Unix socket, or a listener.
    pub fn on<A>(&self, address: A) -> TlsAddress<A> {
        TlsAddress::new(self.clone(), address)
    }

    /// For hosts that speak TLS themselves by rustls 0.23. It is the same after a reload: the certificate in it changes.
    ///
    /// Call [`keep_fresh`](Self::keep_fresh) to have that done.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }

    /// Reads both files again. Connections that are open go on as they are, new ones see the new certificate.
    ///
    /// # Errors
    ///
    /// As for [`from_pem_files`](Self::from_pem_files); the old certificate stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.certificate.as_ref().map_or(Ok(()), |certificate| certificate.reload())
    }

    /// Reads the files again whenever they have changed, and on Unix at SIGHUP, as long as the `Tls` or its configuration is in use. A
    /// [`TlsListener`] does this by itself.
    ///
    /// A pair that does not do is an error in the log, and the old one stays in use; so the two files may be replaced one after the other.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn keep_fresh(&self) {
        if let Some(certificate) = &self.certificate {
            certificate.keep_fresh(self.check_every);
        }
    }

    /// What has become of handshakes, on all listeners.
    #[must_use]
    pub fn handshakes(&self) -> Handshakes {
        self.handshakes.now()
    }
}

#[cfg(test)]
mod tests;
