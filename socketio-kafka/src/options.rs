//! Settings: which brokers, how to log in, what a topic is made like.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use crate::KafkaError;

/// Where Kafka is, and how this node talks to it: a URL, refined by setters.
///
/// ```text
/// kafka://                                       localhost:9092
/// kafka://h1:9092,h2:9092                        several brokers of one cluster; they name the others
/// kafka://h1:9092,kafka://h2:9092                the same: python-socketio's list, joined
/// kafka+ssl://user:secret@h1:9093?sasl.mechanism=SCRAM-SHA-512&ssl.ca.location=/etc/ca.pem
///       TLS   SASL                any setting of librdkafka
/// ```
///
/// Reserved characters in a name, a password or a setting are percent-encoded. `Debug` shows no secret.
///
/// ```
/// use std::time::Duration;
/// use socketio_kafka::{KafkaOptions, Sasl};
///
/// # fn main() -> Result<(), socketio_kafka::KafkaError> {
/// let options = KafkaOptions::new("kafka+ssl://kafka-1:9093,kafka-2:9093")?
///     .credentials(Sasl::ScramSha512, "chat", "secret")
///     .ca_file("/etc/ssl/kafka-ca.pem")
///     .retention(Duration::from_secs(600))
///     .set("client.rack", "eu-1a");
/// # let _ = options; Ok(()) }
/// ```
#[derive(Clone)]
pub struct KafkaOptions {
    brokers: String,
    tls: bool,
    settings: BTreeMap<String, String>,
    pub(crate) topic: TopicOptions,
}

/// What a missing topic is made like.
#[derive(Clone, Debug)]
pub(crate) struct TopicOptions {
    pub(crate) create: bool,
    pub(crate) partitions: i32,
    pub(crate) replication: i32,
    pub(crate) settings: BTreeMap<String, String>,
}

/// How a name and a password are shown to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sasl {
    /// In the clear: over TLS only.
    Plain,
    /// `SCRAM-SHA-256`.
    ScramSha256,
    /// `SCRAM-SHA-512`.
    ScramSha512,
}

