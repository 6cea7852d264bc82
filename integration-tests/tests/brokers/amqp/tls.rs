//! TLS with authorities and certificates of our own.

use std::sync::Arc;

use integration_tests::brokers::{Proxy, variable};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};
use socketio_amqp::{Amqp, AmqpError, AmqpOptions};
use socketio_core::adapter::broker::Broker;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::fixture::{connect, frames, publish, subscribe, take, told, unique, url, within};

struct Authority(CertifiedIssuer<'static, KeyPair>);

struct Certificate {
    pem: String,
    key: KeyPair,
    der: tokio_rustls::rustls::pki_types::CertificateDer<'static>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority"),
        )
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn certify(&self, name: &str) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let issuer: &Issuer<'_, KeyPair> = &self.0;
        let certificate = params.signed_by(&key, issuer).expect("a certificate");
        Certificate { pem: certificate.pem(), key, der: certificate.der().clone() }
    }
}

/// Between the broker and us, with this certificate; asks for one of `clients`, if there are any.
async fn server(certificate: &Certificate, clients: Option<&Authority>) -> Proxy {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let key = PrivateKeyDer::try_from(certificate.key.serialize_der()).expect("a key");
    Proxy::tls(
        url().as_str(),
        builder.with_single_cert(vec![certificate.der.clone()], key).expect("a certificate"),
    )
    .await
}

fn through(proxy: &Proxy) -> AmqpOptions {
    through_with(proxy, "")
}

fn through_with(proxy: &Proxy, parameters: &str) -> AmqpOptions {
    let url = url();
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    format!("amqps://{user}:{password}@{}{}{parameters}", proxy.address, url.path()).parse().expect("a URL")
}

async fn works(options: &AmqpOptions) {
    let (broker, channel) = (connect(options).await, unique("tls"));
    let mut feed = subscribe(&broker, &channel).await;
    publish(&broker, &frames(&channel, ["a", "b"])).await;
    assert_eq!(take(&mut feed, 2).await, ["a", "b"]);
    within(broker.close()).await;
}

async fn refused(options: &AmqpOptions) -> String {
    let error = within(Amqp::connect(options, "node")).await.expect_err("it is refused");
    assert!(matches!(error, AmqpError::Handshake(..) | AmqpError::Tls(..)), "{error}");
    told(&error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_certified_by_the_given_authority_is_trusted() {
    let authority = Authority::new();
    let proxy = server(&authority.certify("127.0.0.1"), None).await;
    works(&through(&proxy).ca(authority.pem())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_of_another_authority_is_not_trusted_and_the_error_says_so() {
    let (authority, other) = (Authority::new(), Authority::new());
    let proxy = server(&other.certify("127.0.0.1"), None).await;
    assert!(refused(&through(&proxy).ca(authority.pem())).await.contains("invalid peer certificate"));
    let proxy = server(&authority.certify("elsewhere.example"), None).await;
    let error = refused(&through(&proxy).ca(authority.pem())).await;
    assert!(error.contains("not valid for name"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_shows_its_certificate_and_is_refused_without() {
    let (authority, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let proxy = server(&authority.certify("127.0.0.1"), Some(&clients)).await;
    let options = through(&proxy).ca(authority.pem());
    let client = clients.certify("node");
    works(&options.clone().client_certificate(client.pem, client.key.serialize_pem())).await;

    let error = refused(&options).await;
    assert!(error.contains("CertificateRequired"), "{error}");
    let client = others.certify("node");
    let error = refused(&options.client_certificate(client.pem, client.key.serialize_pem())).await;
    assert!(error.contains("received fatal alert"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_holds_no_certificate_is_named() {
    let authority = Authority::new();
    let proxy = server(&authority.certify("127.0.0.1"), None).await;
    let path = std::env::temp_dir().join(format!("{}.pem", unique("authority")));
    let with_file = through_with(&proxy, &format!("?cafile={}", path.display()));
    assert!(refused(&with_file).await.contains("No such file"));
    std::fs::write(&path, "nothing").expect("it is written");
    assert_eq!(
        refused(&with_file).await,
        format!("cannot set up TLS with the authority in {}: no items found", path.display())
    );
    std::fs::write(&path, authority.pem()).expect("it is written");
    works(&with_file).await;
    std::fs::remove_file(&path).expect("it is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brokers_own_tls_listener_is_spoken_to() {
    let (url, ca) = (variable("AMQP_TLS_URL"), variable("BROKERS_CA"));
    works(&format!("{url}?cafile={ca}").parse().expect("a URL")).await;
    assert!(refused(&url.parse().expect("a URL")).await.contains("invalid peer certificate"));
}
