//! Who is not let in, and what the error says.

use std::time::Duration;

use socketio_amqp::{Amqp, AmqpError, AmqpOptions};
use socketio_core::adapter::broker::Broker;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

use super::fixture::{alone, told, url, within};

async fn error(options: &AmqpOptions) -> AmqpError {
    let error = within(Amqp::connect(options, "node")).await.expect_err("it is refused");
    assert!(!format!("{error:?} {}", told(&error)).contains("a-secret"), "{error:?}");
    error
}

#[tokio::test]
async fn a_wrong_password_is_named_as_such_and_not_shown() {
    let mut url = url();
    url.set_username("nobody").expect("it has a host");
    url.set_password(Some("a-secret")).expect("it has a host");
    let error = error(&url.as_str().parse().expect("a URL")).await;
    assert!(matches!(error, AmqpError::Login(..)), "{error}");
    let says = "refuses the login: ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN";
    assert!(told(&error).contains(says), "{}", told(&error));
    assert!(told(&error).starts_with("amqp://nobody@"), "{}", told(&error));
}

/// At its finest level, and that of a whole process.
#[tokio::test]
async fn a_password_is_in_no_log() {
    if let Some(log) = alone("amqp::refused::a_password_is_in_no_log") {
        let bytes: Vec<_> = b"a-secret".iter().map(u8::to_string).collect();
        assert!(log.contains("TRACE lapin"), "{log}");
        assert!(!log.contains("a-secret") && !log.contains(&bytes.join(", ")), "{log}");
        return;
    }
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).init();
    let mut url = url();
    url.set_password(Some("a-secret")).expect("it has a host");
    error(&url.as_str().parse().expect("a URL")).await;
}

#[tokio::test]
async fn a_virtual_host_that_is_not_there_is_named() {
    let mut url = url();
    url.set_path("/nowhere");
    let error = error(&url.as_str().parse().expect("a URL")).await;
    assert!(matches!(error, AmqpError::Login(..)), "{error}");
    assert!(told(&error).contains("vhost nowhere not found"), "{}", told(&error));
}

#[tokio::test]
async fn a_broker_that_is_away_is_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let error = error(&format!("amqp://user:a-secret@{address}").parse().expect("a URL")).await;
    assert!(matches!(error, AmqpError::Connect(..)), "{error}");
    let says = format!("cannot connect to amqp://user@{address}//: Connection refused");
    assert!(told(&error).starts_with(&says), "{}", told(&error));
}

#[tokio::test]
async fn the_next_address_is_tried_where_one_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let silent = listener.local_addr().expect("it is bound");
    let options: AmqpOptions = format!("amqp://{silent};{}", url()).parse().expect("two URLs");
    let broker = within(Amqp::connect(&options.connect_timeout(Duration::from_secs(2)), "node")).await;
    broker.expect("the second answers").close().await;
}

#[tokio::test]
async fn somebody_who_speaks_another_protocol_is_no_broker() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = error(&format!("amqp://user:a-secret@{address}").parse().expect("a URL")).await;
    assert!(matches!(error, AmqpError::Refused(..)), "{error}");
}
