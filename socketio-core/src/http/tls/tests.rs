//! Over loopback sockets, with certificates made for each test. TLS with foreign clients is met in `integration-tests`.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::http::{IntoListener, Listener, TcpListener};

#[tokio::test]
async fn a_client_that_trusts_the_certificate_gets_in_and_is_secure() {
    let files = Files::new("in");
    let mut listener = files.tls().on("127.0.0.1:0").into_listener().await.unwrap();
    let address = listener.local_addr().unwrap();
    for (offered, agreed) in [(vec!["h2", "http/1.1"], "h2"), (vec!["http/1.1"], "http/1.1")] {
        let (client, (mut server, peer)) =
            tokio::join!(files.client(address, &offered), Listener::accept(&mut listener));
        let mut client = client.unwrap();
        assert_eq!(client.get_ref().1.alpn_protocol(), Some(agreed.as_bytes()));
        assert!(peer.secure && peer.address == client.get_ref().0.local_addr().ok());
        client.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        server.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    }
    assert_eq!(files.tls().handshakes(), Handshakes::default());
}

#[tokio::test]
async fn who_stalls_holds_up_nobody_and_is_cut() {
    let files = Files::new("stall");
    let tls = files.tls().handshake_timeout(Duration::from_millis(200)).max_handshakes(2);
    let (address, _serving) = accept_all(&tls).await;
    let mut stalled = TcpStream::connect(address).await.unwrap();
    files.client(address, &[]).await.expect("another one passes it by");
    ends(&mut stalled).await;
    until(|| tls.handshakes().timed_out == 1).await;

    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    ends(&mut plain).await;
    until(|| (tls.handshakes().failed, tls.handshakes().under_way) == (1, 0)).await;
}

#[tokio::test]
async fn when_there_are_too_many_the_oldest_gives_way() {
    let files = Files::new("many");
    let tls = files.tls().handshake_timeout(Duration::from_secs(600)).max_handshakes(3);
    let (address, _serving) = accept_all(&tls).await;
    let mut stalled = Vec::new();
    for count in 1..=3 {
        stalled.push(TcpStream::connect(address).await.unwrap());
        until(|| tls.handshakes().under_way == count).await;
    }
    files.client(address, &[]).await.expect("there is room for who does not stall");
    ends(&mut stalled[0]).await;
    until(|| (tls.handshakes().displaced, tls.handshakes().under_way) == (1, 2)).await;
}

#[tokio::test]
async fn after_a_reload_new_clients_see_the_new_certificate_and_old_ones_go_on() {
    let files = Files::new("reload");
    let tls = files.tls();
    let (address, _serving) = accept_all(&tls).await;
    let mut old = files.client(address, &[]).await.unwrap();
    let before = shown(&old);

    files.write();
    tls.reload().unwrap();
    let new = files.client(address, &[]).await.unwrap();
    assert_ne!(shown(&new), before);
    old.write_all(b"x").await.unwrap();
    let mut echoed = [0];
    old.read_exact(&mut echoed).await.unwrap();

    std::fs::write(&files.key, "nonsense").unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Pem { what: "private key", .. })));
    assert_eq!(shown(&files.client(address, &[]).await.unwrap()), shown(&new), "the last good one stays");
}

#[tokio::test]
async fn files_that_change_are_read_again_also_one_after_the_other() {
    let files = Files::new("change");
    let tls = files.tls().check_every(Duration::from_millis(20));
    let (address, _serving) = accept_all(&tls).await;
    let before = shown(&files.client(address, &[]).await.unwrap());

    let (certificate, key) = made();
    std::fs::write(&files.certificate, certificate).unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await; // for a pair that does not match to be seen
    std::fs::write(&files.key, key).unwrap();
    let changed = async {
        // The client trusts the new one alone.
        while !matches!(files.client(address, &[]).await, Ok(stream) if shown(&stream) != before) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, changed).await.expect("the change is noticed");
}

#[test]
fn files_that_do_not_do_are_told_by_name() {
    let files = Files::new("wrong");
    let missing = files.certificate.with_file_name("missing.pem");
    let error = Tls::from_pem_files(&missing, &files.key).unwrap_err();
    assert!(error.to_string().starts_with("cannot read ") && error.to_string().ends_with("missing.pem"));
    let error = Tls::from_pem_files(&files.key, &files.key).unwrap_err();
    assert!(error.to_string().ends_with("holds no certificate in PEM"), "{error}");
    let error = Tls::from_pem_files(&files.certificate, &files.certificate).unwrap_err();
    assert!(error.to_string().ends_with("holds no private key in PEM"), "{error}");
    std::fs::write(&files.key, made().1).unwrap();
    let error = Tls::from_pem_files(&files.certificate, &files.key).unwrap_err();
    assert!(matches!(error, TlsError::Key(_)), "{error}");
}

/// A certificate and its key in files of the test's own.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("socketio-tls-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files = Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        files.write();
        files
    }

    /// New ones.
    fn write(&self) {
        let (certificate, key) = made();
        std::fs::write(&self.certificate, certificate).unwrap();
        std::fs::write(&self.key, key).unwrap();
    }

    fn tls(&self) -> Tls {
        Tls::from_pem_files(&self.certificate, &self.key).unwrap()
    }

    /// A client that trusts what is in the file.
    async fn client(&self, address: std::net::SocketAddr, alpn: &[&str]) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.certificate).unwrap()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }
}

fn made() -> (String, String) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

/// Accepts for ever, and echoes.
async fn accept_all(tls: &Tls) -> (std::net::SocketAddr, Serving) {
    let mut listener: TlsListener<TcpListener> = tls.on("127.0.0.1:0").into_listener().await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        loop {
            let (stream, _) = Listener::accept(&mut listener).await;
            tokio::spawn(async move {
                let (mut from, mut to) = tokio::io::split(stream);
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    (address, Serving(serving))
}

struct Serving(tokio::task::JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

async fn ends(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is cut");
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it comes to pass");
}

const PATIENCE: Duration = Duration::from_secs(20);
