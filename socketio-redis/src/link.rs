//! One connection to one server: the socket, TLS over it, the login.
//!
//! ```text
//! TCP or Unix socket -> TLS -> HELLO 3 AUTH user password | AUTH user password -> CLIENT SETINFO -> commands, or SUBSCRIBE
//! ```
//!
//! Sockets are opened here and not by the `redis` crate, so that TLS is ring's whatever else the program links, trusts what the
//! options say, and a dead peer is noticed by the kernel.

use std::io;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{
    AsyncConnectionConfig, Cmd, FromRedisValue, Pipeline, ProtocolVersion, RedisConnectionInfo, Value,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::RedisError;
use crate::options::{Address, Login, Protocol, RedisOptions};

/// How servers are connected to, the same for each of them.
#[derive(Clone)]
pub(crate) struct Dialer {
    tls: Option<TlsConnector>,
    login: RedisConnectionInfo,
    connect_timeout: Duration,
    answer_timeout: Duration,
}

impl Dialer {
    pub(crate) async fn new(options: &RedisOptions) -> Result<Self, RedisError> {
        Ok(Dialer {
            tls: options.tls_connector().await?,
            login: login(&options.login, options.protocol),
            connect_timeout: options.connect_timeout,
            answer_timeout: options.publish_timeout,
        })
    }

    /// The same with another login.
    pub(crate) fn with_login(&self, other: &Login) -> Self {
        Dialer { login: login(other, Protocol::Resp2), ..self.clone() }
    }

    /// A connection that takes commands.
    pub(crate) async fn commands(&self, server: &Address) -> Result<Commands, RedisError> {
        let connecting = async {
            let socket = self.open(server).await?;
            let config = AsyncConnectionConfig::new().set_response_timeout(None); // `Commands` has its own
            let connection = MultiplexedConnection::new_with_config(&self.login, socket, config).await;
            let (connection, driver) = connection.map_err(|error| self.error(server, &error))?;
            let mut task = JoinSet::new();
            task.spawn(driver);
            Ok(Commands { dialer: self.clone(), server: server.clone(), connection, _driver: task })
        };
        within(self.connect_timeout, server, connecting).await
    }

    /// A connection that listens to `channels`, from now on.
    pub(crate) async fn listen(&self, server: &Address, channels: &[&str]) -> Result<PubSub, RedisError> {
        let connecting = async {
            let socket = self.open(server).await?;
            let listening = async {
                let mut listener = PubSub::new(&self.login, socket).await?;
                listener.subscribe(channels).await?;
                Ok(listener)
            };
            listening.await.map_err(|error| self.error(server, &error))
        };
        within(self.connect_timeout, server, connecting).await
    }

    async fn open(&self, server: &Address) -> Result<Box<dyn Socket>, RedisError> {
        let unreachable = |error: io::Error| RedisError::Connect(server.to_string(), error.into());
        let (host, port) = match server {
            Address::Tcp(host, port) => (host.as_str(), *port),
            Address::Unix(path) => return unix(path).await.map_err(unreachable),
        };
        let tcp = TcpStream::connect((host, port)).await.map_err(unreachable)?;
        watch(&tcp).map_err(unreachable)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(tcp));
        };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| RedisError::Handshake(server.to_string(), error.into()))?;
        // A Redis that does not speak TLS waits for the rest of a command.
        let handshake = timeout(self.connect_timeout.mul_f32(0.75), tls.connect(name, tcp)).await;
        match handshake.unwrap_or_else(|_| Err(io::Error::other("no answer; does it speak TLS?"))) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(RedisError::Handshake(server.to_string(), error.into())),
        }
    }

    fn error(&self, server: &Address, error: &redis::RedisError) -> RedisError {
        RedisError::from_redis(server.to_string(), error, self.login.password())
    }
}

/// A connection that takes commands; it ends when this is dropped, whatever is still unanswered.
pub(crate) struct Commands {
    pub(crate) dialer: Dialer,
    pub(crate) server: Address,
    connection: MultiplexedConnection,
    _driver: JoinSet<()>,
}

impl Commands {
    /// Puts `commands` into the connection's queue when first polled; resolves to their answers, errors of the server among them.
    pub(crate) fn send(&self, commands: Pipeline) -> impl Future<Output = Result<Vec<Value>, RedisError>> {
        let mut connection = self.connection.clone();
        async move {
            let answers = connection.send_packed_commands(&commands, 0, commands.len()).await;
            answers.map_err(|error| self.dialer.error(&self.server, &error))
        }
    }

    /// What the server says to a command, if that is no error.
    pub(crate) fn accept(&self, answer: Value) -> Result<Value, RedisError> {
        answer.extract_error().map_err(|error| self.dialer.error(&self.server, &error))
    }

    /// Waits for an answer, for as long as the options allow.
    pub(crate) async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, RedisError> {
        within(self.dialer.answer_timeout, &self.server, answer).await
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: Cmd) -> Result<T, RedisError> {
        let mut connection = self.connection.clone();
        let answer = async { Ok(connection.send_packed_command(&command).await) };
        let answer =
            self.answer(answer).await?.and_then(|value| Ok(redis::from_redis_value(value.extract_error()?)?));
        answer.map_err(|error| self.dialer.error(&self.server, &error))
    }
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

async fn within<T>(
    patience: Duration,
    server: &Address,
    work: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, RedisError> {
    match timeout(patience, work).await {
        Ok(result) => result,
        Err(_) => Err(RedisError::Silent(server.to_string(), patience)),
    }
}

fn login(login: &Login, protocol: Protocol) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default()
        .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .set_protocol(match protocol {
            Protocol::Resp2 => ProtocolVersion::RESP2,
            Protocol::Resp3 => ProtocolVersion::RESP3,
        });
    if let Some(user) = &login.user {
        info = info.set_username(user);
    }
    // A user without a password is a user all the same.
    match (&login.password, &login.user) {
        (Some(password), _) => info.set_password(password.reveal()),
        (None, Some(_)) => info.set_password(""),
        (None, None) => info,
    }
}

/// Lets the kernel end a connection whose other side is gone, whether anything is sent (user timeout) or not (keepalive).
fn watch(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(tcp);
    let keepalive = TcpKeepalive::new().with_time(DEAD / 2).with_interval(DEAD / 5).with_retries(3);
    socket.set_tcp_keepalive(&keepalive)?;
    limit_unacknowledged(&socket)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit_unacknowledged(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(DEAD))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn limit_unacknowledged(_: &SockRef<'_>) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> io::Result<Box<dyn Socket>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path) -> io::Result<Box<dyn Socket>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// After so long without a sign of life from the other side, the kernel ends the connection.
const DEAD: Duration = Duration::from_secs(10);
