//! Every way to a Redis, and what is said when one is barred.

use std::time::Duration;

use futures_util::StreamExt;
use socketio_core::adapter::broker::Broker;
use socketio_redis::{Protocol, Redis, RedisError, RedisFeed, RedisOptions, TlsVerify};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::support::{
    User, admin, channel, connect, environment, eventually, exchange, frame, heard, options, soon, subscribe,
    tls_file, told,
};

#[tokio::test]
async fn both_protocols_exchange() {
    let two = options("REDIS_URL").protocol(Protocol::Resp2);
    let three = options("REDIS_URL").protocol(Protocol::Resp3);
    exchange(&two, &three).await;
    exchange(&three, &two).await;
}

#[tokio::test]
async fn a_user_of_the_access_control_lists_exchanges() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let app = options("REDIS_ACL_URL").protocol(protocol);
        exchange(&app, &app).await;
    }
}

#[tokio::test]
async fn a_unix_socket_exchanges() {
    exchange(&options("REDIS_UNIX_URL"), &options("REDIS_URL")).await;
}

#[tokio::test]
async fn tls_exchanges() {
    let trusting = options("REDIS_TLS_URL").tls_ca(tls_file("ca.pem"));
    exchange(&trusting, &options("REDIS_URL")).await;
    exchange(&trusting.tls_identity(tls_file("client.pem"), tls_file("client.key")), &options("REDIS_URL"))
        .await;

    // The same by a URL of redis-py.
    let files = environment("BROKERS_TLS_FILES");
    let url = format!(
        "{}?ssl_ca_certs={files}/ca.pem&ssl_certfile={files}/client.pem&ssl_keyfile={files}/client.key",
        environment("REDIS_TLS_URL")
    );
    let url = RedisOptions::new(&url).expect("a URL");
    exchange(&url, &url).await;
}

