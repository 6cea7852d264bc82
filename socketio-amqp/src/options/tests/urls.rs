//! Any URL at all: the fuzz target's function over its corpus, and over as many random inputs as `PROPTEST_CASES` says.

use proptest::prelude::*;

#[path = "../../../../fuzz/urls/inputs.rs"]
mod inputs;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;
#[path = "../../../../fuzz/urls/amqp.rs"]
mod url;

#[test]
fn urls_hold_their_promises() {
    replay::replay("amqp_url", url::run);
}

proptest! {
    #![proptest_config(inputs::config())]

    #[test]
    fn any_url_holds_them(input in inputs::inputs(&SCHEMES, &WORDS)) {
        url::run(input.as_bytes());
    }
}

const SCHEMES: [&str; 4] = ["amqp", "amqps", "pyamqp", "librabbitmq"];

const WORDS: [&str; 21] = [
    "localhost",
    "h:5672",
    ":5672",
    "5672",
    "//",
    "/chat",
    "/a%2Fb",
    "?heartbeat=0",
    "heartbeat=99999",
    "frame_max=1",
    "timeout=3",
    "connection_timeout=18446744073709551615",
    "timeout=18446744073709551616",
    "name=me",
    "auth_mechanism=plain",
    "auth_mechanism=external",
    "cafile=/ca",
    "certfile=/c",
    "keyfile=/k",
    ";amqp://",
    ";amqps://two",
];
