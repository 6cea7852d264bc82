//! How to reach the broker, and what is declared there.
//!
//! ```text
//! amqp://guest:guest@localhost:5672//      python's usual form: what follows the first slash is the virtual host, here `/`
//! amqp://localhost   amqp://localhost/     the same, by default
//! amqp://localhost/chat                    virtual host `chat`
//! amqps://user:secret@mq.example/chat?cafile=/etc/ca.pem
//! amqp://one;amqp://two                    the second is tried where the first does not answer
//! ```
//!
//! `pyamqp://` and `librabbitmq://` are Kombu's names of `amqp://`. Behind a `?`: `heartbeat` and `timeout` in seconds,
//! `connection_timeout` in milliseconds, `frame_max`, `name` of the connection, `auth_mechanism` (`plain`, `amqplain`, `external`),
//! and paths of PEM files: `cafile`, `certfile`, `keyfile`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo, SASLMechanism};
use url::Url;

use self::tls::Pem;
use crate::error::AmqpError;

mod dial; // TCP, TLS and AMQP's handshake
mod tls; // certificates

pub(crate) use self::dial::Link;

/// Where the broker is, and how exchange and queue are declared. Made from a URL; `Debug` shows no password.
///
/// The defaults of the exchange are python-socketio's. Who changes them has to change `exchange_options` there as well: a broker
/// refuses to declare an exchange twice in different ways.
#[derive(Clone)]
#[must_use]
pub struct AmqpOptions {
    pub(crate) addresses: Vec<AMQPUri>,
    pub(crate) ca: Option<Pem>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) key: Option<Pem>,
    pub(crate) connect_timeout: Duration,
    pub(crate) connection_name: Option<String>,
    pub(crate) exchange: ExchangeDeclareOptions,
    pub(crate) exchange_arguments: FieldTable,
    pub(crate) queue: QueueDeclareOptions,
    pub(crate) queue_arguments: FieldTable,
    pub(crate) queue_prefix: String,
    pub(crate) prefetch: u16,
    pub(crate) persistent: bool,
    pub(crate) max_frame: usize,
}

/// The value of an exchange's or a queue's argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argument {
    /// For instance that of `x-single-active-consumer`.
    Bool(bool),
    /// For instance that of `x-expires`.
    Integer(i64),
    /// For instance that of `x-queue-type`.
    Text(String),
}

