//! Whom to trust, and what to show: rustls, with ring, made from PEM.

use std::io;
use std::path::PathBuf;

use lapin::tcp::{RustlsConnector, RustlsConnectorConfig};
use rustls_pki_types::pem::{Error, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::AmqpOptions;
use crate::error::AmqpError;

/// A certificate or key in PEM. A file is read at each connect.
#[derive(Clone)]
pub(crate) enum Pem {
    Bytes(Vec<u8>),
    File(PathBuf),
}

pub(crate) fn connector(options: &AmqpOptions) -> Result<RustlsConnector, AmqpError> {
    let unfit = |what: &'static str| move |error: io::Error| AmqpError::Tls(what.to_owned(), error.into());
    let config = match &options.ca {
        Some(ca) => {
            RustlsConnectorConfig::default().with_parsable_certificates(ca.read("authority", certificates)?)
        }
        None => RustlsConnectorConfig::new_with_native_certs().map_err(unfit("the system's authorities"))?,
    };
    let connector = match (&options.certificate, &options.key) {
        (Some(chain), Some(key)) => config.connector_with_single_cert(
            chain.read("certificate", certificates)?,
            key.read("key", PrivateKeyDer::from_pem_slice)?,
        ),
        _ => config.connector_with_no_client_auth(),
    };
    connector.map_err(unfit("the client's certificate"))
}

impl Pem {
    fn read<T>(&self, what: &str, parse: impl Fn(&[u8]) -> Result<T, Error>) -> Result<T, AmqpError> {
        match self {
            Pem::Bytes(pem) => {
                parse(pem).map_err(|error| AmqpError::Tls(format!("the {what}"), error.into()))
            }
            Pem::File(path) => {
                let what = || format!("the {what} in {}", path.display());
                let pem = std::fs::read(path).map_err(|error| AmqpError::Tls(what(), error.into()))?;
                parse(&pem).map_err(|error| AmqpError::Tls(what(), error.into()))
            }
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if found.is_empty() { Err(Error::NoItemsFound) } else { Ok(found) }
}
