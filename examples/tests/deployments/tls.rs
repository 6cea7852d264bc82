//! Https and wss where TLS ends at the program itself, and a certificate that changes while it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use integration_tests::client::Client;
use integration_tests::foreign;
use integration_tests::frames::WebSocket;
use integration_tests::http;
use integration_tests::wait::{until_asked, within};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::facts::{self, POLLING, WEBSOCKET};
use crate::pages;
use crate::program::Program;

pub(crate) async fn js_clients(name: &str) {
    let files = Files::new(&format!("{name}-js"));
    files.write_new_certificate();
    let program = Program::start(name, &files.arguments()).await;
    let trusted = format!("ca={}", files.certificate.display());
    foreign::node("deployment", program.port, &[&trusted]).await.assert_holds();
}

/// Who comes by HTTP/2 as long as it polls.
pub(crate) async fn chromium(name: &str) {
    let files = Files::new(&format!("{name}-chromium"));
    files.write_new_certificate();
    let program = Program::start(name, &files.arguments()).await;
    pages::expect("let in", "https", program.port, &format!("https://127.0.0.1:{}/", program.port)).await;
}

/// The scheme is part of an origin.
pub(crate) async fn origins(name: &str) {
    let files = Files::new(&format!("{name}-origins"));
    let certificate = files.write_new_certificate();
    let program = Program::start(name, &files.arguments()).await;
    let port = through_tls(program.port, &certificate).await;
    for (scheme, status) in [("https", 200), ("http", 400)] {
        let origin = format!("{scheme}://127.0.0.1:{port}");
        let origin = [("origin", &*origin)];
        let polled = http::request(port, "GET", POLLING, &origin, b"").await;
        assert_eq!(polled.status, status, "{scheme}: {}", polled.text());
        let upgraded = WebSocket::open_with(port, WEBSOCKET, &origin).await;
        assert_eq!(upgraded.map_or_else(|refused| refused.status, |_| 200), status, "{scheme}");
    }
}

pub(crate) async fn new_certificate(name: &str) {
    let files = Files::new(&format!("{name}-new"));
    let first = files.write_new_certificate();
    let program = Program::start(name, &files.arguments()).await;
    let port = through_tls(program.port, &first).await;
    let mut websocket = connected("websocket", port).await;
    let mut upgraded = connected("upgrade", port).await;

    let second = files.write_new_certificate();
    program.signal("HUP");
    until_asked("the second certificate", async || connect(program.port, &second).await.map(drop)).await;
    assert!(connect(program.port, &first).await.is_err(), "the first one is still served");
    talk(&mut websocket, &mut upgraded).await;
    let port = through_tls(program.port, &second).await;
    let mut polling = connected("polling", port).await;
    drop(upgraded);
    talk(&mut websocket, &mut polling).await;

    // What makes no sense is not taken, and the server goes on.
    fs::write(&files.certificate, "no certificate").expect("the folder is ours");
    program.signal("HUP");
    let mut again = connected("websocket", port).await;
    drop(polling);
    talk(&mut again, &mut websocket).await;
}

pub(crate) async fn graceful_stop(name: &str) {
    let files = Files::new(&format!("{name}-stop"));
    let certificate = files.write_new_certificate();
    let program = Program::start(name, &files.arguments()).await;
    let port = through_tls(program.port, &certificate).await;
    facts::stops_gracefully(program, port).await;
}

async fn connected(transport: &str, port: u16) -> Client {
    let mut client = Client::by(transport, port).await;
    client.connect("/").await;
    client
}

/// What one says the other hears, and it is acked.
async fn talk(one: &mut Client, other: &mut Client) {
    one.send(r#"421["say","hello"]"#).await;
    assert_eq!(other.next().await, r#"42["said","hello"]"#);
    assert!(one.next().await.starts_with("431["));
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
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-{name}-{}", std::process::id()));
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

/// A port that puts TLS around what is said to it: for clients that speak none, to a server that shows this certificate.
async fn through_tls(server: u16, trusted: &CertificateDer<'static>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let trusted = trusted.clone();
    tokio::spawn(async move {
        while let Ok((mut plain, _)) = listener.accept().await {
            let trusted = trusted.clone();
            tokio::spawn(async move {
                let mut encrypted = connect(server, &trusted).await?;
                copy_bidirectional(&mut plain, &mut encrypted).await
            });
        }
    });
    port
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
