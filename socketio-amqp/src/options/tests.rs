use std::time::Duration;

use lapin::options::ExchangeDeclareOptions;
use lapin::types::AMQPValue;
use lapin::uri::{AMQPScheme, AMQPUri};

use super::{AmqpOptions, shown};

mod urls; // any of them

fn parsed(url: &str) -> AmqpOptions {
    url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn first(url: &str) -> AMQPUri {
    parsed(url).addresses.remove(0)
}

fn refused(url: &str) -> String {
    url.parse::<AmqpOptions>().expect_err(url).to_string()
}

#[test]
fn a_url_may_leave_out_everything_but_the_scheme() {
    for url in [
        "amqp://",
        "amqp://localhost",
        "amqp://localhost/",
        "pyamqp://",
        "amqp://guest:guest@localhost:5672//",
    ] {
        let address = first(url);
        assert_eq!(shown(&address), "amqp://guest@localhost:5672//", "{url}");
        assert_eq!(address.authority.userinfo.password, "guest", "{url}");
    }
    assert_eq!(shown(&first("amqps://mq.example")), "amqps://guest@mq.example:5671//");
}

#[test]
fn what_follows_the_first_slash_is_the_virtual_host() {
    for (url, vhost) in [
        ("amqp://localhost//", "/"),
        ("amqp://localhost/%2F", "/"),
        ("amqp://localhost/chat", "chat"),
        ("amqp://localhost//chat", "/chat"),
        ("amqp://localhost/a%20b", "a b"),
        ("amqp:///chat", "chat"),
    ] {
        assert_eq!(first(url).vhost, vhost, "{url}");
    }
}

#[test]
fn user_and_password_are_percent_decoded() {
    let user = first("amqp://a%40b:p%2Fw;x@localhost").authority.userinfo;
    assert_eq!((user.username.as_str(), user.password.as_str()), ("a@b", "p/w;x"));
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    let address = first("amqp://[::1]:5673/x");
    assert_eq!((address.authority.host.as_str(), address.authority.port), ("::1", 5673));
    assert_eq!(shown(&address), "amqp://guest@[::1]:5673/x");
}

#[test]
fn several_urls_are_alternatives() {
    let options = parsed("amqp://one:1;amqps://u:p@two/v;amqp://three");
    let addresses: Vec<_> = options.addresses.iter().map(shown).collect();
    assert_eq!(addresses, ["amqp://guest@one:1//", "amqps://u@two:5671/v", "amqp://guest@three:5672//"]);
}

#[test]
fn parameters_of_a_url_set_options() {
    let options =
        parsed("amqps://h/v?heartbeat=3&timeout=4&name=n&frame_max=8192&auth_mechanism=EXTERNAL&cafile=/ca");
    let query = &options.addresses[0].query;
    assert_eq!((query.heartbeat, query.frame_max), (Some(3), Some(8192)));
    assert_eq!(options.connect_timeout, Duration::from_secs(4));
    assert_eq!(options.connection_name.as_deref(), Some("n"));
    assert!(options.ca.is_some());
}

#[test]
fn a_url_that_is_no_amqp_url_is_refused_with_the_reason() {
    for (url, reason) in [
        ("redis://localhost", "the scheme is redis, not amqp or amqps"),
        ("localhost:5672", "the scheme is localhost, not amqp or amqps"),
        ("amqp:localhost", "there is no // behind the scheme"),
        ("/var/run/amqp", "relative URL without a base"),
        ("amqp://h?hartbeat=3", "the parameter hartbeat is unknown"),
        ("amqp://h?heartbeat=soon", "heartbeat is not a number"),
        ("amqps://h?certfile=/c", "certfile and keyfile are of use together only"),
        ("amqp://app:1234?secret@h", "a parameter is unknown, or a `?` has to be written as %3F"),
        ("amqp://h/%FF", "a part of it is not UTF-8"),
    ] {
        assert_eq!(refused(url), format!("not an AMQP URL: {reason}"));
    }
    assert!(refused("amqp://user:secret@host:port/").contains("invalid port number"));
}

#[test]
fn a_password_shows_nowhere() {
    let options =
        parsed("amqp://user:secret@host;amqp://user:secret@other").client_certificate("secret", "secret");
    assert!(!format!("{options:?}").contains("secret"));
    for url in [
        "amqp://user:secret@host:port/",
        "amqp://user:secret@host?hartbeat=1",
        "ampq://user:secret@host",
        "amqp:user:secret",
    ] {
        let error = url.parse::<AmqpOptions>().expect_err(url);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn a_queue_outlives_a_cut_by_five_minutes_and_keeps_64_mib() {
    let argument = |options: &AmqpOptions, name: &str| options.queue_arguments.inner().get(name).cloned();
    let options = parsed("amqp://");
    assert_eq!(argument(&options, "x-expires"), Some(AMQPValue::LongLongInt(300_000)));
    assert_eq!(argument(&options, "x-max-length-bytes"), Some(AMQPValue::LongLongInt(64 << 20)));
    let options = options.queue_expires(Duration::from_secs(1)).queue_max_bytes(5);
    assert_eq!(argument(&options, "x-expires"), Some(AMQPValue::LongLongInt(1000)));
    assert_eq!(argument(&options, "x-max-length-bytes"), Some(AMQPValue::LongLongInt(5)));
}

#[test]
fn the_exchange_is_pythons() {
    let options = parsed("amqp://");
    assert_eq!(options.exchange, ExchangeDeclareOptions::default());
    assert!(options.exchange_arguments.inner().is_empty());
}

#[test]
fn heartbeats_cannot_be_switched_off() {
    assert_eq!(first("amqp://h").query.heartbeat, Some(5));
    assert_eq!(first("amqp://h?heartbeat=0").query.heartbeat, Some(1));
    let options = parsed("amqp://h").heartbeat(Duration::ZERO);
    assert_eq!(options.addresses[0].query.heartbeat, Some(1));
    assert_eq!(options.addresses[0].scheme, AMQPScheme::AMQP);
}
