use std::path::PathBuf;
use std::time::Duration;

use super::{Address, Login, Protocol, RedisOptions, Secret, Seen, Servers, TlsVerify};
use crate::RedisError;

mod urls; // any of them

fn parsed(url: &str) -> RedisOptions {
    RedisOptions::new(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn refused(url: &str) -> String {
    match RedisOptions::new(url) {
        Err(RedisError::Url(reason)) => reason,
        other => panic!("{url}: {other:?}"),
    }
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp(host.into(), port)
}

fn login(user: Option<&str>, password: Option<&str>) -> Login {
    Login { user: user.map(Into::into), password: password.map(Secret::new) }
}

#[test]
fn what_is_missing_in_a_url_is_the_usual() {
    for (url, address) in [
        ("redis://", tcp("localhost", 6379)),
        ("redis:///3", tcp("localhost", 6379)),
        ("redis://:7000", tcp("localhost", 7000)),
        ("redis://r.example.org", tcp("r.example.org", 6379)),
        ("redis://r.example.org:7000/0/", tcp("r.example.org", 7000)),
        ("REDIS://[::1]", tcp("::1", 6379)),
        ("redis://[fe80::1]:7000", tcp("fe80::1", 7000)),
        ("valkey://v", tcp("v", 6379)),
        ("redis://user:pw@", tcp("localhost", 6379)),
    ] {
        let options = parsed(url);
        assert_eq!(options.servers, Servers::One(address), "{url}");
        assert!(options.tls.is_none(), "{url}");
    }
}

#[test]
fn the_schemes_with_a_second_s_ask_for_tls() {
    for url in ["rediss://r", "valkeys://r", "rediss+sentinel://s/0/m", "valkeys+cluster://a,b"] {
        assert!(parsed(url).tls.is_some(), "{url}");
    }
}

#[test]
fn user_and_password_are_decoded() {
    for (url, expected) in [
        ("redis://r", login(None, None)),
        ("redis://app@r", login(Some("app"), None)),
        ("redis://:secret@r", login(None, Some("secret"))),
        ("redis://app:secret@r", login(Some("app"), Some("secret"))),
        ("redis://a%40b:p%2Fw%3Ax%25@r", login(Some("a@b"), Some("p/w:x%"))),
        ("redis://app:p@ss:w@r", login(Some("app"), Some("p@ss:w"))),
        ("redis://r?username=app&password=se%26cret", login(Some("app"), Some("se&cret"))),
        ("redis://ann:one@r?username=bob&password=two", login(Some("ann"), Some("one"))),
        ("unix://app:secret@/run/r.sock", login(Some("app"), Some("secret"))),
        ("unix:///run/r.sock?password=secret", login(None, Some("secret"))),
        ("redis+sentinel://app:secret@s1,s2/0/m", login(Some("app"), Some("secret"))),
    ] {
        assert_eq!(parsed(url).login, expected, "{url}");
    }
}

#[test]
fn a_unix_socket_is_a_path() {
    for url in
        ["unix:///run/a%20b.sock", "redis+unix:///run/a%20b.sock", "valkey+unix:///run/a%20b.sock?db=2"]
    {
        let path = Address::Unix(PathBuf::from("/run/a b.sock"));
        assert_eq!(parsed(url).servers, Servers::One(path), "{url}");
    }
}

#[test]
fn sentinels_name_the_master_of_a_service() {
    let sentinels = vec![tcp("s1", 26379), tcp("s2", 5000), tcp("::1", 26379)];
    for (url, service) in [
        ("redis+sentinel://s1,s2:5000,[::1]", None),
        ("redis+sentinel://s1:26379,s2:5000,[::1]:26379/", None),
        ("valkey+sentinel://s1,s2:5000,[::1]/3", None),
        ("redis+sentinel://user:pw@s1,s2:5000,[::1]/0/my%20master", Some("my master".to_owned())),
        ("redis+sentinel://s1,s2:5000,[::1]//my%20master", Some("my master".to_owned())),
    ] {
        let login = Login::default();
        assert_eq!(
            parsed(url).servers,
            Servers::Sentinel { sentinels: sentinels.clone(), service, login },
            "{url}"
        );
    }
}

#[test]
fn a_cluster_is_found_by_some_of_its_nodes() {
    let (seeds, seen) = (vec![tcp("a", 7000), tcp("b", 6379)], Seen::default());
    assert_eq!(parsed("redis+cluster://a:7000,b").servers, Servers::Cluster { seeds, seen });
}

#[test]
fn options_of_redis_py_have_their_meaning() {
    let options =
        parsed("redis://r?protocol=3&socket_timeout=1.5&socket_connect_timeout=2&db=1&max_connections=10");
    assert_eq!(options.protocol, Protocol::Resp3);
    assert_eq!(options.publish_timeout, Duration::from_millis(1500));
    assert_eq!(options.connect_timeout, Duration::from_secs(2));

    for (url, verify) in [
        ("rediss://r", TlsVerify::Full),
        ("rediss://r?ssl_cert_reqs=required&ssl_check_hostname=True", TlsVerify::Full),
        ("rediss://r?ssl_check_hostname=False", TlsVerify::Chain),
        ("rediss://r?ssl_cert_reqs=none", TlsVerify::Nothing),
        ("rediss://r?ssl_check_hostname=false&ssl_cert_reqs=none", TlsVerify::Nothing),
        ("rediss://r?ssl_cert_reqs=none&ssl_check_hostname=false", TlsVerify::Nothing),
    ] {
        assert_eq!(parsed(url).tls.expect("TLS").verify, verify, "{url}");
    }

    let tls =
        parsed("rediss://r?ssl_ca_certs=/a/ca.pem&ssl_certfile=c.pem&ssl_keyfile=c.key").tls.expect("TLS");
    assert_eq!(format!("{:?} {:?}", tls.ca, tls.identity), r#"Some("/a/ca.pem") Some(("c.pem", "c.key"))"#);
}

#[test]
fn what_has_no_meaning_is_refused() {
    for (url, reason) in [
        ("", "it has to begin with redis://, rediss://, unix:// or their like"),
        ("localhost:6379", "it has to begin with redis://, rediss://, unix:// or their like"),
        ("http://r", "unknown scheme `http`"),
        ("redis+http://r", "unknown scheme `redis+http`"),
        ("redis://r:port", "the port is no number up to 65535"),
        ("redis://r:65536", "the port is no number up to 65535"),
        ("redis://r:", "the port is no number up to 65535"),
        ("redis://[::1", "`]` is missing behind an IPv6 address"),
        ("redis://[::1]x", "the host is followed by something other than a port"),
        ("redis://a,b", "several hosts are for redis+sentinel:// and redis+cluster://"),
        ("redis://r/chat", "what follows the host is no number of a database"),
        ("redis://r?db=chat", "what follows the host is no number of a database"),
        ("redis+sentinel://s/mymaster", "what follows the Sentinels has to be /<database>/<service>"),
        ("redis://:p#w@r", "a `#` has to be written as %23"),
        ("redis://r?protocol=4", "protocol is 2 or 3"),
        ("redis://r?socket_timeout=-1", "socket_timeout is a number of seconds"),
        ("redis://r?socket_timeout=NaN", "socket_timeout is a number of seconds"),
        ("redis://r?socket_timeout=0", "socket_timeout is a number of seconds"),
        ("redis://app:1?ssl_secret@r", "options that begin with ssl_ are for rediss:// and its like"),
        ("redis://r?ssl_cert_reqs=none", "options that begin with ssl_ are for rediss:// and its like"),
        ("rediss://r?ssl_cert_reqs=maybe", "ssl_cert_reqs is `required` or `none`"),
        ("rediss://r?ssl_certfile=c.pem", "ssl_certfile and ssl_keyfile go together"),
        ("redis://r?colour=red", "unknown option `colour`"),
        ("unix://run/r.sock", "the path of a socket is absolute: unix:///run/redis.sock"),
        ("unix://", "the path of the socket is missing"),
        ("rediss+unix:///r.sock", "there is no TLS over a Unix socket"),
        ("redis://%ff@r", "something in it is not UTF-8"),
    ] {
        assert_eq!(refused(url), reason, "{url}");
    }
}

#[test]
fn no_password_is_shown() {
    let options = parsed("rediss+sentinel://app:hunter2@s1,s2/0/m")
        .sentinel_login(Some("watcher"), "hunter2")
        .tls_identity("certificate hunter2", "key hunter2");
    let shown = format!("{options:?} {options:#?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("app") && shown.contains("watcher"), "{shown}");

    for url in [
        "redis://:hunter2@r:port",
        "redis://:hunter2#@r",
        "redis://:hunter2/3@r",
        "redis://:1/hunter2@r",
        "redis://:1?hunter2=3@r",
        "rdis://:hunter2@r",
        "redis:hunter2@r",
    ] {
        let error = RedisOptions::new(url).expect_err(url);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{url}: {shown}");
    }
}

#[test]
fn addresses_are_shown_as_one_writes_them() {
    assert_eq!(tcp("r", 6379).to_string(), "r:6379");
    assert_eq!(tcp("::1", 6379).to_string(), "[::1]:6379");
    assert_eq!(Address::Unix("/run/r.sock".into()).to_string(), "/run/r.sock");
}
