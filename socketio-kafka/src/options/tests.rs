//! What URLs and setters come to.

use super::*;

mod urls; // any of them

fn parsed(url: &str) -> KafkaOptions {
    url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn setting(config: &ClientConfig, name: &str) -> String {
    config.get(name).unwrap_or_default().to_owned()
}

#[test]
fn a_url_names_brokers_as_python_reads_it() {
    for (url, brokers) in [
        ("kafka://", "localhost:9092"),
        ("kafka://h1", "h1:9092"),
        ("kafka://h1:9093/", "h1:9093"),
        ("kafka://h1:1,h2:2", "h1:1,h2:2"),
        ("kafka://h1:1,kafka://h2:2", "h1:1,h2:2"),
        ("kafka://[::1]:1,[::2],10.0.0.1", "[::1]:1,[::2]:9092,10.0.0.1:9092"),
        ("kafka+ssl://h1:1,kafka+ssl://h2:2", "h1:1,h2:2"),
    ] {
        assert_eq!(setting(&parsed(url).client(), "bootstrap.servers"), brokers, "{url}");
    }
    for list in [&["h1:1", "h2:2"], &["kafka://h1:1", "kafka://h2:2"]] {
        let options = KafkaOptions::brokers(list).expect("a list");
        assert_eq!(setting(&options.client(), "bootstrap.servers"), "h1:1,h2:2");
    }
}

#[test]
fn what_is_no_url_is_an_error_without_the_url() {
    for url in [
        "",
        "h1:9092",
        "redis://hunter2@h1",
        "kafka://h1:hunter2",
        "kafka://h1:99999",
        "kafka://h1:9092/topic",
        "kafka://a b",
        "kafka://::1",
        "kafka://h1,kafka+ssl://h2",
        "kafka://hunter2@h1",
        "kafka://chat:hunter2%ff@h1",
        "kafka://h1?sasl.password",
    ] {
        let error = url.parse::<KafkaOptions>().expect_err(url);
        assert!(matches!(error, KafkaError::Url { .. }), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error}");
    }
}

#[test]
fn a_setting_has_one_value_whatever_it_is_called() {
    let options = parsed("kafka://chat:secret@h?sasl.mechanisms=SCRAM-SHA-512&request.required.acks=1");
    let producer = options.producer();
    assert_eq!(setting(&producer, "sasl.mechanism"), "SCRAM-SHA-512");
    assert_eq!(setting(&producer, "acks"), "1");
    for twin in ["sasl.mechanisms", "request.required.acks"] {
        assert_eq!(producer.get(twin), None);
    }
}

#[test]
fn tls_and_login_make_the_protocol() {
    for (url, protocol) in [
        ("kafka://h", "plaintext"),
        ("kafka+ssl://h", "ssl"),
        ("kafka://chat:secret@h", "sasl_plaintext"),
        ("kafka+ssl://chat:secret@h", "sasl_ssl"),
        ("kafka://h?security.protocol=sasl_ssl", "sasl_ssl"),
    ] {
        assert_eq!(setting(&parsed(url).client(), "security.protocol"), protocol, "{url}");
    }
    let config = parsed("kafka://ch%40t:s%2Cecret@h?sasl.mechanism=SCRAM-SHA-256").client();
    let found = ["sasl.username", "sasl.password", "sasl.mechanism"].map(|name| setting(&config, name));
    assert_eq!(found, ["ch@t", "s,ecret", "SCRAM-SHA-256"]);
    let config = parsed("kafka://h").tls(true).credentials(Sasl::ScramSha512, "chat", "secret").client();
    assert_eq!(setting(&config, "security.protocol"), "sasl_ssl");
    assert_eq!(setting(&config, "sasl.mechanism"), "SCRAM-SHA-512");
}

#[test]
fn settings_stand_over_ours() {
    assert_eq!(setting(&parsed("kafka://h").producer(), "linger.ms"), "0");
    let options = parsed("kafka://h?linger.ms=5&client.rack=eu%201a").max_message_bytes(5_000_000);
    assert_eq!(setting(&options.producer(), "linger.ms"), "5");
    assert_eq!(setting(&options.consumer(), "client.rack"), "eu 1a");
    assert_eq!(options.frame_limit(), 5_000_000 - OVERHEAD);
    assert_eq!(parsed("kafka://h").frame_limit(), 1_000_000 - OVERHEAD);
    assert_eq!(setting(&options.linger(Duration::from_micros(500)).producer(), "linger.ms"), "0.5");
}

#[test]
fn what_librdkafka_does_not_know_is_an_error_without_the_value() {
    let error = |options: KafkaOptions| {
        let refused = options.producer().create::<rdkafka::producer::BaseProducer>();
        KafkaError::settings(refused.err().expect("refused")).to_string()
    };
    let unknown = error(parsed("kafka://h?sasl.pasword=hunter2"));
    assert!(unknown.contains("sasl.pasword") && !unknown.contains("hunter2"), "{unknown}");
    let impossible = error(parsed("kafka://h?acks=hunter2"));
    assert!(impossible.contains("acks") && !impossible.contains("hunter2"), "{impossible}");
}

#[test]
fn no_secret_shows() {
    let options = parsed("kafka://chat:hunter2@h?ssl.key.password=hunter2&sasl.oauthbearer.config=hunter2")
        .set("sasl.oauthbearer.client.secret", "hunter2")
        .set("ssl.key.pem", "hunter2")
        .set("ssl.keystore.password", "hunter2")
        .client_certificate("cert.pem", "key.pem");
    let shown = format!("{options:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("chat") && shown.contains("key.pem"), "{shown}");
}