#[tokio::test]
async fn what_is_not_checked_does_not_fail() {
    let proxy = TcpListener::bind("127.0.0.2:0").await.expect("a port");
    let other_name = format!("rediss://{}", proxy.local_addr().expect("bound"));
    let other_name = RedisOptions::new(&other_name).expect("a URL").tls_ca(tls_file("ca.pem"));
    let _proxy = tokio::spawn(forward(proxy, environment("REDIS_TLS_URL"), None));

    let error = connect(&other_name).await.expect_err("the name differs");
    assert!(matches!(error, RedisError::Handshake(..)), "{error:?}");
    assert!(told(&error).contains("not valid for name"), "{}", told(&error));
    exchange(&other_name.clone().tls_verify(TlsVerify::Chain), &options("REDIS_URL")).await;

    let unknown = other_name.tls_ca(tls_file("stranger.pem"));
    connect(&unknown.clone().tls_verify(TlsVerify::Chain)).await.expect_err("signed by somebody else");
    exchange(&unknown.tls_verify(TlsVerify::Nothing), &options("REDIS_URL")).await;
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_refused_by_either_side() {
    let of_server = options("REDIS_TLS_URL").tls_ca(tls_file("stranger.pem"));
    let error = connect(&of_server).await.expect_err("we do not trust it");
    assert!(matches!(error, RedisError::Handshake(..)), "{error:?}");
    assert!(told(&error).contains("UnknownIssuer"), "{}", told(&error));

    let ours = options("REDIS_TLS_URL")
        .tls_ca(tls_file("ca.pem"))
        .tls_identity(tls_file("stranger.pem"), tls_file("stranger.key"));
    let error = connect(&ours).await.expect_err("it does not trust us");
    assert!(told(&error).contains("received fatal alert"), "{}", told(&error));
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named() {
    let tls = options("REDIS_TLS_URL");
    let file = format!("{}?ssl_ca_certs=/nowhere/ca.pem", environment("REDIS_TLS_URL"));
    for (options, expected) in [
        (tls.clone().tls_ca("no PEM"), "cannot set up TLS with the certificates to trust: there is none"),
        (
            RedisOptions::new(&file).expect("a URL"),
            "cannot set up TLS with the CA's certificate, /nowhere/ca.pem: No such",
        ),
        (
            tls.tls_ca(tls_file("ca.pem")).tls_identity(tls_file("client.pem"), tls_file("stranger.key")),
            "cannot set up TLS with the client's certificate: keys may not be consistent",
        ),
    ] {
        let error = connect(&options).await.expect_err(expected);
        assert!(told(&error).starts_with(expected), "{}", told(&error));
    }
}

#[tokio::test]
async fn a_setting_for_tls_keeps_everything_from_leaving_in_the_clear() {
    let plain = options("REDIS_URL").tls_ca(tls_file("ca.pem"));
    let plain = plain.connect_timeout(Duration::from_secs(4));
    let error = connect(&plain).await.expect_err("there is no TLS");
    assert!(told(&error).ends_with("no answer; does it speak TLS?"), "{}", told(&error));
}

#[tokio::test]
async fn wrong_credentials_are_named_and_not_shown() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        for options in [
            options("REDIS_ACL_URL").password("hunter2"),
            options("REDIS_URL").user("nobody").password("hunter2"),
            options("REDIS_URL").user("nobody"),
        ] {
            let error = connect(&options.protocol(protocol)).await.expect_err("wrong");
            assert!(matches!(error, RedisError::Credentials(..)), "{error:?}");
            let shown = format!("{} {error:?}", told(&error));
            assert!(shown.contains("refuses user and password") && !shown.contains("hunter2"), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_server_that_repeats_what_it_does_not_understand_does_not_give_the_password_away() {
    let (listener, options) = server().await;
    let answering = tokio::spawn(async move {
        let (mut link, _) = listener.accept().await.expect("accepted");
        let answers =
            b"-ERR what is this, `3`, `AUTH`, `app`, `hunter2`,\r\n-ERR or this\r\n-ERR or this\r\n";
        link.write_all(answers).await.expect("written");
        link
    });
    let options = options.user("app").password("hunter2").protocol(Protocol::Resp3);
    let error = connect(&options).await.expect_err("refused");
    let shown = format!("{} {error:?}", told(&error));
    assert!(shown.contains("what is this") && !shown.contains("hunter2"), "{shown}");
    answering.await.expect("answered");
}

#[tokio::test]
async fn nobody_there_is_said_at_once() {
    let (listener, options) = server().await;
    drop(listener);
    let error = connect(&options).await.expect_err("nobody listens");
    assert!(matches!(error, RedisError::Connect(..)), "{error:?}");
    assert!(told(&error).contains("Connection refused"), "{}", told(&error));

    let error = connect(&RedisOptions::new("unix:///nowhere/redis.sock").expect("a URL"))
        .await
        .expect_err("no such file");
    assert!(
        told(&error).starts_with("cannot connect to /nowhere/redis.sock: No such file"),
        "{}",
        told(&error)
    );
}

#[tokio::test]
async fn a_server_that_takes_connections_and_is_silent_is_given_up() {
    let (_listener, options) = server().await;
    let error = connect(&options.connect_timeout(Duration::from_millis(100))).await.expect_err("silent");
    assert!(told(&error).ends_with("did not answer within 100ms"), "{}", told(&error));
}

#[tokio::test]
async fn a_link_that_is_half_open_fails_a_publish_in_time() {
    let (listener, options) = server().await;
    let proxy = tokio::spawn(forward(listener, environment("REDIS_URL"), Some(b"PUBLISH")));
    let redis = connect(&options.publish_timeout(Duration::from_millis(200))).await.expect("connected");
    let error = soon(redis.publish(&[frame(&channel(), "held")])).await.expect_err("no answer");
    assert!(matches!(error.source, RedisError::Silent(..)), "{error:?}");
    assert_eq!(error.sent, 0);
    drop(redis);
    // The connection goes with the broker, answered or not.
    soon(proxy).await.expect("it saw the end");
}

#[tokio::test]
async fn after_a_cut_it_is_known_what_got_through() {
    let (listener, options) = server().await;
    let answering = tokio::spawn(async move {
        let (mut link, _) = listener.accept().await.expect("accepted");
        wait_for(&mut link, b"LIB-VER").await;
        link.write_all(b"+OK\r\n+OK\r\n").await.expect("written");
        wait_for(&mut link, b"HELLO").await;
        link.write_all(b"-ERR unknown command\r\n").await.expect("written");
        wait_for(&mut link, b"PUBLISH").await;
        link.write_all(&b":1\r\n".repeat(70)).await.expect("written");
    });
    let redis = connect(&options).await.expect("connected");
    let channel = channel();
    let frames: Vec<_> = (0..200).map(|n| frame(&channel, n.to_string())).collect();
    let error = soon(redis.publish(&frames)).await.expect_err("cut");
    assert_eq!(error.sent, 64, "whole chunks: {error:?}");
    answering.await.expect("answered");
}

#[tokio::test]
async fn debug_shows_the_server_and_no_password() {
    let redis = connect(&options("REDIS_ACL_URL")).await.expect("connected");
    let shown = format!("{redis:?} {:?}", options("REDIS_ACL_URL"));
    assert!(shown.starts_with("Redis { server: Tcp(") && !shown.contains("app-secret"), "{shown}");
}

#[tokio::test]
async fn what_is_too_large_is_a_setting() {
    let three = options("REDIS_URL").frame_limit(3);
    assert_eq!(Redis::frame_limit(&three), 3);
    let redis = connect(&three).await.expect("connected");
    let channel = channel();
    let mut feed = subscribe(&redis, &channel).await;
    let batch = ["one", "two", "three", "six"].map(|payload| frame(&channel, payload));
    let error = soon(redis.publish(&batch)).await.expect_err("too large");
    assert_eq!((error.sent, told(&error.source)), (2, "5 bytes are over the limit of 3 for a frame".into()));
    soon(redis.publish(&batch[3..])).await.expect("the link stays");
    assert_eq!(heard(&mut feed, 3).await, ["one", "two", "six"]);
}

#[tokio::test]
async fn a_feed_ends_with_an_error_when_its_link_does() {
    let mut user = User::new("+@all ~* &*").await;
    let redis = connect(&user.options).await.expect("connected");
    let channel = channel();
    let mut feed = subscribe(&redis, &channel).await;
    user.cut().await;
    let error = soon(feed.next()).await.expect("it ends with an error").expect_err("the link is gone");
    assert!(matches!(error, RedisError::Lost(..)), "{error:?}");
    assert!(soon(feed.next()).await.is_none());

    let failed = soon(redis.publish(&[frame(&channel, "lost")])).await.expect_err("that link is gone too");
    assert_eq!(failed.sent, 0);
    assert!(matches!(failed.source, RedisError::Lost(..)), "{failed:?}");
    user.delete().await;
}

#[tokio::test]
async fn a_feed_that_nobody_reads_leaves_what_comes_to_redis_and_loses_nothing_of_it() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let (mut user, channel) = (User::new("+@all &*").await, channel());
        let mut feed =
            subscribe(&connect(&user.options.clone().protocol(protocol)).await.expect("connected"), &channel)
                .await;
        let publisher = connect(&options("REDIS_URL")).await.expect("connected");
        // More than the kernel's buffers and ours take, and less than Redis keeps for a subscriber.
        let frames: Vec<_> = (0..24).map(|number: u8| frame(&channel, vec![number; 1 << 20])).collect();
        soon(publisher.publish(&frames)).await.expect("published");
        eventually(async || user.bytes_that_wait().await > 4 << 20).await;
        for (number, payload) in (0..24).zip(heard(&mut feed, 24).await) {
            assert!(payload.len() == 1 << 20 && payload.iter().all(|byte| *byte == number), "{number}");
        }
        user.delete().await;
    }
}

#[tokio::test]
async fn a_message_that_is_larger_than_anything_ends_the_feed_and_the_error_says_why() {
    let mut redis = admin(&environment("REDIS_URL")).await;
    let mut limit = async |limit: &str| {
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg("client-output-buffer-limit").arg(format!("pubsub {limit}"));
        soon(command.exec_async(&mut redis)).await.expect("set");
    };
    limit("0 0 0").await;
    let options = options("REDIS_URL").frame_limit(100 << 20);
    let channel = channel();
    let mut feed = subscribe(&connect(&options).await.expect("connected"), &channel).await;
    let publisher = connect(&options).await.expect("connected");
    soon(publisher.publish(&[frame(&channel, vec![b'x'; 65 << 20])])).await.expect("published");
    let error = soon(feed.next()).await.expect("it ends with an error").expect_err("too large");
    assert!(told(&error).ends_with("a message has more than 67108864 bytes"), "{}", told(&error));
    limit("33554432 8388608 60").await;
}

#[tokio::test]
async fn a_user_needs_little_and_a_refusal_names_what_is_missing() {
    let (mine, theirs) = (channel(), channel());
    let mut user = User::new(&format!("+publish +subscribe &{}", mine.name())).await;
    let redis = connect(&user.options).await.expect("connected");
    let mut feed = subscribe(&redis, &mine).await;

    // The first of a batch got through, and is said to have.
    let batch = [frame(&mine, "1"), frame(&theirs, "2"), frame(&mine, "3")];
    let refused = soon(redis.publish(&batch)).await.expect_err("not allowed");
    assert_eq!(refused.sent, 1);
    assert!(told(&refused.source).contains("NOPERM"), "{}", told(&refused.source));
    assert_eq!(heard(&mut feed, 1).await, ["1"]);

    let refused = soon(redis.subscribe(std::slice::from_ref(&theirs), None)).await.expect_err("not allowed");
    assert!(told(&refused).contains("NOPERM"), "{}", told(&refused));
    assert_eq!(soon(redis.subscriber_count(mine.name())).await.expect("no error"), None);

    // Withdrawn: Redis ends the subscription.
    user.set("resetchannels").await;
    assert!(feed_ends(&mut feed).await);
    user.delete().await;
}

/// A server to be played by the test, and how to get there.
async fn server() -> (TcpListener, RedisOptions) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("redis://{}", listener.local_addr().expect("bound"));
    (listener, RedisOptions::new(&url).expect("a URL"))
}

/// Passes everything on to the server of `url`, for one connection after the other. Once `last` has come, nothing more of that
/// connection, in neither direction; and when its client is gone, this is done.
async fn forward(listener: TcpListener, url: String, last: Option<&'static [u8]>) {
    let place = url.split("://").nth(1).and_then(|rest| rest.split('/').next()?.rsplit('@').next());
    let place = place.expect("a host and a port");
    loop {
        let (client, _) = listener.accept().await.expect("accepted");
        let server = TcpStream::connect(place).await.expect("connected");
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let Some(last) = last else {
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            continue;
        };
        let mut buffer = vec![0; 4096];
        loop {
            let read = from_client.read(&mut buffer).await.unwrap_or(0);
            if read == 0 {
                return back.abort();
            }
            if !buffer[..read].windows(last.len()).any(|bytes| bytes == last) {
                to_server.write_all(&buffer[..read]).await.expect("written");
            }
        }
    }
}

async fn wait_for(link: &mut TcpStream, word: &[u8]) {
    let mut read = Vec::new();
    while !read.windows(word.len()).any(|bytes| bytes == word) {
        assert_ne!(link.read_buf(&mut read).await.expect("read"), 0);
    }
}

async fn feed_ends(feed: &mut RedisFeed) -> bool {
    soon(feed.filter(|frame| std::future::ready(frame.is_err())).next()).await.is_some()
}
