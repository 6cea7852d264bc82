//! Settings, from a URL and from setters.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use self::tls::{Pem, Tls};
use crate::RedisError;

mod dial; // socket, TLS and login
mod seen; // nodes of a Cluster beyond those of the URL
mod tls; // certificates, and whether they are checked
mod url; // URLs, with everything that they mean in python-socketio

#[cfg(test)]
mod tests;

pub(crate) use self::dial::{Dialer, within};
pub(crate) use self::seen::Seen;
pub use self::tls::TlsVerify;

/// Where a Redis is and how to talk to it.
///
/// ```
/// use socketio_redis::{Protocol, RedisOptions};
///
/// let options = RedisOptions::new("rediss://app:secret@redis.example.org")?.protocol(Protocol::Resp3);
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok::<(), socketio_redis::RedisError>(())
/// ```
///
/// # URLs
///
/// | URL | |
/// | --- | --- |
/// | `redis://user:password@host:port` | each part may be missing: `redis://` is `redis://localhost:6379` |
/// | `rediss://…` | with TLS |
/// | `unix:///run/redis.sock` | a Unix socket; `redis+unix://` is the same |
/// | `redis+sentinel://user:password@host:port,host:port/0/service` | the master that Sentinels name, and its login; service: see below |
/// | `redis+cluster://host:port,host:port` | a Cluster, by some of its nodes; any is enough to start with |
/// | `rediss+sentinel://…`, `rediss+cluster://…` | with TLS, Sentinels included |
/// | `valkey…`, `valkeys…` | the same as `redis…` and `rediss…` |
///
/// The service that Sentinels are asked for is the channel's name unless the URL has one.
/// A database may follow (`/0`, `?db=0`) and means nothing: channels are the same in all of them. Further options after a `?`
/// have the names that redis-py gives them: `username`, `password`, `protocol` (2 or 3), `socket_connect_timeout` and
/// `socket_timeout` (seconds), `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile` (paths), `ssl_cert_reqs` (`required`, `none`),
/// `ssl_check_hostname`. Those that tune redis-py itself are taken and have no effect; unknown ones are refused.
/// In user and password `%40` stands for `@` and so on.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    pub(crate) servers: Servers,
    pub(crate) login: Login,
    tls: Option<Tls>,
    pub(crate) protocol: Protocol,
    pub(crate) connect_timeout: Duration,
    pub(crate) publish_timeout: Duration,
    pub(crate) frame_limit: usize,
}

/// How values travel. What is published is the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// What every Redis speaks.
    #[default]
    Resp2,
    /// Redis 6 and later.
    Resp3,
}

impl RedisOptions {
    /// Parses `url`; nothing is connected.
    ///
    /// # Errors
    ///
    /// [`RedisError::Url`] says what is wrong, and does not repeat the URL.
    pub fn new(url: &str) -> Result<Self, RedisError> {
        url::parse(url).map_err(RedisError::Url)
    }

    /// User of Redis's access control lists. Default: the one in the URL, else Redis's own `default`.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.login.user = Some(name.into());
        self
    }

    /// Password. Default: the one in the URL, else none.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.login.password = Some(Secret::new(password));
        self
    }

    /// User and password for the Sentinels themselves. Default: none.
    #[must_use]
    pub fn sentinel_login(mut self, user: Option<&str>, password: impl Into<String>) -> Self {
        if let Servers::Sentinel { login, .. } = &mut self.servers {
            *login = Login { user: user.map(str::to_owned), password: Some(Secret::new(password)) };
        }
        self
    }

    /// RESP2 or RESP3. Default: RESP2.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Certificates, as PEM, of those who may sign the server's: instead of the system's, which are the default.
    #[must_use]
    pub fn tls_ca(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.tls_mut().ca = Some(Pem::text(pem));
        self
    }

    /// Certificate and key, as PEM, to show to the server. Default: none.
    #[must_use]
    pub fn tls_identity(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.tls_mut().identity = Some((Pem::text(certificate), Pem::text(key)));
        self
    }

    /// How much of the server's certificate is checked. Default: all of it.
    #[must_use]
    pub fn tls_verify(mut self, verify: TlsVerify) -> Self {
        self.tls_mut().verify = verify;
        self
    }

    /// How long connecting to one server may take, TLS, login and subscribing included. Default: 4 s. More than 10 s have
    /// no effect: an attempt, with all the servers that are tried in it, ends then in any case.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the server may take for an answer; then the link is taken as dead. Default: 5 s. More than 8 s have no
    /// effect: what is published at once has so long for all its answers, and the link is taken as dead then.
    #[must_use]
    pub fn publish_timeout(mut self, timeout: Duration) -> Self {
        self.publish_timeout = timeout;
        self
    }

    /// Largest payload that is published, in bytes. Default: 16 MiB, as Redis cuts off subscribers that more than 32 MB wait for
    /// (`client-output-buffer-limit pubsub`); to a Cluster 4 MiB, as a node that passes more on over TLS is busy for so long that
    /// others take it for dead, and lose it. More than 16 MiB have no effect: no node takes a larger one.
    #[must_use]
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.frame_limit = bytes;
        self
    }

    /// Setting anything about TLS asks for it, whatever the URL says: nothing leaves in the clear by mistake.
    fn tls_mut(&mut self) -> &mut Tls {
        self.tls.get_or_insert_default()
    }

    fn to(servers: Servers) -> Self {
        let frame_limit = if matches!(servers, Servers::Cluster { .. }) { 4 << 20 } else { 16 << 20 };
        RedisOptions {
            servers,
            login: Login::default(),
            tls: None,
            protocol: Protocol::default(),
            connect_timeout: Duration::from_secs(4),
            publish_timeout: Duration::from_secs(5),
            frame_limit,
        }
    }
}

impl FromStr for RedisOptions {
    type Err = RedisError;

    fn from_str(url: &str) -> Result<Self, RedisError> {
        Self::new(url)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Servers {
    One(Address),
    Cluster {
        /// Some nodes; at least one.
        seeds: Vec<Address>,
        seen: Seen,
    },
    Sentinel {
        /// At least one.
        sentinels: Vec<Address>,
        service: Option<String>,
        login: Login,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Address {
    Tcp(String, u16),
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp(host, port) => write!(f, "{host}:{port}"),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
}

/// A password: shown nowhere.
#[derive(Clone, PartialEq)]
pub(crate) struct Secret(Arc<str>);

impl Secret {
    fn new(password: impl Into<String>) -> Self {
        Secret(password.into().into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
