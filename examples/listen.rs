//! Where an example listens: `ADDRESS`, and for https `CERTIFICATE KEY`, two PEM files. SIGHUP reads them again, and so does a change.

use std::error::Error;
use std::net::TcpListener;

use socketio_core::http::Tls;

/// A listener as the arguments have it, and TLS for it if they name a certificate.
pub(crate) fn from_arguments() -> Result<(TcpListener, Option<Tls>), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listener = TcpListener::bind(arguments.next().as_deref().unwrap_or("127.0.0.1:3000"))?;
    let tls = match arguments.next() {
        Some(certificate) => Some(Tls::from_pem_files(certificate, arguments.next().ok_or("which key?")?)?),
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    println!("listening on {scheme}://{}", listener.local_addr()?);
    Ok((listener, tls))
}
