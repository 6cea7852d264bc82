//! TLS by rustls with ring: whom to trust, and what to show.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::RedisOptions;
use crate::RedisError;

/// How much of a server's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVerify {
    /// Who signed it, when it ends, and whether it is for the host in the URL.
    #[default]
    Full,
    /// Not the host: whoever has any certificate of the same authority can stand between.
    Chain,
    /// Nothing: whoever is on the way can stand between. Some hosted Redis have certificates that nobody signed.
    Nothing,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tls {
    pub(super) ca: Option<Pem>,
    pub(super) identity: Option<(Pem, Pem)>,
    pub(super) verify: TlsVerify,
}

/// Certificates or a key. Files are read when connecting, so that a renewed certificate is taken at the next connection.
#[derive(Clone)]
pub(super) enum Pem {
    Text(Arc<[u8]>),
    File(PathBuf),
}

impl RedisOptions {
    /// `None` without TLS. Reads files, on a thread that may wait for them.
    pub(crate) async fn tls_connector(&self) -> Result<Option<TlsConnector>, RedisError> {
        let Some(tls) = self.tls.clone() else {
            return Ok(None);
        };
        let building = tokio::task::spawn_blocking(move || tls.config());
        let config = building.await.expect("building a configuration does not panic")?;
        Ok(Some(TlsConnector::from(Arc::new(config))))
    }
}

impl Tls {
    fn config(&self) -> Result<ClientConfig, RedisError> {
        let provider = Arc::new(ring::default_provider());
        let trusted = Arc::new(match self.verify {
            TlsVerify::Nothing => RootCertStore::empty(),
            TlsVerify::Full | TlsVerify::Chain => self.trusted()?,
        });
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("ring has what TLS 1.2 and 1.3 need");
        let config = match self.verify {
            TlsVerify::Full => config.with_root_certificates(trusted),
            TlsVerify::Chain => {
                let chain = WebPkiServerVerifier::builder_with_provider(trusted, provider.clone()).build();
                let chain = chain
                    .map_err(|error| RedisError::Tls("the trusted certificates".into(), error.into()))?;
                config
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(Lenient { chain: Some(chain), provider }))
            }
            TlsVerify::Nothing => config
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Lenient { chain: None, provider })),
        };
        let Some((certificate, key)) = &self.identity else {
            return Ok(config.with_no_client_auth());
        };
        let chain = certificate.certificates("the client's certificate")?;
        let key = PrivateKeyDer::from_pem_slice(&key.read("the client's key")?);
        let key = key.map_err(|error| RedisError::Tls("the client's key".into(), error.into()))?;
        let config = config.with_client_auth_cert(chain, key);
        config.map_err(|error| RedisError::Tls("the client's certificate".into(), error.into()))
    }

    fn trusted(&self) -> Result<RootCertStore, RedisError> {
        let mut store = RootCertStore::empty();
        match &self.ca {
            Some(pem) => {
                for certificate in pem.certificates("the CA's certificate")? {
                    let added = store.add(certificate);
                    added.map_err(|error| RedisError::Tls("the CA's certificate".into(), error.into()))?;
                }
            }
            // Of a system's hundred, some may be unreadable: the others do.
            None => _ = store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
        }
        if store.is_empty() {
            let source = "there is none".into();
            return Err(RedisError::Tls("the certificates to trust".into(), source));
        }
        Ok(store)
    }
}

impl Pem {
    pub(super) fn text(pem: impl AsRef<[u8]>) -> Self {
        Pem::Text(pem.as_ref().into())
    }

    fn certificates(&self, what: &str) -> Result<Vec<CertificateDer<'static>>, RedisError> {
        let pem = self.read(what)?;
        let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        certificates.map_err(|error| RedisError::Tls(what.to_owned(), error.into()))
    }

    fn read(&self, what: &str) -> Result<Cow<'_, [u8]>, RedisError> {
        match self {
            Pem::Text(text) => Ok(Cow::Borrowed(text)),
            Pem::File(path) => match std::fs::read(path) {
                Ok(text) => Ok(Cow::Owned(text)),
                Err(error) => Err(RedisError::Tls(format!("{what}, {}", path.display()), error.into())),
            },
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::Text(_) => f.write_str("…"),
            Pem::File(path) => path.fmt(f),
        }
    }
}

/// Checks the chain without the name, or nothing.
#[derive(Debug)]
struct Lenient {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name comes last: everything else was right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