impl AmqpOptions {
    /// Time between two heartbeats, in whole seconds, at least one. A peer that is silent for twice that long, two and a half times
    /// at most, is gone. Default: 5 s.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        let seconds = u16::try_from(interval.as_secs()).unwrap_or(u16::MAX).max(1);
        for address in &mut self.addresses {
            address.query.heartbeat = Some(seconds);
        }
        self
    }

    /// Longest time that connecting may take, from looking up a name to the broker's welcome; several addresses share it. Default: 8 s,
    /// as the core waits for 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// What the broker's list of connections shows. Default: `socketio` and the node's id.
    pub fn connection_name(mut self, name: impl Into<String>) -> Self {
        self.connection_name = Some(name.into());
        self
    }

    /// The certificates of authorities, in PEM, that alone are trusted. Default: those of the system.
    pub fn ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca = Some(Pem::Bytes(pem.into()));
        self
    }

    /// The certificate that this side shows, with what leads to its authority, and its key, both in PEM. Default: none.
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.certificate = Some(Pem::Bytes(chain.into()));
        self.key = Some(Pem::Bytes(key.into()));
        self
    }

    /// Whether the exchange survives a restart of the broker. Default: no, as python-socketio has it.
    pub fn exchange_durable(mut self, durable: bool) -> Self {
        self.exchange.durable = durable;
        self
    }

    /// Whether the exchange goes away with its last queue. Default: no.
    pub fn exchange_auto_delete(mut self, auto_delete: bool) -> Self {
        self.exchange.auto_delete = auto_delete;
        self
    }

    /// Whether the exchange has to be there already: a user without the right to configure it can do with that. Default: no.
    pub fn exchange_passive(mut self, passive: bool) -> Self {
        self.exchange.passive = passive;
        self
    }

    /// An argument of the exchange, for instance `alternate-exchange`. Default: none.
    ///
    /// # Panics
    ///
    /// The name has more than 255 bytes.
    pub fn exchange_argument(mut self, name: &str, value: impl Into<Argument>) -> Self {
        self.exchange_arguments.insert(name.into(), value.into().into());
        self
    }

    /// How the names of the nodes' queues begin; `.`, the channel, `.` and the node's id follow. Default: `socketio`.
    pub fn queue_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.queue_prefix = prefix.into();
        self
    }

    /// Whether the queue survives a restart of the broker. Default: yes. Brokers may refuse queues that do not.
    pub fn queue_durable(mut self, durable: bool) -> Self {
        self.queue.durable = durable;
        self
    }

    /// How long the queue is kept, and filled, for a node that is cut off. Default: 300 s.
    pub fn queue_expires(self, after: Duration) -> Self {
        let milliseconds = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        self.queue_argument("x-expires", milliseconds)
    }

    /// How many bytes the queue keeps; beyond, the oldest go. Default: 64 MiB.
    pub fn queue_max_bytes(self, bytes: usize) -> Self {
        self.queue_argument("x-max-length-bytes", i64::try_from(bytes).unwrap_or(i64::MAX))
    }

    /// An argument of the queue, for instance `x-queue-type`, also in place of a default one: `x-expires`, `x-max-length-bytes`,
    /// `x-overflow` (`drop-head`), `x-single-active-consumer` (`true`: who comes back gets nothing before what was on its way to
    /// the lost connection is back in the queue, so that order holds).
    ///
    /// # Panics
    ///
    /// The name has more than 255 bytes.
    pub fn queue_argument(mut self, name: &str, value: impl Into<Argument>) -> Self {
        self.queue_arguments.insert(name.into(), value.into().into());
        self
    }

    /// How many messages may be on their way to this node without its acknowledgement. Default: 1,000.
    pub fn prefetch(mut self, messages: u16) -> Self {
        self.prefetch = messages.max(1);
        self
    }

    /// Whether messages are written to disk where their queue survives a restart. Default: yes, as python-socketio has it.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// The largest payload that is published, in bytes: not more than the broker's `max_message_size`. Default: 16 MiB, which is that
    /// of RabbitMQ 4, and the most that nodes take from each other: more has no effect.
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes;
        self
    }

    fn new(addresses: Vec<AMQPUri>) -> Self {
        let options = AmqpOptions {
            addresses,
            ca: None,
            certificate: None,
            key: None,
            connect_timeout: Duration::from_secs(8),
            connection_name: None,
            exchange: ExchangeDeclareOptions::default(),
            exchange_arguments: FieldTable::default(),
            queue: QueueDeclareOptions::durable(),
            queue_arguments: FieldTable::default(),
            queue_prefix: "socketio".into(),
            prefetch: 1000,
            persistent: true,
            max_frame: 16 << 20,
        };
        options
            .heartbeat(Duration::from_secs(5))
            .queue_expires(Duration::from_secs(300))
            .queue_max_bytes(64 << 20)
            .queue_argument("x-overflow", "drop-head")
            .queue_argument("x-single-active-consumer", true)
    }

    /// Takes the parameter of the URL of one address; `false`: there is none of this name.
    fn parameter(&mut self, address: usize, name: &str, value: &str) -> Result<bool, AmqpError> {
        let number = || value.parse::<u64>().map_err(|_| bad(format!("{name} is not a number")));
        let query = &mut self.addresses[address].query;
        match name {
            // 0 would be the broker's own interval, 60 s with RabbitMQ.
            "heartbeat" => query.heartbeat = Some(u16::try_from(number()?).unwrap_or(u16::MAX).max(1)),
            "frame_max" => query.frame_max = Some(u32::try_from(number()?).unwrap_or(u32::MAX)),
            "auth_mechanism" => query.auth_mechanism = Some(mechanism(value)?),
            "timeout" => self.connect_timeout = Duration::from_secs(number()?),
            "connection_timeout" => self.connect_timeout = Duration::from_millis(number()?),
            "name" => self.connection_name = Some(value.into()),
            "cafile" | "cacertfile" => self.ca = Some(Pem::File(value.into())),
            "certfile" => self.certificate = Some(Pem::File(value.into())),
            "keyfile" => self.key = Some(Pem::File(value.into())),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl FromStr for AmqpOptions {
    type Err = AmqpError;

    fn from_str(urls: &str) -> Result<Self, AmqpError> {
        let urls = alternatives(urls).iter().map(|url| parse(url)).collect::<Result<Vec<_>, _>>()?;
        let mut options = AmqpOptions::new(urls.iter().map(address).collect::<Result<_, _>>()?);
        for (index, url) in urls.iter().enumerate() {
            // Then a name may be a piece of a password with a `?` in it.
            let torn = url.as_str().split_once('?').is_some_and(|(_, query)| query.contains('@'));
            for (name, value) in url.query_pairs() {
                if !options.parameter(index, &name, &value)? {
                    return Err(bad(match torn {
                        true => "a parameter is unknown, or a `?` has to be written as %3F".to_owned(),
                        false => format!("the parameter {name} is unknown"),
                    }));
                }
            }
        }
        if options.certificate.is_some() != options.key.is_some() {
            return Err(bad("certfile and keyfile are of use together only"));
        }
        Ok(options)
    }
}

impl fmt::Debug for AmqpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<_> = self.addresses.iter().map(shown).collect();
        f.debug_struct("AmqpOptions")
            .field("addresses", &addresses)
            .field("exchange", &self.exchange)
            .field("exchange_arguments", &self.exchange_arguments)
            .field("queue", &self.queue)
            .field("queue_arguments", &self.queue_arguments)
            .field("persistent", &self.persistent)
            .field("max_frame", &self.max_frame)
            .finish_non_exhaustive()
    }
}

