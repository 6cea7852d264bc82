//! How a server is reached: the socket, TLS over it, the login.
//!
//! ```text
//! TCP or Unix socket -> TLS -> HELLO 3 AUTH user password | AUTH user password -> CLIENT SETINFO -> commands, or SUBSCRIBE
//! ```
//!
//! Sockets are opened here and not by the `redis` crate, so that TLS is ring's whatever else the program links, trusts what the
//! options say, and a dead peer is noticed by the kernel.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use redis::{ProtocolVersion, RedisConnectionInfo};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Address, Login, Protocol, RedisOptions};
use crate::RedisError;
use crate::first::first;

/// How servers are connected to, the same for each of them.
#[derive(Clone)]
pub(crate) struct Dialer {
    tls: Option<TlsConnector>,
    pub(crate) login: RedisConnectionInfo,
    connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
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

    /// Opens a socket, and has `greet` log in over it, in the time that connecting may take.
    pub(crate) async fn connect<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        server: &Address,
        greet: impl FnOnce(Box<dyn Socket>) -> F,
    ) -> Result<T, RedisError> {
        let connecting = async {
            let greeted = greet(self.open(server).await?).await;
            greeted.map_err(|error| self.error(server, &error))
        };
        within(self.connect_timeout, server, connecting).await
    }

    async fn open(&self, server: &Address) -> Result<Box<dyn Socket>, RedisError> {
        let unreachable = |error: io::Error| RedisError::Connect(server.to_string(), error.into());
        let (host, port) = match server {
            Address::Tcp(host, port) => (host.as_str(), *port),
            Address::Unix(path) => return unix(path).await.map_err(unreachable),
        };
        let addresses: Vec<_> = lookup_host((host, port)).await.map_err(unreachable)?.collect();
        let tcp = reach(&addresses).await.map_err(unreachable)?;
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

    pub(crate) fn error(&self, server: &Address, error: &redis::RedisError) -> RedisError {
        RedisError::from_redis(server.to_string(), error, self.login.password())
    }
}

pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

pub(crate) async fn within<T>(
    patience: Duration,
    server: &Address,
    work: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, RedisError> {
    match timeout(patience, work).await {
        Ok(result) => result,
        Err(_) => Err(RedisError::Silent(server.to_string(), patience)),
    }
}

/// Connects to one of the addresses that a name stands for; any of them may swallow what is sent to it.
async fn reach(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if addresses.is_empty() {
        return Err(io::Error::other("the name stands for no address"));
    }
    first(addresses, |address| TcpStream::connect(*address)).await
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use socket2::{Domain, Socket, Type};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    use super::reach;

    /// Linux lets packets fall that begin a connection to a listener who has too many of them to accept.
    async fn swallowing() -> (Socket, Vec<TcpStream>, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        socket.listen(0).expect("listening");
        let address = socket.local_addr().expect("bound").as_socket().expect("an address");
        let mut full = Vec::new();
        while let Ok(link) = timeout(Duration::from_millis(50), TcpStream::connect(address)).await {
            full.push(link.expect("connected"));
        }
        (socket, full, address)
    }

    #[tokio::test]
    async fn a_name_is_reached_though_its_first_address_swallows_everything() {
        let (_listening, _full, silent) = swallowing().await;
        let answering = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let answering = (answering.local_addr().expect("bound"), answering);
        let reached = timeout(Duration::from_secs(4), reach(&[silent, answering.0])).await;
        let reached = reached.expect("in the time for connecting").expect("connected");
        assert_eq!(reached.peer_addr().expect("connected"), answering.0);
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_an_error() {
        assert_eq!(reach(&[]).await.expect_err("nowhere").to_string(), "the name stands for no address");
    }
}
