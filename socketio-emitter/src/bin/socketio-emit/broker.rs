//! Which broker a URL means, and which of them this build knows.

use std::io::{BufReader, Read};

use socketio_core::adapter::memory::Memory;

use crate::args::Args;
use crate::emitting::{self, Report};
use crate::failure::Failure;

/// Does what the command line says, through the broker that its URL names.
pub(crate) fn emit(args: &Args, input: &mut BufReader<impl Read>) -> Result<Report, Failure> {
    let scheme = scheme(&args.url);
    match feature(scheme) {
        #[cfg(feature = "amqp")]
        Some("amqp") => emitting::through::<socketio_amqp::Amqp>(args, input),
        #[cfg(feature = "kafka")]
        Some("kafka") => emitting::through::<socketio_kafka::Kafka>(args, input),
        #[cfg(feature = "redis")]
        Some("redis") => emitting::through::<socketio_redis::Redis>(args, input),
        // For trials of a command line: nobody can hear it.
        None if scheme == "memory" => emitting::through::<Memory>(args, input),
        Some(feature) => Err(Failure::Feature { scheme: scheme.to_owned(), feature }),
        None => Err(Failure::Scheme),
    }
}

fn scheme(url: &str) -> &str {
    url.split_once("://").map_or("", |(scheme, _)| scheme)
}

/// Which of the crate's features knows URLs of this scheme, be it built in or not.
fn feature(scheme: &str) -> Option<&'static str> {
    match scheme.split('+').next()? {
        "redis" | "rediss" | "valkey" | "valkeys" | "unix" => Some("redis"),
        "amqp" | "amqps" | "pyamqp" | "librabbitmq" => Some("amqp"),
        "kafka" => Some("kafka"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_belongs_to_a_feature() {
        for (url, name) in [
            ("rediss://h", Some("redis")),
            ("valkey+sentinel://h,i/0/main", Some("redis")),
            ("redis+unix:///run/redis.sock", Some("redis")),
            ("amqps://h", Some("amqp")),
            ("kafka+ssl://h:9092", Some("kafka")),
            ("postgres://h", None),
            ("localhost", None),
        ] {
            assert_eq!(feature(scheme(url)), name, "{url}");
        }
    }

    #[test]
    fn a_broker_that_was_not_built_in_is_named_with_its_feature() {
        let failure = Failure::Feature { scheme: "rediss".to_owned(), feature: "redis" };
        assert_eq!(failure.to_string(), "this build knows no rediss://, build it with the feature `redis`");
    }
}
