//! Any URL at all: the fuzz target's function over its corpus, and over as many random inputs as `PROPTEST_CASES` says.

use proptest::prelude::*;

#[path = "../../../../fuzz/urls/inputs.rs"]
mod inputs;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;
#[path = "../../../../fuzz/urls/kafka.rs"]
mod url;

#[test]
fn urls_hold_their_promises() {
    replay::replay("kafka_url", url::run);
}

proptest! {
    #![proptest_config(inputs::config())]

    #[test]
    fn any_url_holds_them(input in inputs::inputs(&SCHEMES, &WORDS)) {
        url::run(input.as_bytes());
    }
}

const SCHEMES: [&str; 2] = ["kafka", "kafka+ssl"];

const WORDS: [&str; 17] = [
    "localhost",
    "h1:9092",
    ",h2:9093",
    "kafka://",
    "kafka+ssl://",
    ":65535",
    "65536",
    "?sasl.mechanism=PLAIN",
    "sasl.username=",
    "sasl.password=",
    "ssl.key.password=",
    "ssl.ca.location=/ca",
    "ssl.key.location=/k",
    "client.rack=eu",
    "message.max.bytes=1000",
    "message.max.bytes=x",
    "bootstrap.servers=",
];
