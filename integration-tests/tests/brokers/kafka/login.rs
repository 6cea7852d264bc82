//! TLS, names and passwords, and what a name may do.

use std::error::Error;

use socketio_core::adapter::broker::{Broker, Channel};
use socketio_kafka::{Kafka, KafkaError, KafkaOptions, Sasl};

use super::support::*;

#[tokio::test]
async fn frames_go_over_tls() {
    works(&tls().ca_file(environment("BROKERS_CA"))).await;
}

#[tokio::test]
async fn frames_go_over_tls_with_a_url_that_says_everything() {
    let url = format!(
        "kafka+ssl://{}?ssl.ca.location={}",
        environment("KAFKA_TLS_BROKERS"),
        environment("BROKERS_CA")
    );
    works(&url.parse().expect("a URL")).await;
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_an_error_that_says_so() {
    let error = refused(&tls()).await;
    assert!(error.contains("certificate verify failed"), "{error}");
}

#[tokio::test]
async fn a_name_and_its_password_let_us_in() {
    works(&KafkaOptions::new(&environment("KAFKA_SASL_URL")).expect("a URL")).await;
    works(&sasl().credentials(Sasl::Plain, "app", "app-secret")).await;
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_says_so_and_does_not_show_it() {
    let options = sasl().credentials(Sasl::Plain, "app", "hunter2");
    let error = refused(&options).await;
    assert!(error.contains("Authentication failed"), "{error}");
    assert!(!format!("{error} {options:?}").contains("hunter2"), "{error} {options:?}");
}

#[tokio::test]
async fn no_name_where_one_is_asked_for_is_an_error() {
    let error = refused(&sasl()).await;
    assert!(error.contains("closed"), "{error}");
}

#[tokio::test]
async fn a_name_without_rights_is_an_error_that_says_so() {
    let guest = sasl().credentials(Sasl::Plain, "guest", "guest-secret");
    let (missing, there) = (channel(), channel());
    publish(&connect(&options()).await, &there, numbers(0..1)).await;

    let kafka = connect(&guest).await;
    for channel in [missing, there] {
        let error = kafka.subscribe(&[Channel::Exact(channel.clone())], None).await.expect_err("not allowed");
        assert_eq!(
            error.to_string(),
            format!(
                "looking up topic {channel}: TopicAuthorizationFailed (Broker: Topic authorization failed)"
            )
        );
        let error = connect(&guest).await.publish(&[frame(&channel, "lost")]).await.expect_err("not allowed");
        assert!(error.source.to_string().contains("TopicAuthorizationFailed"), "{error:?}");
    }
}

fn tls() -> KafkaOptions {
    KafkaOptions::brokers([environment("KAFKA_TLS_BROKERS")]).expect("a broker").tls(true)
}

fn sasl() -> KafkaOptions {
    let url = environment("KAFKA_SASL_URL");
    let (_login, broker) = url.split_once('@').expect("a name and a password");
    KafkaOptions::brokers([broker]).expect("a broker")
}

/// Connects, publishes and receives.
async fn works(options: &KafkaOptions) {
    let channel = channel();
    let kafka = connect(options).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..3)).await;
    assert_eq!(heard(&mut feed, 3).await, numbers(0..3));
}

/// Why there is no connection.
async fn refused(options: &KafkaOptions) -> String {
    let error = soon("connecting", Kafka::connect(options, "node")).await.expect_err("refused");
    assert!(matches!(error, KafkaError::Unreachable { .. }), "{error:?}");
    assert!(error.source().is_none());
    error.to_string()
}
