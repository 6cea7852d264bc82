//! Which broker a URL means, and which of them this build knows.

use std::io::BufRead;

use socketio_core::adapter::memory::Memory;

use crate::args::Args;
use crate::emitting::{self, Report};
use crate::failure::Failure;

/// Does what the command line says, through the broker that its URL names.
pub(crate) fn emit(args: &Args, input: &mut dyn BufRead) -> Result<Report, Failure> {
    match scheme(&args.url) {
        #[cfg(feature = "redis")]
        scheme if feature(scheme) == Some("redis") => emitting::through::<socketio_redis::Redis>(args, input),
        // For trials of a command line: nobody can hear it.
        "memory" => emitting::through::<Memory>(args, input),
        scheme => Err(unknown(scheme)),
    }
}

fn scheme(url: &str) -> &str {
    url.split_once("://").map_or("", |(scheme, _)| scheme)
}

/// The feature that a scheme needs.
fn feature(scheme: &str) -> Option<&'static str> {
    match scheme.split_once('+').map_or(scheme, |(family, _)| family) {
        "redis" | "rediss" | "valkey" | "valkeys" | "unix" => Some("redis"),
        "amqp" | "amqps" | "pyamqp" | "librabbitmq" => Some("amqp"),
        "kafka" => Some("kafka"),
        _ => None,
    }
}

fn unknown(scheme: &str) -> Failure {
    match feature(scheme) {
        Some(feature) => Failure::Feature { scheme: scheme.to_owned(), feature },
        None => Failure::Scheme,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_was_not_built_in_is_named_with_its_feature() {
        for (scheme, feature) in
            [("rediss", "redis"), ("valkey+sentinel", "redis"), ("amqps", "amqp"), ("kafka+ssl", "kafka")]
        {
            let text = unknown(scheme).to_string();
            let expected = format!("this build knows no {scheme}://, build it with the feature `{feature}`");
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_url_of_no_broker_is_not_repeated() {
        let text = unknown(scheme("postgres://ann:secret@host")).to_string();
        assert_eq!(
            text,
            "the URL is no broker's: it begins with redis://, amqp:// or kafka://, or a variant of these"
        );
        assert_eq!(scheme("localhost"), "");
    }
}