impl KafkaOptions {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`KafkaError::Url`] says what is wrong with it.
    pub fn new(url: &str) -> Result<Self, KafkaError> {
        url.parse()
    }

    /// The brokers to begin with, `host:port` each; they name the others.
    ///
    /// # Errors
    ///
    /// [`KafkaError::Url`]: something here is not a host, or a host and a port.
    pub fn brokers<S: AsRef<str>>(brokers: impl IntoIterator<Item = S>) -> Result<Self, KafkaError> {
        let brokers: Vec<S> = brokers.into_iter().collect();
        let list =
            brokers.iter().map(|broker| broker.as_ref().trim_start_matches(SCHEMES[0])).collect::<Vec<_>>();
        format!("{}{}", SCHEMES[0], list.join(",")).parse()
    }

    /// Any setting of [librdkafka](https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html), over what
    /// stands here by default. One that it does not know is an error when connecting.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        let ours = ALIASES.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| (*ours).to_owned());
        self.settings.insert(ours.unwrap_or(name), value.into());
        self
    }

    /// Encrypts the link; `kafka+ssl://` does the same. Default: off.
    #[must_use]
    pub fn tls(mut self, on: bool) -> Self {
        self.tls = on;
        self
    }

    /// Trusts the certificates in this PEM file, instead of the system's.
    #[must_use]
    pub fn ca_file(self, path: impl AsRef<Path>) -> Self {
        self.set("ssl.ca.location", path.as_ref().to_string_lossy())
    }

    /// Shows the broker a certificate of our own; PEM files both.
    #[must_use]
    pub fn client_certificate(self, certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.set("ssl.certificate.location", certificate.as_ref().to_string_lossy())
            .set("ssl.key.location", key.as_ref().to_string_lossy())
    }

    /// Logs in; `kafka://user:password@…` does the same with [`Sasl::Plain`], or with `?sasl.mechanism=`. Default: no login.
    #[must_use]
    pub fn credentials(self, mechanism: Sasl, user: impl Into<String>, password: impl Into<String>) -> Self {
        let mechanism = match mechanism {
            Sasl::Plain => "PLAIN",
            Sasl::ScramSha256 => "SCRAM-SHA-256",
            Sasl::ScramSha512 => "SCRAM-SHA-512",
        };
        self.set("sasl.mechanism", mechanism).set("sasl.username", user).set("sasl.password", password)
    }

    /// The largest batch the broker takes, its `message.max.bytes`; a frame may have half a kilobyte less, and 16 MiB at
    /// most, as nodes take no larger one. Default: 1,000,000.
    #[must_use]
    pub fn max_message_bytes(self, bytes: usize) -> Self {
        self.set("message.max.bytes", bytes.to_string())
    }

    /// How long a frame waits for others to share its request. Default: none, as frames come here in batches already.
    #[must_use]
    pub fn linger(self, wait: Duration) -> Self {
        self.set("linger.ms", (wait.as_secs_f64() * 1e3).to_string())
    }

    /// Whether a missing topic is made; otherwise it is an error. Default: made.
    #[must_use]
    pub fn create_topics(mut self, on: bool) -> Self {
        self.topic.create = on;
        self
    }

    /// Partitions of a topic that is made here. More than one spread the load over brokers, and keep the order of each of our nodes,
    /// but not that of python nodes, which publish without a key. Default: 1.
    #[must_use]
    pub fn partitions(mut self, count: u16) -> Self {
        self.topic.partitions = i32::from(count);
        self
    }

    /// Copies of a topic that is made here. Default: what the broker has as its default.
    #[must_use]
    pub fn replication(mut self, copies: u16) -> Self {
        self.topic.replication = i32::from(copies);
        self
    }

    /// How long a topic that is made here keeps frames: a node that was away longer has missed some. Default: 1 hour.
    #[must_use]
    pub fn retention(self, time: Duration) -> Self {
        let ms = time.as_millis().to_string();
        // Kafka deletes whole segments: without the second setting the youngest one is kept for a week.
        self.topic_setting("retention.ms", ms.clone()).topic_setting("segment.ms", ms)
    }

    /// Any other setting of a topic that is made here, for instance `min.insync.replicas`. Default: `message.timestamp.type` is
    /// `LogAppendTime`, so that the clocks of nodes do not matter.
    #[must_use]
    pub fn topic_setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.topic.settings.insert(name.into(), value.into());
        self
    }

    /// Whom we talk to, for messages.
    pub(crate) fn names(&self) -> &str {
        &self.brokers
    }

    pub(crate) fn frame_limit(&self) -> usize {
        let limit = self.settings.get("message.max.bytes").and_then(|bytes| bytes.parse().ok());
        limit.unwrap_or(1_000_000_usize).saturating_sub(OVERHEAD)
    }

    pub(crate) fn client(&self) -> ClientConfig {
        self.config(&[])
    }

    pub(crate) fn producer(&self) -> ClientConfig {
        self.config(PRODUCER)
    }

    pub(crate) fn consumer(&self) -> ClientConfig {
        self.config(CONSUMER)
    }

    fn config(&self, ours: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        let login = self.settings.keys().any(|name| name.starts_with("sasl."));
        let security = match (self.tls, login) {
            (false, false) => "plaintext",
            (true, false) => "ssl",
            (false, true) => "sasl_plaintext",
            (true, true) => "sasl_ssl",
        };
        config.set_log_level(RDKafkaLogLevel::Info); // why a connection ended is told in the log alone, see `Link`
        config.set("bootstrap.servers", &self.brokers).set("security.protocol", security);
        config
            .extend(COMMON.iter().chain(ours).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        config.extend(self.settings.clone());
        config
    }
}

impl FromStr for KafkaOptions {
    type Err = KafkaError;

    fn from_str(url: &str) -> Result<Self, KafkaError> {
        let (list, query) = url.split_once('?').unwrap_or((url, ""));
        let tls = match SCHEMES.iter().position(|scheme| list.starts_with(scheme)) {
            Some(0) => false,
            Some(_) => true,
            None => return Err(invalid("it starts with neither kafka:// nor kafka+ssl://")),
        };
        let topic = TopicOptions { create: true, partitions: 1, replication: -1, settings: BTreeMap::new() };
        let mut options = KafkaOptions { brokers: String::new(), tls, settings: BTreeMap::new(), topic }
            .retention(RETENTION)
            .topic_setting("message.timestamp.type", "LogAppendTime"); // one clock for all frames, see `Cursor`
        let mut brokers = Vec::new();
        for item in list.split(',') {
            let item = item.strip_prefix(SCHEMES[usize::from(tls)]).unwrap_or(item);
            let (login, host) =
                item.rsplit_once('@').map_or((None, item), |(login, host)| (Some(login), host));
            if let Some(login) = login {
                let (user, password) =
                    login.split_once(':').ok_or_else(|| invalid("a user without a password"))?;
                options = options.credentials(Sasl::Plain, decode(user)?, decode(password)?);
            }
            brokers.push(broker(host.strip_suffix('/').unwrap_or(host))?);
        }
        options.brokers = brokers.join(",");
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| invalid("a setting without a value"))?;
            options = options.set(decode(name)?, decode(value)?);
        }
        Ok(options)
    }
}

