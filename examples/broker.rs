//! Which broker a URL names: part of `chat.rs` and of `worker.rs`.

/// The feature of this build that knows URLs of this scheme, be it built in or not.
pub(crate) fn feature(url: &str) -> Result<&'static str, String> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme.split('+').next().unwrap_or_default() {
        "redis" | "rediss" | "valkey" | "valkeys" | "unix" => Ok("redis"),
        "amqp" | "amqps" | "pyamqp" | "librabbitmq" => Ok("amqp"),
        "kafka" => Ok("kafka"),
        _ => Err("--manager takes redis://…, amqp://… or kafka://…".to_owned()),
    }
}

/// What to say where it is not.
pub(crate) fn not_built_in(feature: &str) -> String {
    format!("this program knows no broker of this kind: build it with the feature `{feature}`")
}
