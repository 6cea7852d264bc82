//! The guide's latency program, with python's and JavaScript's clients, and its page in Chromium; and the same over TLS.

use std::sync::Arc;

use integration_tests::foreign::{self, foreign};
use integration_tests::http::{self, request};
use integration_tests::program::Program;
use integration_tests::wait::within;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::folder::Folder;
use crate::standalone;

async fn latency() -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latency"));
    command.arg(foreign("node_modules/socket.io-client/dist")).arg("127.0.0.1:0");
    let program = Program::begin(&mut command);
    program.says("the page is on").await;
    program
}

#[tokio::test]
async fn clients_of_both_languages_measure_their_latency() {
    let program = latency().await;
    foreign::node("latency", program.port(), &["http"]).await.assert_holds();
    foreign::python("latency", program.port(), &["http"]).await.assert_holds();
}

#[tokio::test]
async fn the_page_of_static_files_shows_the_latency_in_chromium() {
    let program = latency().await;
    foreign::node("latency_page", program.port(), &["http"]).await.assert_holds();
}

#[tokio::test]
async fn its_files_have_their_types_and_a_foreign_origin_is_refused() {
    let program = latency().await;
    for (path, content_type) in [
        ("/", "text/html"),
        ("/static/latency.css", "text/css"),
        ("/static/latency.js", "application/javascript"),
        ("/static/socket.io.js", "application/javascript"),
    ] {
        let answer = http::get(program.port(), path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)), "{path}");
    }
    let origin = [("origin", "https://elsewhere.example")];
    let refused = request(program.port(), "GET", "/socket.io/?EIO=4&transport=polling", &origin, b"").await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn over_tls_clients_of_both_languages_and_chromium_are_served() {
    let (folder, program) = with_tls().await;
    let certificate = folder.path("cert.pem");
    let arguments = ["https", certificate.to_str().unwrap()];
    foreign::node("latency", program.port(), &arguments).await.assert_holds();
    foreign::python("latency", program.port(), &arguments).await.assert_holds();
    foreign::node("latency_page", program.port(), &arguments).await.assert_holds();
}

#[tokio::test]
async fn sighup_reads_the_certificate_again_and_who_is_connected_stays() {
    let (folder, mut program) = with_tls().await;
    let (mut connected, before) = connect(program.port()).await;
    assert!(asked(&mut connected).await.starts_with("HTTP/1.1 200 "));

    write_certificate(&folder);
    program.signal("HUP").await;
    program.says("the certificate was read again").await;
    let (mut new, now) = connect(program.port()).await;
    assert_ne!(before, now);
    assert_eq!(now, CertificateDer::from_pem_file(folder.path("cert.pem")).unwrap());
    assert!(asked(&mut new).await.starts_with("HTTP/1.1 200 "));
    assert!(asked(&mut connected).await.starts_with("HTTP/1.1 200 "), "the old connection goes on");

    // A pair that does not do leaves the last one in use, and the log says so.
    folder.file("key.pem", "nonsense");
    program.signal("HUP").await;
    program.says("the certificate stays as it was").await;
    assert_eq!(connect(program.port()).await.1, now);
    program.signal("TERM").await;
    assert_eq!(program.ends().await.code(), Some(0), "{}", program.said());
}

async fn with_tls() -> (Folder, Program) {
    let folder = Folder::new();
    write_certificate(&folder);
    let (certificate, key) = (folder.path("cert.pem"), folder.path("key.pem"));
    let arguments = ["--listen", "127.0.0.1:0", "--certificate", certificate.to_str().unwrap(), "--key"];
    let program = standalone::start(&[&arguments[..], &[key.to_str().unwrap()]].concat()).await;
    (folder, program)
}

fn write_certificate(folder: &Folder) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    folder.file("cert.pem", cert.pem());
    folder.file("key.pem", signing_key.serialize_pem());
}

/// A connection, and the certificate that the server showed.
async fn connect(port: u16) -> (TlsStream<TcpStream>, CertificateDer<'static>) {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    let stream = within("a connection", TcpStream::connect(("127.0.0.1", port))).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = within("the handshake", stream).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
    (stream, shown)
}

/// The first bytes of an answer.
async fn asked(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"HEAD / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    within("an answer", async {
        while !answer.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
        }
    })
    .await;
    String::from_utf8(answer).unwrap()
}

/// Trusts whatever is shown: what it is, the test looks at itself.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