impl fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): (&String, &String)| {
            let secret = SECRETS.iter().any(|part| name.contains(part)) && !name.ends_with(".location");
            (name.clone(), if secret { "…".to_owned() } else { value.clone() })
        };
        f.debug_struct("KafkaOptions")
            .field("brokers", &self.brokers)
            .field("tls", &self.tls)
            .field("settings", &self.settings.iter().map(shown).collect::<BTreeMap<_, _>>())
            .field("topic", &self.topic)
            .finish()
    }
}

/// `host`, `host:port`, `[::1]:port`; nothing is this machine.
fn broker(name: &str) -> Result<String, KafkaError> {
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (name, "9092"),
    };
    port.parse::<u16>().map_err(|_| invalid("a port is not a number up to 65535"))?;
    if host.contains(['/', ' ']) || (host.contains(':') && !(host.starts_with('[') && host.ends_with(']'))) {
        return Err(invalid("something other than host:port between the commas"));
    }
    let host = if host.is_empty() { "localhost" } else { host };
    Ok(format!("{host}:{port}"))
}

fn decode(text: &str) -> Result<String, KafkaError> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| invalid("a percent-encoded part is not UTF-8"))?.into_owned())
}

fn invalid(reason: &'static str) -> KafkaError {
    KafkaError::Url { reason }
}

const SCHEMES: [&str; 2] = ["kafka://", "kafka+ssl://"];

/// Topics that are made here keep frames for this long.
const RETENTION: Duration = Duration::from_secs(3600);

/// What a record and its batch have around the payload, with room to spare.
const OVERHEAD: usize = 512;

/// Names of settings whose values are not for others.
const SECRETS: [&str; 5] = ["password", "secret", "key", "oauthbearer", "pem"];

/// librdkafka's other names for settings that have a value here: of two names for one thing either might win.
const ALIASES: [(&str, &str); 5] = [
    ("delivery.timeout.ms", "message.timeout.ms"),
    ("metadata.broker.list", "bootstrap.servers"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("request.required.acks", "acks"),
    ("sasl.mechanisms", "sasl.mechanism"),
];

/// A link that is half open must be noticed within 15 s, and a dead one reported before the core loses patience at 10 s.
const COMMON: &[(&str, &str)] = &[
    ("client.id", "socketio"),
    ("allow.auto.create.topics", "false"), // we make topics, with our settings
    ("api.version.request.timeout.ms", "3000"),
    ("reconnect.backoff.max.ms", "1000"),
    ("socket.connection.setup.timeout.ms", "3000"),
    ("socket.keepalive.enable", "true"),
    ("socket.nagle.disable", "true"),
    ("socket.timeout.ms", "6000"),
];

const PRODUCER: &[(&str, &str)] = &[
    ("acks", "all"),
    // Frames that share a request stay below what any topic takes, so that a large one is refused alone.
    ("batch.size", "65536"),
    ("enable.idempotence", "true"),
    // What follows a frame that is refused is not published before it: the core sends both again, in order.
    ("enable.gapless.guarantee", "true"),
    ("linger.ms", "0"),
    ("message.timeout.ms", "15000"), // the whole batch is given up before
    ("request.timeout.ms", "6000"),
];

const CONSUMER: &[(&str, &str)] = &[
    // Only a name that librdkafka insists on: nothing joins the group, nothing is committed to it.
    ("group.id", "socketio"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"), // where to go on is decided when subscribing
    ("fetch.error.backoff.ms", "100"),
    ("fetch.queue.backoff.ms", "10"),
    ("isolation.level", "read_uncommitted"), // a transaction of someone else's that hangs must not make us deaf
    ("queued.max.messages.kbytes", "16384"),
];

#[cfg(test)]
mod tests;
