//! What belongs to axum: TLS and its certificate, Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use integration_tests::wait::{DEADLINE, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::pages;
use crate::program::Program;

#[tokio::test]
async fn chromium_of_the_same_origin_is_let_in_by_each_transport() {
    let program = Program::start("axum", &[]).await;
    pages::expect("let in", "http", program.port, &format!("http://127.0.0.1:{}/", program.port)).await;
}

#[tokio::test]
async fn chromium_of_another_origin_is_refused_by_each_transport() {
    let program = Program::start("axum", &[]).await;
    let elsewhere = pages::elsewhere().await;
    pages::expect("refused", "http", program.port, &format!("http://127.0.0.1:{elsewhere}/")).await;
}

#[tokio::test]
async fn chromium_is_let_in_over_tls_by_each_transport() {
    let files = Files::new("chromium");
    files.write_new_certificate();
    let program = Program::start("axum", &files.arguments()).await;
    pages::expect("let in", "https", program.port, &format!("https://127.0.0.1:{}/", program.port)).await;
}

#[tokio::test]
async fn a_new_certificate_is_served_without_a_restart_and_open_connections_go_on() {
    let files = Files::new("reload");
    let first = files.write_new_certificate();
    let program = Program::start("axum", &files.arguments()).await;
    let mut open = connect(program.port, &first).await.expect("the first certificate is served");

    let second = files.write_new_certificate();
    program.signal("HUP");
    let start = Instant::now();
    while connect(program.port, &second).await.is_err() {
        assert!(start.elapsed() < DEADLINE, "the second certificate is not served");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(connect(program.port, &first).await.is_err(), "the first one is still served");
    assert_eq!(ask(&mut open).await, "HTTP/1.1 200 OK");

    // What makes no sense is not taken, and the server goes on.
    fs::write(&files.certificate, "no certificate").expect("the folder is ours");
    program.signal("HUP");
    let mut again = connect(program.port, &second).await.expect("the second certificate is served");
    assert_eq!(ask(&mut again).await, "HTTP/1.1 200 OK");
}

/// A certificate and its key, in a folder that goes with the test.
struct Files {
    folder: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("axum-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("cargo made its parent");
        Files { certificate: folder.join("server.pem"), key: folder.join("server.key"), folder }
    }

    fn write_new_certificate(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("the name is fine");
        fs::write(&self.certificate, made.cert.pem()).expect("the folder is ours");
        fs::write(&self.key, made.signing_key.serialize_pem()).expect("the folder is ours");
        made.cert.der().clone()
    }

    fn arguments(&self) -> [&str; 2] {
        [&self.certificate, &self.key].map(|path| path.to_str().expect("it is text"))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// A connection to a server that shows this certificate.
async fn connect(port: u16, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("it is a certificate");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").expect("it is an address");
    let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
    within("the handshake", TlsConnector::from(Arc::new(config)).connect(name, tcp)).await
}

/// The first line of an answer.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await.expect("the connection is open");
    let mut answer = vec![0; 4096];
    let length = within("an answer", stream.read(&mut answer)).await.expect("the connection is open");
    String::from_utf8_lossy(&answer[..length]).lines().next().unwrap_or_default().to_owned()
}
