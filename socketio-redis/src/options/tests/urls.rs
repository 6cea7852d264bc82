//! Any URL at all: the fuzz target's function over its corpus, and over as many random inputs as `PROPTEST_CASES` says.

use proptest::prelude::*;

#[path = "../../../../fuzz/urls/inputs.rs"]
mod inputs;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;
#[path = "../../../../fuzz/urls/redis.rs"]
mod url;

#[test]
fn urls_hold_their_promises() {
    replay::replay("redis_url", url::run);
}

proptest! {
    #![proptest_config(inputs::config())]

    #[test]
    fn any_url_holds_them(input in inputs::inputs(&SCHEMES, &WORDS)) {
        url::run(input.as_bytes());
    }
}

const SCHEMES: [&str; 10] = [
    "redis",
    "rediss",
    "valkey",
    "valkeys",
    "unix",
    "redis+unix",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
];

const WORDS: [&str; 22] = [
    "localhost",
    "s1:26379",
    "h:6379",
    ":7000",
    "/0",
    "/0/mymaster",
    "/run/redis.sock",
    "?db=0",
    "&db=x",
    "username=",
    "password=",
    "protocol=3",
    "socket_timeout=2.5",
    "socket_timeout=nan",
    "socket_connect_timeout=1e400",
    "ssl_cert_reqs=none",
    "ssl_check_hostname=no",
    "ssl_ca_certs=/ca",
    "ssl_certfile=/c",
    "ssl_keyfile=/k",
    "ssl_",
    "max_connections=3",
];
