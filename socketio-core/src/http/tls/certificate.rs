//! The certificate that is shown now, and the files that it comes from.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::TlsError;

#[derive(Debug)]
pub(super) struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    shown: ArcSwap<CertifiedKey>,
    is_watched: AtomicBool,
}

impl Certificate {
    pub(super) fn read(chain: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let shown = ArcSwap::from_pointee(read(&chain, &key)?);
        Ok(Certificate { chain, key, shown, is_watched: AtomicBool::new(false) })
    }

    pub(super) fn reload(&self) -> Result<(), TlsError> {
        self.shown.store(Arc::new(read(&self.chain, &self.key)?));
        tracing::info!(target: "socketio", certificate = %self.chain.display(), "the certificate was read again");
        Ok(())
    }

    /// Once is enough.
    pub(super) fn keep_fresh(self: &Arc<Self>, check_every: Duration) {
        if !self.is_watched.swap(true, Ordering::AcqRel) {
            tokio::spawn(watch(Arc::downgrade(self), self.stamps(), check_every));
        }
    }

    fn reload_or_tell(&self) {
        if let Err(error) = self.reload() {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(target: "socketio", %error, cause, "the certificate stays as it was");
        }
    }

    /// Tells whether a file has been replaced, or written to.
    fn stamps(&self) -> [Stamp; 2] {
        [stamp(&self.chain), stamp(&self.key)]
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.load_full())
    }
}

async fn watch(certificate: Weak<Certificate>, mut seen: [Stamp; 2], check_every: Duration) {
    let mut hangups = Hangups::new();
    loop {
        let asked = tokio::time::timeout(check_every, hangups.next()).await.is_ok();
        let Some(certificate) = certificate.upgrade() else { return };
        // Small files; a disk that stands still should hold up nobody.
        let look = move || {
            let now = certificate.stamps();
            if asked || now != seen {
                certificate.reload_or_tell();
            }
            now
        };
        match tokio::task::spawn_blocking(look).await {
            Ok(now) => seen = now,
            Err(_) => return,
        }
    }
}

type Stamp = Option<(SystemTime, u64)>;

/// Of the file behind a link, if it is one.
fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect);
    let certificates = certificates.map_err(|error| of_pem(chain, "certificate", error))?;
    if certificates.is_empty() {
        return Err(TlsError::Pem { path: chain.to_owned(), what: "certificate" });
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| of_pem(key, "private key", error))?;
    CertifiedKey::from_der(certificates, key, &ring::default_provider()).map_err(TlsError::Key)
}

fn of_pem(path: &Path, what: &'static str, error: pem::Error) -> TlsError {
    let path = path.to_owned();
    match error {
        pem::Error::Io(source) => TlsError::Read { path, source },
        _ => TlsError::Pem { path, what },
    }
}

/// SIGHUP, where there is such a thing.
#[cfg(unix)]
struct Hangups(std::io::Result<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangups {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Hangups(signal(SignalKind::hangup()))
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Ok(signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    fn new() -> Self {
        Hangups
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}