/// The address as errors and logs show it: without the password.
pub(crate) fn shown(address: &AMQPUri) -> String {
    let AMQPAuthority { userinfo, host, port } = &address.authority;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    format!("{}://{}@{host}:{port}/{}", address.scheme, userinfo.username, address.vhost)
}

impl From<bool> for Argument {
    fn from(value: bool) -> Self {
        Argument::Bool(value)
    }
}

impl From<i64> for Argument {
    fn from(value: i64) -> Self {
        Argument::Integer(value)
    }
}

impl From<&str> for Argument {
    fn from(value: &str) -> Self {
        Argument::Text(value.into())
    }
}

impl From<Argument> for AMQPValue {
    fn from(value: Argument) -> Self {
        match value {
            Argument::Bool(value) => AMQPValue::Boolean(value),
            Argument::Integer(value) => AMQPValue::LongLongInt(value),
            Argument::Text(value) => AMQPValue::LongString(value.into()),
        }
    }
}

/// A `;` begins another URL where a scheme follows; otherwise it belongs to this one, to a password for instance.
fn alternatives(urls: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in urls.split(';') {
        match found.last_mut() {
            Some(url) if !piece.contains("://") => *url = format!("{url};{piece}"),
            _ => found.push(piece.into()),
        }
    }
    found
}

fn parse(url: &str) -> Result<Url, AmqpError> {
    // The parser's errors say what is wrong, and nothing of the URL.
    Url::parse(url).map_err(|error| bad(error.to_string()))
}

fn address(url: &Url) -> Result<AMQPUri, AmqpError> {
    let scheme = match url.scheme() {
        "amqp" | "pyamqp" | "librabbitmq" => AMQPScheme::AMQP,
        "amqps" => AMQPScheme::AMQPS,
        other => return Err(bad(format!("the scheme is {other}, not amqp or amqps"))),
    };
    if url.cannot_be_a_base() {
        return Err(bad("there is no // behind the scheme"));
    }
    // An IPv6 address stands in brackets, which are not part of it.
    let host = match url.host_str() {
        None | Some("") => "localhost".into(),
        Some(host) => decoded(host.trim_start_matches('[').trim_end_matches(']'))?,
    };
    let vhost = match url.path().strip_prefix('/') {
        None | Some("") => "/".into(),
        Some(vhost) => decoded(vhost)?,
    };
    ShortString::try_new(vhost.as_str()).map_err(|_| bad("the virtual host has more than 255 bytes"))?;
    let guest = AMQPUserInfo::default();
    let username = match url.username() {
        "" => guest.username,
        username => decoded(username)?,
    };
    let password = url.password().map_or(Ok(guest.password), decoded)?;
    let port = url.port().unwrap_or_else(|| scheme.default_port());
    Ok(AMQPUri {
        scheme,
        authority: AMQPAuthority { userinfo: AMQPUserInfo { username, password }, host, port },
        vhost,
        query: AMQPQueryString::default(),
    })
}

fn mechanism(name: &str) -> Result<SASLMechanism, AmqpError> {
    match name.to_ascii_lowercase().as_str() {
        "plain" => Ok(SASLMechanism::Plain),
        "amqplain" => Ok(SASLMechanism::AMQPlain),
        "external" => Ok(SASLMechanism::External),
        _ => Err(bad("auth_mechanism is none of plain, amqplain, external")),
    }
}

fn decoded(text: &str) -> Result<String, AmqpError> {
    let bytes = percent_encoding::percent_decode_str(text);
    Ok(bytes.decode_utf8().map_err(|_| bad("a part of it is not UTF-8"))?.into_owned())
}

fn bad(reason: impl Into<String>) -> AmqpError {
    AmqpError::Url(reason.into())
}

#[cfg(test)]
mod tests;
